"""Proposition 9.1: a standard transformer as energy = 0 or K = 0; before the final norm, and after it."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space, Vector
from eqt_theory.engines.property import property_check

g, alpha, s, r, dim = sp.symbols("g alpha s r dim", positive=True)
eps = sp.Symbol("eps", nonnegative=True)

claim = Claim(
    id="proposition-9.1",
    title="standard transformer as energy = 0 or K = 0",
    source="Proposition 9, item 1, against Eqs. 7 and 8 and Algorithm 1",
    statement=(
        "With energy = 0, or with K = 0 refinement steps, the equilibrium transformer is the standard transformer: it "
        "returns the proposal f."
    ),
    readings=(
        Reading(
            "Eqs. 7 and 8",
            "What is returned is the equilibrium or the last state: for every f, gamma and alpha, h* = f and h_k = f "
            "for all k with energy = 0. (That K = 0 returns h_0 = f is how Eq. 8 starts.)",
            parts=("equilibrium", "every step"),
        ),
        Reading(
            "Algorithm 1",
            "What is returned is LayerNorm(h_K), gain 1, bias 0, any eps >= 0: for every f, with energy = 0 or K = 0, "
            "the output is f.",
        ),
    ),
    repair="proposition-9.1-repaired",
    remark=(
        "Algorithm 1 returns LayerNorm(f). That is the standard transformer only if its own block ends in this norm "
        "already, and then exactly only at eps = 0 and without gain and bias."
    ),
)

state, proposal = Space(("h", "f")).vectors
positive = state.space.positive_semidefinite
zero = 0 * state


def step(gradient: Vector) -> Vector:
    """Eq. 8 with the given gradient of the energy."""
    return state - alpha * (gradient + g * (state - proposal))


@claim.shows("every f and gamma, every dimension", reading="Eqs. 7 and 8", part="equilibrium")
def equilibrium_is_the_proposal() -> Finding:
    """Phi(h) = g |h - f|^2/2 with energy = 0; h minimises it if and only if Phi(h) <= Phi(f) = 0."""
    return prove(
        positive,
        [
            sp.Equivalent(g * (state - proposal).norm2 / 2 <= 0, sp.Eq((state - proposal).norm2, 0)),
            g * (state - proposal).norm2 / 2 >= 0,
        ],
        detail="with energy = 0 the one equilibrium is f",
    )


@claim.shows("every f, gamma and alpha, every dimension, by induction", reading="Eqs. 7 and 8", part="every step")
def every_step_stays_at_the_proposal() -> Finding:
    """From h_k = f."""
    return prove(
        [*positive, sp.Eq((state - proposal).norm2, 0)],
        sp.Eq((step(zero) - proposal).norm2, 0),
        detail="with energy = 0, h_k = f gives h_{k+1} = f; and h_0 = f",
    )


f1, f2, n = sp.symbols("f1 f2 n", real=True)


@claim.shows("two dimensions, all f with different entries, all eps", reading="Algorithm 1")
def output_is_the_proposal() -> Finding:
    """LayerNorm of two entries is (n, -n) with n s = (f1 - f2)/2, s^2 = (f1 - f2)^2/4 + eps."""
    return prove(
        [sp.Ne(f1, f2), sp.Eq(n * s, (f1 - f2) / 2), sp.Eq(s**2, (f1 - f2) ** 2 / 4 + eps)],
        [sp.Eq(n, f1), sp.Eq(-n, f2)],
        detail="the output (n, -n) is f = (f1, f2)",
    )


Entries = list[Fraction]
drawn_proposals = st.lists(rationals(-3, 3), min_size=2, max_size=4)


def moments(entries: Entries) -> tuple[Fraction, Fraction]:
    """Mean and variance."""
    mean = sum(entries, Fraction(0)) / len(entries)
    return mean, sum(((x - mean) ** 2 for x in entries), Fraction(0)) / len(entries)


@claim.samples("drawn proposals with two to four entries, eps = 0", reading="Algorithm 1", quick=False)
def output_is_the_proposal_on_drawn_proposals(run: Run) -> Finding:
    """The output has mean 0 and variance 1; so has f, if it is the output."""

    def violation(entries: Entries) -> bool | None:
        mean, variance = moments(entries)
        return None if variance == 0 else (mean, variance) != (0, 1)

    def replay(entries: Entries) -> Replay:
        count = len(entries)
        total, squares = sum(entries), sum(x * x for x in entries)
        return exact_replay(
            [("f is not constant", count * squares - total**2, ">", 0)],
            [
                ("sum(f) = sum(LayerNorm(f)) = 0", total, "=", 0),
                ("|f|^2 = |LayerNorm(f)|^2 = d", squares, "=", count),
            ],
        )

    def describe(entries: Entries) -> dict[str, object]:
        return {f"f_{i}": x for i, x in enumerate(entries, 1)}

    return property_check(
        drawn_proposals, violation, replay=replay, run=run, describe=describe, detail="LayerNorm(f) = f"
    )


repaired = Claim(
    id="proposition-9.1-repaired",
    title="standard transformer, up to the final norm",
    source="corrects Proposition 9, item 1",
    statement=(
        "The state before the norm: if the energy is constant (as 0 is), h* = f and h_k = f for all k. For every other "
        "differentiable energy h_0 = f, and h_1 = f if and only if grad energy(f) = 0. The block of Algorithm 1 then "
        "returns n(f) = LayerNorm(f), gain 1, bias 0; and n(n(f)) = c n(f), c = 1/sqrt(v + eps), v = |n(f)|^2/d. At "
        "eps = 0, where n(f) asks for an f that is not constant, c = 1: a block that ends in this norm is reproduced "
        "exactly. For eps > 0 a second norm changes nothing exactly where f is constant or |f - mean(f)|^2/d = 1 - "
        "eps."
    ),
    readings=(
        Reading(
            "stated",
            "For every f, gamma, alpha and every dimension.",
            parts=("equilibrium", "every step", "only if", "norm of a norm", "eps = 0", "eps > 0"),
        ),
    ),
)

slope, hs, fs = Space(("G", "h", "f")).vectors


repaired.shows("every constant energy, every f and gamma, every dimension", part="equilibrium")(
    equilibrium_is_the_proposal
)
repaired.shows("every constant energy, every f, gamma and alpha, every dimension, by induction", part="every step")(
    every_step_stays_at_the_proposal
)


@repaired.shows("every energy, every dimension", part="only if", quick=False)
def first_step_stays_only_where_the_energy_is_flat() -> Finding:
    """h_1 - f = -alpha grad energy(f)."""
    first = hs - alpha * (slope + g * (hs - fs))
    return prove(
        [*slope.space.positive_semidefinite, sp.Eq((hs - fs).norm2, 0)],
        sp.Equivalent(sp.Eq((first - fs).norm2, 0), sp.Eq(slope.norm2, 0)),
        detail="h_1 = f exactly where grad energy(f) = 0",
    )


one, f = Space(("one", "f")).vectors
rest = f - ((one @ f) / dim) * one
normed = rest / s
again = (normed - ((one @ normed) / dim) * one) / r
twice = [
    sp.Eq(one.norm2, dim),
    *one.space.positive_semidefinite,
    sp.Eq(s**2 * dim, rest.norm2 + dim * eps),
    sp.Eq(r**2 * dim, normed.norm2 + dim * eps),
]


@repaired.shows("every f, every dimension, every eps >= 0", part="norm of a norm", quick=False)
def second_norm_only_scales() -> Finding:
    """The mean is 0 already."""
    return prove(twice, sp.Eq((again - normed / r).norm2, 0), detail="LayerNorm(LayerNorm(f)) = LayerNorm(f)/r")


@repaired.shows("every f that is not constant, every dimension", part="eps = 0", quick=False)
def second_norm_changes_nothing_without_eps() -> Finding:
    """Eps = 0."""
    return prove(
        [*twice, sp.Eq(eps, 0)],
        [sp.Eq(r, 1), sp.Eq((again - normed).norm2, 0)],
        detail="LayerNorm(LayerNorm(f)) = LayerNorm(f) at eps = 0",
    )


@repaired.shows("every f, every dimension, every eps > 0", part="eps > 0", quick=False)
def sharpness_second_norm_with_eps() -> Finding:
    """For a constant f both outputs are 0; else r = 1, that is s = 1."""
    return prove(
        [*twice, eps > 0],
        sp.Equivalent(sp.Eq((again - normed).norm2, 0), sp.Eq(rest.norm2, 0) | sp.Eq(rest.norm2, dim * (1 - eps))),
        detail="with eps > 0 a second norm keeps exactly the constant f and those with |f - mean(f)|^2/d = 1 - eps",
    )


Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]
drawn_energies = st.tuples(
    piecewise_quadratics(-2, 4), rationals(-2, 2), rationals(Fraction(1, 4), 4), rationals(Fraction(1, 10), 1)
)


@repaired.samples("drawn energies, convex or not, and the energy 0; three exact steps", part="only if", quick=False)
def steps_on_drawn_energies(run: Run) -> Finding:
    """A trajectory from f stands still if and only if the energy is stationary at f; with energy = 0 always."""
    nothing = PiecewiseQuadratic.quadratic(0)

    def violation(case: Drawn) -> bool:
        energy, f, gamma, size = case
        still = set(descent(energy, f, gamma, size, 3)) == {f}
        unmoved = set(descent(nothing, f, gamma, size, 3)) == {f} == {equilibrium(nothing, f, gamma)}
        return still != (energy.derivative(f) == 0) or not unmoved

    def replay(case: Drawn) -> Replay:
        energy, f, gamma, size = case
        x = sp.Symbol("x", real=True)
        slope_at_f = Fraction(str(sp.diff(energy.symbolic(x), x).subs(x, sp.sympify(f))))
        moved = descent(energy, f, gamma, size, 1)[1] - f
        return exact_replay([], [("h_1 - f = -alpha energy'(f)", moved, "=", -size * slope_at_f)])

    return property_check(drawn_energies, violation, replay=replay, run=run, detail="h_k = f iff energy'(f) = 0")
