"""Derivatives of the solution in whatever the problem is made of: unrolled, and implicit (Eq. 19, corrected)."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import NoDerivative, UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.energies.arguments import broadcast_batch, float_tensor, last_sizes
from eqt_theory.energies.differences import differs_along_all
from eqt_theory.energies.objective import Objective
from eqt_theory.operators.adjoint import adjoint_solution, transposed
from eqt_theory.operators.derivatives import pushed_forward
from eqt_theory.solvers.base import Solver, require_count, require_positive
from eqt_theory.solvers.linear import conjugate_gradients
from eqt_theory.solvers.problem import Problem, require_problem
from eqt_theory.solvers.solution import Solution
from eqt_theory.solvers.solve import solve

_NODE = 512
"""Bytes that autograd keeps of a step besides its state, or more."""


@checked
def unroll(objective: Problem, solver: Solver, steps: int, start: Tensor | None = None) -> Tensor:
    """Run a fixed number of steps and let autograd see all of them.

    On quadratics under gradient descent the derivative J_k obeys J_k - J* = (I - alpha H)^k (J_0 - J*): it is as far
    from that of the solution as the state is from the solution. Memory grows with the steps; `solve` is for long runs.

    Args:
        objective: the problem; its tensors, or those of its maps, may require gradients.
        solver: the step rule.
        steps: how many.
        start: initial states, shape (..., d); the proposal, or the origin for maps, if None; it carries derivatives.

    Returns:
        h_steps, shape (..., d), connected to the tensors of the objective, of the solver and of start.

    Raises:
        UsageError: steps is not a positive integer, its states do not fit into half of the memory, or start does not
            fit.
    """
    require_problem(objective, solver)
    require_count("steps", steps)
    h = objective.initial if start is None else start
    h = last_sizes("start", float_tensor("start", h), [objective.dim])
    shape = broadcast_batch({"objective": objective.batch_shape, "start": h.shape[:-1]})
    each = shape.numel() * h.shape[-1] * h.element_size() + _NODE
    refuse_beyond_memory("an unrolled run", steps, bytes_each=each, unit="steps")
    # Whether autograd records is the caller's choice here.
    with standard_torch(h.dtype, autograd=None):
        state = solver.init(objective, objective.checked(h.expand(*shape, h.shape[-1]), "start"))
        for _ in range(steps):
            state = solver.step(objective, state)
    return state.h


@checked
def solve_implicit(
    objective: Problem,
    solver: Solver,
    start: Tensor | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    *,
    linear_tolerance: float = 1e-10,
    linear_steps: int | None = None,
    order: int = 1,
) -> Solution:
    """Solve, and give the solution the derivatives of the equilibrium, whatever path led there.

    With g = 1/gamma: dh*/dtheta = [hess energy(h*) + g I]^{-1} (g df/dtheta - d_h d_theta energy(h*)), and for gamma
    itself g^2 [hess energy + g I]^{-1} (h* - f). (Eq. 19) leaves out the term with df/dtheta. The backward pass
    solves one symmetric system per state by conjugate gradients on Hessian-vector products; memory does not depend on
    the steps.

    For a FixedPoint dh*/dtheta = (I - J)^{-1} d_theta T(h*), J the Jacobian of T: the backward pass solves the adjoint
    fixed point `w = v + J^T w`, likewise for the residual of an Inclusion. First derivatives only, there.

    Args:
        objective: Phi, or a FixedPoint or an Inclusion; tensors in its energy or maps (also parameters of modules, and
            tensors that functions close over), its proposal, gamma and inputs may require gradients.
        solver: the step rule; its own parameters get no derivative.
        start: initial states, shape (..., d); the proposal if None.
        tolerance: on the residual, as in `solve`; the derivative's error is proportional to it.
        max_steps: steps at most.
        linear_tolerance: relative residual of the linear systems; at least 10 unit roundoffs are used.
        linear_steps: products at most; None is 10 d + 100.
        order: 1 for first derivatives, 2 for second ones too (`create_graph=True`), at twice the cost.

    Returns:
        The Solution, its h connected to the graph. The derivative is nan for a state that did not converge, and where
        the Hessian of Phi is not positive definite along the directions met, I - J is singular, or the system was not
        solved to 1000 times its tolerance. Differentiating more often than `order` says raises a UsageError,
        and so does a residual whose derivative by torch is not its own, as one that goes through `detach`.

    Raises:
        UsageError: an argument is unusable.
    """
    require_positive("linear_tolerance", linear_tolerance)
    if linear_steps is not None:
        require_count("linear_steps", linear_steps)
    if isinstance(order, bool) or order not in (1, 2):
        raise UsageError(f"order must be 1 or 2, got {order!r}")
    if order == 2 and not isinstance(objective, Objective):
        raise UsageError(f"order must be 1 for a problem that is no Objective, got {order!r}")
    solution = solve(objective, solver, start, tolerance, max_steps)
    h = solution.h
    if h.numel() == 0:
        return solution
    rounding = 10 * torch.finfo(h.dtype).eps
    system = _System(
        objective, solution.converged, max(linear_tolerance, rounding), linear_steps or 10 * h.shape[-1] + 100, order
    )
    with standard_torch(h.dtype, autograd=None), torch.enable_grad():
        # Newton steps of length (nearly) 0, whose graph leads to every tensor that Phi is made of. Each doubles the
        # order to which the result follows a change of those: after n of them 2^n - 1 derivatives are right.
        for _ in range(order):
            h = h - _Inverse.apply(objective.residual(h), h, system)
    return dataclasses.replace(solution, h=h)


@dataclasses.dataclass(frozen=True)
class _System:
    """What a linear system with the Hessian of Phi, or (I - J)^T, needs, and how often it may be differentiated."""

    objective: Problem
    converged: Tensor
    tolerance: float
    steps: int
    order: int

    def solved(self, h: Tensor, v: Tensor, result: Tensor) -> Tensor:
        """[hess Phi(h)]^{-1} v; nan where it cannot be had. Where autograd records, it can be differentiated again."""
        with standard_torch(h.dtype, autograd=None), torch.no_grad():
            x = self._numbers(h, v)
        if not torch.is_grad_enabled():
            return x
        if self.order == 1:
            return _Refuse.apply(x, result, v)
        # Nearly 0 in value; its derivative is that of the solution in v, and in h and all else that the Hessian
        # depends on.
        assert isinstance(self.objective, Objective)
        residual = v - self.objective.hessian_vector(h, x)
        return x + _Inverse.apply(residual, h, dataclasses.replace(self, order=self.order - 1))

    def _numbers(self, h: Tensor, v: Tensor) -> Tensor:
        if not isinstance(self.objective, Objective):
            product = transposed(self.objective.residual, h)
            self._require_followed(h, lambda p: pushed_forward(self.objective.residual, h, p))
            x = adjoint_solution(product, v, self.tolerance, self.steps)
            apart = torch.linalg.vector_norm(v - product(x), dim=-1)
            close = apart <= 1000 * self.tolerance * torch.linalg.vector_norm(v, dim=-1)
            sound = (self.converged & close) | (v == 0).all(-1)
            return torch.where(sound.unsqueeze(-1), x, math.nan)
        objective = self.objective
        self._require_followed(h, lambda p: objective.hessian_vector(h, p))
        found = conjugate_gradients(lambda p: objective.hessian_vector(h, p), v, self.tolerance, self.steps)
        # Judged by a fresh residual: the one that the recursion carries can drift from the truth.
        residual = torch.linalg.vector_norm(v - objective.hessian_vector(h, found.x), dim=-1)
        close = residual <= 1000 * self.tolerance * torch.linalg.vector_norm(v, dim=-1)
        # A state that nothing depends on gets 0, whatever became of it.
        sound = (self.converged & found.definite & close) | (v == 0).all(-1)
        return torch.where(sound.unsqueeze(-1), found.x, math.nan)

    def _require_followed(self, h: Tensor, product: Callable[[Tensor], Tensor]) -> None:
        """Refuse a residual that torch does not follow, whose derivative has parts missing, at the states that count.

        Args:
            h: the states.
            product: with the Jacobian of the residual there.

        Raises:
            UsageError: products are not those of its differences.
        """
        counts = self.converged.unsqueeze(-1)

        def of_those(image: Tensor) -> Tensor:
            return torch.where(counts, image, 0)

        try:
            wrong = differs_along_all(lambda x: of_those(self.objective.residual(x)), h, lambda v: of_those(product(v)))
        except NoDerivative:  # of a product from the right; those from the left are all that is needed
            return
        if wrong:
            raise UsageError(
                f"the residual of {type(self.objective).__name__} must have the derivative that torch makes of it, but "
                "has not: an energy or a map that goes through detach, no_grad or NumPy loses a part of it, and the "
                "implicit derivative would be wrong"
            )


class _Inverse(torch.autograd.Function):
    """[hess Phi(h)]^{-1} r for an r that is 0 but for rounding: 0 in value, the true derivative in r."""

    @staticmethod
    def forward(ctx: Any, r: Tensor, h: Tensor, system: _System) -> Tensor:
        result = torch.zeros_like(r)
        ctx.save_for_backward(h, result)
        ctx.system = system
        return result

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        h, result = ctx.saved_tensors
        # Nothing for h: its share is a multiple of r, which is 0 to the order promised.
        return ctx.system.solved(h, incoming[0], result), None, None


class _Refuse(torch.autograd.Function):
    """x, which depends on the result and on v in a way that is not recorded: differentiating it is refused."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, result: Tensor, v: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise UsageError("solve_implicit gives first derivatives only; with order=2 second ones too, and none above")
