"""Solvers that are right, written by hand: a battery that fails one of these raises a false alarm."""

from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.state import GradientState, State
from eqt_theory.testing.faults.fault import STEP, Rule, Specimen, made, of_descent, plain


def descent(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent, as a newcomer writes it."""
    return h - STEP * objective.gradient(h)


def by_autograd(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent on Phi's value, differentiated by autograd."""
    with torch.enable_grad():
        x = h.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(objective.value(x).sum(), x)
    return h - STEP * gradient


def by_hand(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent with Phi's gradient put together from its parts."""
    gamma = torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)
    return h - STEP * (objective.energy.gradient(h) + (h - objective.proposal) / gamma)


def averaged(objective: Objective, h: Tensor) -> Tensor:
    """Half of the old state and half of a gradient step."""
    return (h + (h - 2 * STEP * objective.gradient(h))) / 2


def two_steps(objective: Objective, h: Tensor) -> Tensor:
    """Two gradient steps for one, of different lengths."""
    h = h - STEP * objective.gradient(h)
    return h - STEP / 2 * objective.gradient(h)


def exact_solve(objective: Objective, h: Tensor) -> Tensor:
    """Newton's step."""
    return h - torch.linalg.solve(objective.hessian(h), objective.gradient(h).unsqueeze(-1)).squeeze(-1)


def preconditioned(objective: Objective, h: Tensor) -> Tensor:
    """Half a gradient step divided by the largest row sum of |hess Phi|, entry by entry (Jacobi, damped)."""
    rows = objective.hessian(h).abs().sum(-1)
    return h - objective.gradient(h) / rows


def exact_line_search(objective: Objective, h: Tensor) -> Tensor:
    """Steepest descent with the length that is best for the quadratic model."""
    gradient = objective.gradient(h)
    curved = (gradient * objective.hessian_vector(h, gradient)).sum(-1, keepdim=True)
    square = gradient.square().sum(-1, keepdim=True)
    return h - torch.where(curved > 0, square / torch.where(curved > 0, curved, 1.0), 0.0) * gradient


def known_constants(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent with step size 1/M, M as the objective declares it for each state."""
    assert objective.state_M is not None
    return h - objective.gradient(h) / objective.state_M


def constant_of_the_batch(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent with step size 1/M, M as the objective declares it for the whole batch."""
    assert objective.M is not None
    return h - objective.gradient(h) / objective.M


def best_step_of_the_batch(objective: Objective, h: Tensor) -> Tensor:
    """Gradient descent with step size 2/(m + M), the constants those of the whole batch."""
    assert objective.m is not None and objective.M is not None
    return h - 2 / (objective.m + objective.M) * objective.gradient(h)


def proximal_gradient(objective: Objective, h: Tensor) -> Tensor:
    """The proximal step, written out."""
    weight = STEP / torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)
    return (h - STEP * objective.energy.gradient(h) + weight * objective.proposal) / (1 + weight)


def picard(objective: Objective, h: Tensor) -> Tensor:
    """h+ = f - gamma grad energy(h), which contracts where the damping is strong."""
    gamma = torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)
    return objective.proposal - gamma * objective.energy.gradient(h)


def coordinate_descent(objective: Objective, h: Tensor) -> Tensor:
    """One sweep of Newton steps along the axes, one after the other."""
    for i in range(h.shape[-1]):
        move = objective.gradient(h)[..., i] / objective.hessian(h)[..., i, i]
        h = h - torch.nn.functional.one_hot(torch.tensor(i, device=h.device), h.shape[-1]).to(h) * move.unsqueeze(-1)
    return h


@dataclass(frozen=True)
class _Moving(State):
    velocity: Tensor


def momentum() -> Rule:
    """Heavy ball with a little momentum, with nothing declared."""

    def step(objective: Objective, state: _Moving) -> _Moving:
        velocity = 0.3 * state.velocity - STEP * objective.gradient(state.h)
        return _Moving(state.h + velocity, velocity)

    return Rule(step, lambda objective, h: _Moving(h, torch.zeros_like(h)))


@dataclass(frozen=True)
class _Learning(State):
    gradient: Tensor
    inverse: Tensor


def quasi_newton() -> Rule:
    """BFGS with unit steps and a dense inverse, which learns the curvature from its own steps."""

    def init(objective: Objective, h: Tensor) -> _Learning:
        eye = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device).expand(*h.shape, h.shape[-1])
        hessian = objective.hessian(h)
        # Half the inverse of the largest row sum: short enough not to overshoot at first.
        scale = 0.5 / hessian.abs().sum(-1).amax(-1)
        return _Learning(h, objective.gradient(h), scale[..., None, None] * eye)

    def step(objective: Objective, s: _Learning) -> _Learning:
        h = s.h - (s.inverse @ s.gradient.unsqueeze(-1)).squeeze(-1)
        gradient = objective.gradient(h)
        move, change = (h - s.h).unsqueeze(-1), (gradient - s.gradient).unsqueeze(-1)
        product = (move * change).sum((-2, -1), keepdim=True)
        # From moves at rounding level nothing is to be learnt.
        size = torch.linalg.vector_norm(s.h, dim=-1)[..., None, None].clamp(min=1.0)
        long = torch.linalg.vector_norm(move, dim=-2, keepdim=True) > torch.finfo(h.dtype).eps ** 0.75 * size
        safe = (product > 0) & long
        rho = torch.where(safe, 1 / torch.where(safe, product, 1.0), 0.0)
        left = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device) - rho * move @ change.mT
        return _Learning(h, gradient, left @ s.inverse @ left.mT + rho * move @ move.mT)

    return Rule(step, init)


def declared() -> Rule:
    """Gradient descent that declares its rate and carries its gradient."""

    def at(objective: Objective, h: Tensor) -> GradientState:
        return GradientState(h, objective.gradient(h))

    return Rule(lambda objective, s: at(objective, s.h - STEP * s.gradient), at, of_descent)


def modest() -> Rule:
    """Gradient descent that declares the rate of a step half as long, which is larger where it converges slowly."""

    def guarantee(m: float, M: float, gamma: float | None):
        true = GradientDescent(STEP).guarantee(m, M, gamma)
        half = GradientDescent(STEP / 2).guarantee(m, M, gamma)
        return half if true is not None and half is not None and half.rate >= true.rate else None

    return Rule(lambda objective, s: State(s.h - STEP * objective.gradient(s.h)), guarantee=guarantee)


RIGHT: tuple[Specimen, ...] = (
    plain(descent, differentiable=True),
    plain(by_autograd),
    plain(by_hand, differentiable=True),
    plain(averaged, differentiable=True),
    plain(two_steps, differentiable=True),
    plain(exact_solve, differentiable=True),
    plain(preconditioned, differentiable=True),
    plain(exact_line_search),
    plain(known_constants),
    plain(constant_of_the_batch),
    plain(best_step_of_the_batch),
    plain(proximal_gradient, differentiable=True),
    plain(picard, differentiable=True),
    plain(coordinate_descent),
    made(momentum, equivariant=True, differentiable=True),
    made(quasi_newton),
    made(declared, equivariant=True, differentiable=True),
    made(modest, equivariant=True, differentiable=True),
)
