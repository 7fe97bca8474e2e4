"""Proposition 1: the equilibrium as a MAP estimate; which energies have a density, and when the two sets agree."""

from dataclasses import replace
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, ReplayLine, inconclusive
from eqt_theory.engines.denial import refuted_by
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibria, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.interval import enclose_minimum, enclose_root, replay_in_balls
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

g, gamma = sp.symbols("g gamma", positive=True)
w = sp.Symbol("w", nonnegative=True)
C, level, energy_h, energy_f = sp.symbols("C level energy_h energy_f", real=True)
h, f = sp.symbols("h f", real=True)

facts = ("density", "existence", "same sets", "gamma -> 0", "energy = 0")
tonelli, weierstrass = "Tonelli's theorem", "Weierstrass' theorem"
claim = Claim(
    id="proposition-1",
    title="the equilibrium is the MAP estimate",
    source="Proposition 1, Eqs. 20 to 22",
    statement=(
        "With the density p(h) = exp(-energy(h) - |h - f|^2/(2 gamma))/Z (Eq. 20), the equilibrium h* is the MAP "
        "estimate; a standard transformer corresponds to gamma -> 0 or energy = 0."
    ),
    readings=(
        Reading(
            "stated",
            "For every continuous energy on R^d, every gamma and proposal: p is a density (0 < Z < inf), and there is "
            "one equilibrium (h* = argmin), which is the one maximiser of p.",
            parts=("density", "one equilibrium"),
        ),
        Reading(
            "energy bounded below by a parabola",
            "If the energy is lower semicontinuous and >= -(w/2)|h|^2 - C with 0 <= w < g = 1/gamma: 0 < Z < inf, an "
            "equilibrium exists, the set of MAP estimates is the set of equilibria (one or several), and h* -> f as "
            "gamma -> 0. With energy = 0, h* = f.",
            Relation.COMPLETED,
            parts=facts,
        ),
    ),
    repair="proposition-1-repaired",
    remark=(
        "Eq. 1 writes h* = argmin; where the argmin has several elements that must be a membership. A block that "
        "returns LayerNorm(h_K), as Algorithm 1 does, returns no MAP estimate in any case."
    ),
    symbols=(g,),
)

repaired = Claim(
    id="proposition-1-repaired",
    title="equilibria are the MAP estimates",
    source="corrects Proposition 1",
    statement=(
        "Let the energy be finite and lower semicontinuous with energy(h) >= -(w/2)|h|^2 - C and 0 <= w < g = 1/gamma. "
        "Put C' = C + g w |f|^2/(2 (g - w)). Then 0 < Z <= exp(C') (2 pi/(g - w))^(d/2); an equilibrium exists; a "
        "state is a MAP estimate if and only if it is an equilibrium. For g > 2 w every equilibrium has |h* - f|^2 <= "
        "2 (energy(f) + C + w |f|^2)/(g - 2 w), which tends to 0 as gamma -> 0; with w = 0, C = -inf energy that is 2 "
        "gamma (energy(f) - inf energy). With energy = 0, h* = f. Neither w < g nor lower semicontinuity can be "
        "dropped."
    ),
    readings=(
        Reading(
            "stated",
            "On R^d, every d, every proposal and gamma with 0 <= w < 1/gamma.",
            parts=(*facts, "w < g is needed", "semicontinuity is needed"),
        ),
    ),
    symbols=(g,),
)
completed = claim.readings[1].name


@claim.shows("energy = -h^2, f = 0, gamma = 1", reading="stated", part="density")
def mass_is_finite() -> Finding:
    """The mass on [-R, R], from below by exp(t) >= 1 + t, against every bound B, at R = B."""
    radius, bound = sp.symbols("R B", positive=True)
    phi = -(h**2) + h**2 / 2
    mass_from_below = sp.integrate(1 - phi, (h, -radius, radius))
    lemma = prove(
        [sp.Eq(radius, bound)],
        mass_from_below > bound,
        detail="the mass of exp(-Phi) on [-B, B] is at least 2 B + B^3/3 > B for every B",
    )
    return refuted_by(
        lemma, "some bound B holds for the mass of exp(-Phi) on every [-R, R]", {"energy": -(h**2), f: 0, gamma: 1}
    )


@claim.shows(
    "the confidence term, V = 2, logits (h, -h), f = 0, gamma = 1",
    reading="stated",
    part="one equilibrium",
    quick=False,
)
def confidence_has_one_equilibrium() -> Finding:
    """Phi is even and grows (entropy and -log p are >= 0): one equilibrium only would have to be 0."""
    p, q = 1 / (1 + sp.exp(-2 * h)), 1 / (1 + sp.exp(2 * h))
    entropy = -p * sp.log(p) - q * sp.log(q)
    phi = entropy - sp.log(sp.Max(p, q)) + h**2 / 2
    right_half = entropy - sp.log(p) + h**2 / 2  # Phi where h >= 0; beyond 3 it is above 9/2
    star = enclose_root(sp.diff(right_half, h), h, sp.Rational(1, 2), 1)
    least, pieces = enclose_minimum(right_half, h, 0, 3)
    even = sp.Eq(sp.expand(phi.subs(h, -h) - phi), 0)
    replay = replay_in_balls(
        [("Phi(-h) = Phi(h) for all h", even)], [("Phi(0) <= Phi(h*)", phi.subs(h, 0) <= phi)], {h: star.ball}
    )
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, "0 was not shown to be worse than another state")
    found = " or ".join(f"+-{piece}" for piece in pieces)
    return Finding(
        Verdict.REFUTED,
        Method.INTERVAL,
        f"the minimisers of Phi on the line lie at {found}, with h* = +-{star}, Phi = {least}, below Phi(0) = 2 ln 2",
        witness={"logits": "(h, -h)", f: 0, gamma: 1, "h*": f"+-{star}", "Phi": str(least)},
        replay=replay,
    )


even_energies = st.builds(
    lambda outer, inner, at: PiecewiseQuadratic((outer, inner, outer), (-at, at)),
    rationals(0, 4),
    rationals(-4, 4),
    rationals(Fraction(1, 4), 2),
)


@claim.samples(
    "even energies drawn with exact equilibria, gamma in [1/4, 4]",
    reading="stated",
    part="one equilibrium",
    quick=False,
)
def drawn_energies_have_one_equilibrium(run: Run) -> Finding:
    """Piecewise quadratics with three pieces, bounded below; every global minimiser of Phi, exactly."""
    drawn = st.tuples(even_energies, st.just(Fraction(0)) | rationals(-1, 1), rationals(Fraction(1, 4), 4))

    def replay(case: tuple[PiecewiseQuadratic, Fraction, Fraction]) -> Replay:
        energy, proposed, damping = case
        phi = energy.symbolic(h) + (h - sp.sympify(proposed)) ** 2 / (2 * sp.sympify(damping))
        first, last = min(equilibria(*case)), max(equilibria(*case))
        least = phi.subs(h, sp.sympify(first))
        lowest = prove([], [phi >= least]).verdict is Verdict.PROVED
        there = Fraction(str(phi.subs(h, sp.sympify(last))))
        lines = exact_replay([("Phi is equal at both", Fraction(str(least)), "=", there)], [("one", first, "=", last)])
        return replace(lines, hypotheses=(*lines.hypotheses, ReplayLine("no state has less, by two provers", lowest)))

    return property_check(
        drawn,
        lambda case: len(equilibria(*case)) > 1 if equilibria(*case) else None,
        replay=replay,
        run=run,
        describe=lambda case: dict(zip(("energy", "f", "gamma"), case, strict=True)),
        detail="there is one equilibrium",
    )


states = Space(("h", "f"))
state, proposal = states.vectors
center = g * proposal / (g - w)
slack = C + g * w * proposal.norm2 / (2 * (g - w))
bounded_below = [w < g, *states.positive_semidefinite, energy_h >= -w * state.norm2 / 2 - C]
phi_h = energy_h + g * (state - proposal).norm2 / 2


@claim.shows("every such energy, every dimension", reading=completed, part="density", quick=False, cites=tonelli)
@repaired.shows("every energy >= -(w/2)|h|^2 - C, every dimension", part="density", quick=False, cites=tonelli)
def mass_below_a_gaussian() -> Finding:
    """Completing the square; the integral is a product of d integrals (Tonelli); Z > 0 since exp is."""
    a, t, top = sp.Symbol("a", positive=True), sp.Symbol("t", real=True), sp.Symbol("m", real=True)
    square = (g - w) * (state - center).norm2 / 2 - slack
    whole_line = (t, -sp.oo, sp.oo)
    return derive(
        [
            (
                "the lower bound of Phi is a parabola",
                -w * state.norm2 / 2 - C + g * (state - proposal).norm2 / 2,
                square,
            ),
            ("one coordinate", sp.integrate(sp.exp(-a * (t - top) ** 2 / 2), whole_line), sp.sqrt(2 * sp.pi / a)),
        ],
        "Phi >= (g - w)|h - b|^2/2 - C', so 0 < Z <= exp(C') (2 pi/(g - w))^(d/2)",
    )


@claim.shows("every such energy, every dimension", reading=completed, part="existence", quick=False, cites=weierstrass)
@repaired.shows("every lower semicontinuous energy of that kind", part="existence", quick=False, cites=weierstrass)
def sublevel_sets_are_bounded() -> Finding:
    """Sublevel sets of Phi are closed and lie in balls: on such a set Phi attains its minimum (Weierstrass)."""
    return prove(
        [*bounded_below, phi_h <= level],
        (state - center).norm2 <= 2 * (level + slack) / (g - w),
        detail="Phi(h) <= s puts h in a ball, so a lower semicontinuous Phi has a minimiser",
    )


@claim.shows("every energy with 0 < Z < inf", reading=completed, part="same sets")
@repaired.shows("every energy with 0 < Z < inf", part="same sets")
def density_falls_as_phi_grows() -> Finding:
    """With p = exp(-Phi)/Z only exp(s + t) = exp(s) exp(t) and exp(t) >= 1 + t are used, at t and -t."""
    Z, p1, p2, up, down = sp.symbols("Z p1 p2 exp_t exp_minus_t", positive=True)  # noqa: N806
    phi1, phi2 = sp.symbols("Phi1 Phi2", real=True)
    t = phi2 - phi1
    return prove(
        [up >= 1 + t, down >= 1 - t, sp.Eq(up * down, 1), sp.Eq(p1 * Z, up * p2 * Z)],
        [sp.Equivalent(p1 > p2, phi1 < phi2), sp.Equivalent(sp.Eq(p1, p2), sp.Eq(phi1, phi2))],
        detail="p(h) > p(h') exactly where Phi(h) < Phi(h'), so the maximisers of p are the minimisers of Phi",
    )


@claim.shows("every energy of that kind, every dimension", reading=completed, part="gamma -> 0")
@repaired.shows("every energy of that kind, every dimension", part="gamma -> 0")
def equilibria_tend_to_the_proposal() -> Finding:
    """Phi(h*) <= Phi(f)."""
    return near_the_proposal(w)


def near_the_proposal(bend: sp.Expr) -> Finding:
    """The bound for energies >= -(bend/2)|h|^2 - C; it uses |h|^2 <= 2 |f|^2 + 2 |h - f|^2, so bend >= 0."""
    return prove(
        [*states.positive_semidefinite, energy_h >= -bend * state.norm2 / 2 - C, 2 * bend < g, phi_h <= energy_f],
        (state - proposal).norm2 <= 2 * (energy_f + C + bend * proposal.norm2) / (g - 2 * bend),
        detail="|h* - f|^2 <= 2 (energy(f) + C + w |f|^2)/(g - 2 w), which tends to 0 as g = 1/gamma grows",
    )


@claim.shows("energy = 0, every dimension", reading=completed, part="energy = 0")
@repaired.shows("energy = 0, every dimension", part="energy = 0")
def no_energy_leaves_the_proposal() -> Finding:
    """Without an energy the proposal is the only minimiser."""
    return prove(
        [*states.positive_semidefinite, g * (state - proposal).norm2 / 2 <= 0],
        sp.Eq((state - proposal).norm2, 0),
        detail="with energy = 0 the only equilibrium is f",
    )


@repaired.shows("energy = -(g/2) h^2, every gamma, f = 0 and every f > 0", part="w < g is needed")
def sharpness_w_equal_g() -> Finding:
    """At w = g: for f = 0 the mass on [-R, R] is 2 R; for f > 0 Phi falls below every -B."""
    bound, right = sp.symbols("B f_right", positive=True)

    def phi(at: sp.Expr, proposed: sp.Expr) -> sp.Expr:
        return -g * at**2 / 2 + g * (at - proposed) ** 2 / 2

    return prove(
        [sp.Eq(f, 0)],
        [sp.Eq(phi(h, f), 0), phi((bound + 1) / (g * right) + right / 2, right) < -bound],
        detail="at w = g, exp(-Phi) = 1 for f = 0, so Z is infinite, and for f > 0 there is no equilibrium",
    )


@repaired.shows("energy = h for h > 0 and 1 elsewhere, f = 0, gamma = 1", part="semicontinuity is needed")
def sharpness_semicontinuity() -> Finding:
    """Every state has a better one."""

    def phi(at: sp.Expr) -> sp.Expr:
        return sp.Piecewise((1, at <= 0), (at, True)) + at**2 / 2

    better = sp.Piecewise((sp.Rational(1, 4), h <= 0), (h / 2, True))
    return prove(
        [sp.Eq(f, better)],
        phi(f) < phi(h),
        detail="for an energy that jumps up at its infimum no state minimises Phi",
    )


@repaired.samples(
    "energies drawn with every curvature >= -w, gamma < 1/w, exact equilibria", part="existence", quick=False
)
def drawn_energies_have_equilibria(run: Run) -> Finding:
    """Piecewise quadratics of any sign; a share of the limit 1/w for gamma."""

    def none_found(case: tuple[PiecewiseQuadratic, Fraction, Fraction]) -> bool:
        energy, proposed, share = case
        return not equilibria(energy, proposed, share / max(-energy.mu, Fraction(1, 4)))

    drawn = st.tuples(piecewise_quadratics(-4, 4), rationals(-2, 2), rationals(Fraction(1, 10), Fraction(19, 20)))
    return property_check(
        drawn,
        none_found,
        replay=lambda case: exact_replay([], [("equilibria >= 1", int(not none_found(case)), ">=", 1)]),
        run=run,
        detail="an equilibrium exists",
    )
