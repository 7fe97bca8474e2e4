"""Eq. 27: how many steps reach an accuracy, by the rate of Theorem 2; and how many are really needed."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sympy.core.relational import Relational

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, inconclusive
from eqt_theory.engines import gram
from eqt_theory.engines.exact import PiecewiseQuadratic, Twin, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.interval import certify, certify_boxes, enclose, replay_in_balls
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

mu, L, g, alpha = sp.symbols("mu L g alpha", positive=True)  # g = 1/gamma
kappa, m, M = L / mu, mu + g, L + g
shrink = 2 * alpha * mu / (1 + kappa)  # Eq. 26 reads rho = 1 - shrink, Eq. 27 K >= ln(1/eps)/shrink
tight_rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
in_range = [mu <= L, alpha < 2 / (mu + L + g)]
x = sp.Symbol("x", positive=True)

claim = Claim(
    id="equation-27",
    title="steps to reach an accuracy",
    source="Theorem 2, Eq. 27",
    statement=(
        "Under the hypotheses of Theorem 2, K >= (1 + kappa)/(2 mu alpha) log(1/eps) steps suffice for "
        "|h_K - h*| <= eps |h_0 - h*|, 0 < eps < 1, kappa = L/mu."
    ),
    readings=(
        Reading(
            "stated",
            "Natural logarithm; every energy with curvature in [mu, L], every d, gamma, proposal, alpha in the range "
            "of Eq. 25, and every whole K from there on. With x = 2 alpha mu/(1 + kappa) one step shrinks the distance "
            "by 1 - x, and F(s) = exp(-s x) (1 - (1 - s) x) rises from F(0) = 1 - x to F(1) = exp(-x).",
            parts=("one step", "0 < x <= 1", "F", "F rises", "K steps"),
        ),
        Reading(
            "sharper",
            "Fewer steps suffice. With r = max(|1 - alpha m|, |1 - alpha M|), m = mu + 1/gamma, M = L + 1/gamma: where "
            "r > 0, every K >= ln(1/eps)/ln(1/r), a number below that of Eq. 27, and no smaller K suffices for the "
            "class; for alpha <= 2/(m + M) Eq. 27 asks for more than (mu + 1/gamma)(mu + L)/(2 mu^2) times it. r = 0 "
            "only for mu = L and alpha = 1/m, and there one step suffices, and none does not.",
            Relation.SHARPER,
            parts=("one step", "K steps", "fewer", "how many times fewer", "no fewer suffice", "r = 0", "the example"),
        ),
    ),
    remark=(
        "At mu = 0.1, L = 10, gamma = 1, alpha = 0.1 and eps = 1/35 Eq. 27 asks for 17,955 steps; 31 are enough, and "
        "one of the energies needs them. The logarithm has to be the natural one."
    ),
)

d, D = Space(("d", "D")).vectors  # d = h - h*, D = grad Phi(h)
of_phi = [d.norm2 > 0, m * d.norm2 <= D @ d, D @ d <= M * d.norm2, SmoothClass(m, M).gradients(d, D)]


@claim.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@claim.shows("every energy of the class, every dimension", part="one step", quick=False, uses=lemma_interpolation)
def contraction_by_the_paper_rate() -> Finding:
    """|h+ - h*| <= (1 - x) |h - h*|."""
    return prove(
        [*in_range, *of_phi],
        [gradient_step(d, D, alpha).norm2 <= tight_rate**2 * d.norm2, tight_rate <= 1 - shrink],
        detail="one step shrinks the distance by 1 - x at least",
    )


@claim.shows("all parameters in the range", part="0 < x <= 1")
def shrink_is_a_share() -> Finding:
    """X = 2 alpha mu/(1 + kappa) lies in (0, 1]."""
    return prove(in_range, [shrink > 0, shrink <= 1], detail="0 < x <= 1")


s = sp.Symbol("s", nonnegative=True)
bridge = sp.exp(-s * x) * (1 - (1 - s) * x)  # F(s)


@claim.shows("all x", part="F")
def bridge_from_rate_to_exponential() -> Finding:
    """F(0), F(1) and F'."""
    return derive(
        [
            ("F(0) = 1 - x", bridge.subs(s, 0), 1 - x),
            ("F(1) = exp(-x)", bridge.subs(s, 1), sp.exp(-x)),
            ("F'(s) = (1 - s) x^2 exp(-s x)", sp.diff(bridge, s), (1 - s) * x**2 * sp.exp(-s * x)),
        ],
        "F runs from 1 - x at s = 0 to exp(-x) at s = 1, with slope (1 - s) x^2 exp(-s x)",
    )


@claim.shows(
    "all x > 0, 0 <= s < 1; E stands for exp(-s x) > 0",
    part="F rises",
    cites="the mean value theorem",
)
def bridge_rises() -> Finding:
    """F' > 0, so 1 - x < exp(-x) by the mean value theorem."""
    exponential = sp.Symbol("E", positive=True)
    return prove([s < 1], (1 - s) * x**2 * exponential > 0, detail="F' > 0 on [0, 1), so 1 - x = F(0) < F(1) = exp(-x)")


@claim.shows("all x in (0, 1], 0 < eps < 1 and K", part="K steps")
def powers_of_the_exponential() -> Finding:
    """(1 - x)^K <= exp(-x)^K = exp(-x K), which falls in K and is eps at K = ln(1/eps)/x."""
    count, eps = sp.symbols("K eps", positive=True)
    return derive(
        [
            ("exp(-x)^K = exp(-x K)", sp.exp(-x) ** count, sp.exp(-x * count)),
            ("its slope in K is -x times itself", sp.diff(sp.exp(-x * count), count), -x * sp.exp(-x * count)),
            ("at K = ln(1/eps)/x it is eps", sp.exp(-x * count).subs(count, sp.log(1 / eps) / x), eps),
        ],
        "(1 - x)^K <= exp(-x K) <= eps for every K >= ln(1/eps)/x",
    )


@claim.shows(
    "every energy of the class, every dimension, all parameters in the range",
    reading="sharper",
    part="one step",
    quick=False,
    uses=lemma_interpolation,
)
def contraction_by_the_tight_rate() -> Finding:
    """|h+ - h*| <= r |h - h*|, r < 1."""
    return prove(
        [*in_range, *of_phi],
        [gradient_step(d, D, alpha).norm2 <= tight_rate**2 * d.norm2, tight_rate < 1],
        detail="one step shrinks the distance by r < 1",
    )


@claim.shows("all 0 < r < 1, 0 < eps < 1 and K > 0; r = exp(-y)", reading="sharper", part="K steps")
def powers_of_the_rate() -> Finding:
    """r^K = exp(-y K) falls in K and is eps at K = ln(1/eps)/ln(1/r): so r^K <= eps exactly from there on."""
    count, eps, y = sp.symbols("K eps y", positive=True)
    power = sp.exp(-y) ** count
    return derive(
        [
            ("ln(1/r) = y", sp.log(1 / sp.exp(-y)), y),
            ("its slope in K is -y times itself", sp.diff(power, count), -y * power),
            ("at K = ln(1/eps)/y it is eps", power.subs(count, sp.log(1 / eps) / y), eps),
        ],
        "r^K <= eps exactly for K >= ln(1/eps)/ln(1/r)",
    )


@claim.shows(
    "all parameters in the range with r = 0, every dimension",
    reading="sharper",
    part="r = 0",
    quick=False,
    uses=lemma_interpolation,
)
def rate_zero() -> Finding:
    """Then grad Phi(h) = m (h - h*), and one step ends at h*; before it the distance is |h_0 - h*|."""
    return at_rate_zero(1)


def at_rate_zero(steps: int) -> Finding:
    """Whether so many steps end at h* where r = 0."""
    after = d.norm2 if steps == 0 else gradient_step(d, D, alpha).norm2
    return prove(
        [*in_range, *of_phi, *d.space.positive_semidefinite, sp.Eq(tight_rate, 0)],
        [sp.Eq(mu, L), sp.Eq(alpha * m, 1), sp.Eq(after, 0)],
        detail="r = 0 needs mu = L and alpha = 1/m, and then one step ends at h*",
    )


@claim.shows("all parameters in the range", reading="sharper", part="fewer", quick=False)
def tight_rate_asks_for_fewer() -> Finding:
    """By r < 1 - x <= exp(-x), ln(1/r) > x."""
    return prove(in_range, tight_rate < 1 - shrink, detail="r < 1 - x <= exp(-x), so ln(1/eps)/ln(1/r) < ln(1/eps)/x")


@claim.shows("all parameters with alpha <= 2/(m + M)", reading="sharper", part="how many times fewer", quick=False)
def loosened_by() -> Finding:
    """Here r = 1 - y with y = alpha m, and 1 - y < exp(-y) gives ln(1/r) > y."""
    factor = (mu + g) * (mu + L) / (2 * mu**2)
    return prove(
        [mu <= L, alpha <= 2 / (m + M)],
        [sp.Eq(tight_rate, 1 - alpha * m), sp.Eq(alpha * m, factor * shrink), factor > 1],
        detail="ln(1/r) > alpha m = (mu + g)(mu + L)/(2 mu^2) x",
    )


@claim.shows("all parameters; energies mu h^2/2 and L h^2/2", reading="sharper", part="no fewer suffice")
def sharpness_no_fewer_suffice() -> Finding:
    """On one of the two the distance after K steps is r^K |h_0 - h*|."""
    h, f = sp.symbols("h f", real=True)

    def after(curvature: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        slope = curvature * h + g * (h - f)
        (star,) = sp.solve(slope, h)
        return h - alpha * slope - star, h - star

    low, high = after(mu), after(L)
    return derive(
        [
            ("on mu h^2/2 a step multiplies the error by 1 - alpha m", low[0], (1 - alpha * m) * low[1]),
            ("on L h^2/2 a step multiplies the error by 1 - alpha M", high[0], (1 - alpha * M) * high[1]),
        ],
        "r is attained in every step, so fewer than ln(1/eps)/ln(1/r) steps leave more than eps",
    )


def certified(relations: list[Relational], detail: str) -> Finding:
    """CERTIFIED when ball arithmetic shows every relation, REFUTED when it shows that one fails."""
    truths = [certify(relation) for relation in relations]
    if False in truths:
        again = replay_in_balls([], relations, {})
        return Finding(Verdict.REFUTED, Method.INTERVAL, f"{detail}: fails", witness={}, replay=again)
    if None in truths:
        return inconclusive(Method.INTERVAL, f"{detail}: {relations[truths.index(None)]} is not decided")
    values = {str(r.lhs): str(enclose(r.lhs)) for r in relations}
    return certify_boxes(relations, {}).certified(detail, values)


@claim.shows("mu = 0.1, L = 10, gamma = 1, alpha = 0.1, eps = 1/35", reading="sharper", part="the example")
def counts_at_the_example() -> Finding:
    """Both counts enclosed between whole numbers, and the factor."""
    numbers = {mu: sp.Rational(1, 10), L: sp.Integer(10), g: sp.Integer(1), alpha: sp.Rational(1, 10)}
    log, one_step = sp.log(35), shrink.subs(numbers)
    by_paper, by_tight = log / one_step, log / sp.log(1 / tight_rate.subs(numbers))
    factor = ((mu + g) * (mu + L) / (2 * mu**2)).subs(numbers)
    return certified(
        [
            *(sp.Gt(by_paper, 17954, evaluate=False), sp.Le(by_paper, 17955, evaluate=False)),
            *(sp.Gt(by_tight, 30, evaluate=False), sp.Le(by_tight, 31, evaluate=False)),
            sp.Eq(2 * factor, 1111, evaluate=False),
            sp.Gt(by_paper / by_tight, factor, evaluate=False),
        ],
        "Eq. 27 asks for 17,955 steps where 31 suffice; (mu + g)(mu + L)/(2 mu^2) = 555.5",
    )


@claim.shows("energy = 0.05 h^2 at these numbers", reading="sharper", part="the example")
def count_on_the_slowest_energy() -> Finding:
    """The trajectory itself, in fractions: 30 steps are too few, 31 enough."""
    energy = PiecewiseQuadratic.quadratic(Fraction(1, 10))
    case = (energy, Fraction(1), Fraction(1), Fraction(1, 10))
    star, states = equilibrium(*case[:3]), descent(*case, 31)
    ratios = [abs(h - star) / abs(states[0] - star) for h in states]
    again = exact_replay(
        [], [("30 steps", ratios[30], ">", Fraction(1, 35)), ("31", ratios[31], "<=", Fraction(1, 35))]
    )
    text = "on 0.05 h^2 the distance has shrunk 35 times after 31 steps and not after 30"
    if again.confirms:
        return Finding(Verdict.REFUTED, Method.EXACT, text, witness={"energy": str(energy)}, replay=again)
    return Finding(Verdict.CERTIFIED, Method.EXACT, text, enclosures={"after 31 steps": ratios[31]})


Case = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction, int]
"""Energy, proposal, gamma, step size, K."""


def share_per_step(case: Case) -> Fraction:
    """X of this energy: its own curvatures are the best constants that the statement may be given."""
    energy, _, _, step, _ = case
    return 2 * step * energy.mu / (1 + energy.L / energy.mu)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Energies with curvature in [1/10, 10], alpha in the range of Eq. 25 and K up to 12."""
    energy, gamma = draw(piecewise_quadratics(Fraction(1, 10), 10)), draw(st.sampled_from([Fraction(1), Fraction(100)]))
    step = draw(shares()) * 2 / (energy.mu + energy.L + 1 / gamma)
    return energy, draw(rationals(-3, 3)), gamma, step, draw(st.integers(1, 12))


def accuracy(case: Case, asked: Fraction) -> Fraction:
    """An eps just above exp(-K x/asked), so that K is just enough for `asked` times the steps of Eq. 27."""
    power = -case[4] * share_per_step(case) / asked
    return enclose(sp.exp(sp.Rational(power.numerator, power.denominator))).high


def steps_on_drawn(run: Run, asked: Fraction = Fraction(1), strategy: SearchStrategy[Case] | None = None) -> Finding:
    """Whether `asked` times the steps of Eq. 27 are enough on drawn energies."""

    def too_few(case: Case) -> bool:
        energy, proposal, gamma, step, count = case
        star, states = equilibrium(energy, proposal, gamma), descent(energy, proposal, gamma, step, count)
        return abs(states[-1] - star) > accuracy(case, asked) * abs(proposal - star)

    def again(case: Case) -> Replay:
        energy, proposal, _, step, count = case
        twin, star, eps = Twin(*case[:3]), equilibrium(*case[:3]), accuracy(case, asked)
        left = abs(twin.descent(step, count)[-1] - star)
        exact = exact_replay(
            [("mu > 0", energy.mu, ">", 0), ("Phi'(h*) = 0", twin.slope(star), "=", 0)],
            [("|h_K - h*| <= eps |h_0 - h*|", left, "<=", eps * abs(proposal - star))],
        )
        enough = sp.Ge(count * sp.Rational(share_per_step(case)), sp.Rational(asked) * sp.log(1 / sp.Rational(eps)))
        in_balls = replay_in_balls([("K is enough", enough)], [], {})
        return Replay(Arithmetic.BALL, exact.hypotheses + in_balls.hypotheses, exact.conclusions)

    return property_check(
        cases() if strategy is None else strategy,
        too_few,
        replay=again,
        run=run,
        describe=lambda c: dict(zip(("energy", "f", "gamma", "alpha", "K"), (str(c[0]), *c[1:]), strict=True)),
        detail="Eq. 27" if asked == 1 else f"{asked} of Eq. 27",
    )


@claim.samples("drawn energies with curvature in [1/10, 10], up to three pieces, K <= 12", part=WHOLE, quick=False)
def steps_on_drawn_energies(run: Run) -> Finding:
    """Exact trajectories, eps enclosed in ball arithmetic."""
    return steps_on_drawn(run)
