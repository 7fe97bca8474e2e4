"""Section 3.5: whether a large damping gamma is the conservative choice, and what gamma really does."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import WHOLE, Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import Line, PiecewiseQuadratic, Twin, descent, equilibria, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check

L, alpha = sp.symbols("L alpha", positive=True)
mu = sp.Symbol("mu", nonnegative=True)
g1, g2 = sp.symbols("g1 g2", positive=True)  # 1/gamma for the smaller and the larger gamma
e1, e2 = sp.symbols("energy1 energy2", real=True)  # energies of the two equilibria
r1, r2 = sp.symbols("r1 r2", nonnegative=True)  # their squared distances from the proposal
SMALL, LARGE, STEPS = Fraction(1), Fraction(10), 16

claim = Claim(
    id="section-3.5-gamma",
    title="gamma = 10 as the conservative choice",
    source="Section 3.5 (gamma = 1 by default, annealed from 10), with Eqs. 1 and 2",
    statement=(
        "Training starts at gamma = 10, where refinement is conservative and stays close to the proposal, and lowers "
        "gamma to 1, where it may go farther."
    ),
    readings=(
        Reading(
            "equilibrium",
            "The equilibrium at gamma = 10 is at least as near to the proposal as the one at gamma = 1, for every "
            "energy and proposal for which both exist.",
        ),
        Reading(
            "state after K steps",
            "The same of the state h_K that is used in place of the equilibrium, for every energy with 0 < mu <= "
            "curvature <= L, every proposal, every K (16 by default) and every alpha that Eq. 25 allows for both.",
        ),
    ),
    repair="section-3.5-gamma-repaired",
    remark=(
        "gamma divides the proximal term, so a large gamma is a weak pull towards the proposal: for energy = h^2/2 and "
        "f = 1 the equilibrium is 1/2 at gamma = 1 and 1/11 at gamma = 10. The conservative end of the range is gamma "
        "-> 0; annealing from 10 to 1 tightens the refinement."
    ),
)


@claim.shows("energies c (h - q)^2 / 2, every proposal", reading="equilibrium")
def equilibria_of_quadratics() -> Finding:
    """Both equilibria in closed form."""
    c, q, f, h = sp.Symbol("c", positive=True), *sp.symbols("q f h", real=True)

    def moved(g: sp.Expr) -> sp.Expr:
        (star,) = sp.solve(c * (h - q) + g * (h - f), h)
        return sp.Abs(sp.factor(star - f))

    return prove([], moved(sp.Rational(1, 10)) <= moved(sp.Integer(1)), detail="|h*_10 - f| <= |h*_1 - f|")


def optimal(best: sp.Expr, best_r: sp.Expr, other: sp.Expr, other_r: sp.Expr, g: sp.Expr) -> sp.Basic:
    """That one state's Phi = energy + g |h - f|^2 / 2 is at most the other's."""
    return best + g * best_r / 2 <= other + g * other_r / 2


@claim.shows("every energy with both equilibria, through their energies and distances", reading="equilibrium")
def equilibria_from_optimality() -> Finding:
    """What the optimality of both says of the distances."""
    one, tenth = sp.Integer(1), sp.Rational(1, 10)
    return prove(
        [optimal(e1, r1, e2, r2, one), optimal(e2, r2, e1, r1, tenth)], r2 <= r1, detail="|h*_10 - f| <= |h*_1 - f|"
    )


@claim.shows("energies c h^2/2, every proposal and alpha in range, K = 2", reading="state after K steps", quick=False)
def two_steps_on_a_quadratic() -> Finding:
    """The first step does not see gamma (h_0 = f); the second does, and all later ones likewise."""
    c, f = sp.Symbol("c", positive=True), sp.Symbol("f", real=True)

    def moved(g: sp.Expr) -> sp.Expr:
        first = f - alpha * c * f
        return sp.Abs(sp.factor(first - alpha * (c * first + g * (first - f)) - f))

    return prove(
        [alpha * (2 * c + 1) < 2],
        moved(sp.Rational(1, 10)) <= moved(sp.Integer(1)),
        detail="|h_2 - f| at gamma = 10 is at most |h_2 - f| at gamma = 1",
    )


Case = tuple[PiecewiseQuadratic, Fraction]
"""Energy and proposal."""


def strays(case: Case, near: Fraction, far: Fraction) -> bool | None:
    """Whether some equilibrium at gamma = far is farther from the proposal than some at gamma = near."""
    energy, proposal = case
    at_near, at_far = equilibria(energy, proposal, near), equilibria(energy, proposal, far)
    if not at_near or not at_far:
        return None
    return max(abs(h - proposal) for h in at_far) > min(abs(h - proposal) for h in at_near)


def strays_again(case: Case, near: Fraction, far: Fraction) -> Replay:
    """The two equilibria against every stationary point of the other's Phi, with values from the symbolic form."""
    energy, proposal = case
    at_near = min(equilibria(energy, proposal, near), key=lambda h: abs(h - proposal))
    at_far = max(equilibria(energy, proposal, far), key=lambda h: abs(h - proposal))
    hypotheses: list[Line] = []
    for gamma, star in ((near, at_near), (far, at_far)):
        raised, twin = energy.plus(1 / gamma, proposal), Twin(energy, proposal, gamma)
        ends = min(raised.curvatures[0], raised.curvatures[-1])
        hypotheses.append((f"Phi grows at both ends, gamma = {gamma}", ends, ">", 0))
        hypotheses += [
            (f"Phi(h*) <= Phi({h}), gamma = {gamma}", twin.value(star), "<=", twin.value(h))
            for h in raised.stationary_points()
        ]
    text = f"|h* - f| at gamma = {far} is at most that at gamma = {near}"
    return exact_replay(hypotheses, [(text, abs(at_far - proposal), "<=", abs(at_near - proposal))])


def weakly_convex() -> st.SearchStrategy[Case]:
    """Energies with curvature in [-2, 10], so Phi may have several minima; convex at both ends; and a proposal."""
    energies = piecewise_quadratics(-2, 10, pieces=4)
    return st.tuples(energies.filter(lambda e: min(e.curvatures[0], e.curvatures[-1]) >= 0), rationals(-3, 3))


@claim.samples("drawn energies with curvature in [-2, 10], up to four pieces", reading="equilibrium", quick=False)
def equilibria_of_drawn_energies(run: Run) -> Finding:
    """Exact global minimisers."""
    return property_check(
        weakly_convex(),
        lambda case: strays(case, SMALL, LARGE),
        replay=lambda case: strays_again(case, SMALL, LARGE),
        run=run,
        describe=lambda case: {"energy": str(case[0]), "f": case[1]},
        detail="|h*_10 - f| <= |h*_1 - f|",
    )


Stepped = tuple[PiecewiseQuadratic, Fraction, Fraction]
"""Energy, proposal, step size."""


@st.composite
def stepped(draw: st.DrawFn, scale: int) -> Stepped:
    """Energies with curvature in [1/10, 10] and a step below scale/(mu + L + 1)."""
    energy = draw(piecewise_quadratics(Fraction(1, 10), 10))
    return energy, draw(rationals(-3, 3)), draw(shares()) * scale / (energy.mu + energy.L + 1)


def states_on_drawn(run: Run, scale: int, near: Fraction, far: Fraction) -> Finding:
    """Whether h_16 at gamma = far is at most as far from f as at gamma = near, on drawn energies."""

    def moved(case: Stepped, gamma: Fraction) -> Fraction:
        return abs(descent(case[0], case[1], gamma, case[2], STEPS)[-1] - case[1])

    def again(case: Stepped) -> Replay:
        energy, proposal, step = case
        ends = [abs(Twin(energy, proposal, gamma).descent(step, STEPS)[-1] - proposal) for gamma in (near, far)]
        return exact_replay(
            [
                ("mu > 0", energy.mu, ">", 0),
                (f"alpha (mu + L + 1) < {scale}", step * (energy.mu + energy.L + 1), "<", scale),
            ],
            [(f"|h_16 - f| at gamma = {far} is at most that at gamma = {near}", ends[1], "<=", ends[0])],
        )

    return property_check(
        stepped(scale),
        lambda case: moved(case, far) > moved(case, near),
        replay=again,
        run=run,
        describe=lambda case: {"energy": str(case[0]), "f": case[1], "alpha": case[2]},
        detail=f"|h_16 - f| at gamma = {far} against gamma = {near}",
    )


@claim.samples(
    "drawn energies with curvature in [1/10, 10], up to three pieces", reading="state after K steps", quick=False
)
def states_of_drawn_energies(run: Run) -> Finding:
    """Exact trajectories of 16 steps."""
    return states_on_drawn(run, 2, SMALL, LARGE)


repaired = Claim(
    id="section-3.5-gamma-repaired",
    title="a larger gamma never stays nearer",
    source="corrects Section 3.5",
    statement=(
        "Let gamma1 < gamma2, g = 1/gamma, and let h1 and h2 be equilibria (global minimisers of Phi) for them, for "
        "any energy and proposal whatever. Then |h1 - f| <= |h2 - f| and energy(h2) <= energy(h1). If the energy is "
        "differentiable and mu-strongly convex (mu = 0 for convex), |h1 - f| < |h2 - f| unless h1 = f, and |h1 - h2| "
        "<= (g1 - g2)/(mu + g1) |h2 - f|. In one dimension, for a differentiable energy of curvature at most L > 0 "
        "(convex or not) and alpha <= 1/(L + g1), the states after K steps from f have |h_K - f| at gamma1 <= |h_K - "
        "f| at gamma2 for every K, with equality at K = 1. Minimality cannot be weakened to local minimality."
    ),
    readings=(
        Reading(
            "stated",
            "Every energy R^d -> R, every d, every proposal; convexity, smoothness and d = 1 only where named.",
            parts=(
                "any energy",
                "strictly farther",
                "how far apart",
                "after K steps",
                "local minima are not enough",
            ),
        ),
    ),
)
both_optimal = [g1 > g2, optimal(e1, r1, e2, r2, g1), optimal(e2, r2, e1, r1, g2)]


@repaired.shows("every energy, every dimension, all gamma1 < gamma2", part="any energy")
def distance_never_decreases_in_gamma() -> Finding:
    """Each minimiser is no worse than the other for its own Phi; the two lines add up."""
    return prove(
        both_optimal,
        [r1 <= r2, e2 <= e1],
        detail="|h1 - f| <= |h2 - f| and energy(h2) <= energy(h1), from the optimality of h1 and h2 alone",
    )


u, v = Space(("u", "v")).vectors  # h1 - f and h2 - f; the gradients of the energy there are -g1 u and -g2 v
convex = [g1 > g2, *u.space.positive_semidefinite, (g2 * v - g1 * u) @ (u - v) >= mu * (u - v).norm2]


@repaired.shows("every mu-strongly convex differentiable energy, every dimension", part="strictly farther", quick=False)
def distance_increases_under_convexity() -> Finding:
    """From the first-order conditions; for h1 = h2 the one gradient there is -g1 u and -g2 u, so u = 0."""
    same = [sp.Eq((u - v).norm2, 0), sp.Eq((g1 * u - g2 * v).norm2, 0)]
    return prove(
        convex,
        [
            (g1 + g2 + 2 * mu) * (u - v).norm2 <= (g1 - g2) * (v.norm2 - u.norm2),
            sp.Implies(sp.And(*same), sp.Eq(u.norm2, 0)),
        ],
        detail="(g1 + g2 + 2 mu) |h1 - h2|^2 <= (g1 - g2)(|h2 - f|^2 - |h1 - f|^2), and h1 = h2 only if both are f",
    )


@repaired.shows("every mu-strongly convex differentiable energy, every dimension", part="how far apart", quick=False)
def equilibria_are_close_for_close_gammas() -> Finding:
    """|h1 - h2| <= (g1 - g2)/(mu + g1) |h2 - f|."""
    return prove(
        convex,
        (mu + g1) ** 2 * (u - v).norm2 <= (g1 - g2) ** 2 * v.norm2,
        detail="|h1 - h2| <= (g1 - g2)/(mu + g1) |h2 - f|",
    )


@repaired.shows(
    "one dimension, every energy with curvature <= L, all alpha <= 1/(L + g1), every K",
    part="after K steps",
    quick=False,
)
def states_never_nearer() -> Finding:
    """Induction over K for s = h - f >= 0: s1 <= s2 passes on, and s stays >= 0; from s1 = s2 = 0 (mirrored if < 0)."""
    s1, s2 = sp.symbols("s1 s2", nonnegative=True)
    d0, d1, d2 = sp.symbols("slope0 slope1 slope2", real=True)  # energy' at f, f + s1, f + s2

    def step(s: sp.Expr, slope: sp.Expr, g: sp.Expr) -> sp.Expr:
        return s - alpha * (slope + g * s)

    return prove(
        [g1 > g2, alpha * (L + g1) <= 1, d0 <= 0, d1 - d0 <= L * s1, s1 <= s2, d2 - d1 <= L * (s2 - s1)],
        [
            step(s1, d1, g1) >= 0,
            step(s1, d1, g1) <= step(s2, d2, g2),
            sp.Implies(sp.Eq(s1, 0) & sp.Eq(s2, 0) & sp.Eq(d1, d2), sp.Eq(step(s1, d1, g1), step(s2, d2, g2))),
        ],
        detail="|h_K - f| is at most as large for gamma1 as for gamma2, at every K; at K = 1 it is the same",
    )


@repaired.shows("energy = h^2 (h - 4)^2 / 3, f = 0, gamma = 1 and 10", part="local minima are not enough")
def sharpness_local_minima_are_not_enough() -> Finding:
    """At gamma = 1 there is a local minimum at 7/2, while f = 0 is the equilibrium at gamma = 10."""
    h, other = sp.symbols("h other", real=True)

    def phi(at: sp.Expr, g: sp.Expr) -> sp.Expr:
        return at**2 * (at - 4) ** 2 / 3 + g * at**2 / 2

    local = phi(h, sp.Integer(1))
    return prove(
        [sp.Eq(h, sp.Rational(7, 2))],
        [
            sp.Eq(sp.diff(local, h), 0),
            sp.diff(local, h, 2) > 0,
            phi(other, sp.Rational(1, 10)) >= phi(sp.Integer(0), sp.Rational(1, 10)),
            h**2 > 0,
        ],
        detail="a local minimum at gamma = 1 is 7/2 away from f, the equilibrium at gamma = 10 is f",
    )


@repaired.samples("energies with curvature in [-2, 10], up to four pieces; gamma = 1 and 10", part=WHOLE, quick=False)
def drawn_equilibria_are_never_nearer(run: Run) -> Finding:
    """The converse inequality, on exact global minimisers."""
    return property_check(
        weakly_convex(),
        lambda case: strays(case, LARGE, SMALL),
        replay=lambda case: strays_again(case, LARGE, SMALL),
        run=run,
        describe=lambda case: {"energy": str(case[0]), "f": case[1]},
        detail="|h*_1 - f| <= |h*_10 - f|",
    )


@repaired.samples("energies with curvature in [1/10, 10], alpha < 1/(mu + L + 1), 16 steps", part=WHOLE, quick=False)
def drawn_states_are_never_nearer(run: Run) -> Finding:
    """Exact trajectories with short steps."""
    return states_on_drawn(run, 1, LARGE, SMALL)
