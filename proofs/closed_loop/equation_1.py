"""Eqs. 1 and 7: whether there is an equilibrium, whether there is one only, and how it follows the proposal."""

from dataclasses import replace
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, ReplayLine
from eqt_theory.engines.denial import refuted_by
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibria, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check

g = sp.Symbol("g", positive=True)
w = sp.Symbol("w", real=True)
h, f, s = sp.symbols("h f s", real=True)

claim = Claim(
    id="equation-1",
    title="the equilibrium",
    source="Eqs. 1 and 7",
    statement="The equilibrium h* = argmin_h energy(h) + |h - f|^2/(2 gamma) is well defined.",
    readings=(
        Reading(
            "stated",
            "For every smooth energy, every gamma and f: a minimiser exists, and there is one only (argmin is a point, "
            "as '=' says).",
            parts=("existence", "one only"),
        ),
        Reading(
            "energy + (w/2)|h|^2 is convex, w < 1/gamma",
            "Then Phi is strongly convex, and a minimiser exists and is unique.",
            Relation.COMPLETED,
            parts=("existence", "one only"),
        ),
    ),
    repair="equation-1-repaired",
    remark=(
        "Existence alone needs less: a lower semicontinuous energy that is >= -(w/2)|h|^2 - C, w < 1/gamma, has a "
        "non-empty set of equilibria (proposition-1). Then 'in' is right and '=' is not."
    ),
    symbols=(g,),
)


def phi(energy: sp.Expr, at: sp.Expr, proposal: sp.Expr = f) -> sp.Expr:
    """Phi at a state."""
    return energy.subs(h, at) + g * (at - proposal) ** 2 / 2


@claim.shows("energies -a h^2, every a > g/2; any candidate s", reading="stated", part="existence")
def a_minimiser_exists() -> Finding:
    """Denied for a = g: for every candidate s there is a better state."""
    lemma = prove(
        [sp.Eq(f, 0)],
        phi(-g * h**2, sp.Abs(s) + 1) < phi(-g * h**2, s),
        detail="with energy = -h^2/gamma and f = 0 the state |s| + 1 is better than s, for every s and gamma",
    )
    return refuted_by(lemma, "some s minimises Phi", {"energy": "-h^2/gamma", "f": 0})


@claim.shows("the double well (h^2 - 1)^2, f = 0, every gamma", reading="stated", part="one only", quick=False)
def a_minimiser_is_the_only_one() -> Finding:
    """Two minimisers s and h, compared with every state x."""
    x = sp.Symbol("x", real=True)
    well = (h**2 - 1) ** 2
    best = sp.sqrt(sp.Max(0, 1 - g / 4))
    return prove(
        [sp.Eq(f, 0), sp.Eq(s, best), sp.Eq(h, -best)],
        [phi(well, s) <= phi(well, x), phi(well, h) <= phi(well, x), sp.Eq(s, h)],
        detail="the minimisers s and h of (h^2 - 1)^2 + g h^2/2 are one",
    )


@claim.draws(
    "Phi for the double well at the gamma of the counterexample: two lowest points.", of="a_minimiser_is_the_only_one"
)
def two_equilibria(finding: Finding) -> object:
    from eqt_theory.report.plots import several_minimisers

    assert finding.witness is not None
    at = {str(symbol): float(value) for symbol, value in finding.witness.items()}
    well = (h**2 - 1) ** 2
    objective, energy = (sp.lambdify(h, e) for e in (phi(well, h, sp.Integer(0)).subs(g, at["g"]), well))
    return several_minimisers(objective, (at["h"], at["s"]), energy=energy)


Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction]
even_energies = st.builds(
    lambda outer, inner, at: PiecewiseQuadratic((outer, inner, outer), (-at, at)),
    rationals(0, 4),
    rationals(-4, 4),
    rationals(Fraction(1, 4), 2),
)
drawn_cases = st.tuples(even_energies, st.just(Fraction(0)) | rationals(-1, 1), rationals(Fraction(1, 4), 4))


@claim.samples(
    "even energies drawn, convex outside; all exact minimisers", reading="stated", part="one only", quick=False
)
def drawn_energies_have_one_equilibrium(run: Run) -> Finding:
    """The set of equilibria has one element."""

    def replay(case: Drawn) -> Replay:
        energy, proposal, gamma = case
        twin = energy.symbolic(h) + (h - sp.sympify(proposal)) ** 2 / (2 * sp.sympify(gamma))
        best = equilibria(*case)
        first, last = best[0], best[-1]
        levels = [twin.subs(h, sp.sympify(at)) for at in (first, last)]
        lowest = prove([], [twin >= levels[0]]).verdict is Verdict.PROVED
        values = [Fraction(str(level)) for level in levels]
        lines = exact_replay([("Phi is equal at both", values[0], "=", values[1])], [("one state", first, "=", last)])
        return replace(lines, hypotheses=(*lines.hypotheses, ReplayLine("no state has less, by two provers", lowest)))

    return property_check(
        drawn_cases,
        lambda case: len(equilibria(*case)) > 1 if equilibria(*case) else None,
        replay=replay,
        run=run,
        describe=lambda case: dict(zip(("energy", "f", "gamma"), case, strict=True)),
        detail="there is exactly one equilibrium",
    )


completed = claim.readings[1].name
repaired = Claim(
    id="equation-1-repaired",
    title="the equilibrium, existing and unique",
    source="corrects Eqs. 1 and 7",
    statement=(
        "If energy + (w/2)|h|^2 is convex, finite everywhere, and w < g = 1/gamma (w of either sign), there is exactly "
        "one equilibrium, for every proposal, and it follows the proposal with |h*(f) - h*(f')| <= g/(g - w) |f - f'|, "
        "attained. At w = g there may be none, and there may be many."
    ),
    readings=(
        Reading(
            "stated",
            "On R^d, every d, every proposal and gamma with w < 1/gamma.",
            parts=("existence", "one only", "follows the proposal", "attained", "w < g is needed"),
        ),
    ),
    symbols=(g, w),
    assumes=(w < g,),
)

space = Space(("d", "D", "e"))
d, D, e = space.vectors  # differences of states, of gradients of the energy, of proposals
convex = [w < g, *space.positive_semidefinite, D @ d >= -w * d.norm2]


@claim.shows(
    "every such energy, every dimension",
    reading=completed,
    part="existence",
    quick=False,
    cites=("Weierstrass' theorem", "finite convex functions are continuous"),
)
@repaired.shows(
    "every such energy, every dimension",
    part="existence",
    quick=False,
    cites=("Weierstrass' theorem", "finite convex functions are continuous"),
)
def states_no_worse_than_the_proposal_lie_in_a_ball() -> Finding:
    """At f: energy(h) >= energy(f) + <G, h - f> - w |h - f|^2/2, G a gradient of energy at f; Phi is continuous."""
    G, away = Space(("G", "away")).vectors
    rise = sp.Symbol("rise", real=True)  # energy(h) - energy(f)
    return prove(
        [
            w < g,
            *G.space.positive_semidefinite,
            rise >= G @ away - w * away.norm2 / 2,
            rise + g * away.norm2 / 2 <= 0,
        ],
        (g - w) ** 2 * away.norm2 <= 4 * G.norm2,
        detail="Phi(h) <= Phi(f) puts h in a ball around f, so Phi has a minimiser (Weierstrass)",
    )


@claim.shows("every such energy, every dimension", reading=completed, part="one only")
@repaired.shows("every such energy, every dimension", part="one only")
def stationary_points_coincide() -> Finding:
    """Grad energy(h) + g (h - f) = 0 at both."""
    return prove(
        [*convex, sp.Eq((D + g * d).norm2, 0)], sp.Eq(d.norm2, 0), detail="two stationary points of Phi coincide"
    )


@repaired.shows("every such energy, every dimension", part="follows the proposal")
def equilibrium_follows_the_proposal() -> Finding:
    """D + g d = g e."""
    two = Space(("d", "e"))
    step, moved = two.vectors
    slope = g * (moved - step)  # D, at the two equilibria
    return prove(
        [w < g, *two.positive_semidefinite, slope @ step >= -w * step.norm2],
        (g - w) ** 2 * step.norm2 <= g**2 * moved.norm2,
        detail="|h*(f) - h*(f')| <= g/(g - w) |f - f'|",
    )


@repaired.shows("energy = -w h^2/2, all w < g and proposals", part="attained")
def sharpness_bound_is_attained() -> Finding:
    """h* = g f/(g - w)."""
    star = g * f / (g - w)
    slope = sp.diff(-w * h**2 / 2 + g * (h - f) ** 2 / 2, h)
    return prove(
        [w < g],
        [sp.Eq(slope.subs(h, star), 0), sp.Eq((g - w) * sp.Abs(star), g * sp.Abs(f))],
        detail="on -w h^2/2 the bound is an equation",
    )


@repaired.shows("energy = -g h^2/2: f = 0 and f > 0, every gamma", part="w < g is needed")
def sharpness_w_equal_to_g() -> Finding:
    """Phi is constant for f = 0, and a line that falls for f > 0."""
    energy, proposal = -g * h**2 / 2, sp.Symbol("f_right", positive=True)
    return prove(
        [sp.Eq(f, 0)],
        [sp.Eq(phi(energy, h), phi(energy, s)), phi(energy, s + 1, proposal) < phi(energy, s, proposal)],
        detail="at w = g every state is an equilibrium for f = 0, and none for f > 0",
    )


@repaired.samples(
    "energies drawn with curvature >= -w, gamma < 1/w, pairs of proposals", part="follows the proposal", quick=False
)
def drawn_equilibria_follow_the_proposal(run: Run) -> Finding:
    """Exact equilibria at two proposals."""

    def sides(case: tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]) -> tuple[Fraction, Fraction]:
        energy, one, two, share = case
        weak = max(-energy.mu, Fraction(0))
        gamma = share / max(weak, Fraction(1, 4))
        left = abs(equilibrium(energy, one, gamma) - equilibrium(energy, two, gamma))
        return (1 - gamma * weak) * left, abs(one - two)

    def replay(case: tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]) -> Replay:
        left, right = sides(case)
        return exact_replay([], [("(1 - gamma w) |h*(f) - h*(f')| <= |f - f'|", left, "<=", right)])

    shares = rationals(Fraction(1, 10), Fraction(9, 10))
    drawn = st.tuples(piecewise_quadratics(-4, 4), rationals(-2, 2), rationals(-2, 2), shares)
    return property_check(
        drawn,
        lambda case: sides(case)[0] > sides(case)[1],
        replay=replay,
        run=run,
        detail="the equilibrium follows the proposal",
    )
