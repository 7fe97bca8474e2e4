"""Certificates of contraction for anybody's step rule that can be traced: Phi is in a class, the rate holds there.

The class speaks of functions on all of R^d: interpolation inequalities need not hold on a part of it. So curvature is
taken from a constant Hessian or from proved formulas that hold everywhere, never from what an energy declares.
"""

from dataclasses import replace
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.curvature.constants import constants
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.rate.certify_domain import constant_hessian, extreme_eigenvalues
from eqt_theory.evidence.rate.declared import certified_by_potential, question_of
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.trace import trace
from eqt_theory.evidence.rate.worst_start import Promise
from eqt_theory.evidence.sampling import draw
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness

_STARTS = 4
_STEPS = 5


def traced(obj: Objective, solver: Solver, domain: Domain) -> Recurrence | None:
    """The recurrence of a solver, where it has one and its own steps on this objective follow it.

    Args:
        obj: Phi, one state.
        solver: the step rule.
        domain: where the states lie on which they are compared.

    Returns:
        The recurrence at the objective's gamma; None where the solver cannot be traced, or does something else here.
    """
    if not is_plain(obj, Objective) or isinstance(obj.gamma, Tensor) and obj.gamma.ndim:
        return None
    try:
        method = trace(solver, float(obj.gamma))
    except UsageError:
        return None
    plain = {*method.kinds, *method.opened} == {"smooth"} and not method.skipped and method.period == 1
    return method if plain and _followed(obj, solver, method, domain) else None


def _followed(obj: Objective, solver: Solver, method: Recurrence, domain: Domain) -> bool:
    """Whether the solver, on the objective itself, keeps to the recurrence: it may know what it is given."""
    starts = draw(domain, _STARTS, torch.Generator().manual_seed(0), obj.proposal.detach()).double()
    with torch.no_grad():
        for start in starts.to(obj.proposal.dtype):
            state = solver.init(obj, start)
            first = [start]
            for row in method.opening:
                first.append(obj.gradient(_total(row, first)))
            xi = [_total(row, first) for row in method.start]
            for _ in range(_STEPS):
                state = solver.step(obj, state)
                u: list[Tensor] = []
                for c, d in zip(method.C, method.D, strict=True):
                    u.append(obj.gradient(_total(c, xi) + _total(d, u or [torch.zeros_like(start)])))
                xi = [_total(a, xi) + _total(b, u) for a, b in zip(method.A, method.B, strict=True)]
                apart = float(torch.linalg.vector_norm(_total(method.H[0], xi) - state.h))
                size = float(torch.linalg.vector_norm(state.h)) + float(torch.linalg.vector_norm(start))
                if not apart <= 1e5 * torch.finfo(start.dtype).eps * (1 + size):
                    return False
    return True


def _total(row: list[Fraction], vectors: list[Tensor]) -> Tensor:
    return sum((float(c) * v for c, v in zip(row, vectors, strict=False) if c), torch.zeros_like(vectors[0]))


def certify_traced(obj: Objective, method: Recurrence, promise: Promise | None, rate: float) -> Finding | None:
    """CERTIFIED, where Phi is shown to lie in a class for which a potential shows what is promised.

    Args:
        obj: Phi, one state.
        method: the recurrence that the solver follows.
        promise: what is to be shown, over one step or over all; None: that errors fall like rate^k.
        rate: the factor per step.

    Returns:
        The finding, whose certificate is that of the class; or None.
    """
    known = _class_of(obj)
    if known is None or known[0] <= 0:
        return None
    low, high, how = known
    metric = Metric.DISTANCE if promise is None else promise.metric
    each = promise is not None and promise.steps == 1
    constant = None if promise is None else promise.constant
    said = Guarantee(
        rate, metric, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, "stated", per_step=each, constant=constant
    )
    near = question_of(said, method, low, high).apart()
    found = next((f for f in (certified_by_potential(said, question) for question in near) if f is not None), None)
    if found is None:
        return None
    about = f"errors fall like {rate:.9g}^k in the limit" if promise is None else str(promise)
    bounds = f"curvature in [{float(low):.9g}, {float(high):.9g}] everywhere"
    return replace(found, detail=f"{about} from every start: {how}, so Phi has {bounds}, and {found.detail}")


def _class_of(obj: Objective) -> tuple[Fraction, Fraction, str] | None:
    """Bounds of the curvature of Phi on all of R^d, and how they are known."""
    hessian = constant_hessian(obj)
    ends = None if hessian is None else extreme_eigenvalues(hessian)
    if ends is not None:
        return ends[0][0], ends[1][1], "the spectrum of the constant Hessian is enclosed in fractions"
    known = constants(obj, WholeSpace(obj.proposal.shape[-1]))
    return None if known is None else (known.lower, known.upper, f"by closed forms ({known.source})")
