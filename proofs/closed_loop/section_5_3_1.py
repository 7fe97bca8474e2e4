"""Section 5.3.1: whether a small relative change of the state shows that it is near the equilibrium."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory import WHOLE, Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

m, M, alpha = sp.symbols("m M alpha", positive=True)
THRESHOLD = Fraction(1, 1000)
STEPS = 6

claim = Claim(
    id="section-5.3.1",
    title="small change as convergence",
    source="Section 5.3.1, and Section 3.2 on K = 16",
    statement=(
        "The relative change |h_{k+1} - h_k| / |h_k| is below 1e-3 by k = 6 on 94% of the tokens, so the iteration has "
        "converged within 8 steps."
    ),
    readings=(
        Reading(
            "stated",
            "The inference: for every energy with 0 < mu <= curvature <= L, every gamma, proposal, stable step size "
            "and k, relative changes below 1e-3 at h_0, ..., h_k imply that h_k is near h*, generously: |h_k - h*| "
            "<= |h_k|, a thousand times the threshold. The case in the text is k = 6.",
        ),
    ),
    repair="section-5.3.1-repaired",
    remark=(
        "A small step shows a small step size times a small slope. With energy = 0.05 (h - 11)^2, 1/gamma = alpha = "
        "1e-3 and f = 1 the relative change is 1e-3 at k = 0 and below it at every k >= 1, and after 6 steps h* is 9.8 "
        "times |h_6| away. "
        "What the step does show is in section-5.3.1-repaired: divide it by alpha m. The 94% itself cannot be "
        "recomputed from the paper."
    ),
)


@claim.shows("energies a (h - c)^2 / 2 with f = 1, all a, c, gamma and stable alpha; at k = 0", quick=False)
def small_change_on_quadratics() -> Finding:
    """The inference at k = 0."""
    a, c, g = sp.symbols("a c g", positive=True)  # g = 1/gamma
    star = (a * c + g) / (a + g)
    return prove(
        [alpha * (a + g) < 2, alpha * (a + g) * sp.Abs(1 - star) < sp.Rational(1, 1000)],
        sp.Abs(1 - star) <= 1,
        detail="relative change below 1e-3 implies |h_0 - h*| <= |h_0|",
    )


@claim.draws(
    "A counterexample on a quadratic, followed further: the rule stops at once, far from the equilibrium.",
    of="small_change_on_quadratics",
)
def change_against_error(finding: Finding) -> object:
    import torch

    from eqt_theory import GradientDescent, Objective, Quadratic, solve
    from eqt_theory.report.plots import relative_change

    at = {str(symbol): float(value) for symbol, value in (finding.witness or {}).items()}
    one = torch.ones(1, dtype=torch.float64)
    objective = Objective(Quadratic(at["a"] * one[None], -at["a"] * at["c"] * one), one, 1 / at["g"])
    run = solve(objective, GradientDescent(at["alpha"]), max_steps=60, record=True)
    star = (at["a"] * at["c"] + at["g"]) / (at["a"] + at["g"])
    return relative_change(run, star * one, threshold=float(THRESHOLD))


Case = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]
"""Energy, proposal, gamma, step size."""


def cases(low: Fraction) -> SearchStrategy[Case]:
    """Energies with curvature in [low, 10] and a step size in (0, 2/(L + 1/gamma))."""
    powers = st.sampled_from([Fraction(1), Fraction(10), Fraction(100), Fraction(1000)])

    def stable(case: Case) -> bool:
        energy, _, gamma, step = case
        return step * (energy.L + 1 / gamma) < 2

    drawn = st.tuples(piecewise_quadratics(low, 10, pieces=2), rationals(-3, 3), powers, powers.map(lambda p: 1 / p))
    return drawn.filter(stable)


def misleads(case: Case) -> bool | None:
    """Whether all changes up to k = 6 are small and h_6 is far; None where some change is not small."""
    energy, proposal, gamma, step = case
    states = descent(energy, proposal, gamma, step, STEPS + 1)
    if any(abs(b - a) >= THRESHOLD * abs(a) for a, b in zip(states, states[1:], strict=False)):
        return None
    return abs(states[STEPS] - equilibrium(energy, proposal, gamma)) > abs(states[STEPS])


def replay_states(case: Case, states: int) -> tuple[list[Fraction], Fraction]:
    """The states and the equilibrium once more, from the symbolic form of the energy."""
    energy, proposal, gamma, step = case
    h = sp.Symbol("h", real=True)
    slope = sp.diff(energy.symbolic(h), h) + (h - _exact(proposal)) / _exact(gamma)
    found = [proposal]
    while len(found) < states:
        found.append(found[-1] - step * _fraction(slope.subs(h, _exact(found[-1]))))
    (star,) = {root for root in _roots(slope, h)}
    return found, star


def _roots(slope: sp.Expr, h: sp.Symbol) -> set[Fraction]:
    """Zeros of an increasing piecewise linear function."""
    pieces = [piece for piece, _ in slope.args] if isinstance(slope, sp.Piecewise) else _pieces(slope)
    roots = {root for piece in pieces for root in sp.solve(piece, h)}
    return {_fraction(root) for root in roots if slope.subs(h, root) == 0}


def _pieces(slope: sp.Expr) -> list[sp.Expr]:
    folded = sp.piecewise_fold(slope)
    return [piece for piece, _ in folded.args] if isinstance(folded, sp.Piecewise) else [folded]


def _exact(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _fraction(value: sp.Expr) -> Fraction:
    exact = sp.Rational(value)
    return Fraction(int(exact.p), int(exact.q))


def misled(case: Case) -> Replay:
    """Curvature, step size and changes as stated; the distance not."""
    energy, _, gamma, step = case
    states, star = replay_states(case, STEPS + 2)
    changes = [
        (f"|h_{k + 1} - h_{k}| < |h_{k}|/1000", abs(b - a), "<", THRESHOLD * abs(a))
        for k, (a, b) in enumerate(zip(states, states[1:], strict=False))
    ]
    return exact_replay(
        [("mu > 0", energy.mu, ">", 0), ("alpha (L + 1/gamma) < 2", step * (energy.L + 1 / gamma), "<", 2), *changes],
        [("|h_6 - h*| <= |h_6|", abs(states[STEPS] - star), "<=", abs(states[STEPS]))],
    )


def describe(case: Case) -> dict[str, object]:
    energy, proposal, gamma, step = case
    return {"energy": str(energy), "f": proposal, "gamma": gamma, "alpha": step}


@claim.samples(
    "drawn energies with curvature in [1/10, 10], up to two pieces; the changes at k = 0, ..., 6", quick=False
)
def small_changes_on_drawn_energies(run: Run) -> Finding:
    """Six small changes, then the distance."""
    return property_check(
        cases(Fraction(1, 10)), misleads, replay=misled, run=run, describe=describe, detail="six small relative changes"
    )


enclosures = ("from below", "from above", "after the step", "attained")
repaired = Claim(
    id="section-5.3.1-repaired",
    title="what a small change does show",
    source="corrects Section 5.3.1",
    statement=(
        "With m |d|^2 <= <grad Phi(h) - grad Phi(h'), d> <= M |d|^2 for all pairs, 0 < m, and any alpha > 0: "
        "|h_{k+1} - h_k| / (alpha M) <= |h_k - h*| <= |h_{k+1} - h_k| / (alpha m), and |h_{k+1} - h*| <= "
        "s |h_{k+1} - h_k| with s = max(|1/(alpha m) - 1|, |1/(alpha M) - 1|), which is at most "
        "max(|1 - alpha m|, |1 - alpha M|)/(alpha m). All three are attained. So |h_{k+1} - h_k| <= delta alpha m "
        "|h_k| shows |h_k - h*| <= delta |h_k|, and no threshold that ignores alpha m shows anything: on 0.05 (h - "
        "11)^2 with 1/gamma = alpha = 1e-3 and f = 1 the relative change is below 1e-3 at every k >= 1, yet |h_6 - h*| "
        "> 9.8 |h_6|."
    ),
    readings=(
        Reading(
            "stated",
            "For every Phi of the class, every dimension, every state and every alpha > 0.",
            parts=(*enclosures, "relative test", "alpha m is needed", "every step passes"),
        ),
    ),
)

d, D = Space(("d", "D")).vectors
curved = [m <= M, *d.space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)]
move = alpha * D  # h_k - h_{k+1}; d = h_k - h*, D = grad Phi(h_k)


@repaired.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@repaired.shows("every Phi of the class, every dimension, every alpha > 0", part="from below", uses=lemma_interpolation)
def change_bounds_the_distance_from_below() -> Finding:
    """|h_{k+1} - h_k| <= alpha M |h_k - h*|."""
    return prove(curved, move.norm2 <= (alpha * M) ** 2 * d.norm2, detail="|h_{k+1} - h_k| <= alpha M |h_k - h*|")


@repaired.shows("every Phi of the class, every dimension, every alpha > 0", part="from above", uses=lemma_interpolation)
def change_bounds_the_distance_from_above() -> Finding:
    """|h_k - h*| <= |h_{k+1} - h_k| / (alpha m)."""
    return prove(curved, (alpha * m) ** 2 * d.norm2 <= move.norm2, detail="alpha m |h_k - h*| <= |h_{k+1} - h_k|")


rho = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
ahead = sp.Max(sp.Abs(1 / (alpha * m) - 1), sp.Abs(1 / (alpha * M) - 1))


@repaired.shows("every Phi of the class, every dimension", part="after the step", quick=False, uses=lemma_interpolation)
def change_bounds_the_next_distance() -> Finding:
    """|h_{k+1} - h*| <= s |h_{k+1} - h_k|."""
    return prove(
        curved,
        [gradient_step(d, D, alpha).norm2 <= ahead**2 * move.norm2, ahead <= rho / (alpha * m)],
        detail="|h_{k+1} - h*| <= max(|1/(alpha m) - 1|, |1/(alpha M) - 1|) |h_{k+1} - h_k|",
    )


@repaired.shows("all parameters; Phi = m h^2/2 and Phi = M h^2/2 in one dimension", part="attained")
def sharpness_bounds_are_attained() -> Finding:
    """On the two extreme quadratics each bound is an equation."""
    h = sp.Symbol("h", positive=True)
    steps = []
    for curvature, text in ((m, "m"), (M, "M")):
        after = h - alpha * sp.diff(curvature * h**2 / 2, h)
        steps.append((f"|h_k - h*| = |h_k+1 - h_k|/(alpha {text})", (h - after) / (alpha * curvature), h))
        steps.append(
            (f"h_k+1 - h* = (1/(alpha {text}) - 1)(h_k - h_k+1)", (h - after) / (alpha * curvature) - h + after, after)
        )
    return derive(steps, "the bounds are attained by the quadratics of curvature m and M")


@repaired.shows(
    "every Phi of the class, every dimension, every delta > 0",
    part="relative test",
    quick=False,
)
def relative_test() -> Finding:
    """The threshold delta alpha m."""
    delta, size = sp.symbols("delta size", positive=True)  # size = |h_k|^2
    return prove(
        [*curved, move.norm2 <= (delta * alpha * m) ** 2 * size],
        d.norm2 <= delta**2 * size,
        detail="|h_{k+1} - h_k| <= delta alpha m |h_k| implies |h_k - h*| <= delta |h_k|",
    )


@repaired.shows(
    "every threshold eps > 0 and every factor C; Phi = m |h - h*|^2 / 2", part="alpha m is needed", quick=False
)
def sharpness_no_threshold_without_alpha_m() -> Finding:
    """For alpha m < eps / C the change is below eps |h| and the distance C |h|."""
    eps, factor, h, star = sp.symbols("eps C h star", positive=True)
    return prove(
        [alpha * m < eps / factor, alpha * m < 2, sp.Eq(star, h + factor * h)],
        [alpha * m * (star - h) < eps * h, star - h >= factor * h],
        detail="for every eps and C there is a quadratic with relative change below eps and |h - h*| = C |h|",
    )


@repaired.shows("energy = 0.05 (h - 11)^2, 1/gamma = alpha = 1e-3, f = 1; every k >= 1", part="every step passes")
def sharpness_every_step_passes() -> Finding:
    """Closed form h_k = h* + q^k (1 - h*), q = 1 - alpha (1/10 + 1/1000); x stands for q^k, so for every k at once."""
    x, y = sp.symbols("x y", positive=True)
    curvature, damping = sp.Rational(1, 10), sp.Rational(1, 1000)
    slope = sp.Rational(101, 1000)
    q, star = 1 - slope / 1000, (11 * curvature + damping) / slope
    h, sixth = star + x * (1 - star), star + y * (1 - star)
    return prove(
        [x <= q, sp.Eq(y, q**STEPS)],
        [slope / 1000 * (star - h) < h / 1000, star - sixth > sp.Rational(98, 10) * sixth],
        detail="the relative change is below 1e-3 at every k >= 1, and |h_6 - h*| > 9.8 |h_6|",
    )


@repaired.samples(
    "drawn energies with curvature in [1/10, 10], up to two pieces, at k = 0, ..., 6", part=WHOLE, quick=False
)
def bounds_on_drawn_energies(run: Run) -> Finding:
    """The three bounds in exact fractions."""
    return property_check(
        cases(Fraction(1, 10)), breaks_a_bound, replay=bounds_again, run=run, describe=describe, detail="three bounds"
    )


def breaks_a_bound(case: Case) -> bool:
    energy, proposal, gamma, step = case
    low, high = step * (energy.mu + 1 / gamma), step * (energy.L + 1 / gamma)
    star, states = equilibrium(energy, proposal, gamma), descent(energy, proposal, gamma, step, STEPS + 1)
    ahead = max(abs(1 / low - 1), abs(1 / high - 1))
    return any(
        not (low * abs(a - star) <= abs(b - a) <= high * abs(a - star) and abs(b - star) <= ahead * abs(b - a))
        for a, b in zip(states, states[1:], strict=False)
    )


def bounds_again(case: Case) -> Replay:
    energy, _, gamma, step = case
    low, high = step * (energy.mu + 1 / gamma), step * (energy.L + 1 / gamma)
    states, star = replay_states(case, STEPS + 2)
    lines = []
    for k, (a, b) in enumerate(zip(states, states[1:], strict=False)):
        lines.append((f"alpha m |h_{k} - h*| <= change", low * abs(a - star), "<=", abs(b - a)))
        lines.append((f"change <= alpha M |h_{k} - h*|", abs(b - a), "<=", high * abs(a - star)))
        ahead = max(abs(1 / low - 1), abs(1 / high - 1))
        lines.append((f"|h_{k + 1} - h*| <= s change", abs(b - star), "<=", ahead * abs(b - a)))
    return exact_replay([("mu > 0", energy.mu, ">", 0)], lines)
