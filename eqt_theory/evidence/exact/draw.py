"""Hypothesis strategies for exact cases; they shrink to few pieces and to 0, 1, 1/2 and the like."""

from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.evidence.exact.piecewise import Number, PiecewiseQuadratic

_DENOMINATORS = (1, 2, 3, 4, 5, 8, 10, 20)


def rationals(low: Number, high: Number) -> SearchStrategy[Fraction]:
    """Fractions in [low, high] with small denominators; they shrink to whole numbers near the low end or 0."""
    low, high = Fraction(low), Fraction(high)

    def of(denominator: int) -> SearchStrategy[Fraction]:
        first, last = -(-low * denominator // 1), high * denominator // 1
        if first > last:
            return st.nothing()
        return st.integers(int(first), int(last)).map(lambda n: Fraction(n, denominator))

    usable = [q for q in _DENOMINATORS if -(-low * q // 1) <= high * q // 1]
    if not usable:
        return st.sampled_from((low, high))
    return st.sampled_from(usable).flatmap(of)


def shares(*, open_low: bool = True, open_high: bool = True) -> SearchStrategy[Fraction]:
    """Shares of a range in [0, 1], without the ends that are open; near the ends too. They shrink to 1/2."""
    inner = [Fraction(n, d) for n, d in ((1, 2), (1, 4), (3, 4), (1, 10), (9, 10), (19, 20), (1, 100), (99, 100))]
    ends = ([] if open_low else [Fraction(0)]) + ([] if open_high else [Fraction(1)])
    return st.sampled_from([*inner[:1], *ends, *inner[1:]])


@st.composite
def piecewise_quadratics(
    draw: st.DrawFn, mu: Number = Fraction(1, 10), L: Number = 10, *, pieces: int = 3
) -> PiecewiseQuadratic:
    """Energies with every curvature in [mu, L], up to `pieces` pieces, minimum or any point as their anchor.

    Args:
        draw: given by Hypothesis.
        mu: the least curvature allowed; may be negative.
        L: the greatest.
        pieces: the most pieces.
    """
    curvature = rationals(mu, L)
    breaks = draw(st.lists(rationals(-3, 3), max_size=pieces - 1, unique=True).map(sorted))
    curvatures = [draw(curvature) for _ in range(len(breaks) + 1)]
    anchor = draw(rationals(-3, 3))
    slope = draw(st.just(Fraction(0)) | rationals(-3, 3))
    return PiecewiseQuadratic(tuple(curvatures), tuple(breaks), anchor, slope)
