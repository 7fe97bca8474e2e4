"""Theorem 2: refinement converges linearly when the energy is strongly convex; and what is tight and more general."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, Relation, prove
from eqt_theory.evidence import gram
from eqt_theory.evidence.gram import Point, SmoothClass, Space, combine, gradient_step
from eqt_theory.evidence.symbolic import derive

mu, L, g, alpha = sp.symbols("mu L g alpha", positive=True)
w = sp.Symbol("w", nonnegative=True)
kappa = L / mu
m, M = mu + g, L + g
paper_rate = 1 - 2 * alpha * mu / (1 + kappa)
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
            "The factor max(|1 - alpha m|, |1 - alpha M|), m = mu + g, M = L + g, g = 1/gamma, is strictly smaller; and "
            "Eq. 26 stays true up to alpha = 2/(L + g + 2 mu^2/(mu + L)), beyond the stated range.",
            Relation.SHARPER,
            parts=("rate", "range"),
        ),
    ),
    repair="theorem-2-repaired",
)

space = Space(("d", "D"))
d, D = space.vectors
nonzero = [d.norm2 > 0]


def _one_step(lower: sp.Expr, upper: sp.Expr) -> list[sp.Basic]:
    """What is known of two states and the gradients of Phi there, Phi in the class (lower, upper)."""
    return [*nonzero, *space.positive_semidefinite, SmoothClass(lower, upper).gradients(d, D)]


@claim.shows("all mu <= L, gamma and alpha in the stated range", part="rho in [0, 1)")
def factor_is_a_contraction() -> Finding:
    """0 <= rho < 1."""
    return prove([*paper_class, *paper_range], [paper_rate >= 0, paper_rate < 1], detail="0 <= rho < 1")


@claim.shows("every energy of the class, every dimension, all parameters in the stated range", part="one step")
def contraction_bound() -> Finding:
    """One gradient step on Phi contracts by Eq. 26."""
    step = gradient_step(d, D, alpha)
    return prove(
        [*paper_class, *paper_range, *_one_step(m, M)],
        [step.norm2 <= tight_rate**2 * d.norm2, tight_rate**2 <= paper_rate**2],
        detail="one step contracts by max(|1 - alpha m|, |1 - alpha M|), which is at most rho",
    )


@claim.shows("all parameters in the stated range", reading="sharper", part="rate")
def tight_factor_is_smaller() -> Finding:
    """The tight factor is strictly below Eq. 26."""
    return prove([*paper_class, *paper_range], tight_rate < paper_rate, detail="the tight factor is below rho")


@claim.shows("every energy of the class, all alpha up to the wider limit", reading="sharper", part="range")
def range_is_wider() -> Finding:
    """Eq. 26 holds on a wider range than Eq. 25."""
    limit = 2 / (L + g + 2 * mu**2 / (mu + L))
    return prove(
        [*paper_class, alpha <= limit],
        [tight_rate <= paper_rate, sp.Implies(mu < L, limit > 2 / (mu + L + g)), limit >= 2 / (mu + L + g)],
        detail="Eq. 26 holds up to alpha = 2/(L + g + 2 mu^2/(mu + L)), above the limit of Eq. 25 where mu < L",
    )


repaired = Claim(
    id="theorem-2-repaired",
    title="linear convergence under weak convexity, tight",
    source="strengthens Theorem 2",
    statement=(
        "If -w |d|^2 <= <grad energy(h) - grad energy(h'), d> <= L |d|^2 for all pairs and w < g = 1/gamma, put m = g - w, "
        "M = g + L, rho = max(|1 - alpha m|, |1 - alpha M|). Phi has exactly one minimiser h*; for 0 < alpha < 2/M and only "
        "then rho < 1, and |h_k - h*| <= rho^k |h_0 - h*|, for every start and dimension. The same rho bounds |grad Phi|, "
        "rho^2 bounds Phi - Phi*; no smaller factor holds for the class; the best step is 2/(m + M). The condition w < g "
        "cannot be weakened."
    ),
    readings=(
        Reading(
            "stated",
            "For every such energy on R^d, every d, every proposal and start, and all parameters.",
            parts=(
                "class inequality",
                "unique minimiser",
                "range",
                "distance",
                "gradient",
                "gap, short steps",
                "gap, long steps",
                "tight",
                "best step",
                "w < g is needed",
            ),
        ),
    ),
)

m_, M_ = g - w, g + L
weak_class = [w < g, -w <= L]
rho = sp.Max(sp.Abs(1 - alpha * m_), sp.Abs(1 - alpha * M_))


@repaired.shows("every function of the class, -w < L", part="class inequality")
def lemma_interpolation() -> Finding:
    """The inequality that the other proofs rest on follows from the definition of the class."""
    return gram.interpolation()


@repaired.shows("every energy of the class", part="unique minimiser")
def one_equilibrium() -> Finding:
    """Two stationary points of Phi coincide; one exists since the step at alpha = 1/M contracts (Banach)."""
    step = gradient_step(d, D, 1 / M_)
    contracts = sp.Max((1 - m_ / M_) ** 2, 0)
    return prove(
        [*weak_class, M_ > 0, *space.positive_semidefinite, SmoothClass(m_, M_).gradients(d, D)],
        [sp.Implies(sp.Eq(D.norm2, 0), sp.Eq(d.norm2, 0)), step.norm2 <= contracts * d.norm2, contracts < 1],
        detail="stationary points coincide, and the gradient map with alpha = 1/M is a contraction, so it has a fixed point",
    )


@repaired.shows("all parameters", part="range")
def contracts_exactly_below_two_over_M() -> Finding:  # noqa: N802
    """rho < 1 if and only if alpha < 2/M."""
    return prove(weak_class, sp.Equivalent(rho < 1, alpha * M_ < 2), detail="rho < 1 exactly for 0 < alpha < 2/M")


@repaired.shows("every energy of the class, every dimension, all alpha > 0", part="distance")
def distance_contracts() -> Finding:
    """|h+ - h*| <= rho |h - h*|."""
    return prove(
        [*weak_class, *_one_step(m_, M_)],
        gradient_step(d, D, alpha).norm2 <= rho**2 * d.norm2,
        detail="the distance of any two trajectories, so also to h*, shrinks by rho in each step",
    )


@repaired.shows("every energy of the class, every dimension, all alpha > 0", part="gradient")
def gradient_contracts() -> Finding:
    """|grad Phi(h+)| <= rho |grad Phi(h)|: the pair h, h+ has d = alpha grad Phi(h), D = grad Phi(h) - grad Phi(h+)."""
    return prove(
        [*weak_class, *_one_step(m_, M_)],
        (d / alpha - D).norm2 <= rho**2 * (d / alpha).norm2,
        detail="|grad Phi| shrinks by rho in each step",
    )


def _gap(rate: sp.Expr, steps: list[sp.Basic]) -> Finding:
    """Phi(h+) - Phi* <= rate^2 (Phi(h) - Phi*), from three interpolation inequalities."""
    low, high = sp.symbols("m M", positive=True)
    states = Space(("x", "g0", "g1"))
    x, g0, g1 = states.vectors
    phi0, phi1, best = sp.symbols("Phi0 Phi1 Phibest", real=True)
    here, after, star = Point(x, g0, phi0), Point(x - alpha * g0, g1, phi1), Point(0 * x, 0 * x, best)
    inequality, scale, r = SmoothClass(low, high).values, 1 / (2 * (high - low)), rate.subs({m_: low, M_: high})
    return combine(
        [low < high, *steps],
        r**2 * (phi0 - best) - (phi1 - best) >= 0,
        [
            (r * scale, inequality(here, after)),
            ((1 - r) * r * scale, inequality(star, here)),
            ((1 - r) * scale, inequality(star, after)),
        ],
        states,
        detail="Phi - Phi* shrinks by rho^2 in each step (m < M; for m = M Phi is a quadratic and the step is exact)",
    )


@repaired.shows("every Phi with 0 < m < M, every dimension, alpha <= 2/(m + M)", part="gap, short steps")
def gap_contracts_short_steps() -> Finding:
    """The gap shrinks by (1 - alpha m)^2."""
    low, high = sp.symbols("m M", positive=True)
    return _gap(1 - alpha * low, [alpha <= 2 / (low + high)])


@repaired.shows("every Phi with 0 < m < M, every dimension, 2/(m + M) <= alpha < 2/M", part="gap, long steps")
def gap_contracts_long_steps() -> Finding:
    """The gap shrinks by (alpha M - 1)^2."""
    low, high = sp.symbols("m M", positive=True)
    return _gap(alpha * high - 1, [alpha >= 2 / (low + high), alpha < 2 / high])


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


@repaired.shows("all parameters", part="best step")
def best_step_is_two_over_m_plus_M() -> Finding:  # noqa: N802
    """No step size has a smaller factor than 2/(m + M), which gives (M - m)/(M + m)."""
    best = (M_ - m_) / (M_ + m_)
    at_best = sp.Max(sp.Abs(1 - 2 * m_ / (m_ + M_)), sp.Abs(1 - 2 * M_ / (m_ + M_)))
    return prove(
        [*weak_class, m_ + M_ > 0],
        [sp.Eq(at_best, best), rho >= best],
        detail="rho >= (M - m)/(M + m), with equality at alpha = 2/(m + M)",
    )


@repaired.shows("w = g; every factor q < 1 and every alpha > 0", part="w < g is needed")
def sharpness_w_equal_g() -> Finding:
    """At w = g no factor below 1 holds: Phi = h^4/4, continued by its Taylor parabolas beyond |h| = 1."""
    h = sp.Symbol("h", positive=True)
    q = sp.Symbol("q", nonnegative=True)
    phi = h**4 / 4
    slow = sp.Min(1, sp.sqrt((1 - q) / (2 * alpha)))
    return prove(
        [q < 1, sp.Eq(h, slow)],
        [h - alpha * sp.diff(phi, h) > q * h, sp.diff(phi, h, 2) >= 0, sp.diff(phi, h, 2) <= 3],
        detail="for every q < 1 and alpha > 0 there is a state from which a step on h^4/4 shrinks the error by less than q",
    )
