"""check_solver: the battery of checks for anybody's solver."""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor

from eqt_theory.core.annotated import Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.energies.modules import buffers_kept
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, StepRule
from eqt_theory.testing.battery import OnFail, Trial, raised, require_arguments
from eqt_theory.testing.bench import SolverBench
from eqt_theory.testing.extremes import constants_read
from eqt_theory.testing.limits import WORK, Limits
from eqt_theory.testing.naming import solver_name
from eqt_theory.testing.report import Report
from eqt_theory.testing.scope import find_scope
from eqt_theory.testing.solver_checks.batch import (
    batch_of_one,
    batch_through_solve,
    empty_batch,
    gamma_per_state,
    no_cross_talk,
)
from eqt_theory.testing.solver_checks.convergence import (
    agrees_with_map,
    linear_convergence,
    nine_dimensions,
    one_dimension,
    right_fixed_point,
    right_fixed_point_off_quadratics,
)
from eqt_theory.testing.solver_checks.derivatives import differentiable
from eqt_theory.testing.solver_checks.honesty import (
    carries_the_true_gradient,
    honest_status,
    stays_at_the_solution,
)
from eqt_theory.testing.solver_checks.placement import equivariance, float32_to_its_floor, same_on_cuda
from eqt_theory.testing.solver_checks.promises import (
    declared_rate,
    declared_rate_at_the_border,
    declared_rate_ill_conditioned,
)
from eqt_theory.testing.solver_checks.purity import changes_no_input, deterministic, remembers_no_problem
from eqt_theory.testing.solver_checks.surroundings import leaves_its_surroundings
from eqt_theory.testing.solver_checks.theorems import declared_rate_for_every_function

AnySolver = Solver | Callable[[Objective, Tensor], Tensor]
"""A Solver, or a function (objective, h) -> next h."""

SOLVER_CHECKS: tuple[Callable[[SolverBench], Finding], ...] = (
    right_fixed_point,
    right_fixed_point_off_quadratics,
    linear_convergence,
    declared_rate_for_every_function,
    declared_rate,
    declared_rate_ill_conditioned,
    declared_rate_at_the_border,
    agrees_with_map,
    no_cross_talk,
    gamma_per_state,
    batch_of_one,
    empty_batch,
    batch_through_solve,
    changes_no_input,
    leaves_its_surroundings,
    deterministic,
    remembers_no_problem,
    honest_status,
    carries_the_true_gradient,
    stays_at_the_solution,
    one_dimension,
    nine_dimensions,
    equivariance,
    float32_to_its_floor,
    same_on_cuda,
    differentiable,
)
"""The battery, in the order in which it runs. `battery.says` tells what each check holds a solver to."""


@checked
def check_solver(
    solver: AnySolver,
    *,
    on_fail: OnFail = "raise",
    seed: Seed = 0,
    max_examples: int = 50,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    expected_failures: Mapping[str, str] | None = None,
    accuracy: float | None = None,
    equivariant: bool | None = None,
    differentiable: bool | None = None,
    max_shrinks: int = 200,
    max_work: int = WORK,
    fail_fast: bool = False,
    seconds: float | None = None,
) -> Report:
    """Check a solver: right answer, right rate, no cross-talk, no side effects, honest statuses, and more.

    Problems are small objectives Phi whose solutions are known from scalar equations. A solver that declares a
    guarantee is held to it, on classes of problems where its `guarantee(m, M, gamma)` is below 1, up to the border,
    and for a few steps where M/m is up to 1e8. One that declares none is held to linear convergence to the right
    point, on problems with M/m = 4 at the scales M (0.97 times powers of the root of 10, from 1e-4 to 1e4) where a
    probe converges soonest; if it converges at no scale, on ones with M/m = 1.25 and gamma about 1/m; if not there
    either, at M = 0.97. It need not converge at the other scales, but where it comes to rest away from the solution,
    or slows down for good, it is held to those. The report says which. One that declares a bound like a power of the
    steps, and falls like one, is held to come as near as that bound says, unless that is too little to tell.
    Off quadratics, such a solver gets problems whose curvature along an axis varies by up to 1.8, and one whose
    guarantee is for quadratics only gets starts near the solution.

    Args:
        solver: a Solver, or a function (objective, h) -> next h, which becomes a StepRule.
        on_fail: "raise" raises CheckFailed at the end if a check failed; None only reports.
        seed: of everything random; the same seed tries the same cases.
        max_examples: cases per check at most.
        device: where tensors lie.
        dtype: the precision to check in.
        expected_failures: `{check name: reason}` for checks that are known to fail; one that passes is a failure.
        accuracy: relative accuracy at which the solver stops by design, such as 1e-6; None asks the solver's
            attribute `relative_accuracy`, else it is held to the rounding floor.
        equivariant: whether to hold it to rotations and translations; None asks its attribute `equivariant`.
        differentiable: whether to hold it to derivatives through its steps; None asks its attribute `differentiable`.
        max_shrinks: cases tried to make a failing one smaller.
        max_work: steps of the solver after which a check begins no further case; the report says how many it had.
        fail_fast: whether to stop at the first check that fails.
        seconds: a last resort: after so long the checks that are left do not run, and the report is no pass. What is
            found by then depends on the machine; max_work and max_examples do not.

    Returns:
        The Report. Where several checks fail of one cause (it is sublinear, hovers, stops early), one of them tells it.

    Raises:
        UsageError: an argument is unusable.
        CheckFailed: a check failed and on_fail is "raise".
    """
    __tracebackhide__ = True
    require_arguments(SOLVER_CHECKS, on_fail, expected_failures or {})
    with buffers_kept(solver), standard_torch(dtype if dtype is torch.float32 else torch.float64):
        bench = solver_bench(
            solver,
            seed=seed,
            max_examples=max_examples,
            device=device,
            dtype=dtype,
            accuracy=accuracy,
            equivariant=equivariant,
            differentiable=differentiable,
            max_shrinks=max_shrinks,
            max_work=max_work,
            seconds=seconds,
        )
        trial = Trial(solver_name(solver), bench, bench.notes, bench.limits)
        report = trial.report(SOLVER_CHECKS, expected_failures, fail_fast)
    return raised(report, on_fail)


def solver_bench(
    solver: AnySolver,
    *,
    seed: int = 0,
    max_examples: int = 50,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    accuracy: float | None = None,
    equivariant: bool | None = None,
    differentiable: bool | None = None,
    max_shrinks: int = 200,
    max_work: int = WORK,
    seconds: float | None = None,
) -> SolverBench:
    """The bench that the checks of one solver run on. Arguments as in `check_solver`.

    Returns:
        The bench; finding the problems for it runs the solver a little.

    Raises:
        UsageError: an argument is unusable.
    """
    made, limits = as_solver(solver), Limits(max_work, seconds)
    require_budget(seed=seed, max_examples=max_examples, max_shrinks=max_shrinks)
    if dtype not in (torch.float64, torch.float32):
        raise UsageError(f"dtype must be torch.float64 or torch.float32, got {dtype!r}")
    if str(device).partition(":")[0] not in ("cpu", "cuda"):
        raise UsageError(f"device must be cpu or cuda, got {device!r}")
    if str(device).startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(f"device must be one that torch sees, got {device!r}, and it sees no CUDA device")
    reached = require_relative_accuracy(made, accuracy)
    scope = find_scope(made, reached)
    return SolverBench(
        made,
        scope,
        reads=constants_read(made, scope.settings[0]),
        seed=seed,
        examples=max_examples,
        device=str(device),
        dtype=dtype,
        accuracy=reached,
        equivariant=made.equivariant if equivariant is None else bool(equivariant),
        differentiable=made.differentiable if differentiable is None else bool(differentiable),
        shrinks=max_shrinks,
        limits=limits,
    )


def require_relative_accuracy(solver: Solver, accuracy: float | None) -> float:
    """The accuracy that was asked for, or else the one that the solver declares, if it can be used.

    Returns:
        A number in [0, 1).

    Raises:
        UsageError: it is none.
    """
    reached = solver.relative_accuracy if accuracy is None else accuracy
    if isinstance(reached, bool) or not isinstance(reached, int | float) or not 0 <= reached < 1:
        raise UsageError(f"accuracy must lie in [0, 1), got {reached!r}")
    return float(reached)


def require_budget(*, seed: int, max_examples: int, max_shrinks: int = 0) -> None:
    """Raise UsageError unless these are integers that a battery can work with."""
    for name, number, least in (("seed", seed, 0), ("max_examples", max_examples, 1), ("max_shrinks", max_shrinks, 0)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise UsageError(f"{name} must be an integer of at least {least}, got {number!r}")


def as_solver(solver: object) -> Solver:
    """A Solver made of a Solver or of a function.

    Returns:
        The solver itself, or a StepRule around the function.

    Raises:
        UsageError: it is neither; a class is told to be instantiated.
    """
    if isinstance(solver, Solver):
        return solver
    if isinstance(solver, type):
        raise UsageError(f"solver must be a Solver or a function (objective, h) -> h, got the class {solver.__name__}")
    if callable(solver):
        return StepRule(cast(Callable[[Objective, Tensor], Tensor], solver))
    raise UsageError(f"solver must be a Solver or a function (objective, h) -> h, got {type(solver).__name__}")
