"""Theorem 3: local linear convergence, which needs a step size; with an explicit basin."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Relation, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

g, mu, m, M, alpha, Q = sp.symbols("g mu m M alpha Q", positive=True)  # g = 1/gamma
spectral = "the spectral theorem"
rho0 = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))

claim = Claim(
    id="theorem-3",
    title="local linear convergence",
    source="Theorem 3, Eq. 29",
    statement=(
        "If the energy is twice differentiable and h* is a local minimum of Phi with hess Phi(h*) >= mu I, mu > 0, "
        "then the iteration converges linearly to h* from every start in some ball around it."
    ),
    readings=(
        Reading(
            "stated",
            "For every such energy, every gamma and proposal, and every step size alpha > 0, of which the statement "
            "says nothing.",
        ),
        Reading(
            "with a step size",
            "For 0 < alpha < 2/M, M the largest eigenvalue of hess Phi(h*), m > 0 the smallest: there is a ball in "
            "which every step shrinks the distance by (1 + rho_0)/2 at least, rho_0 = max(|1 - alpha m|, |1 - alpha "
            "M|) < 1.",
            Relation.COMPLETED,
            parts=("linear part", "remainder", "factor"),
        ),
    ),
    repair="theorem-3-repaired",
    remark=(
        "With energy = 5 h^2, gamma = 1 and alpha = 0.19 every step multiplies the distance to h* by -1.09. For "
        "alpha >= 2/M some direction never contracts, so the condition alpha < 2/M is the one that is missing."
    ),
    symbols=(g, mu, alpha),
)

Case = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]
"""Energy, proposal, gamma, step size."""


@claim.shows(
    "energies a h^2/2 with a > 0 and a + g >= mu, every proposal, gamma and alpha; near h* and at any distance"
)
def one_step_on_quadratics() -> Finding:
    """Every step on a quadratic multiplies the distance by the same factor, so one step decides, in any ball."""
    a = sp.Symbol("a", positive=True)
    f, error = sp.symbols("f e", real=True)
    star = g * f / (a + g)
    h = star + error
    after = sp.cancel(h - alpha * (a * h + g * (h - f)) - star)
    return prove(
        [a + g >= mu, sp.Ne(error, 0)],
        sp.Abs(after) <= sp.Abs(error),
        detail="the distance to h* does not grow",
    )


@claim.draws(
    "A counterexample on a parabola, followed further: Phi is strongly convex, yet with this step size every start "
    "but h* runs away.",
    of="one_step_on_quadratics",
)
def steps_that_are_too_long(finding: Finding) -> object:
    import torch

    from eqt_theory import GradientDescent, Objective, Quadratic, solve
    from eqt_theory.report.plots import convergence

    at = {str(symbol): float(value) for symbol, value in (finding.witness or {}).items()}
    one = torch.ones(1, dtype=torch.float64)
    objective = Objective(Quadratic(at["a"] * one[None]), 0 * one, 1 / at["g"])  # f = 0, so h* = 0
    run = solve(objective, GradientDescent(at["alpha"]), start=at["e"] * one, max_steps=12, record=True)
    title = rf"$\alpha = {at['alpha']:g}$, above $2/M = {2 / (at['a'] + at['g']):g}$"
    return convergence(run, h_star=0 * one, title=title)


def near(case: Case) -> tuple[Fraction, Fraction, Fraction] | None:
    """The equilibrium, curvature of Phi there, and a start so near that its reflection is in the same piece too."""
    energy, proposal, gamma, _ = case
    star = equilibrium(energy, proposal, gamma)
    if star in energy.breaks:
        return None
    room = min([abs(b - star) for b in energy.breaks] + [Fraction(1)])
    return star, energy.curvature_at(star) + 1 / gamma, star + room / 2


def strays(case: Case) -> bool | None:
    found = near(case)
    if found is None:
        return None
    star, _, start = found
    states = descent(case[0], case[1], case[2], case[3], 1, start=start)
    return abs(states[1] - star) > abs(start - star)


def strays_again(case: Case) -> Replay:
    """From h* and the curvature there: Phi' is linear on the piece, so the factor per step is 1 - alpha Phi''(h*)."""
    found = near(case)
    assert found is not None
    star, curvature, _ = found
    energy, proposal, gamma, step = case
    slope = energy.derivative(star) + (star - proposal) / gamma
    return exact_replay(
        [("Phi'(h*) = 0", slope, "=", 0), ("Phi''(h*) > 0", curvature, ">", 0), ("alpha > 0", step, ">", 0)],
        [("|1 - alpha Phi''(h*)| <= 1", abs(1 - step * curvature), "<=", 1)],
    )


@claim.samples(
    "drawn energies with curvature in [-1/2, 10], up to three pieces, gamma in [1/2, 1], alpha in [1/20, 1]",
    quick=False,
)
def one_step_on_drawn_energies(run: Run) -> Finding:
    """Starts inside the linear piece of Phi' around h*."""
    gammas = st.sampled_from([Fraction(1), Fraction(1, 2)])
    cases = st.tuples(
        piecewise_quadratics(Fraction(-1, 2), 10), rationals(-3, 3), gammas, rationals(Fraction(1, 20), 1)
    )
    return property_check(
        cases,
        strays,
        replay=strays_again,
        run=run,
        describe=lambda c: {"energy": str(c[0]), "f": c[1], "gamma": c[2], "alpha": c[3]},
        detail="the iteration does not leave h*",
    )


d, D = Space(("d", "D")).vectors  # d = h - h*, D = hess Phi(h*) d
spectrum = [m <= M, *d.space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)]


@claim.shows(
    "every Hessian with spectrum in [m, M]", reading="with a step size", part="linear part", quick=False, cites=spectral
)
def linear_part_contracts() -> Finding:
    """|d - alpha H d| <= rho_0 |d|; a linear map with spectrum in [m, M] is in the class."""
    return prove(
        spectrum, gradient_step(d, D, alpha).norm2 <= rho0**2 * d.norm2, detail="|(I - alpha H) d| <= rho_0 |d|"
    )


def triangle(remainder: sp.Expr, factor: sp.Expr, extra: list[sp.Basic]) -> Finding:
    """|u - alpha r| <= factor |d| from |u| <= r0 |d| and |r| <= remainder |d|, by Cauchy and Schwarz."""
    u, r = Space(("u", "r")).vectors
    r0, distance = sp.Symbol("rho0", nonnegative=True), sp.Symbol("distance", positive=True)
    return prove(
        [*u.space.positive_semidefinite, u.norm2 <= (r0 * distance) ** 2, *extra]
        + [r.norm2 <= (remainder * distance) ** 2],
        (u - alpha * r).norm2 <= (factor * distance) ** 2,
        detail=f"|h+ - h*| <= ({factor}) |h - h*|",
    )


@claim.shows("every energy twice differentiable at h*, every dimension", reading="with a step size", part="remainder")
def remainder_is_small() -> Finding:
    """Grad Phi(h) = H d + r with |r| <= eps |d| near h*, for every eps > 0: that is differentiability of grad Phi."""
    eps, r0 = sp.Symbol("eps", positive=True), sp.Symbol("rho0", nonnegative=True)
    return triangle(eps, r0 + alpha * eps, [])


@claim.shows("all 0 < m <= M and alpha", reading="with a step size", part="factor", quick=False)
def factor_is_below_one() -> Finding:
    """With eps = (1 - rho_0)/(2 alpha) the factor is (1 + rho_0)/2 < 1, so the ball is kept and the rate is linear."""
    eps = sp.Symbol("eps", real=True)
    return prove(
        [m <= M, alpha * M < 2, sp.Eq(eps, (1 - rho0) / (2 * alpha))],
        [rho0 < 1, eps > 0, sp.Eq(rho0 + alpha * eps, (1 + rho0) / 2)],
        detail="for alpha < 2/M there is room for a remainder eps > 0, with factor (1 + rho_0)/2 < 1",
    )


bounds = ("Taylor", "linear part", "rho_0 < 1", "one step", "basin", "short steps")
limits = ("sharp, short steps", "sharp, long steps", "2/M is needed", "Q on the whole ball")
repaired = Claim(
    id="theorem-3-repaired",
    rocq=["theorem_3"],
    title="local linear convergence, with its basin",
    source="corrects Theorem 3",
    statement=(
        "Let m I <= hess Phi(h*) <= M I, 0 < m, grad Phi(h*) = 0, 0 < alpha < 2/M, rho_0 = max(|1 - alpha m|, |1 - "
        "alpha M|), and |hess Phi(h) - hess Phi(h*)| <= Q |h - h*| on all of the open ball of radius R = 2 (1 - "
        "rho_0)/(alpha Q) around h*. There |h+ - h*| <= (rho_0 + alpha Q r / 2) r for r = |h - h*|; so that ball, or "
        "any smaller one on which the bound Q holds, is a basin: every start inside it converges linearly to h*, and "
        "no radius above R holds for the class. R = 2 m/Q for alpha <= 2/(m + M). For alpha >= 2/M there is no basin "
        "in general. That Q bounds the change of the Hessian near h* only is not enough."
    ),
    readings=(Reading("stated", "For every such energy on R^d, every d.", parts=(*bounds, *limits)),),
    symbols=(m, M, Q),
    assumes=(m <= M,),
)

r = sp.Symbol("r", positive=True)
radius = 2 * (1 - rho0) / (alpha * Q)


@repaired.shows("every such Hessian, every dimension", part="Taylor", cites="the fundamental theorem of calculus")
def lemma_remainder() -> Finding:
    """|grad Phi(h) - H d| = |int_0^1 (hess Phi(h* + t d) - H) d dt| <= int_0^1 Q t |d|^2 dt."""
    t = sp.Symbol("t", real=True)
    bound = sp.integrate(Q * t * r * r, (t, 0, 1))
    return derive(
        [("int_0^1 Q t r^2 dt", bound, Q * r**2 / 2)], "|grad Phi(h) - hess Phi(h*) (h - h*)| <= Q |h - h*|^2 / 2"
    )


repaired.shows(
    "every Hessian with spectrum in [m, M], every dimension", part="linear part", cites=spectral, quick=False
)(linear_part_contracts)


@repaired.shows("every such energy, every dimension", part="one step")
def one_step_near_the_equilibrium() -> Finding:
    """The remainder r of Taylor's formula has |r| <= (Q r / 2) |d|."""
    size, r0 = sp.Symbol("distance", positive=True), sp.Symbol("rho0", nonnegative=True)
    return triangle(Q * size / 2, r0 + alpha * Q * size / 2, [])


@repaired.shows("all parameters", part="rho_0 < 1", quick=False)
def contracts_exactly_below_two_over_M() -> Finding:  # noqa: N802
    """And only for these alpha."""
    return prove([m <= M], sp.Equivalent(rho0 < 1, alpha * M < 2), detail="rho_0 < 1 exactly for alpha < 2/M")


@repaired.shows("all alpha, Q and rho_0 < 1; by induction every k", part="basin", quick=False)
def ball_is_a_basin() -> Finding:
    """A start with r < R has factor q = rho_0 + alpha Q r/2 < 1; r does not grow, so |h_k - h*| <= q^k |h_0 - h*|."""
    r0, later = sp.symbols("rho0 later", nonnegative=True)
    q, edge = r0 + alpha * Q * r / 2, 2 * (1 - r0) / (alpha * Q)
    return prove(
        [r0 < 1, r < edge, later <= q * r],
        [edge > 0, q < 1, later < r, r0 + alpha * Q * later / 2 <= q],
        detail="inside R the factor is below 1, the next state is inside too, and its factor is no larger",
    )


@repaired.shows("all parameters with alpha <= 2/(m + M)", part="short steps", quick=False)
def radius_for_short_steps() -> Finding:
    """R = 2m/Q."""
    return prove([m <= M, alpha <= 2 / (m + M)], sp.Eq(radius, 2 * m / Q), detail="R = 2m/Q for alpha <= 2/(m + M)")


@repaired.shows("Phi = m h^2/2 - Q h^3/6, Phi'' = m - Q h; alpha <= 2/(m + M)", part="sharp, short steps")
def sharpness_short_steps() -> Finding:
    """The bound of one step is attained at every h > 0, and at distance R the iteration stands still."""
    h = sp.Symbol("h", positive=True)
    after = h - alpha * sp.diff(m * h**2 / 2 - Q * h**3 / 6, h)
    return derive(
        [
            ("h+ = (1 - alpha m + alpha Q h/2) h", after, (1 - alpha * m + alpha * Q * h / 2) * h),
            ("at h = R = 2m/Q: h+ = h", after.subs(h, 2 * m / Q), 2 * m / Q),
        ],
        "on m h^2/2 - Q h^3/6 the bound is attained, and R is a second stationary point",
    )


@repaired.shows("Phi = M h^2/2 + Q |h|^3/6, Phi'' = M + Q |h|; 2/(m + M) <= alpha < 2/M", part="sharp, long steps")
def sharpness_long_steps() -> Finding:
    """The bound of one step is attained, and at distance R the iteration jumps between R and -R."""
    h = sp.Symbol("h", positive=True)  # the other side by symmetry
    after = h - alpha * sp.diff(M * h**2 / 2 + Q * h**3 / 6, h)
    edge = 2 * (2 - alpha * M) / (alpha * Q)
    return derive(
        [
            ("h+ = -(alpha M - 1 + alpha Q h/2) h", after, -(alpha * M - 1 + alpha * Q * h / 2) * h),
            ("R with rho_0 = alpha M - 1", 2 * (1 - (alpha * M - 1)) / (alpha * Q), edge),
            ("at h = R: h+ = -h", after.subs(h, edge), -edge),
        ],
        "on M h^2/2 + Q |h|^3/6 the bound is attained, and R and -R form a cycle",
    )


@repaired.shows("h^2/2, less 2 (h - 1)^3/3 for h > 1; Q = 1/10, every alpha <= 1", part="Q on the whole ball")
def sharpness_bound_near_the_equilibrium_only() -> Finding:
    """Phi'' is 1 up to h = 1: m = M = 1, any Q > 0 bounds its change near h* = 0, and 2m/Q is as large as one likes."""
    h = sp.Symbol("h", positive=True)
    inner, outer = h**2 / 2, h**2 / 2 - 2 * (h - 1) ** 3 / 3
    joints = [
        (f"derivative {k} at h = 1", sp.diff(outer, h, k).subs(h, 1), sp.diff(inner, h, k).subs(h, 1))
        for k in (0, 1, 2)
    ]
    return derive(
        [
            *joints,
            ("Phi''(h) = 1 for h < 1", sp.diff(inner, h, 2), sp.Integer(1)),
            ("a step from h = 2 stays there", (h - alpha * sp.diff(outer, h)).subs(h, 2), sp.Integer(2)),
            ("2m/Q = 20", 2 / sp.Rational(1, 10), sp.Integer(20)),
        ],
        "a start at distance 2 < 2m/Q = 20 does not converge; Q bounds the change of the Hessian up to distance 1",
    )


@repaired.shows("Phi = M h^2/2, every alpha >= 2/M", part="2/M is needed")
def sharpness_step_range() -> Finding:
    """From any start the distance does not shrink."""
    e = sp.Symbol("e", real=True)
    return prove(
        [alpha >= 2 / M, sp.Ne(e, 0)],
        sp.Abs(e - alpha * M * e) >= sp.Abs(e),
        detail="on M h^2/2 with alpha >= 2/M no step shrinks the distance",
    )
