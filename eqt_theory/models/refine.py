"""Refinement of the proposals of a model: K steps of any solver, stopped early or not, differentiable or not."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.models.config import GradientMode, ModelConfig, SolverName, Stopping
from eqt_theory.models.head_energy import HeadEnergy
from eqt_theory.solvers.anderson import Anderson
from eqt_theory.solvers.autodiff import solve_implicit, unroll
from eqt_theory.solvers.backtracking import BacktrackingGradientDescent
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.conjugate_gradients import ConjugateGradients
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.nesterov import Nesterov
from eqt_theory.solvers.newton import Newton
from eqt_theory.solvers.newton_cg import NewtonCG
from eqt_theory.solvers.proximal_gradient import ProximalGradient
from eqt_theory.solvers.proximal_point import ProximalPoint
from eqt_theory.solvers.solve import solve
from eqt_theory.solvers.stopping import EnergyBelow, EntropyBudget, GradientNorm, SmallStep, StopRule

_NUMBERS_AT_ONCE = 400_000
"""Products of the heads' first layers formed together without gradients: few enough to stay in cache."""


def make_solver(config: ModelConfig) -> Solver:
    """The solver that a config names, with its step size and momentum."""
    alpha, momentum = config.step_size, config.momentum
    return {
        SolverName.GRADIENT_DESCENT: lambda: GradientDescent(alpha),
        SolverName.HEAVY_BALL: lambda: HeavyBall(alpha, momentum),
        SolverName.NESTEROV: lambda: Nesterov(alpha, momentum),
        SolverName.PROXIMAL_GRADIENT: lambda: ProximalGradient(alpha),
        SolverName.PROXIMAL_POINT: lambda: ProximalPoint(alpha),
        SolverName.BACKTRACKING: BacktrackingGradientDescent,
        SolverName.NEWTON: Newton,
        SolverName.NEWTON_CG: NewtonCG,
        SolverName.CONJUGATE_GRADIENTS: ConjugateGradients,
        SolverName.ANDERSON: lambda: Anderson(alpha),
    }[config.solver]()


def make_stop(config: ModelConfig, predict: Callable[[Tensor], Tensor]) -> StopRule | None:
    """The stopping rule that a config names; None for a fixed number of steps.

    Args:
        config: the rule and its threshold.
        predict: states -> logits, for the rule that looks at the entropy.

    Returns:
        The rule.
    """
    threshold = config.stop_threshold
    return {
        Stopping.FIXED: lambda: None,
        Stopping.GRADIENT_NORM: GradientNorm,
        Stopping.SMALL_STEP: lambda: SmallStep(threshold),
        Stopping.RELATIVE_STEP: lambda: SmallStep(threshold, relative=True),
        Stopping.ENERGY: lambda: EnergyBelow(threshold),
        Stopping.ENTROPY: lambda: EntropyBudget(predict, threshold),
    }[config.stopping]()


def refine_for_training(objective: Objective, solver: Solver, steps: int, config: ModelConfig) -> Tensor:
    """The refined states, differentiable in the way that the config names.

    Args:
        objective: Phi; the start is its proposal f.
        solver: step rule.
        steps: K; 0 returns f. The implicit mode solves to `implicit_tolerance` instead, whatever K is.
        config: the gradient mode.

    Returns:
        h_K, shape (..., d).

    Raises:
        UsageError: unrolled steps of a solver that does not declare that derivatives flow through them.
    """
    f = objective.proposal
    if steps == 0:
        return f
    if config.gradient is GradientMode.UNROLLED and not solver.differentiable:
        raise UsageError(
            f"gradient must be detached or implicit with {type(solver).__name__}, which does not declare itself "
            "differentiable, got unrolled"
        )
    if config.gradient is GradientMode.UNROLLED:
        return _descend(objective, solver, steps) if isinstance(solver, GradientDescent) else unroll(
            objective, solver, steps
        )  # fmt: skip
    if config.gradient is GradientMode.DETACHED:
        refined = refine(objective, solver, steps)
        return f + (refined - f).detach()
    return solve_implicit(
        objective, solver, tolerance=config.implicit_tolerance, max_steps=config.implicit_steps, linear_tolerance=1e-6
    ).h


@torch.no_grad()
def refine(
    objective: Objective, solver: Solver, steps: int, stop: StopRule | None = None, tolerance: float = 1e-12
) -> Tensor:
    """The refined states, without gradients.

    Args:
        objective: Phi; the start is its proposal f.
        solver: step rule.
        steps: K, steps at most.
        stop: rule that ends single states earlier; None takes K steps with all.
        tolerance: for the rule on the gradient norm.

    Returns:
        h, shape (..., d).
    """
    f = objective.proposal
    if steps == 0 or f.numel() == 0:
        return f.detach()
    if stop is not None:
        return solve(objective, solver, tolerance=tolerance, max_steps=steps, stop=stop).h
    if not isinstance(solver, GradientDescent):
        return unroll(objective, solver, steps).detach()
    energy = objective.energy
    if not isinstance(energy, HeadEnergy) or f.ndim != 3 or f.device.type != "cpu":
        return _descend(objective, solver, steps)
    size = max(1, _NUMBERS_AT_ONCE // (f.shape[1] * max(1, len(energy.rows))))
    pieces = [slice(start, start + size) for start in range(0, len(f), size)]
    parts = [Objective(energy.part(piece), f[piece], objective.gamma) for piece in pieces]
    return torch.cat([_descend(part, solver, steps) for part in parts])


def _descend(objective: Objective, solver: GradientDescent, steps: int) -> Tensor:
    """Gradient descent with as many gradients as steps: h <- (1 - alpha/gamma) h + (alpha/gamma) f - alpha grad."""
    f, energy = objective.proposal, objective.energy
    alpha, gamma = solver.step_size, objective.gamma
    if isinstance(alpha, Tensor) or isinstance(gamma, Tensor):
        return unroll(objective, solver, steps)
    pull, h = alpha / gamma, f
    for k in range(steps):
        # At the start the proximal term is stationary.
        drift = h if k == 0 else torch.lerp(h, f, pull)
        h = drift.sub(energy.gradient(h), alpha=alpha)
    return h
