"""Hypothesis strategies for exact cases; they shrink to few pieces and to 0, 1, 1/2 and the like."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact.piecewise import Number, PiecewiseQuadratic
from eqt_theory.engines.exact.quadratic import RationalQuadratic
from eqt_theory.engines.exact.separable import SeparableSum

_DENOMINATORS = (1, 2, 3, 4, 5, 8, 10, 20)


def rationals(low: Number, high: Number) -> SearchStrategy[Fraction]:
    """Fractions in [low, high] with small denominators; they shrink to 0, or to the whole number nearest to it.

    Args:
        low: the least.
        high: the greatest.

    Returns:
        The strategy; where no fraction with a small denominator lies between, it draws the ends.

    Raises:
        UsageError: low exceeds high.
    """
    low, high = Fraction(low), Fraction(high)
    if low > high:
        raise UsageError(f"low must not exceed high, got {low} and {high}")
    return _rationals(low, high)


@lru_cache(maxsize=256)  # Hypothesis looks into a new strategy at its first draw, which takes longer than the draw
def _rationals(low: Fraction, high: Fraction) -> SearchStrategy[Fraction]:
    usable = {}
    for q in _DENOMINATORS:
        first, last = -(-low * q // 1), high * q // 1
        if first <= last:
            usable[q] = st.integers(int(first), int(last)).map(partial(_over, q))
    if not usable:
        return st.sampled_from((low, high))
    return st.sampled_from(list(usable)).flatmap(usable.__getitem__)


def _over(denominator: int, numerator: int) -> Fraction:
    return Fraction(numerator, denominator)


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

    Returns:
        The energy drawn; it shrinks to h^2/2.
    """
    curvature = rationals(mu, L)
    breaks = draw(_breaks(pieces - 1))
    curvatures = [draw(curvature) for _ in range(len(breaks) + 1)]
    anchor = draw(rationals(-3, 3))
    slope = draw(_SLOPES)
    return PiecewiseQuadratic(tuple(curvatures), tuple(breaks), anchor, slope)


@lru_cache(maxsize=16)
def _breaks(most: int) -> SearchStrategy[list[Fraction]]:
    return st.lists(rationals(-3, 3), max_size=most, unique=True).map(sorted)


_SLOPES = st.just(Fraction(0)) | rationals(-3, 3)


def gammas() -> SearchStrategy[Fraction]:
    """Damping parameters from 1/10 to 10; they shrink to 1."""
    return st.sampled_from([Fraction(n, d) for n, d in ((1, 1), (2, 1), (1, 2), (4, 1), (1, 4), (10, 1), (1, 10))])


def step_sizes(bound: Number, *, closed: bool = False) -> SearchStrategy[Fraction]:
    """Step sizes in (0, bound), up to the bound itself if closed, near the ends too; they shrink to bound/2."""
    return shares(open_high=not closed).map(lambda share: share * Fraction(bound))


def separable_sums(
    mu: Number = Fraction(1, 10), L: Number = 10, *, dim: int = 2, pieces: int = 2
) -> SearchStrategy[SeparableSum]:
    """Sums of drawn piecewise quadratics, one for each of `dim` coordinates, every curvature in [mu, L]."""
    return st.tuples(*[piecewise_quadratics(mu, L, pieces=pieces)] * dim).map(SeparableSum)


@st.composite
def rational_quadratics(
    draw: st.DrawFn, mu: Number = Fraction(1, 10), L: Number = 10, *, dim: int = 2
) -> RationalQuadratic:
    """Quadratics whose Hessian has rational eigenvalues in [mu, L]; they shrink to diagonal ones.

    Args:
        draw: given by Hypothesis.
        mu: the least eigenvalue allowed.
        L: the greatest.
        dim: the dimension.

    Returns:
        The quadratic drawn.
    """
    eigenvalues = [draw(rationals(mu, L)) for _ in range(dim)]
    axis = [draw(st.integers(-2, 2)) for _ in range(dim)]
    linear = tuple(draw(rationals(-3, 3)) for _ in range(dim))
    square = sum(x * x for x in axis)
    # The reflection I - 2 v v^T / |v|^2 is rational and orthogonal, so the eigenvalues stay what they are.
    turn = [[Fraction(i == j) - Fraction(2 * axis[i] * axis[j], square or 1) for j in range(dim)] for i in range(dim)]
    matrix = tuple(
        tuple(sum((turn[i][k] * eigenvalues[k] * turn[j][k] for k in range(dim)), Fraction(0)) for j in range(dim))
        for i in range(dim)
    )
    return RationalQuadratic(matrix, linear)


Refinement = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction, Fraction]
"""Energy, proposal, gamma, step size, start."""


@st.composite
def refinements(
    draw: st.DrawFn, least: Fraction, limit: Callable[[PiecewiseQuadratic, Fraction], Fraction]
) -> Refinement:
    """Energies with a proposal, a damping, a step size and a start.

    Args:
        draw: given by Hypothesis.
        least: the least curvature; a negative one is a multiple of 1/gamma. The greatest is 10.
        limit: the end of the step range, open, from energy and 1/gamma.

    Returns:
        The case drawn.
    """
    damping = draw(st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 10)]))
    energy = draw(piecewise_quadratics(least if least > 0 else least * damping, 10))
    step = draw(shares()) * limit(energy, damping)
    return energy, draw(rationals(-3, 3)), 1 / damping, step, draw(rationals(-3, 3))
