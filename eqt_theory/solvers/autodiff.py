"""Derivatives of the solution in whatever the objective is made of: unrolled, and implicit (Eq. 19, corrected)."""

import dataclasses
import math
from typing import Any

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, check_count, check_positive
from eqt_theory.solvers.linear import conjugate_gradients
from eqt_theory.solvers.solution import Solution
from eqt_theory.solvers.solve import solve


def unroll(objective: Objective, solver: Solver, steps: int, start: Tensor | None = None) -> Tensor:
    """Run a fixed number of steps and let autograd see all of them.

    On quadratics under gradient descent the derivative J_k obeys J_k - J* = (I - alpha H)^k (J_0 - J*): it is as far
    from that of the solution as the state is from the solution. Memory grows with the steps.

    Args:
        objective: Phi; its tensors may require gradients.
        solver: the step rule.
        steps: how many.
        start: initial states, shape (..., d); the proposal if None, which then carries derivatives too.

    Returns:
        h_steps, shape (..., d), connected to the tensors of the objective, of the solver and of start.

    Raises:
        UsageError: steps is not a positive integer, or start does not fit.
    """
    check_count("steps", steps)
    h = objective.proposal if start is None else start
    shape = torch.broadcast_shapes(objective.batch_shape, h.shape[:-1])
    state = solver.init(objective, objective.checked(h.expand(*shape, h.shape[-1]), "start"))
    for _ in range(steps):
        state = solver.step(objective, state)
    return state.h


def solve_implicit(
    objective: Objective,
    solver: Solver,
    start: Tensor | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    *,
    linear_tolerance: float = 1e-10,
    linear_steps: int | None = None,
) -> Solution:
    """Solve, and give the solution the derivatives of the equilibrium, whatever path led there.

    With g = 1/gamma: dh*/dtheta = [hess energy(h*) + g I]^{-1} (g df/dtheta - d_h d_theta energy(h*)), and for gamma
    itself g^2 [hess energy + g I]^{-1} (h* - f). (Eq. 19) leaves out the term with df/dtheta. The backward pass
    solves one symmetric system per state by conjugate gradients on Hessian-vector products; memory does not depend on
    the steps. First derivatives only.

    Args:
        objective: Phi; tensors in its energy (also parameters of modules, and tensors that functions close over), its
            proposal and gamma may require gradients.
        solver: the step rule; its own parameters get no derivative.
        start: initial states, shape (..., d); the proposal if None.
        tolerance: on |grad Phi(h)|, as in `solve`; the derivative's error is proportional to it.
        max_steps: steps at most.
        linear_tolerance: relative residual of the linear systems; at least 10 unit roundoffs are used.
        linear_steps: products at most; None is 10 d + 100.

    Returns:
        The Solution, its h connected to the graph. The derivative is nan for a state that did not converge, and where
        the Hessian of Phi is not positive definite along the directions met or the system was not solved to 1000
        times its tolerance.

    Raises:
        UsageError: an argument is unusable.
    """
    check_positive("linear_tolerance", linear_tolerance)
    if linear_steps is not None:
        check_count("linear_steps", linear_steps)
    solution = solve(objective, solver, start, tolerance, max_steps)
    h = solution.h
    if h.numel() == 0:
        return solution
    with torch.enable_grad():
        # The gradient is (nearly) 0 in value; its graph leads to every tensor that Phi is made of.
        gradient = objective.gradient(h)
    settings = _Settings(max(linear_tolerance, 10 * torch.finfo(h.dtype).eps), linear_steps or 10 * h.shape[-1] + 100)
    connected = _Implicit.apply(h, gradient, objective, solution.converged, settings)
    return dataclasses.replace(solution, h=connected)


@dataclasses.dataclass(frozen=True)
class _Settings:
    tolerance: float
    steps: int


class _Implicit(torch.autograd.Function):
    """Forward: h. Backward: the incoming v becomes -[hess Phi(h)]^{-1} v on the gradient of Phi at fixed h."""

    @staticmethod
    def forward(
        ctx: Any, h: Tensor, gradient: Tensor, objective: Objective, converged: Tensor, settings: _Settings
    ) -> Tensor:
        ctx.save_for_backward(h, converged)
        ctx.objective, ctx.settings = objective, settings
        return h.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *incoming: Tensor
    ) -> tuple[Tensor | None, ...]:
        (v,) = incoming
        h, converged = ctx.saved_tensors
        settings: _Settings = ctx.settings
        solved = conjugate_gradients(
            lambda p: ctx.objective.hessian_vector(h, p), v, settings.tolerance, settings.steps
        )
        # Judged by a fresh residual: the one that the recursion carries can drift from the truth.
        residual = torch.linalg.vector_norm(v - ctx.objective.hessian_vector(h, solved.x), dim=-1)
        close = residual <= 1000 * settings.tolerance * torch.linalg.vector_norm(v, dim=-1)
        # A state that nothing depends on gets 0, whatever became of it.
        sound = (converged & solved.definite & close) | (v == 0).all(-1)
        return None, torch.where(sound.unsqueeze(-1), -solved.x, math.nan), None, None, None
