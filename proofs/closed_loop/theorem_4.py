"""Theorem 4: whether less energy means a better prediction; what follows from Eq. 31, and what else is needed."""

from dataclasses import replace
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Replay, ReplayLine, inconclusive
from eqt_theory.engines.exact import PiecewiseQuadratic, Twin, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import gammas, piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import Space
from eqt_theory.engines.interval import enclose_root, replay_in_balls
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

c, c1, c2 = sp.symbols("c c1 c2", nonnegative=True)
s, g, alpha, k = sp.symbols("s g alpha k", positive=True)
drop = sp.Symbol("Delta", positive=True)
loss_star, loss_f, loss_opt, energy_star, energy_f = sp.symbols("l_star l_f l_opt energy_star energy_f", real=True)
h, f = sp.symbols("h f", real=True)

signs = [loss_opt >= 0, energy_star >= 0, energy_f >= 0]  # of a cross-entropy and of the energies of Theorem 4
best = [loss_opt <= loss_star, loss_opt <= loss_f]
above_the_loss = [energy_star >= loss_star - loss_opt - c, energy_f >= loss_f - loss_opt - c]  # Eq. 31 at h* and at f
dropped = energy_star <= energy_f - drop

claim = Claim(
    id="theorem-4",
    title="less energy, better prediction",
    source="Theorem 4, Eqs. 30 to 35",
    statement=(
        "Let l(h) = -log p(x_true | h) with minimiser h_opt. If energy(h) >= l(h) - l(h_opt) - c for all h (Eq. 31), "
        "c >= 0, and energy(h*) <= energy(f) - Delta with Delta > 0, then l(h*) < l(f) - Delta + 2 c (Eq. 32)."
    ),
    readings=(
        Reading(
            "Eq. 32",
            "For every such l and every energy >= 0 that meets Assumptions 4.1 and 4.2, every gamma and proposal, h* "
            "the equilibrium.",
        ),
        Reading(
            "Eqs. 33, 34",
            "The direction in which the proof uses Eq. 31: it follows that l(h) - l(h_opt) >= energy(h) - c.",
        ),
        Reading(
            "Eq. 35",
            "The subtraction in the proof: from l - l(h_opt) >= energy - c at h* and at f it follows that "
            "l(h*) - l(f) <= energy(h*) - energy(f) + 2 c.",
        ),
    ),
    repair="theorem-4-repaired",
    remark="With the reversed line at f besides Eq. 31, Eq. 32 holds with <=; that line is what the repair adds.",
)


@claim.shows("all losses and energies, through their values at h*, f and h_opt", reading="Eq. 32")
def eq_32_from_the_values() -> Finding:
    about = "Eq. 32 from Eq. 31 and the drop of the energy"
    return prove([*signs, *best, *above_the_loss, dropped], loss_star < loss_f - drop + 2 * c, detail=about)


def parabolas(steepness: sp.Expr, damping: sp.Expr, proposal: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The loss h^2 with energy h^2 + k (h - 1)^2 >= loss: l(h*), l(f), and the drop of the energy."""
    loss, energy = h**2, h**2 + steepness * (h - 1) ** 2
    (star,) = sp.solve(sp.diff(energy + damping * (h - proposal) ** 2 / 2, h), h)
    return loss.subs(h, star), loss.subs(h, proposal), energy.subs(h, proposal) - energy.subs(h, star)


@claim.shows("l = h^2, energy = h^2 + k (h - 1)^2, so c = 0; all k, f and gamma = 1/g", reading="Eq. 32", quick=False)
def eq_32_on_parabolas() -> Finding:
    """Functions with exact equilibria: mu = L = 2 + 2 k, energy - l = k (h - 1)^2 >= 0, h_opt = 0."""
    at_star, at_f, fell = parabolas(k, g, f)
    return prove([fell > 0], at_star < at_f - fell, detail="Eq. 32 for l = h^2, energy = h^2 + k (h - 1)^2, c = 0")


@claim.shows("one softmax head: logits (0, h, -h), f = 0, gamma = 1, c = 0", reading="Eq. 32", quick=False)
def eq_32_on_a_softmax_head() -> Finding:
    """A cross-entropy l = ln(1 + 2 cosh h), h_opt = 0, and energy = l - ln 3 + 5 (h - 1)^2: mu = 10, L = 32/3."""
    loss = sp.log(1 + 2 * sp.cosh(h))
    energy = loss - sp.log(3) + 5 * (h - 1) ** 2
    y = sp.Symbol("cosh_h", positive=True)
    bend = (2 * y + 4) / (1 + 2 * y) ** 2
    formula = derive(
        [("l'' in terms of cosh h", sp.diff(loss, h, 2), bend.subs(y, sp.cosh(h)))], "the second derivative"
    )
    for_all = prove([y >= 1], [bend > 0, 3 * bend <= 2, 1 + 2 * y >= 3])
    known = formula.verdict is Verdict.PROVED and for_all.verdict is Verdict.PROVED
    everywhere = (
        ReplayLine("10 <= energy'' = 10 + l'' <= 32/3 for all h, since 0 < l'' <= 2/3 where cosh h >= 1", known),
        ReplayLine("energy >= l - ln 3 >= 0 for all h, with l(0) = ln 3, since 1 + 2 cosh h >= 3", known),
    )
    star = enclose_root(sp.diff(energy + h**2 / 2, h), h, 0, 1)
    fell = energy.subs(h, 0) - energy
    replay = replay_in_balls(
        [("Delta > 0", fell > 0)], [("l(h*) < l(f) - Delta", loss < loss.subs(h, 0) - fell)], {h: star.ball}
    )
    replay = replace(replay, hypotheses=(*everywhere, *replay.hypotheses))
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, "Eq. 32 was not refuted on the softmax head")
    claimed = replay.conclusions[0].margin
    return Finding(
        Verdict.REFUTED,
        Method.INTERVAL,
        f"Eq. 32 for l = ln(1 + 2 cosh h), energy = l - ln 3 + 5 (h - 1)^2: at h* = {star} it would say {claimed}",
        witness={"l": loss, "energy": energy, "f": 0, "gamma": 1, "c": 0, "h*": str(star)},
        replay=replay,
    )


@claim.draws("On the softmax head: the energy falls, the loss rises.", of="eq_32_on_a_softmax_head")
def less_energy_more_loss(finding: Finding) -> object:
    from eqt_theory.report.plots import theorem_4

    at = finding.witness or {}
    loss, energy = (sp.lambdify(h, at[name], "math") for name in ("l", "energy"))
    return theorem_4(loss, energy, at["f"], float(at["h*"].split()[0]))


# A strictly convex loss l; k and q of the energy l - min l + k (h - q)^2/2 >= l - min l; c, f and gamma.
Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction, Fraction, Fraction]
unit, near, dampings = rationals(0, 1), rationals(-2, 2), rationals(Fraction(1, 2), 4)
drawn_cases = st.tuples(piecewise_quadratics(Fraction(1, 4), 2), rationals(0, 10), near, unit, near, dampings)


def _eq_32(case: Drawn) -> Replay:
    """Hypotheses and conclusion, through the symbolic twin of the loss."""
    drawn, *numbers = case
    star = sp.sympify(equilibrium(drawn.plus(case[1], case[2]), case[4], case[5]))
    steep, center, slack, proposal, gamma = map(sp.sympify, numbers)
    loss = drawn.symbolic(h)
    energy = loss + steep * (h - center) ** 2 / 2
    slope = sp.diff(energy + (h - proposal) ** 2 / (2 * gamma), h).subs(h, star)
    fell, better = (e.subs(h, proposal) - e.subs(h, star) for e in (energy, loss))
    fell, better, claimed, slope = (Fraction(str(v)) for v in (fell, better, 2 * slack - fell, slope))
    return exact_replay(
        [
            ("energy'' >= l'' >= mu > 0", drawn.mu, ">", 0),
            ("energy - (l - min l) = k (h - q)^2/2 >= 0", case[1], ">=", 0),
            ("Phi'(h*) = 0", slope, "=", 0),
            ("Delta > 0", fell, ">", 0),
        ],
        [("l(h*) - l(f) <= 2 c - Delta", -better, "<=", claimed)],
    )


@claim.samples("losses and energies of the class, not quadratic; exact equilibria", reading="Eq. 32", quick=False)
def eq_32_on_drawn_energies(run: Run) -> Finding:
    """Piecewise quadratic losses and energies, in exact fractions; even with <= for <."""

    def violation(case: Drawn) -> bool | None:
        loss, steep, center, slack, proposal, gamma = case
        energy = loss.plus(steep, center)
        star = equilibrium(energy, proposal, gamma)
        fell = energy.value(proposal) - energy.value(star)
        return None if fell <= 0 else loss.value(star) - loss.value(proposal) > 2 * slack - fell

    def describe(case: Drawn) -> dict[str, object]:
        return dict(zip(("l", "k", "q", "c", "f", "gamma"), case, strict=True))

    about = "Eq. 32 with <=, energy = l - min l + k (h - q)^2/2"
    return property_check(drawn_cases, violation, replay=_eq_32, run=run, describe=describe, detail=about)


@claim.shows("all losses and energies, at one state", reading="Eqs. 33, 34")
def eq_31_reversed() -> Finding:
    about = "Eq. 31 with its sides exchanged"
    return prove([*signs, *best, *above_the_loss], loss_star - loss_opt >= energy_star - c, detail=about)


@claim.shows("all losses and energies that meet the two lines; Eq. 31 is not used", reading="Eq. 35")
def subtracted_lower_bounds() -> Finding:
    """Two lower bounds subtracted as if one were an upper bound."""
    return prove(
        [*signs, loss_star - loss_opt >= energy_star - c, loss_f - loss_opt >= energy_f - c, *best],
        loss_star - loss_f <= energy_star - energy_f + 2 * c,
        detail="an upper bound of a difference from two lower bounds",
    )


bounds = ("one-sided", "two-sided", "not strict", "constants", "upper side is needed")
descents = ("step", "drop", "2/M is exact")
repaired = Claim(
    id="theorem-4-repaired",
    rocq=["theorem_4_one_sided", "theorem_4", "energy_drops"],
    title="less energy, better prediction, two-sided",
    source="corrects Theorem 4",
    statement=(
        "From Eq. 31 alone: l(h*) - inf l <= energy(f) - Delta + c; no minimiser of l is needed. If energy(f) <= s "
        "(l(f) - inf l) + c2 and energy(h*) >= s (l(h*) - inf l) - c1 for some s > 0, then l(h*) <= l(f) - (Delta - "
        "c1 - c2)/s, and < is false. Without the upper side no slack in c helps. The drop comes by itself: gradient "
        "descent on Phi from f with 0 < alpha <= 2/M has energy(f) - energy(h_k) >= |h_k - f|^2/(2 gamma) for every k, "
        "convex or not, and 2/M is the exact limit."
    ),
    readings=(
        Reading(
            "stated",
            "For all losses bounded below, all energies (of any sign) and states on R^d, every d; the drop for every "
            "energy with <grad energy(h) - grad energy(h'), d> <= L |d|^2, M = L + 1/gamma.",
            parts=(*bounds, *descents),
        ),
    ),
)


@repaired.shows("all losses and energies, any state of lower energy", part="one-sided")
def loss_below_the_energy() -> Finding:
    about = "l(h*) - inf l <= energy(f) - Delta + c"
    return prove([above_the_loss[0], dropped], loss_star - loss_opt <= energy_f - drop + c, detail=about)


upper_side = energy_f <= s * (loss_f - loss_opt) + c2
lower_side = energy_star >= s * (loss_star - loss_opt) - c1


@repaired.shows("all losses and energies, any state of lower energy", part="two-sided")
def loss_falls_with_the_energy() -> Finding:
    """Both sides at the state where each is needed."""
    return prove(
        [*best, upper_side, lower_side, dropped],
        loss_star <= loss_f - (drop - c1 - c2) / s,
        detail="l(h*) <= l(f) - (Delta - c1 - c2)/s",
    )


@repaired.shows("l = h^2, energy = s h^2, all f and gamma; equality in every case", part="not strict")
def sharpness_equality_is_attained() -> Finding:
    """On energy = s (l - inf l) the bound is an equation."""
    loss, energy = h**2, s * h**2
    (star,) = sp.solve(sp.diff(energy + g * (h - f) ** 2 / 2, h), h)
    fell = energy.subs(h, f) - energy.subs(h, star)
    return prove(
        [f > 0],
        [fell > 0, sp.Eq(loss.subs(h, star), loss.subs(h, f) - fell / s)],
        detail="energy = s l attains the bound with c1 = c2 = 0, so Eq. 32 is false with < even there",
    )


@repaired.shows("all c1, c2, s and all values where both sides are tight", part="constants")
def sharpness_constants_are_attained() -> Finding:
    """With both sides tight and the drop exact, the bound is an equation."""
    return prove(
        [
            *best,
            sp.Eq(energy_f, s * (loss_f - loss_opt) + c2),
            sp.Eq(energy_star, s * (loss_star - loss_opt) - c1),
            sp.Eq(energy_star, energy_f - drop),
        ],
        sp.Eq(loss_star, loss_f - (drop - c1 - c2) / s),
        detail="neither c1, c2 nor s can be improved",
    )


@repaired.shows("every c; l = h^2, energy = h^2 + (2 c + 1) (h - 1)^2, f = 0, gamma = 1/2", part="upper side is needed")
def sharpness_upper_side_is_needed() -> Finding:
    """For every slack c there is an energy that meets Eq. 31 even without slack and breaks Eq. 32."""
    at_star, at_f, fell = parabolas(k, sp.Integer(2), f)
    return prove(
        [sp.Eq(k, 2 * c + 1), sp.Eq(f, 0)],
        [fell > 0, at_star > at_f, at_star >= at_f - fell + 2 * c],
        detail="for every c Eq. 32 fails, and the loss grows",
    )


@repaired.shows("every energy with upper curvature L, every dimension", part="step", cites="the descent lemma")
def lemma_objective_does_not_grow() -> Finding:
    """Phi(h - alpha G) <= Phi(h) + <G, -alpha G> + M |alpha G|^2/2 (descent lemma)."""
    upper, before, after = sp.Symbol("M", positive=True), *sp.symbols("Phi_before Phi_after", real=True)
    space = Space(("G",))
    (slope,) = space.vectors
    move = -alpha * slope
    return prove(
        [*space.positive_semidefinite, after <= before + slope @ move + upper * move.norm2 / 2, alpha <= 2 / upper],
        after <= before,
        detail="a step with alpha <= 2/M does not increase Phi; by induction Phi(h_k) <= Phi(f) = energy(f)",
    )


@repaired.shows("every state with Phi(h) <= Phi(f), so every h_k and h*", part="drop")
def energy_drops_by_the_distance() -> Finding:
    """Phi(h_k) <= Phi(f) read as a drop of the energy."""
    at_h, at_f = sp.symbols("energy_h energy_f", real=True)
    half = g * sp.Symbol("distance2", nonnegative=True) / 2  # g |h - f|^2/2
    return prove([at_h + half <= at_f], at_f - at_h >= half, detail="energy(f) - energy(h_k) >= |h_k - f|^2/(2 gamma)")


@repaired.shows("energy = L h^2/2, the first step, all f != 0, L, gamma = 1/g and alpha", part="2/M is exact")
def sharpness_step_limit_is_exact() -> Finding:
    """On a parabola the drop bound holds for the first step if and only if alpha <= 2/M."""
    curvature = sp.Symbol("L", positive=True)
    first = f - alpha * curvature * f
    fell = curvature * f**2 / 2 - curvature * first**2 / 2
    return prove(
        [sp.Ne(f, 0)],
        sp.Equivalent(fell >= g * (first - f) ** 2 / 2, alpha * (curvature + g) <= 2),
        detail="the drop bound holds on L h^2/2 exactly for alpha <= 2/M",
    )


def longest_step(energy: PiecewiseQuadratic, gamma: Fraction) -> Fraction:
    return 2 / max(energy.L + 1 / gamma, Fraction(1, 8))


@repaired.samples("energies drawn from the class, convex or not; alpha up to 2/M; four steps", part="drop", quick=False)
def energy_drops_on_drawn_energies(run: Run) -> Finding:
    """The drop along exact trajectories; it says that Phi(h_k) <= Phi(f)."""
    cases = st.tuples(piecewise_quadratics(-3, 3), rationals(-2, 2), gammas(), shares(open_high=False))

    def fails(case: tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]) -> bool:
        energy, at, gamma, share = case
        states = descent(energy, at, gamma, share * longest_step(energy, gamma), 4)
        return any(energy.value(at) - energy.value(k) < (k - at) ** 2 / (2 * gamma) for k in states)

    def again(case: tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]) -> Replay:
        phi, at = Twin(*case[:3]), case[1]
        states = phi.descent(case[3] * longest_step(case[0], case[2]), 4)
        return exact_replay([], [("Phi(h_k) <= Phi(f)", phi.value(k), "<=", phi.value(at)) for k in states])

    return property_check(cases, fails, replay=again, run=run, detail="the drop along gradient descent")
