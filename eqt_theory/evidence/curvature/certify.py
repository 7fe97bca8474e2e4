"""Certificates: curvature that a proved formula or an enclosure of the Hessian shows on all of a domain."""

import math
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.base import Energy
from eqt_theory.engines.exact.matrix import positive_semidefinite
from eqt_theory.engines.interval import certify_curvature, certify_hessian, show_curvature
from eqt_theory.engines.interval.hessian import hessian_of
from eqt_theory.evidence.curvature.constants import constants
from eqt_theory.evidence.curvature.twin import compare_twin

_LARGEST = 6  # interval Hessians in more dimensions rarely close
_LONGEST = 5_000  # operations in a symbolic twin beyond which its Hessian takes too long
_PIECES = 4_000
_WORK = 1_500_000  # operations in all pieces together: a few seconds


def certify(energy: Energy, low: float | None, high: float | None, domain: Domain) -> Finding | None:
    """Show `low <= curvature <= high` on the domain.

    By the formulas of `constants` where the energy is of a type that has them; else from its symbolic twin in ball
    arithmetic: a ball is covered by its bounding box, the whole space only where the Hessian is constant. What the
    twin shows counts only where it agrees with `value` and `gradient` at sampled states, and is said to be of the twin.

    Args:
        energy: one energy; without formulas, and without a symbolic twin or in too many dimensions, nothing can be
            certified.
        low: lower curvature bound, or None for none; the float counts as the binary fraction it is.
        high: upper curvature bound, or None for none.
        domain: where.

    Returns:
        A CERTIFIED finding; a REFUTED one where the enclosures show a certain violation; INCONCLUSIVE where the twin is
        not the energy; or None.
    """
    known = by_formula(energy, low, high, domain)
    # On a flat box only directions within it count, of which the Hessian of the twin says too much.
    flat = isinstance(domain, Box) and any(a == b for a, b in zip(domain.low, domain.high, strict=True))
    if known is not None or domain.dim > _LARGEST or flat:
        return known
    symbols = [sp.Symbol(f"h{i + 1}", real=True) for i in range(domain.dim)]
    try:
        twin = energy.symbolic(symbols)
    except UsageError:
        return None
    if not _twice_differentiable(twin) or sp.count_ops(twin) > _LONGEST:
        return None
    try:
        shown = _by_twin(twin, symbols, low, high, domain)
    except UsageError:  # a function that ball arithmetic does not know
        return None
    if shown is None:
        return None
    claimed = max(abs(bound) for bound in (low, high) if bound is not None)
    agreement = compare_twin(energy, twin, symbols, domain, claimed=claimed)
    if agreement.difference:
        reason = f"{named(low, high)}: the symbolic twin is another function: {agreement.difference}"
        return inconclusive(Method.SAMPLING, reason, examples=agreement.states)
    return replace(shown, detail=f"{shown.detail}; {agreement}")


def _by_twin(
    twin: sp.Expr, symbols: list[sp.Symbol], low: float | None, high: float | None, domain: Domain
) -> Finding | None:
    wanted = named(low, high)
    bounds = f"[{'-inf' if low is None else repr(low)}, {'inf' if high is None else repr(high)}]"
    entries = hessian_of(twin, symbols)
    if twin.is_polynomial(*symbols):
        entries = entries.applyfunc(sp.expand)
    if not entries.free_symbols:
        if not all(entry.is_Rational for entry in entries) or not _within(entries, low, high):
            return None
        detail = f"{wanted} everywhere: the Hessian is constant, and its definiteness is decided in fractions"
        return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures={"curvature": bounds})
    ranges = _box(domain, symbols)
    pieces = min(_PIECES, _WORK // (1 + int(sp.count_ops(entries))))
    if ranges is None or pieces < 2:
        return None
    mu, lipschitz = None if low is None else Fraction(low), None if high is None else Fraction(high)
    shown = certify_curvature(twin, ranges, mu=mu, lipschitz=lipschitz, max_boxes=pieces)
    if shown.holds:
        detail = f"{wanted} on all of the domain, by enclosing the Hessian in {shown.boxes} pieces"
        enclosures = {"curvature": bounds, "pieces": shown.boxes}
        return certify_hessian(twin, ranges, mu=mu, lipschitz=lipschitz).certified(detail, enclosures)
    if shown.point is not None and domain.contains(float(shown.point[s]) for s in symbols):
        # A certain violation that the search missed; in a corner of the box around a ball it says nothing.
        refuted = show_curvature(twin, ranges, mu=mu, lipschitz=lipschitz, max_boxes=pieces, detail=wanted)
        return refuted if refuted.verdict is Verdict.REFUTED else None
    return None


def by_formula(energy: Energy, low: float | None, high: float | None, domain: Domain) -> Finding | None:
    """CERTIFIED where the closed-form constants of the energy's type, recomputed from its parameters, are enough."""
    known = constants(energy, domain)
    if (
        known is None
        or (low is not None and known.lower < Fraction(low))
        or (high is not None and known.upper > Fraction(high))
    ):
        return None
    lower, upper = float(known.lower), float(known.upper)
    detail = f"by closed forms ({known.source}), the curvature lies between {lower:.9g} and {upper:.9g}"
    enclosures = {"curvature": f"[{lower!r}, {upper!r}]", "proved in": known.source}
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=enclosures)


def named(low: float | None, high: float | None) -> str:
    """The bounds in words."""
    if high is None:
        return f"curvature >= {low:g}"
    return f"curvature <= {high:g}" if low is None else f"curvature between {low:g} and {high:g}"


def _within(hessian: sp.Matrix, low: float | None, high: float | None) -> bool:
    eye = sp.eye(hessian.rows)
    above = low is None or positive_semidefinite(hessian - sp.Rational(low) * eye)
    return above and (high is None or positive_semidefinite(sp.Rational(high) * eye - hessian))


def _box(domain: Domain, symbols: list[sp.Symbol]) -> dict[sp.Symbol, tuple[Fraction, Fraction]] | None:
    if isinstance(domain, Ball):
        r = Fraction(math.nextafter(domain.radius, math.inf))
        return {s: (Fraction(c) - r, Fraction(c) + r) for s, c in zip(symbols, domain.center, strict=True)}
    if isinstance(domain, Box):
        return {s: (Fraction(a), Fraction(b)) for s, a, b in zip(symbols, domain.low, domain.high, strict=True)}
    return None


def _twice_differentiable(expr: sp.Expr) -> bool:
    """Whether the expression is a composition of smooth functions: then its Hessian tells all about its curvature."""
    return not expr.has(sp.Max, sp.Min, sp.Abs, sp.Piecewise, sp.sign, sp.Heaviside)
