"""Theorem 2: refinement converges linearly when the energy is strongly convex; and what is tight and more general."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import WHOLE, Claim, Finding, Reading, Relation, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import Line, PiecewiseQuadratic, Twin, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import Refinement, refinements
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

mu, L, g, alpha = sp.symbols("mu L g alpha", positive=True)
w = sp.Symbol("w", real=True)
low, high = sp.symbols("m M", positive=True)
m, M = mu + g, L + g
paper_rate = 1 - 2 * alpha * mu / (1 + L / mu)
tight_rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
paper_class = [mu <= L]
paper_range = [alpha < 2 / (mu + L + g)]

claim = Claim(
    id="theorem-2",
    title="linear convergence under strong convexity",
    source="Theorem 2, Eqs. 25 and 26, under Assumption 4.2",
    statement=(
        "If mu |d|^2 <= <grad energy(h) - grad energy(h'), d> <= L |d|^2 for all pairs, d = h - h', 0 < mu <= L, and "
        "0 < alpha < 2/(mu + L + 1/gamma), then |h_k - h*| <= rho^k |h_0 - h*| with "
        "rho = 1 - 2 alpha mu/(1 + kappa), kappa = L/mu."
    ),
    readings=(
        Reading(
            "stated",
            "For every such energy on R^d, every d, every proposal and all parameters: 0 <= rho < 1, and one step "
            "brings the state closer to h* by the factor rho at least; the k-th power follows by induction.",
            parts=("rho in [0, 1)", "one step"),
        ),
        Reading(
            "sharper",
            "The factor max(|1 - alpha m|, |1 - alpha M|), m = mu + g, M = L + g, g = 1/gamma, is strictly smaller; "
            "and Eq. 26 stays true up to alpha = 2/(L + g + 2 mu^2/(mu + L)), beyond the stated range.",
            Relation.SHARPER,
            parts=("rate", "range"),
        ),
    ),
    repair="theorem-2-repaired",
    symbols=(mu, L, g),
    assumes=(mu <= L,),
)

space = Space(("d", "D"))
d, D = space.vectors


def _one_step(lower: sp.Expr, upper: sp.Expr) -> list[sp.Basic]:
    """What is known of two states and the gradients of Phi there: the definition of the class and what follows."""
    defined = [lower * d.norm2 <= D @ d, D @ d <= upper * d.norm2]
    return [d.norm2 > 0, *defined, SmoothClass(lower, upper).gradients(d, D)]


defined = "convexity and the descent lemma"


@claim.lemma("every function of the class with lower curvature below the upper one", cites=defined)
def lemma_interpolation() -> Finding:
    """The inequality that the other proofs rest on follows from the definition of the class."""
    return gram.interpolation()


@claim.shows("all mu <= L, gamma and alpha in the stated range", part="rho in [0, 1)")
def factor_is_a_contraction() -> Finding:
    return prove([*paper_class, *paper_range], [paper_rate >= 0, paper_rate < 1], detail="0 <= rho < 1")


@claim.shows("every energy of the class, every dimension", part="one step", quick=False, uses=lemma_interpolation)
def contraction_bound() -> Finding:
    """One gradient step on Phi contracts by Eq. 26."""
    step = gradient_step(d, D, alpha)
    return prove(
        [*paper_class, *paper_range, *_one_step(m, M)],
        [step.norm2 <= tight_rate**2 * d.norm2, tight_rate <= paper_rate],
        detail="one step contracts by max(|1 - alpha m|, |1 - alpha M|), which is at most rho",
    )


@claim.shows("all parameters in the stated range", reading="sharper", part="rate", quick=False)
def tight_factor_is_smaller() -> Finding:
    return prove([*paper_class, *paper_range], tight_rate < paper_rate, detail="the tight factor is below rho")


@claim.shows("every energy of the class, all alpha up to the wider limit", reading="sharper", part="range", quick=False)
def range_is_wider() -> Finding:
    """Eq. 26 holds on a wider range than Eq. 25."""
    limit = 2 / (L + g + 2 * mu**2 / (mu + L))
    return prove(
        [*paper_class, alpha <= limit],
        [tight_rate <= paper_rate, sp.Implies(mu < L, limit > 2 / (mu + L + g)), limit >= 2 / (mu + L + g)],
        detail="Eq. 26 holds up to alpha = 2/(L + g + 2 mu^2/(mu + L)), above the limit of Eq. 25 where mu < L",
    )


@claim.draws(
    "Step sizes for L = 10 and gamma = 1, from well to badly conditioned energies. Eq. 25 leaves out a part of the "
    "range in which every energy contracts; the shade is the tight factor, at mu = 0.1 and alpha = 0.1 it is 0.89."
)
def stated_and_exact_range() -> object:
    from eqt_theory.report.plots import phase_diagram

    return phase_diagram(None, 10, kappa=(1, 1000), points=[(0.1, 100)])


STEPS = 6


def stated_limit(energy: PiecewiseQuadratic, damping: Fraction) -> Fraction:
    return 2 / (energy.mu + energy.L + damping)


def repaired_limit(energy: PiecewiseQuadratic, damping: Fraction) -> Fraction:
    return 2 / (energy.L + damping)


def stated_rate(case: Refinement) -> Fraction:
    energy, _, _, step, _ = case
    return 1 - 2 * step * energy.mu / (1 + energy.L / energy.mu)


def repaired_rate(case: Refinement) -> Fraction:
    energy, _, gamma, step, _ = case
    return max(abs(1 - step * (curvature + 1 / gamma)) for curvature in (energy.mu, energy.L))


def trajectory_bounds(case: Refinement, rate: Fraction, phi: PiecewiseQuadratic | Twin) -> list[Line]:
    """Distance, gradient and gap along a trajectory."""
    star, states = equilibrium(*case[:3]), [case[4]]
    slope = phi.slope if isinstance(phi, Twin) else phi.derivative
    while len(states) <= STEPS:
        states.append(states[-1] - case[3] * slope(states[-1]))
    gaps = [phi.value(h) - phi.value(star) for h in states]
    lines: list[Line] = []
    for k in range(1, STEPS + 1):
        lines += [
            (f"|h_{k} - h*| <= rate^{k} |h_0 - h*|", abs(states[k] - star), "<=", rate**k * abs(states[0] - star)),
            (f"|Phi'| shrinks by the rate, k = {k}", abs(slope(states[k])), "<=", rate * abs(slope(states[k - 1]))),
            (f"Phi - Phi* shrinks by its square, k = {k}", gaps[k], "<=", rate**2 * gaps[k - 1]),
        ]
    return lines


def on_drawn(
    run: Run, strategy: st.SearchStrategy[Refinement], rate: Callable[[Refinement], Fraction], bounds: str = ""
) -> Finding:
    """The bounds (those whose text begins so) along exact trajectories of drawn energies."""

    def lines(case: Refinement, phi: PiecewiseQuadratic | Twin) -> list[Line]:
        return [line for line in trajectory_bounds(case, rate(case), phi) if line[0].startswith(bounds)]

    def again(case: Refinement) -> Replay:
        twin, convex = Twin(*case[:3]), ("Phi is strongly convex", case[0].mu + 1 / case[2], ">", 0)
        stationary = ("Phi'(h*) = 0", twin.slope(equilibrium(*case[:3])), "=", 0)
        return exact_replay([convex, stationary], lines(case, twin))

    return property_check(
        strategy,
        lambda case: exact_replay([], lines(case, case[0].plus(1 / case[2], case[1]))).confirms,
        replay=again,
        run=run,
        describe=lambda case: dict(
            zip(("energy", "f", "gamma", "alpha", "h_0"), (str(case[0]), *case[1:]), strict=True)
        ),
        detail=f"all {STEPS} steps keep to the rate",
    )


@claim.samples("curvature in [1/10, 10], up to three pieces, alpha in the stated range", part=WHOLE, quick=False)
def trajectories_of_drawn_energies(run: Run) -> Finding:
    return on_drawn(run, refinements(Fraction(1, 10), stated_limit), stated_rate, "|h_")


facts = ("class inequality", "unique minimiser", "range", "distance", "gradient", "best step")
others = ("tight", "w < g is needed", "gap, short steps", "gap, long steps", "gap, m = M")
repaired = Claim(
    id="theorem-2-repaired",
    rocq=["theorem_2", "one_stationary_point", "rate_is_attained", "best_step", "contracts_exactly_below_two_over_M"],
    title="linear convergence under weak convexity, tight",
    source="strengthens Theorem 2",
    statement=(
        "If -w |d|^2 <= <grad energy(h) - grad energy(h'), d> <= L |d|^2 for all pairs, L > 0, L >= -w and w < g = "
        "1/gamma (w of any sign), put m = g - w, M = g + L, rho = max(|1 - alpha m|, |1 - alpha M|). Phi has exactly "
        "one minimiser h*; for 0 < alpha < 2/M and only then rho < 1, and |h_k - h*| <= rho^k |h_0 - h*|, for every "
        "start and dimension. The same rho bounds |grad Phi|, rho^2 bounds Phi - Phi*; no smaller factor holds for the "
        "class; the best step is 2/(m + M). The condition w < g cannot be weakened."
    ),
    readings=(
        Reading(
            "stated",
            "For every such energy on R^d, every d, every proposal and start, and all parameters.",
            parts=(*facts, *others),
        ),
    ),
)

m_, M_ = g - w, g + L
weak_class = [w < g, -w <= L]
rho = sp.Max(sp.Abs(1 - alpha * m_), sp.Abs(1 - alpha * M_))


repaired.shows("every function of the class, -w < L", part="class inequality", cites=defined)(lemma_interpolation)


@repaired.shows("every energy of the class", part="unique minimiser", quick=False, cites="Banach's fixed point theorem")
def one_equilibrium() -> Finding:
    """Two stationary points of Phi coincide; one exists since the step at alpha = 1/M contracts (Banach)."""
    step = gradient_step(d, D, 1 / M_)
    contracts = sp.Max((1 - m_ / M_) ** 2, 0)
    return prove(
        [*weak_class, M_ > 0, *space.positive_semidefinite, SmoothClass(m_, M_).gradients(d, D)],
        [sp.Implies(sp.Eq(D.norm2, 0), sp.Eq(d.norm2, 0)), step.norm2 <= contracts * d.norm2, contracts < 1],
        detail="stationary points coincide, and the gradient map with alpha = 1/M contracts, so it has a fixed point",
    )


@repaired.shows("all parameters", part="range", quick=False)
def contracts_exactly_below_two_over_M() -> Finding:  # noqa: N802
    """The factor is below 1 if and only if alpha < 2/M."""
    return prove(weak_class, sp.Equivalent(rho < 1, alpha * M_ < 2), detail="rho < 1 exactly for 0 < alpha < 2/M")


@repaired.shows("every energy of the class, every dimension, all alpha > 0", part="distance", quick=False)
def distance_contracts() -> Finding:
    about = "the distance of any two trajectories, so also to h*, shrinks by rho in each step"
    return prove([*weak_class, *_one_step(m_, M_)], gradient_step(d, D, alpha).norm2 <= rho**2 * d.norm2, detail=about)


@repaired.shows("every energy of the class, every dimension, all alpha > 0", part="gradient", quick=False)
def gradient_contracts() -> Finding:
    """|grad Phi(h+)| <= rho |grad Phi(h)|: the pair h, h+ has d = alpha grad Phi(h), D = grad Phi(h) - grad Phi(h+)."""
    about = "|grad Phi| shrinks by rho in each step"
    return prove([*weak_class, *_one_step(m_, M_)], (d / alpha - D).norm2 <= rho**2 * (d / alpha).norm2, detail=about)


@repaired.shows("every Phi with 0 < m < M, every dimension, alpha <= 2/(m + M)", part="gap, short steps", quick=False)
def gap_contracts_short_steps() -> Finding:
    return gram.gap_after_step(low, high, alpha, 1 - alpha * low, [alpha <= 2 / (low + high)])


@repaired.shows("every Phi with 0 < m < M, 2/(m + M) <= alpha < 2/M", part="gap, long steps", quick=False)
def gap_contracts_long_steps() -> Finding:
    return gram.gap_after_step(low, high, alpha, alpha * high - 1, [alpha >= 2 / (low + high), alpha < 2 / high])


@repaired.shows("all parameters; the energies -w h^2/2 and L h^2/2 in one dimension", part="tight")
def sharpness_rate_is_attained() -> Finding:
    """On the two extreme quadratics of the class the factor is attained in every step."""
    h, f = sp.symbols("h f", real=True)

    def step(curvature: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        phi = curvature * h**2 / 2 + g * (h - f) ** 2 / 2
        star = sp.solve(sp.diff(phi, h), h)[0]
        return h - alpha * sp.diff(phi, h) - star, h - star

    low, high = step(-w), step(L)
    return derive(
        [
            ("on -w h^2/2 the error is multiplied by 1 - alpha m", low[0], (1 - alpha * m_) * low[1]),
            ("on L h^2/2 the error is multiplied by 1 - alpha M", high[0], (1 - alpha * M_) * high[1]),
        ],
        "the factor max(|1 - alpha m|, |1 - alpha M|) is attained by a quadratic of the class, in every step",
    )


@repaired.draws("Safe (alpha, gamma) for energies with curvature in [-1, 10]: Eq. 25 has no range here, since mu < 0.")
def safe_plane() -> object:
    from eqt_theory.report.plots import phase_diagram

    return phase_diagram(-1, 10, gamma=(0.05, 5), points=[(0.1, 0.5)])


@repaired.shows("all parameters", part="best step", quick=False)
def best_step_is_two_over_m_plus_M() -> Finding:  # noqa: N802
    """No step size has a smaller factor than 2/(m + M), which gives (M - m)/(M + m)."""
    best = (M_ - m_) / (M_ + m_)
    at_best = sp.Max(sp.Abs(1 - 2 * m_ / (m_ + M_)), sp.Abs(1 - 2 * M_ / (m_ + M_)))
    about = "rho >= (M - m)/(M + m), with equality at alpha = 2/(m + M)"
    return prove([*weak_class, m_ + M_ > 0], [sp.Eq(at_best, best), rho >= best], detail=about)


@repaired.shows("w = g; every factor q < 1 and every alpha > 0", part="w < g is needed", quick=False)
def sharpness_w_equal_g() -> Finding:
    """At w = g no factor below 1 holds: Phi = h^4/4, continued by its Taylor parabolas beyond |h| = 1."""
    h = sp.Symbol("h", positive=True)
    q = sp.Symbol("q", nonnegative=True)
    phi = h**4 / 4
    slow = sp.Min(1, sp.sqrt((1 - q) / (2 * alpha)))
    return prove(
        [q < 1, sp.Eq(h, slow)],
        [h - alpha * sp.diff(phi, h) > q * h, sp.diff(phi, h, 2) >= 0, sp.diff(phi, h, 2) <= 3],
        detail="for every q < 1 and alpha > 0 there is a state from which a step on h^4/4 leaves more than q of it",
    )


@repaired.shows("m = M, every dimension, every alpha", part="gap, m = M")
def gap_contracts_where_m_equals_M() -> Finding:  # noqa: N802
    """The class inequality leaves D = M d, so Phi - Phi* = |D|^2/(2M), and D shrinks by 1 - alpha M."""
    return prove(
        [M_ > 0, *space.positive_semidefinite, SmoothClass(M_, M_).gradients(d, D)],
        [sp.Eq((D - M_ * d).norm2, 0), sp.Eq((D - alpha * M_ * D).norm2, (1 - alpha * M_) ** 2 * D.norm2)],
        detail="for m = M, grad Phi(h) = M (h - h*), and Phi - Phi* shrinks by (1 - alpha M)^2",
    )


@repaired.samples("curvature in [-9/10 g, 10], up to three pieces, all alpha < 2/M", part=WHOLE, quick=False)
def trajectories_of_weakly_convex_energies(run: Run) -> Finding:
    """Distance, gradient and gap along exact trajectories."""
    return on_drawn(run, refinements(Fraction(-9, 10), repaired_limit), repaired_rate)
