"""Faults in what a solver remembers, promises or stops at."""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.state import GradientState, State
from eqt_theory.testing.faults.fault import STEP, Rule, made, of_descent


@dataclass(frozen=True)
class Remembering(State):
    """A state with a tensor of the same shape and a count beside it."""

    other: Tensor
    count: int = 0


def anchor_on_the_start() -> Rule:
    """Pulls towards the start instead of the proposal."""

    def step(objective: Objective, state: Remembering) -> Remembering:
        anchored = Objective(objective.energy, state.other, objective.gamma)
        return dataclasses.replace(state, h=state.h - STEP * anchored.gradient(state.h))

    return Rule(step, lambda objective, h: Remembering(h, h))


def decaying_step() -> Rule:
    """Divides the step size by the number of steps taken."""
    return _scheduled(lambda k: 1 / (k + 1))


def decaying_step_by_the_root() -> Rule:
    """Divides the step size by the root of the number of steps taken."""
    return _scheduled(lambda k: (k + 1) ** -0.5)


def decaying_step_by_the_fifth_root() -> Rule:
    """Divides the step size by the fifth root of the number of steps taken."""
    return _scheduled(lambda k: (k + 1) ** -0.2)


def momentum_with_a_decaying_step() -> Rule:
    """Adds momentum of 0.7 to steps divided by the cube root of the number of steps taken."""

    def step(objective: Objective, state: Remembering) -> Remembering:
        pull = STEP * (state.count + 1) ** (-1 / 3) * objective.gradient(state.h)
        return Remembering(state.h + 0.7 * (state.h - state.other) - pull, state.h, state.count + 1)

    return Rule(step, lambda objective, h: Remembering(h, h, 0))


def stops_after_a_hundred_steps() -> Rule:
    """No longer moves after 100 steps, wherever it is."""
    return _scheduled(lambda k: float(k < 100))


def _scheduled(factor: Any) -> Rule:
    def step(objective: Objective, state: Remembering) -> Remembering:
        h = state.h - STEP * factor(state.count) * objective.gradient(state.h)
        return Remembering(h, h, state.count + 1)

    return Rule(step, lambda objective, h: Remembering(h, h))


def average_of_all_steps() -> Rule:
    """Returns the mean of all states so far, whose error falls like 1/k only."""

    def step(objective: Objective, state: Remembering) -> Remembering:
        inner = state.other - STEP * objective.gradient(state.other)
        count = state.count + 1
        return Remembering(state.h + (inner - state.h) / (count + 1), inner, count)

    return Rule(step, lambda objective, h: Remembering(h, h))


def stale_gradient() -> Rule:
    """Follows the gradient at the state before, and declares gradient descent's rate."""

    def step(objective: Objective, state: Remembering) -> Remembering:
        return Remembering(state.h - STEP * objective.gradient(state.other), state.h)

    return Rule(step, lambda objective, h: Remembering(h, h), of_descent)


def frozen_gradient() -> Rule:
    """Computes the gradient at the start only."""

    def step(objective: Objective, state: Remembering) -> Remembering:
        return Remembering(state.h - STEP * state.other, state.other)

    return Rule(step, lambda objective, h: Remembering(h, objective.gradient(h)))


def step_twice_too_long() -> Rule:
    """Steps twice as far as the step size that its guarantee is for."""
    return Rule(lambda objective, s: State(s.h - 2 * STEP * objective.gradient(s.h)), guarantee=of_descent)


def step_half_as_long() -> Rule:
    """Steps half as far as the step size that its guarantee is for."""
    return Rule(lambda objective, s: State(s.h - STEP / 2 * objective.gradient(s.h)), guarantee=of_descent)


def rate_too_small() -> Rule:
    """Declares a rate of 0.98 times gradient descent's."""
    return _promising(lambda m, M, gamma: _scaled(m, M, gamma, 0.98))


def rate_of_the_best_step() -> Rule:
    """Declares (M - m)/(M + m) for a step size that is not the best one."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        return None if true is None or true.rate >= 1 else dataclasses.replace(true, rate=(M - m) / (M + m))

    return _promising(guarantee)


def range_too_wide() -> Rule:
    """Declares convergence for step sizes up to 3/M."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        return true and dataclasses.replace(true, rate=max(1 - STEP * m, (STEP * M - 1) / 2))

    return _promising(guarantee)


def _scaled(m: float, M: float, gamma: float | None, factor: float) -> Guarantee | None:
    true = of_descent(m, M, gamma)
    return true and dataclasses.replace(true, rate=factor * true.rate)


def _promising(guarantee: Any) -> Rule:
    return Rule(lambda objective, s: State(s.h - STEP * objective.gradient(s.h)), guarantee=guarantee)


def early_stop() -> Rule:
    """Stops once a step is below a thousandth of the state."""
    return _stopping(1e-3)


def early_stop_at_a_billionth() -> Rule:
    """Stops once a step is below a billionth of the state."""
    return _stopping(1e-9)


def _stopping(relative: float) -> Rule:
    def step(objective: Objective, state: State) -> State:
        move = STEP * objective.gradient(state.h)
        small = torch.linalg.vector_norm(move, dim=-1) < relative * torch.linalg.vector_norm(state.h, dim=-1)
        return State(torch.where(small.unsqueeze(-1), state.h, state.h - move))

    return Rule(step)


def status_lies() -> Rule:
    """Promises a gradient a thousand times too small, so that `solve` stops early."""

    def at(objective: Objective, h: Tensor) -> GradientState:
        return GradientState(h, objective.gradient(h) / 1000)

    return Rule(lambda objective, s: at(objective, s.h - 1000 * STEP * s.gradient), at)


def promises_the_last_gradient() -> Rule:
    """Promises the gradient of the state before."""

    def step(objective: Objective, state: GradientState) -> GradientState:
        gradient = objective.gradient(state.h)
        return GradientState(state.h - STEP * gradient, gradient)

    return Rule(step, lambda objective, h: GradientState(h, objective.gradient(h)))


def momentum_across_problems() -> Rule:
    """Keeps its velocity when a new problem begins."""
    kept: dict[str, Tensor] = {}

    def step(objective: Objective, state: State) -> State:
        velocity = kept.get("velocity", torch.zeros_like(state.h))
        velocity = velocity if velocity.shape == state.h.shape else torch.zeros_like(state.h)
        velocity = 0.3 * velocity.to(state.h) - STEP * objective.gradient(state.h)
        kept["velocity"] = velocity
        return State(state.h + velocity)

    return Rule(step)


def cached_first_problem() -> Rule:
    """Keeps the Hessian of the first problem of each dimension for Newton's step on all later ones."""
    kept: dict[tuple[int, torch.dtype], Tensor] = {}

    def step(objective: Objective, state: State) -> State:
        key = (state.h.shape[-1], state.h.dtype)
        if key not in kept and state.h.numel():
            kept[key] = objective.hessian(state.h).reshape(-1, key[0], key[0])[0]
        if key not in kept:
            return state
        solved = torch.linalg.solve(kept[key].to(state.h.device), objective.gradient(state.h).unsqueeze(-1))
        return State(state.h - solved.squeeze(-1))

    return Rule(step)


def step_decays_across_problems() -> Rule:
    """Shortens its step a little with every step it ever took, on whatever problem."""
    counter = itertools.count()
    return Rule(lambda objective, s: State(s.h - STEP / (1 + 1e-5 * next(counter)) * objective.gradient(s.h)))


FAULTS = tuple(
    made(maker)
    for maker in (
        anchor_on_the_start,
        decaying_step,
        decaying_step_by_the_root,
        decaying_step_by_the_fifth_root,
        momentum_with_a_decaying_step,
        stops_after_a_hundred_steps,
        average_of_all_steps,
        stale_gradient,
        frozen_gradient,
        step_twice_too_long,
        step_half_as_long,
        rate_too_small,
        rate_of_the_best_step,
        range_too_wide,
        early_stop,
        early_stop_at_a_billionth,
        status_lies,
        promises_the_last_gradient,
        momentum_across_problems,
        cached_first_problem,
        step_decays_across_problems,
    )
)
