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
        "s*), and at most rho^k C/sqrt(eps). At eps = 0 no constant holds for all states."
    ),
    readings=(
        Reading(
            "stated",
            "For all states with s > 0, every d, every eps >= 0, and every sequence h_k.",
            parts=("bounded derivative", "Lipschitz", "tight", "same rate", "eps or spread is needed"),
        ),
    ),
)

one, x = Space(("one", "x")).vectors


@claim.shows("every state and direction, every dimension, all eps >= 0", part="bounded derivative", quick=False)
def derivative_is_bounded() -> Finding:
    """|J x|^2 <= |x|^2/s^2; v and x - mean(x) =: y are what J sees, and |y| <= |x|."""
    rest, y = Space(("v", "y")).vectors
    image = (y - ((rest @ y) / (dim * s**2)) * rest) / s
    return prove(
        [
            *rest.space.positive_semidefinite,
            sp.Eq(s**2 * dim, rest.norm2 + dim * eps),
            sp.Eq(one.norm2, dim),
            *one.space.positive_semidefinite,
        ],
        [image.norm2 <= y.norm2 / s**2, (x - ((one @ x) / dim) * one).norm2 <= x.norm2],
        detail="|J x| <= |x|/s",
    )


first, second = Space(("v", "w")).vectors
two_states = [
    *first.space.positive_semidefinite,
    sp.Eq(s**2 * dim, first.norm2 + dim * eps),
    sp.Eq(r**2 * dim, second.norm2 + dim * eps),
]


@claim.shows("every two states with s, s' > 0, every dimension, all eps >= 0", part="Lipschitz")
def norm_is_lipschitz() -> Finding:
    """Vectors v and w: two states less their means; s and r: their scales; centring shortens a difference."""
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


@claim.shows("every sequence with |h_k - h*| <= rho^k C, by its powers q = rho^k", part="same rate")
def outputs_converge_at_the_same_rate() -> Finding:
    """The bound of the distance put into the Lipschitz bound."""
    distance2, out2, q, C = sp.symbols("distance2 out2 q C", nonnegative=True)
    return prove(
        [out2 <= distance2 / (s * r), distance2 <= q**2 * C**2, s**2 >= eps, r**2 >= eps],
        [out2 <= q**2 * C**2 / (s * r), sp.Implies(eps > 0, out2 * eps <= q**2 * C**2)],
        detail="|n(h_k) - n(h*)| <= rho^k C/sqrt(s_k s*), and <= rho^k C/sqrt(eps)",
    )


@claim.shows("two dimensions, eps = 0, every constant C; states (q, 0) and (-q, 0)", part="eps or spread is needed")
def sharpness_no_bound_without_spread() -> Finding:
    """At eps = 0, states as near to each other as one likes have outputs 2 sqrt 2 apart."""
    q, C = sp.symbols("q C", positive=True)
    n, n_after = sp.symbols("n n_after", real=True)
    apart = (n - n_after) ** 2 + (-n + n_after) ** 2
    return prove(
        [2 * q * C < 1, sp.Eq(n * q, q), sp.Eq(n_after * q, -q)],  # n |x - y| = x - y for entries x, y
        [sp.Eq(apart, 8), apart > C**2 * (2 * q) ** 2],
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


@claim.shows("integer states of two to four entries, eps = 0 or 1, exact", part="Lipschitz", quick=False)
def norm_is_lipschitz_on_drawn_states(run: Run) -> Finding:
    """Squares only."""

    def violation(case: tuple[State, int]) -> bool | None:
        sides = both_sides(case)
        return None if sides is None else sides[0] > sides[1]

    def replay(case: tuple[State, int]) -> Replay:
        left, right = both_sides(case) or (Fraction(0), Fraction(0))
        return exact_replay([], [("s^2 s'^2 (|v|^2/s^2 + |w|^2/s'^2)^2 <= (|v|^2 + |w|^2)^2", left, "<=", right)])

    return property_check(drawn_states, violation, replay=replay, run=run, detail="|n - n'|^2 <= |h - h'|^2/(s s')")
