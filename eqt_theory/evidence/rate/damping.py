"""Whether a solver reads gamma: what is found of it is then of one damping only, and must say of which."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.trace import AnySolver, trace, traced_again
from eqt_theory.evidence.rate.trace_symbols import solver_at
from eqt_theory.evidence.rate.tracing.exact_float import Exact

_OTHERS = (Fraction(1, 2), Fraction(2), Fraction(1, 1000), Fraction(1000))
"""Times gamma: other dampings to look at."""


def reads_gamma(solver: AnySolver, gamma: Fraction, method: Recurrence) -> bool:
    """Whether the recurrence is another one at another damping.

    Args:
        solver: what was traced.
        gamma: the damping at which it was.
        method: its recurrence there.

    Returns:
        Whether that is so at one of a few others.
    """
    return any(traced_again(solver, gamma * factor) != method for factor in _OTHERS)


def with_its_gamma(found: Finding, solver_of: Callable[..., AnySolver], region: Region, gamma: sp.Expr) -> Finding:
    """A finding of a region, which says for which damping it is where the solver reads that.

    Args:
        found: what was found.
        solver_of: makes the solver of one number per symbol.
        region: the symbols and what is assumed of them.
        gamma: the damping, in the symbols.

    Returns:
        The finding, in more words where it is conclusive and a solver of the region reads gamma.
    """
    if found.verdict not in (Verdict.PROVED, Verdict.REFUTED):
        return found
    point = region.points(1)[0]
    damping = Fraction(region.at(gamma, point))
    try:
        solver = solver_at(solver_of, [Exact(region.values(point)[s]) for s in region.symbols])
        reads = reads_gamma(solver, damping, trace(solver, damping))
    except UsageError:  # of what is not traced, as the proximal point method
        return found
    return replace(found, detail=f"{found.detail}; where gamma = {gamma}") if reads else found
