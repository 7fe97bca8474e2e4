"""Eq. 3: the equilibrium condition; necessary always, sufficient exactly where Phi is convex."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Relation, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibria, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check

g, w = sp.symbols("g w", positive=True)
h, f = sp.symbols("h f", real=True)

claim = Claim(
    id="equation-3",
    title="equilibrium condition",
    source="Eq. 3",
    statement="h* is an equilibrium where grad energy(h*) = -(h* - f)/gamma.",
    readings=(
        Reading(
            "stated",
            "For every differentiable energy, gamma and f: h* minimises Phi if and only if Eq. 3 holds.",
            parts=("necessary", "sufficient"),
        ),
        Reading(
            "Phi is convex",
            "The same for energies with energy + g |h|^2/2 convex, g = 1/gamma.",
            Relation.COMPLETED,
            parts=("necessary", "sufficient"),
        ),
    ),
    repair="equation-3-repaired",
    remark="Where Phi is not convex, Eq. 3 holds at maxima, saddle points and local minima too.",
)
convex = claim.readings[1].name
repaired = Claim(
    id="equation-3-repaired",
    title="when the equilibrium condition suffices",
    source="corrects Eq. 3",
    statement=(
        "Eq. 3 is necessary for every differentiable energy. For a given energy and gamma it is sufficient for all f "
        "if and only if Phi is convex, that is energy + |h|^2/(2 gamma) is. So w-weak convexity, w > 0, suffices for "
        "gamma <= 1/w, and for no larger gamma: on -w h^2/2 with f = 0 and gamma > 1/w, h = 0 meets Eq. 3 and is the "
        "worst state."
    ),
    readings=(
        Reading(
            "stated",
            "On R^d, every d.",
            parts=("necessary", "sufficient", "only if convex", "weakly convex", "gamma <= 1/w is needed"),
        ),
    ),
    symbols=(g,),
)


@claim.shows("(h^2 - 1)^2, every gamma and f", reading="stated", part="sufficient", quick=False)
def stationary_state_is_a_minimiser() -> Finding:
    """Against every other state x."""
    x = sp.Symbol("x", real=True)

    def phi(at: sp.Expr) -> sp.Expr:
        return (at**2 - 1) ** 2 + g * (at - f) ** 2 / 2

    return prove([sp.Eq(sp.diff(phi(h), h), 0)], phi(h) <= phi(x), detail="Eq. 3 at h gives Phi(h) <= Phi(x)")


Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction]


def stationary(case: Drawn) -> list[Fraction]:
    """The states that meet Eq. 3."""
    energy, proposal, gamma = case
    return energy.plus(1 / gamma, proposal).stationary_points()


drawn_cases = st.tuples(piecewise_quadratics(-4, 4), rationals(-2, 2), rationals(Fraction(1, 4), 4))
wells = st.builds(
    lambda outer, inner, at: PiecewiseQuadratic((outer, inner, outer), (-at, at)),
    rationals(0, 4),
    rationals(-4, 4),
    rationals(Fraction(1, 4), 2),
)
bounded_cases = st.tuples(wells, rationals(-1, 1), rationals(Fraction(1, 4), 4))


@claim.samples(
    "energies drawn with up to two wells, all exact stationary points", reading="stated", part="sufficient", quick=False
)
def stationary_states_are_minimisers_on_drawn_energies(run: Run) -> Finding:
    """Every stationary point among the minimisers."""

    def replay(case: Drawn) -> Replay:
        energy, proposal, gamma = case
        twin = energy.symbolic(h) + (h - sp.sympify(proposal)) ** 2 / (2 * sp.sympify(gamma))
        at, best = next(p for p in stationary(case) if p not in equilibria(*case)), equilibria(*case)[0]
        values = [Fraction(str(twin.subs(h, sp.sympify(x)))) for x in (at, best)]
        slope = energy.derivative(at) + (at - proposal) / gamma
        return exact_replay(
            [(f"Eq. 3 at h = {at}", slope, "=", 0)], [(f"Phi({at}) <= Phi({best})", values[0], "<=", values[1])]
        )

    return property_check(
        bounded_cases,
        lambda case: bool(set(stationary(case)) - set(equilibria(*case))),
        replay=replay,
        run=run,
        describe=lambda case: dict(zip(("energy", "f", "gamma"), case, strict=True)),
        detail="every state that meets Eq. 3 is an equilibrium",
    )


G, d = Space(("G", "d")).vectors  # G = grad energy(h), d = x - h
rise = sp.Symbol("rise", real=True)  # energy(x) - energy(h)
pull = G / g  # f - h, where Eq. 3 holds at h
phi_rise = rise + g * (d - pull).norm2 / 2 - g * pull.norm2 / 2  # Phi(x) - Phi(h)
convexity = rise + g * d.norm2 / 2 >= G @ d  # of energy + g|.|^2/2, between h and x


@claim.shows("every differentiable energy, every dimension", reading="stated", part="necessary")
@repaired.shows("every differentiable energy, every dimension", part="necessary")
def minimisers_are_stationary() -> Finding:
    """With S = grad Phi(h): Phi(h - t S) - Phi(h) = -t |S|^2 + rest, |rest| <= t |S|^2/2 for small t."""
    S2, t, rest = sp.Symbol("S2", nonnegative=True), sp.Symbol("t", positive=True), sp.Symbol("rest", real=True)
    return prove(
        [sp.Abs(rest) <= t * S2 / 2, -t * S2 + rest >= 0],
        sp.Eq(S2, 0),
        detail="where no state near h is better, grad Phi(h) = 0",
    )


@claim.shows("every such energy, every dimension", reading=convex, part="necessary")
def minimisers_are_stationary_where_phi_is_convex() -> Finding:
    """Convexity is not used."""
    return minimisers_are_stationary()


@claim.shows("every such energy, every dimension", reading=convex, part="sufficient")
@repaired.shows("every differentiable energy with Phi convex, every dimension", part="sufficient")
def stationary_states_of_convex_objectives() -> Finding:
    """Convexity between h and any other state x."""
    return prove([*d.space.positive_semidefinite, convexity], phi_rise >= 0, detail="Eq. 3 at h gives Phi(x) >= Phi(h)")


@repaired.shows(
    "every differentiable energy, every dimension",
    part="only if convex",
    cites="the first-order condition of convexity",
)
def sharpness_sufficient_only_where_convex() -> Finding:
    """Every h meets Eq. 3 for one f, h + G/g; if it minimises Phi there, for every h, energy + g|.|^2/2 is convex."""
    return prove(
        d.space.positive_semidefinite,
        sp.Equivalent(phi_rise >= 0, convexity),
        detail="h + G/g as proposal: Phi(x) >= Phi(h) for all h, x is convexity of energy + g|.|^2/2",
    )


@repaired.shows("every differentiable w-weakly convex energy, gamma <= 1/w, every dimension", part="weakly convex")
def weak_convexity_up_to_g_is_enough() -> Finding:
    """With energy + (w/2)|.|^2 convex, energy + (g/2)|.|^2 is for g >= w."""
    weakly = rise + w * d.norm2 / 2 >= G @ d
    return prove(
        [*d.space.positive_semidefinite, weakly, w <= g], phi_rise >= 0, detail="Eq. 3 suffices for gamma <= 1/w"
    )


@repaired.shows("energy = -w h^2/2, f = 0, every gamma > 1/w", part="gamma <= 1/w is needed")
def sharpness_weak_convexity_beyond_g() -> Finding:
    """At h = 0 Eq. 3 holds, and every other state is better."""
    x = sp.Symbol("x", real=True)
    phi = -w * h**2 / 2 + g * (h - f) ** 2 / 2
    return prove(
        [g < w, sp.Eq(f, 0), sp.Eq(h, 0), sp.Ne(x, 0)],
        [sp.Eq(sp.diff(phi, h), 0), phi.subs(h, x) < phi],
        detail="h = 0 meets Eq. 3 and is worse than every other state",
    )


@repaired.samples(
    "energies drawn with Phi convex, not strictly; all exact stationary points", part="sufficient", quick=False
)
def stationary_states_on_drawn_convex_energies(run: Run) -> Finding:
    """Curvature from -1/gamma on."""

    def violation(case: Drawn) -> bool | None:
        energy, _, gamma = case
        if min(energy.curvatures) + 1 / gamma <= 0:
            return None
        return set(stationary(case)) != set(equilibria(*case))

    def replay(case: Drawn) -> Replay:
        lines = [("stationary states", len(stationary(case)), "=", len(equilibria(*case)))]
        return exact_replay([("1/gamma + mu > 0", 1 / case[2] + case[0].mu, ">", 0)], lines)

    return property_check(drawn_cases, violation, replay=replay, run=run, detail="Eq. 3 holds at the equilibria only")
