"""Faults that show only in a corner: at some dampings, after many steps, in large sizes, or where M/m is large."""

import dataclasses

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.state import State
from eqt_theory.testing.faults.fault import STEP, Rule, Specimen, made, of_descent, plain


def _with_gamma(objective: Objective, h: Tensor, gamma: Tensor) -> Tensor:
    return h - STEP * (objective.energy.gradient(h) + (h - objective.proposal) / gamma)


def _gamma(objective: Objective, h: Tensor) -> Tensor:
    return torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)


def gamma_at_most_one(objective: Objective, h: Tensor) -> Tensor:
    """Takes a gamma above 1 for 1."""
    return _with_gamma(objective, h, _gamma(objective, h).clamp(max=1.0))


def gamma_at_most_five(objective: Objective, h: Tensor) -> Tensor:
    """Takes a gamma above 5 for 5."""
    return _with_gamma(objective, h, _gamma(objective, h).clamp(max=5.0))


def gamma_at_least_one(objective: Objective, h: Tensor) -> Tensor:
    """Takes a gamma below 1 for 1."""
    return _with_gamma(objective, h, _gamma(objective, h).clamp(min=1.0))


def gamma_at_least_a_half(objective: Objective, h: Tensor) -> Tensor:
    """Takes a gamma below 0.5 for 0.5."""
    return _with_gamma(objective, h, _gamma(objective, h).clamp(min=0.5))


def gamma_detached(objective: Objective, h: Tensor) -> Tensor:
    """Cuts the derivative in gamma."""
    return _with_gamma(objective, h, _gamma(objective, h).detach())


def mean_of_large_batches(objective: Objective, h: Tensor) -> Tensor:
    """In batches of more than four, moves every state by a little of the mean gradient too."""
    gradient = objective.gradient(h)
    if h.ndim > 1 and h.shape[0] > 4:
        gradient = 0.99 * gradient + 0.01 * gradient.mean(0)
    return h - STEP * gradient


def entries_past_the_fourth_dropped(objective: Objective, h: Tensor) -> Tensor:
    """Moves only the first four entries of a state."""
    gradient = objective.gradient(h)
    kept = torch.arange(h.shape[-1], device=h.device) < 4
    return h - STEP * torch.where(kept, gradient, 0.0)


def rows_of_a_table_mixed(objective: Objective, h: Tensor) -> Tensor:
    """In batches of two dimensions, takes a mean over the rows."""
    gradient = objective.gradient(h)
    return h - STEP * (gradient.mean(0, keepdim=True).expand_as(gradient) if h.ndim > 2 else gradient)


def decays_from_the_sixtieth_step() -> Rule:
    """Gradient descent whose step size falls like 1/k from step 60 on."""

    @dataclasses.dataclass(frozen=True)
    class Counting(State):
        count: int

    def step(objective: Objective, state: Counting) -> Counting:
        factor = min(1.0, 60 / (state.count + 1))
        return Counting(state.h - STEP * factor * objective.gradient(state.h), state.count + 1)

    return Rule(step, lambda objective, h: Counting(h, 0))


def a_half_where_ill_conditioned() -> Rule:
    """Gradient descent that declares a rate of 0.5 where M/m is above 100."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        return dataclasses.replace(true, rate=0.5) if true is not None and M / m > 100 else true

    return Rule(lambda objective, s: State(s.h - STEP * objective.gradient(s.h)), guarantee=guarantee)


def heavy_ball_for_all_functions() -> Rule:
    """The heavy ball that is best on quadratics with m = 1 and M = 25, with a guarantee for every function."""
    # On a function of that class it goes round in a cycle of three points (Lessard, Recht and Packard 2016).
    ball = HeavyBall.optimal(1.0, 25.0)

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = ball.guarantee(m, M, gamma)
        if true is None:
            return None
        claimed = true.rate + 0.2 * (1 - true.rate)
        return dataclasses.replace(true, rate=claimed, function_class=FunctionClass.STRONGLY_CONVEX, constant=20.0)

    return Rule(ball.step, ball.init, guarantee)


def best_step_with_the_wrong_end() -> Rule:
    """Gradient descent that declares |1 - alpha m| alone, which is its rate for short steps only."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = GradientDescent(STEP).guarantee(m, M, gamma)
        return None if true is None else dataclasses.replace(true, rate=abs(1 - STEP * m))

    return Rule(lambda objective, s: State(s.h - STEP * objective.gradient(s.h)), guarantee=guarantee)


FAULTS: tuple[Specimen, ...] = (
    plain(gamma_at_most_one),
    plain(gamma_at_most_five),
    plain(gamma_at_least_one),
    plain(gamma_at_least_a_half),
    plain(gamma_detached, differentiable=True),
    plain(mean_of_large_batches),
    plain(entries_past_the_fourth_dropped),
    plain(rows_of_a_table_mixed),
    made(decays_from_the_sixtieth_step),
    made(a_half_where_ill_conditioned),
    made(heavy_ball_for_all_functions),
    made(best_step_with_the_wrong_end),
)
