"""Algorithm 1: the outputs LayerNorm(h_k) converge to LayerNorm(h*), how fast, and where they do not."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check

dim, s, r = sp.symbols("dim s r", positive=True)
eps = sp.Symbol("eps", nonnegative=True)

claim = Claim(
    id="algorithm-1-convergence",
    title="convergence after the norm",
    source="corrects Algorithm 1 together with Theorem 3",
    statement=(
        "With n(h) = v/s, v = h - mean(h), s^2 = |v|^2/d + eps: |n(h) - n(h')|^2 <= |h - h'|^2/(s s'), and the "
        "derivative of n is at most 1/s in norm. So |h_k - h*| <= rho^k C gives |n(h_k) - n(h*)| <= rho^k C/sqrt(s_k "
        "s*), and at most rho^k C/sqrt(eps) for eps > 0. At eps = 0 and d >= 2 no constant holds for all states."
    ),
    readings=(
        Reading(
            "stated",
            "For all states with s > 0, every d, every eps >= 0, and every sequence h_k.",
            parts=("bounded derivative", "Lipschitz", "tight", "same rate", "eps or spread is needed"),
        ),
    ),
)

one, rest, x = Space(("one", "v", "x")).vectors  # v has the mean 0


@claim.shows("every state and direction, every dimension, all eps >= 0", part="bounded derivative", quick=False)
def derivative_is_bounded() -> Finding:
    """|J x|^2 <= |x|^2/s^2."""
    return bounded_derivative(sp.Integer(1))


def bounded_derivative(share: sp.Expr) -> Finding:
    """|J x|^2 <= share |x|^2/s^2; with y = x - mean(x), the part of x that J sees, |y| <= |x| and <v, x> = <v, y>."""
    y = x - ((one @ x) / dim) * one
    image = (y - ((rest @ x) / (dim * s**2)) * rest) / s
    length = sp.Symbol("length", nonnegative=True)  # |y|^2
    given = [sp.Eq(s**2 * dim, rest.norm2 + dim * eps), sp.Eq(one.norm2, dim), sp.Eq(one @ rest, 0)]
    return prove(
        [*one.space.positive_semidefinite, *given, sp.Eq(length, x.norm2 - (one @ x) ** 2 / dim)],
        [
            sp.Eq(length, y.norm2),
            length <= x.norm2,
            (rest @ x) ** 2 <= rest.norm2 * length,
            image.norm2 <= share * x.norm2 / s**2,
        ],
        detail="|J x| <= |x|/s",
    )


first, second = Space(("v", "w")).vectors
two_states = [
    *first.space.positive_semidefinite,
    sp.Eq(s**2 * dim, first.norm2 + dim * eps),
    sp.Eq(r**2 * dim, second.norm2 + dim * eps),
]


@claim.shows("every vector, every dimension", part="Lipschitz")
def centring_shortens() -> Finding:
    """|d - mean(d)| <= |d|, for the difference d of two states."""
    ones, d = Space(("one", "d")).vectors
    return prove(
        [*ones.space.positive_semidefinite, sp.Eq(ones.norm2, dim)],
        (d - ((ones @ d) / dim) * ones).norm2 <= d.norm2,
        detail="|v - w| <= |h - h'|",
    )


@claim.shows("every two states with s, s' > 0, every dimension, all eps >= 0", part="Lipschitz", uses=centring_shortens)
def norm_is_lipschitz() -> Finding:
    """Vectors v and w: two states less their means; s and r: their scales."""
    return prove(
        two_states,
        (first / s - second / r).norm2 <= (first - second).norm2 / (s * r),
        detail="|n(h) - n(h')|^2 <= |h - h'|^2/(s s')",
    )


@claim.shows("every two states of equal spread, every dimension, all eps >= 0", part="tight")
def sharpness_lipschitz_is_attained() -> Finding:
    """Equal scales: the difference is divided by s."""
    return prove(
        [*two_states, sp.Eq(s, r)],
        sp.Eq((first / s - second / r).norm2, (first - second).norm2 / (s * r)),
        detail="for states of equal spread the bound is an equation",
    )


@claim.shows(
    "every sequence with |h_k - h*| <= rho^k C, by its powers q = rho^k",
    part="same rate",
    uses=(centring_shortens, norm_is_lipschitz),
)
def outputs_converge_at_the_same_rate() -> Finding:
    """The bound of the distance put into the Lipschitz bound."""
    distance2, out2, q, C = sp.symbols("distance2 out2 q C", nonnegative=True)
    return prove(
        [out2 <= distance2 / (s * r), distance2 <= q**2 * C**2, s**2 >= eps, r**2 >= eps],
        [out2 <= q**2 * C**2 / (s * r), sp.Implies(eps > 0, out2 * eps <= q**2 * C**2)],
        detail="|n(h_k) - n(h*)| <= rho^k C/sqrt(s_k s*), and <= rho^k C/sqrt(eps)",
    )


@claim.shows(
    "every d >= 2, eps = 0, every constant C; states q u and -q u, mean(u) = 0", part="eps or spread is needed"
)
def sharpness_no_bound_without_spread() -> Finding:
    """At eps = 0, states as near to each other as one likes have outputs 2 sqrt(d) apart."""
    q, C = sp.symbols("q C", positive=True)
    (u,) = Space(("u",)).vectors  # |u|^2 = d, so q u and -q u have s = q
    out, other = (q * u) / s, (-q * u) / r
    return prove(
        [sp.Eq(u.norm2, dim), sp.Eq(s**2 * dim, (q * u).norm2), sp.Eq(r**2 * dim, (-q * u).norm2), q * C < 1],
        [sp.Eq((out - other).norm2, 4 * dim), (out - other).norm2 > C**2 * (2 * q * u).norm2],
        detail="without eps and without spread no Lipschitz constant exists",
    )


State = list[tuple[int, int]]  # entries of two states, side by side
whole = st.integers(-9, 9)
drawn_states = st.tuples(st.lists(st.tuples(whole, whole), min_size=2, max_size=4), st.integers(0, 1))


def both_sides(case: tuple[State, int]) -> tuple[Fraction, Fraction] | None:
    """|n - n'|^2 <= |v - w|^2/(s s') without its cross terms, which are equal, and squared, so that it is rational."""
    lengths = []
    for entries in zip(*case[0], strict=True):
        mean = Fraction(sum(entries), len(entries))
        lengths.append(sum((y - mean) ** 2 for y in entries))
    first, second = (length / len(case[0]) + case[1] for length in lengths)  # s^2 and s'^2
    if 0 in (first, second):
        return None
    return first * second * (lengths[0] / first + lengths[1] / second) ** 2, (lengths[0] + lengths[1]) ** 2


@claim.samples("integer states of two to four entries, eps = 0 or 1, exact", part="Lipschitz", quick=False)
def norm_is_lipschitz_on_drawn_states(run: Run) -> Finding:
    """Squares only."""

    def violation(case: tuple[State, int]) -> bool | None:
        sides = both_sides(case)
        return None if sides is None else sides[0] > sides[1]

    def replay(case: tuple[State, int]) -> Replay:
        left, right = both_sides(case) or (Fraction(0), Fraction(0))
        return exact_replay([], [("s^2 s'^2 (|v|^2/s^2 + |w|^2/s'^2)^2 <= (|v|^2 + |w|^2)^2", left, "<=", right)])

    return property_check(drawn_states, violation, replay=replay, run=run, detail="|n - n'|^2 <= |h - h'|^2/(s s')")
