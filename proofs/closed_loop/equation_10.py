"""Eq. 10: the local rate of Section 3.2, which fails on part of the step range given with it; and where it holds."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory import WHOLE, Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import PiecewiseQuadratic, Twin, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check

L, g, alpha = sp.symbols("L g alpha", positive=True)  # g = 1/gamma
M = L + g
mu_paper = sp.Min(L, g)
paper_factor = 1 - alpha * mu_paper / 2
paper_range = alpha < 2 / (L + g)
exact_limit = (4 * (L + g) - mu_paper) / (2 * (L + g) ** 2)

claim = Claim(
    id="equation-10",
    title="local rate of Section 3.2",
    source="Section 3.2, Eq. 10",
    statement=(
        "If the energy is L-smooth and 1/gamma-strongly convex near the minimiser and alpha < 2/(L + 1/gamma), then "
        "|h_k - h*|^2 <= (1 - alpha mu/2)^k |h_0 - h*|^2 with mu = min(L, 1/gamma)."
    ),
    readings=(
        Reading(
            "energy",
            "The energy itself is 1/gamma-strongly convex: its curvature lies in [g, L], g = 1/gamma <= L, and that "
            "of Phi in [2g, L + g]; so mu = g. All such energies, all gamma, alpha, proposals and k.",
        ),
        Reading(
            "Phi",
            "Only Phi is 1/gamma-strongly convex: the energy is L-smooth and its curvature lies in [0, L], that of Phi "
            "in [g, L + g]; mu = min(L, g). All such energies, all gamma, alpha, proposals and k.",
        ),
    ),
    repair="equation-10-repaired",
    remark=(
        "With energy = h^2/2, gamma = 1, alpha = 0.95 and f = 2 the equilibrium is 1, the first step goes from 2 to "
        "0.1, and the squared distance shrinks by 0.81, not by 0.525. The step size is to blame: near 2/(L + 1/gamma) "
        "gradient descent hardly contracts at all."
    ),
    symbols=(L, g, alpha),
    assumes=(alpha < 2 / (L + g),),
)


def quadratic_step(curvature: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Squared distances to h* before and after one step on curvature h^2/2 from the proposal, by calculus."""
    h, f = sp.symbols("h f", real=True)
    slope = curvature * h + g * (h - f)
    (star,) = sp.solve(slope, h)
    after = f - alpha * slope.subs(h, f)
    return sp.factor((f - star) ** 2), sp.factor((after - star) ** 2)


curvature = sp.Symbol("c", nonnegative=True)


@claim.shows(
    "energies c h^2/2 with g <= c <= L, all gamma, alpha in range, all proposals; k = 1", reading="energy", quick=False
)
def first_step_with_strongly_convex_energy() -> Finding:
    """The first step on a quadratic energy."""
    before, after = quadratic_step(curvature)
    return prove(
        [g <= curvature, curvature <= L, paper_range], after <= paper_factor * before, detail="Eq. 10 with k = 1"
    )


@claim.shows("energies c h^2/2 with 0 <= c <= L, all gamma, alpha in range, all proposals; k = 1", reading="Phi")
def first_step_with_strongly_convex_objective() -> Finding:
    """The first step on a quadratic energy."""
    before, after = quadratic_step(curvature)
    return prove([curvature <= L, paper_range], after <= paper_factor * before, detail="Eq. 10 with k = 1")


Case = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]
"""Energy, proposal, gamma, step size."""
Limit = Callable[[Fraction, Fraction], Fraction]
"""The largest step size, from L and g."""
STEPS = 4


def stated_limit(lipschitz: Fraction, damping: Fraction) -> Fraction:
    return 2 / (lipschitz + damping)


def repaired_limit(lipschitz: Fraction, damping: Fraction) -> Fraction:
    return (4 * (lipschitz + damping) - min(lipschitz, damping)) / (2 * (lipschitz + damping) ** 2)


@st.composite
def cases(draw: st.DrawFn, least: Fraction, limit: Limit, *, attained: bool = False) -> Case:
    """Energies with curvature in [least g, 10] and a step below the limit (or at it, where it is attained)."""
    gamma = draw(st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(10)]))
    energy = draw(piecewise_quadratics(least / gamma, 10).filter(lambda e: e.L > 0))
    share = draw(shares(open_high=not attained))
    return energy, draw(rationals(-3, 3)), gamma, share * limit(energy.L, 1 / gamma)


def too_slow(case: Case) -> bool | None:
    """Whether some h_k, k <= 4, is farther from h* than Eq. 10 says."""
    energy, proposal, gamma, step = case
    star, states = equilibrium(*case[:3]), descent(*case, STEPS)
    factor = 1 - step * min(energy.L, 1 / gamma) / 2
    if states[0] == star:
        return None
    return any((h - star) ** 2 > factor**k * (proposal - star) ** 2 for k, h in enumerate(states))


def too_slow_again(case: Case) -> Replay:
    """Every hypothesis and Eq. 10, with slopes taken from the symbolic form of the energy."""
    energy, proposal, gamma, step = case
    twin, star = Twin(*case[:3]), equilibrium(*case[:3])
    states, factor = twin.descent(step, STEPS), 1 - step * min(energy.L, 1 / gamma) / 2
    lines = [
        (
            f"|h_{k} - h*|^2 <= (1 - alpha mu/2)^{k} |h_0 - h*|^2",
            (h - star) ** 2,
            "<=",
            factor**k * (proposal - star) ** 2,
        )
        for k, h in enumerate(states)
    ]
    return exact_replay(
        [
            ("the energy is convex", energy.mu, ">=", 0),
            ("alpha (L + 1/gamma) < 2", step * (energy.L + 1 / gamma), "<", 2),
            ("Phi'(h*) = 0", twin.slope(star), "=", 0),
            ("h_0 is not h*", proposal, "!=", star),
        ],
        lines,
    )


def strongly_convex_again(case: Case) -> Replay:
    """Likewise, and the energy's own strong convexity."""
    again, strong = too_slow_again(case), exact_replay([("mu >= 1/gamma", case[0].mu, ">=", 1 / case[2])], [])
    return Replay(again.arithmetic, strong.hypotheses + again.hypotheses, again.conclusions)


def describe(case: Case) -> dict[str, object]:
    return {"energy": str(case[0]), "f": case[1], "gamma": case[2], "alpha": case[3]}


def drawn(run: Run, strategy: SearchStrategy[Case], replay: Callable[[Case], Replay], times: int = 4) -> Finding:
    """Eq. 10 on drawn energies; it fails near the end of its range only, so that takes several times as many."""
    examples = times * run.examples
    return property_check(
        strategy, too_slow, replay=replay, run=run, examples=examples, describe=describe, detail="Eq. 10"
    )


@claim.samples(
    "drawn energies with curvature in [1/gamma, 10], up to three pieces; k <= 4", reading="energy", quick=False
)
def trajectories_with_strongly_convex_energy(run: Run) -> Finding:
    """Exact trajectories of the first reading."""
    return drawn(run, cases(Fraction(1), stated_limit), strongly_convex_again)


@claim.samples("drawn energies with curvature in [0, 10], up to three pieces; k <= 4", reading="Phi", quick=False)
def trajectories_with_strongly_convex_objective(run: Run) -> Finding:
    """Exact trajectories of the second reading."""
    return drawn(run, cases(Fraction(0), stated_limit), too_slow_again)


repaired = Claim(
    id="equation-10-repaired",
    rocq=["equation_10"],
    title="local rate on its exact range",
    source="corrects Eq. 10",
    statement=(
        "Put g = 1/gamma, M = L + g, mu = min(L, g). If the curvature of the energy lies in [0, L], then "
        "|h_k - h*|^2 <= (1 - alpha mu/2)^k |h_0 - h*|^2 for 0 < alpha <= (4M - mu)/(2 M^2), so for every alpha <= "
        "2/(L + 2g) and every alpha <= 7/(4M); where the energy is itself g-strongly convex, the limit is "
        "(4L + 3g)/(2 M^2). For larger alpha it fails, in both readings, on L h^2/2 in the first step. Convexity of "
        "the energy cannot be dropped."
    ),
    readings=(
        Reading(
            "stated",
            "For every such energy on R^d (or on a ball around h* that holds the start), every d, every proposal, "
            "start and k.",
            parts=(
                "Phi strongly convex",
                "energy strongly convex",
                "best step included",
                "exact limit, Phi",
                "exact limit, energy",
                "convexity is needed",
            ),
        ),
    ),
    symbols=(alpha,),
)

d, D = Space(("d", "D")).vectors  # d = h - h*, D = grad Phi(h)


def of_phi(low: sp.Expr, high: sp.Expr) -> list[sp.Basic]:
    """What the class says of h and h*: its definition and the inequality that follows from it."""
    return [d.norm2 > 0, low * d.norm2 <= D @ d, D @ d <= high * d.norm2, SmoothClass(low, high).gradients(d, D)]


@repaired.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@repaired.shows(
    "every energy with curvature in [0, L], every dimension, alpha up to the limit",
    part="Phi strongly convex",
    quick=False,
    uses=lemma_interpolation,
)
def one_step_with_strongly_convex_objective() -> Finding:
    """One step; the ball around h* is kept, since the distance shrinks."""
    return prove(
        [alpha <= exact_limit, *of_phi(g, M)],
        [gradient_step(d, D, alpha).norm2 <= paper_factor * d.norm2, paper_factor < 1, paper_factor >= 0],
        detail="|h+ - h*|^2 <= (1 - alpha mu/2) |h - h*|^2 for alpha <= (4M - mu)/(2 M^2)",
    )


@repaired.shows(
    "every energy with curvature in [g, L], every dimension, alpha up to the limit",
    part="energy strongly convex",
    quick=False,
    uses=lemma_interpolation,
)
def one_step_with_strongly_convex_energy() -> Finding:
    """One step of the first reading: a curvature of Phi in [2g, M] lies in [g, M], so that class is the one to use."""
    return prove(
        [g <= L, alpha <= exact_limit, *of_phi(g, M), 2 * g * d.norm2 <= D @ d],
        [
            gradient_step(d, D, alpha).norm2 <= paper_factor * d.norm2,
            sp.Eq(mu_paper, g),
            sp.Eq(exact_limit, (4 * L + 3 * g) / (2 * M**2)),
        ],
        detail="|h+ - h*|^2 <= (1 - alpha g/2) |h - h*|^2 for alpha <= (4L + 3g)/(2 (L + g)^2)",
    )


@repaired.shows("all L and gamma", part="best step included")
def limit_covers_the_best_step() -> Finding:
    """2/(L + 2g), the best step for curvature in [g, L + g], and 7/8 of the stated range."""
    return prove(
        [],
        [2 / (L + 2 * g) <= exact_limit, sp.Rational(7, 4) / M <= exact_limit, exact_limit < 2 / M],
        detail="2/(L + 2g) and 7/8 of 2/(L + g) lie below the limit, and the limit below 2/(L + g)",
    )


@repaired.shows("all L and gamma, every alpha above the limit; energy L h^2/2", part="exact limit, Phi", quick=False)
def sharpness_limit_with_strongly_convex_objective() -> Finding:
    """Above the limit the first step on L h^2/2 breaks the bound, from every proposal but 0."""
    before, after = quadratic_step(L)
    return prove(
        [alpha > exact_limit, before > 0],
        after > paper_factor * before,
        detail="Eq. 10 fails for alpha above the limit",
    )


@repaired.shows("all L >= 1/gamma, every alpha above the limit; energy L h^2/2", part="exact limit, energy")
def sharpness_limit_with_strongly_convex_energy() -> Finding:
    """Likewise in the first reading: for L >= g the two limits are one."""
    before, after = quadratic_step(L)
    return prove(
        [g <= L, alpha > (4 * L + 3 * g) / (2 * M**2), before > 0],
        after > paper_factor * before,
        detail="Eq. 10 fails for alpha above the limit, on an energy that is g-strongly convex",
    )


@repaired.shows(
    "all 7g/8 <= w < g <= L and alpha up to the limit; energy -w h^2/2", part="convexity is needed", quick=False
)
def sharpness_convexity_is_needed() -> Finding:
    """An L-smooth energy, Phi still strongly convex, but slower than Eq. 10."""
    w = sp.Symbol("w", positive=True)
    before, after = quadratic_step(-w)
    return prove(
        [7 * g / 8 <= w, w < g, g <= L, alpha <= exact_limit, before > 0],
        after > paper_factor * before,
        detail="on -w h^2/2 with 7g/8 <= w < g the error shrinks more slowly than Eq. 10 says",
    )


@repaired.samples(
    "drawn energies with curvature in [0, 10], up to three pieces, alpha up to the limit; k <= 4",
    quick=False,
    part=WHOLE,
)
def trajectories_up_to_the_limit(run: Run) -> Finding:
    """Exact trajectories of the wider reading, the limit included."""
    return drawn(run, cases(Fraction(0), repaired_limit, attained=True), too_slow_again, times=1)
