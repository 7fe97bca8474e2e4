"""check_operator: the battery of checks for anybody's map, and for the maps of an Inclusion."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import Seed, checked
from eqt_theory.core.domain import Ball, Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.energies.arguments import require_one
from eqt_theory.energies.modules import buffers_kept
from eqt_theory.operators.affine import as_map
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.testing.battery import OnFail, Trial, raised, require_arguments
from eqt_theory.testing.limits import Limits
from eqt_theory.testing.operator_bench import OperatorBench
from eqt_theory.testing.operator_checks.behaviour import (
    batch_is_its_states,
    float32_agrees,
    image_is_a_state,
    image_is_finite,
    no_memory,
    same_image_each_time,
    state_is_left_alone,
    surroundings_change_nothing,
)
from eqt_theory.testing.operator_checks.constants import (
    declared_contraction,
    declared_lipschitz,
    declared_monotonicity,
    resolvent_inverts,
    resolvents_are_firmly_nonexpansive,
    resolvents_of_steps_belong_together,
)
from eqt_theory.testing.operator_checks.derivatives import (
    derivative_is_that_of_the_image,
    transpose_is_that_of_the_derivative,
)
from eqt_theory.testing.report import Report
from eqt_theory.testing.state_bench import require_trial

AnyOperator = FixedPoint | Inclusion | Callable[..., Tensor] | Tensor
"""A FixedPoint, an Inclusion, a function of one state, or a square matrix."""

OPERATOR_CHECKS: tuple[Callable[[OperatorBench], Finding], ...] = (
    image_is_a_state,
    image_is_finite,
    same_image_each_time,
    no_memory,
    state_is_left_alone,
    batch_is_its_states,
    surroundings_change_nothing,
    derivative_is_that_of_the_image,
    transpose_is_that_of_the_derivative,
    declared_contraction,
    declared_monotonicity,
    declared_lipschitz,
    resolvents_are_firmly_nonexpansive,
    resolvents_of_steps_belong_together,
    resolvent_inverts,
    float32_agrees,
)
"""The battery, in the order in which it runs."""

REACH = 3.0
"""Without a domain, states of length up to this are tried, the origin left out."""


@checked
def check_operator(
    T: AnyOperator,  # noqa: N803  the usual name of a map
    dim: int,
    *,
    on_fail: OnFail = "raise",
    seed: Seed = 0,
    samples: int = 64,
    domain: Domain | None = None,
    expected_failures: Mapping[str, str] | None = None,
    accuracy: float = 0.0,
    fail_fast: bool = False,
    seconds: float | None = None,
) -> Report:
    """Check a map: states to states, no memory, no side effects, derivatives that are its own, honest constants.

    Derivatives are compared with extrapolated differences to about 1e-8 relative. Of an Inclusion the operator F is
    checked, and its resolvents: firmly nonexpansive, of one operator at all steps, and inverse to I + step F.

    Args:
        T: one FixedPoint or Inclusion, not a batch; a function (d,) -> (d,), or a matrix. float64.
        dim: the state dimension d.
        on_fail: "raise" raises CheckFailed at the end if a check failed; None only reports.
        seed: of everything random; the same seed tries the same states.
        samples: states tried by each check.
        domain: where it is tried, a Ball or a Box of dimension dim, for a map that is not defined everywhere; by
            default that of the problem, or states of length up to 3 around the origin, and all of space for declared
            constants.
        expected_failures: `{check name: reason}` for checks that are known to fail; one that passes is a failure.
        accuracy: relative accuracy of its derivatives by design, as 1e-6 where they are differences; 0 is rounding.
        fail_fast: whether to stop at the first check that fails.
        seconds: a last resort: after so long the checks that are left do not run, and the report is no pass.

    Returns:
        The Report.

    Raises:
        UsageError: an argument is unusable, or the map carries a batch of inputs.
        CheckFailed: a check failed and on_fail is "raise".
    """
    __tracebackhide__ = True
    limits = Limits(seconds=seconds)
    require_arguments(OPERATOR_CHECKS, on_fail, expected_failures or {})
    with buffers_kept(T):
        bench, note = operator_bench(T, dim, seed=seed, samples=samples, domain=domain, accuracy=accuracy)
        with standard_torch():
            trial = Trial(operator_name(T), bench, [note], limits)
            report = trial.report(OPERATOR_CHECKS, expected_failures, fail_fast)
    return raised(report, on_fail)


def operator_bench(
    T: AnyOperator,  # noqa: N803
    dim: int,
    *,
    seed: int = 0,
    samples: int = 64,
    domain: Domain | None = None,
    accuracy: float = 0.0,
) -> tuple[OperatorBench, str]:
    """What the checks need, and a note about the states.

    Args:
        T: as for `check_operator`, and the rest too.
        dim: the state dimension d.
        seed: of everything random.
        samples: states tried by each check.
        domain: where it is tried.
        accuracy: relative accuracy of its derivatives by design.

    Returns:
        The bench and the note.

    Raises:
        UsageError: an argument is unusable, or the map carries a batch of inputs.
    """
    inclusion = T if isinstance(T, Inclusion) else None
    map_ = FixedPoint(inclusion.F, inclusion.dim) if inclusion is not None else as_map(T)
    if map_.dim not in (None, dim):
        raise UsageError(f"dim must be {map_.dim}, as the map has it, got {dim}")
    require_one("map", map_.batch_shape)
    declared = map_.domain if inclusion is None else inclusion.domain
    where = declared if domain is None and not isinstance(declared, WholeSpace) else domain
    require_trial(dim, seed, samples, accuracy, where)
    reference = map_.reference()
    if reference is not None and reference.dtype != torch.float64:
        raise UsageError(f"T must have float64 parameters, got {reference.dtype}; convert it with .double()")
    tried = Ball([0.0] * dim, REACH) if where is None else where
    bench = OperatorBench(map_, inclusion, tried, domain is None, seed=seed, samples=samples, accuracy=float(accuracy))
    return bench, f"states of length up to {REACH:g}, d = {dim}" if where is None else f"states in {where!r}"


def operator_name(thing: Any) -> str:
    """A few words that say which map it is."""
    fn = thing.T if isinstance(thing, FixedPoint) else thing.F if isinstance(thing, Inclusion) else thing
    name = getattr(fn, "__name__", None)
    return name if isinstance(name, str) else type(fn).__name__
