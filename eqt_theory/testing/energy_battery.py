"""check_energy: the battery of checks for anybody's energy."""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor

from eqt_theory.core.annotated import Seed, checked
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.energies.analytic.function import FunctionEnergy
from eqt_theory.energies.base import Energy
from eqt_theory.energies.modules import buffers_kept
from eqt_theory.evidence.sampling import require_dimension
from eqt_theory.testing.battery import OnFail, Trial, raised, require_arguments
from eqt_theory.testing.energy_bench import EnergyBench
from eqt_theory.testing.energy_checks.behaviour import (
    deterministic,
    finite,
    float32_agrees,
    no_cross_talk,
    pure,
    shapes,
)
from eqt_theory.testing.energy_checks.curvature import declared_curvature
from eqt_theory.testing.energy_checks.derivatives import (
    differentiable_again,
    gradient_is_that_of_the_value,
    hessian_is_symmetric,
    hessian_is_that_of_the_gradient,
    hessian_vector_is_the_product,
    value_and_gradient_agree,
)
from eqt_theory.testing.limits import Limits
from eqt_theory.testing.report import Report
from eqt_theory.testing.state_bench import require_trial

AnyEnergy = Energy | Callable[[Tensor], Tensor]
"""An Energy, or a function of one state or of a batch, which becomes a FunctionEnergy."""

ENERGY_CHECKS: tuple[Callable[[EnergyBench], Finding], ...] = (
    shapes,
    finite,
    deterministic,
    pure,
    no_cross_talk,
    gradient_is_that_of_the_value,
    value_and_gradient_agree,
    hessian_is_that_of_the_gradient,
    hessian_is_symmetric,
    hessian_vector_is_the_product,
    differentiable_again,
    declared_curvature,
    float32_agrees,
)
"""The battery, in the order in which it runs."""

REACH = 3.0
"""Without a domain, states of length up to this are tried, the origin left out."""


@checked
def check_energy(
    energy: AnyEnergy,
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
    """Check an energy: right derivatives, honest curvature, no cross-talk, no side effects, both precisions.

    Derivatives are compared with extrapolated differences to about 1e-8 relative, far below the 5e-4 that
    `torch.autograd.gradcheck` lets pass by default. Where an energy is kinked or its derivatives are rough, states at
    which a difference is not sharp are left out; where too few are left the check fails as undecided.

    Args:
        energy: one Energy, not a batch; or a function (d,) -> () or (..., d) -> (...). float64.
        dim: the state dimension d.
        on_fail: "raise" raises CheckFailed at the end if a check failed; None only reports.
        seed: of everything random; the same seed tries the same states.
        samples: states tried by each check.
        domain: where it is tried, a Ball or a Box of dimension dim; by default where the energy says that it is
            defined, else states of length up to 3 around the origin, and all of space for declared curvature.
        expected_failures: `{check name: reason}` for checks that are known to fail; one that passes is a failure.
        accuracy: relative accuracy of its derivatives by design, as 1e-6 where they are differences; 0 is rounding.
        fail_fast: whether to stop at the first check that fails.
        seconds: a last resort: after so long the checks that are left do not run, and the report is no pass.

    Returns:
        The Report.

    Raises:
        UsageError: an argument is unusable, or the energy carries a batch of parameters.
        CheckFailed: a check failed and on_fail is "raise".
    """
    __tracebackhide__ = True
    limits = Limits(seconds=seconds)
    require_arguments(ENERGY_CHECKS, on_fail, expected_failures or {})
    with buffers_kept(energy):
        bench, note = energy_bench(energy, dim, seed=seed, samples=samples, domain=domain, accuracy=accuracy)
        with standard_torch():
            trial = Trial(energy_name(energy), bench, [note], limits)
            report = trial.report(ENERGY_CHECKS, expected_failures, fail_fast)
    return raised(report, on_fail)


def energy_bench(
    energy: AnyEnergy,
    dim: int,
    *,
    seed: int = 0,
    samples: int = 64,
    domain: Domain | None = None,
    accuracy: float = 0.0,
) -> tuple[EnergyBench, str]:
    """What the checks need, and a note about the states.

    Args:
        energy: as for `check_energy`, and the rest too.
        dim: the state dimension d.
        seed: of everything random.
        samples: states tried by each check.
        domain: where it is tried.
        accuracy: relative accuracy of its derivatives by design.

    Returns:
        The bench and the note.

    Raises:
        UsageError: an argument is unusable, or the energy carries a batch of parameters.
    """
    made = as_energy(energy)
    require_trial(dim, seed, samples, accuracy, domain)
    reference = made.reference()
    if reference is not None and reference.dtype != torch.float64:
        raise UsageError(f"energy must have float64 parameters, got {reference.dtype}; check energy.to(dtype=float64)")
    domain = made.domain if domain is None and isinstance(made.domain, Ball | Box) else domain
    where = Ball([0.0] * dim, REACH) if domain is None else domain
    require_dimension(where, made)
    bench = EnergyBench(made, where, domain is None, seed=seed, samples=samples, accuracy=float(accuracy))
    return bench, f"states of length up to {REACH:g}, d = {dim}" if domain is None else f"states in {domain!r}"


def as_energy(energy: object) -> Energy:
    """An Energy made of an Energy or of a function.

    Args:
        energy: what was given.

    Returns:
        The energy itself, or a FunctionEnergy around the function.

    Raises:
        UsageError: it is neither; a class is told to be instantiated.
    """
    if isinstance(energy, Energy):
        return energy
    if isinstance(energy, type):
        raise UsageError(f"energy must be an Energy or a function of a state, got the class {energy.__name__}")
    if callable(energy):
        return FunctionEnergy(cast(Callable[[Tensor], Tensor], energy))
    raise UsageError(f"energy must be an Energy or a function of a state, got {type(energy).__name__}")


def energy_name(energy: object) -> str:
    """A few words that say which energy it is."""
    fn = getattr(energy, "fn", None) if isinstance(energy, FunctionEnergy) else energy
    name = getattr(fn, "__name__", None)
    return name if isinstance(name, str) else type(energy).__name__
