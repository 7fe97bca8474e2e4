"""Eqs. 2 and 8: the refinement step is explicit gradient descent on Phi; and what a proximal gradient step would be."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibrium, exact_replay, proximal_descent
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import SmoothClass, Space, Vector, gradient_step, proximal_gradient_step
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

L, g, alpha = sp.symbols("L g alpha", positive=True)
mu = sp.Symbol("mu", real=True)  # lower curvature of the energy; negative: weakly convex

claim = Claim(
    id="equation-2",
    title="the refinement step",
    source="Eqs. 2 and 8",
    statement=(
        "h_{k+1} = h_k - alpha (grad energy(h_k) + (h_k - f)/gamma) is a descent step on Phi = energy + |h - f|^2/(2 "
        "gamma): its fixed points are the stationary points of Phi, and for small alpha Phi falls."
    ),
    readings=(
        Reading(
            "stated",
            "For every differentiable energy, gamma, f and alpha > 0; Phi falls where <grad energy(h) - grad "
            "energy(h'), d> <= L |d|^2 for all pairs and alpha < 2/M, M = L + 1/gamma.",
            parts=("gradient step", "fixed points", "Phi falls"),
        ),
    ),
    remark=(
        "It is explicit gradient descent on the whole of Phi, not a proximal gradient step, though it is called one; "
        "the difference shows in the stable step sizes (equation-2-proximal)."
    ),
    symbols=(g, alpha, L),
    assumes=(alpha * (L + g) < 2,),
)

h, f, G = Space(("h", "f", "G")).vectors  # G = grad energy(h)
slope = G + g * (h - f)


@claim.shows("every differentiable energy, every state, every dimension", part="gradient step")
def step_is_a_gradient_step() -> Finding:
    """The slope of Phi along any u is <G + g (h - f), u>: that of the energy is <G, u> by definition of G."""
    t = sp.Symbol("t", real=True)
    at, start, gradient, u = Space(("h", "f", "G", "u")).vectors
    along = t * (gradient @ u) + g * (at + t * u - start).norm2 / 2  # Phi(h + t u) - energy(h), to first order in t
    return derive(
        [("d/dt Phi(h + t u) at t = 0", sp.diff(along, t).subs(t, 0), (gradient + g * (at - start)) @ u)],
        "grad Phi(h) = G + g (h - f), so Eq. 8 is h - alpha grad Phi(h)",
    )


@claim.shows("every energy, every dimension, every alpha", part="fixed points")
def fixed_points_are_stationary() -> Finding:
    """h_{k+1} = h_k."""
    after = h - alpha * slope
    return prove(
        [],
        sp.Equivalent(sp.Eq((after - h).norm2, 0), sp.Eq(slope.norm2, 0)),
        detail="a state stays where it is exactly where grad Phi = 0",
    )


@claim.shows(
    "every energy with upper curvature L, convex or not, every dimension, alpha < 2/M",
    part="Phi falls",
    cites="the descent lemma",
)
def objective_falls() -> Finding:
    """The descent lemma for Phi, M = L + g."""
    before, after = sp.symbols("Phi_before Phi_after", real=True)
    (S,) = Space(("S",)).vectors  # grad Phi(h)
    move, M = -alpha * S, L + g
    return prove(
        [after <= before + S @ move + M * move.norm2 / 2, alpha * M < 2, S.norm2 > 0],
        after < before,
        detail="Phi falls in every step from a state that is not stationary, for alpha < 2/M",
    )


proximal = Claim(
    id="equation-2-proximal",
    title="a proximal gradient step",
    source="what Eqs. 2 and 8 are called",
    statement=(
        "The proximal gradient step h+ = (h - alpha grad energy(h) + alpha g f)/(1 + alpha g), g = 1/gamma, has the "
        "same fixed points. For curvature in [mu, L], L > 0, it multiplies distances by max(|1 - alpha mu|, |1 - alpha "
        "L|)/(1 + alpha g) at most, attained. For mu > -g that is below 1 if and only if alpha (L - g) < 2: for every "
        "gamma when alpha < 2/L, and for every alpha when L <= g; Eq. 8 needs alpha (L + g) < 2. For L + mu > 0 the "
        "best step is 2/(L + mu) here and 2/(L + mu + 2 g) there, with the same factor (L - mu)/(L + mu + 2 g); for L "
        "+ mu <= 0 every step here has a larger one."
    ),
    readings=(
        Reading(
            "stated",
            "For every energy of the class (mu may be negative, mu <= L), every dimension and all parameters.",
            parts=(
                "fixed points",
                "contraction",
                "attained",
                "stable range",
                "every gamma",
                "best step",
                "no best step",
                "not Eq. 8",
            ),
        ),
    ),
    remark="At L = 10, g = 1, alpha = 0.19, mu = 1/10: it contracts by 0.824 or better; Eq. 8 expands by up to 1.09.",
)


def proximal_update(state: Vector) -> Vector:
    """A proximal gradient step from a state."""
    return (state - alpha * G + (alpha * g) * f) / (1 + alpha * g)


@proximal.shows("every energy, every dimension, every alpha", part="fixed points")
def proximal_fixed_points_are_stationary() -> Finding:
    """h+ = h."""
    return prove(
        [],
        sp.Equivalent(sp.Eq((proximal_update(h) - h).norm2, 0), sp.Eq(slope.norm2, 0)),
        detail="the proximal gradient step stays exactly where grad Phi = 0",
    )


d, D = Space(("d", "D")).vectors
of_class = [mu <= L, *d.space.positive_semidefinite, SmoothClass(mu, L).gradients(d, D)]
plain = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
factor = plain / (1 + alpha * g)


@proximal.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@proximal.shows(
    "every energy of the class, every dimension, all parameters",
    part="contraction",
    quick=False,
    uses=lemma_interpolation,
)
def proximal_step_contracts() -> Finding:
    """Of the gradient step on the energy alone, divided by 1 + alpha g."""
    step = proximal_gradient_step(d, D, alpha, g)
    return prove(
        of_class, step.norm2 <= factor**2 * d.norm2, detail="one step multiplies distances by at most the factor"
    )


@proximal.shows("the energies mu h^2/2 and L h^2/2, all parameters", part="attained")
def sharpness_factor_is_attained() -> Finding:
    """The step multiplies the state by (1 - alpha curvature)/(1 + alpha g); the larger of the two is the factor."""
    x = sp.Symbol("x", real=True)
    steps = []
    for name, curvature in (("mu", mu), ("L", L)):
        after = (x - alpha * sp.diff(curvature * x**2 / 2, x)) / (1 + alpha * g)
        steps.append((f"on {name} h^2/2", after, (1 - alpha * curvature) / (1 + alpha * g) * x))
    return derive(steps, "the factor is attained by one of two parabolas")


@proximal.shows("all parameters with mu > -g", part="stable range", quick=False)
def contracts_exactly_below_two_over_L_minus_g() -> Finding:  # noqa: N802
    """Factor < 1, here and for Eq. 8."""
    explicit = sp.Max(sp.Abs(1 - alpha * (mu + g)), sp.Abs(1 - alpha * (L + g)))
    return prove(
        [-g < mu, mu <= L],
        [sp.Equivalent(factor < 1, alpha * (L - g) < 2), sp.Equivalent(explicit < 1, alpha * (L + g) < 2)],
        detail="factor < 1 exactly for alpha (L - g) < 2, that of Eq. 8 exactly for alpha (L + g) < 2",
    )


@proximal.shows("all parameters with mu > -g", part="every gamma", quick=False)
def contracts_for_every_gamma() -> Finding:
    """Short steps, and strong damping."""
    return prove(
        [-g < mu, mu <= L],
        [sp.Implies(alpha < 2 / L, factor < 1), sp.Implies(g >= L, factor < 1)],
        detail="alpha < 2/L contracts for every gamma, and gamma <= 1/L for every alpha",
    )


best = (L - mu) / (L + mu + 2 * g)


@proximal.shows("all parameters with mu > -g, L + mu > 0", part="best step", quick=False)
def best_steps_have_equal_factors() -> Finding:
    """2/(L + mu) is best, and as good as the best step of Eq. 8."""
    at, explicit_at = 2 / (L + mu), 2 / (L + mu + 2 * g)
    lower = sp.Max(1 - alpha * mu, alpha * L - 1)  # <= |1 - alpha mu|, |1 - alpha L|
    explicit = [1 - explicit_at * (mu + g), explicit_at * (L + g) - 1]
    return prove(
        [-g < mu, mu <= L, L + mu > 0],
        [
            plain >= lower,
            lower >= best * (1 + alpha * g),
            sp.Eq(plain.subs(alpha, at), best * (1 + at * g)),
            *(sp.Eq(side, best) for side in explicit),
            sp.Max(1 - alpha * (mu + g), alpha * (L + g) - 1) >= best,  # <= the factor of Eq. 8
        ],
        detail="no step contracts by less than (L - mu)/(L + mu + 2 g), which both methods reach",
    )


@proximal.shows("all parameters with mu > -g, L + mu <= 0", part="no best step")
def sharpness_no_best_step_for_steep_concavity() -> Finding:
    """The factor stays above the one that Eq. 8 reaches."""
    return prove(
        [-g < mu, L + mu <= 0], factor > best, detail="for L + mu <= 0 no step reaches (L - mu)/(L + mu + 2 g)"
    )


@proximal.shows("mu = 1/10, L = 10, g = 1, alpha = 19/100", part="not Eq. 8", quick=False)
def sharpness_explicit_step_is_unstable() -> Finding:
    """Eq. 8 on L h^2/2, against the proximal factor."""
    explicit = gradient_step(d, D + g * d, alpha)
    given = [sp.Eq(mu, sp.Rational(1, 10)), sp.Eq(L, 10), sp.Eq(g, 1), sp.Eq(alpha, sp.Rational(19, 100))]
    return prove(
        [*given, *d.space.positive_semidefinite, d.norm2 > 0, sp.Eq((D - L * d).norm2, 0), sp.Eq(D @ d, L * d.norm2)],
        [
            explicit.norm2 > d.norm2,
            sp.Eq(explicit.norm2, sp.Rational(109, 100) ** 2 * d.norm2),
            factor < sp.Rational(83, 100),
        ],
        detail="Eq. 8 expands by 1.09 where the proximal step contracts by 0.824 at most",
    )


Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction]
drawn_cases = st.tuples(
    piecewise_quadratics(-1, 4), rationals(-2, 2), rationals(Fraction(1, 8), Fraction(7, 8)), shares()
)


@proximal.samples(
    "energies drawn from the class, gamma < 1, alpha < 2/L; three exact steps", part="contraction", quick=False
)
def proximal_trajectories_on_drawn_energies(run: Run) -> Finding:
    """|h_3 - h*| <= factor^3 |h_0 - h*|, the factor from the curvatures of the energy."""

    def sides(case: Drawn) -> tuple[Fraction, Fraction]:
        energy, proposal, gamma, share = case
        size = 2 * share / max(energy.L, Fraction(1, 4))
        rate = max(abs(1 - size * energy.mu), abs(1 - size * energy.L)) / (1 + size / gamma)
        star = equilibrium(energy, proposal, gamma)
        states = proximal_descent(energy, proposal, gamma, size, 3)
        return abs(states[3] - star), rate**3 * abs(states[0] - star)

    def replay(case: Drawn) -> Replay:
        left, right = sides(case)
        return exact_replay([], [("|h_3 - h*| <= factor^3 |h_0 - h*|", left, "<=", right)])

    return property_check(
        drawn_cases,
        lambda case: sides(case)[0] > sides(case)[1],
        replay=replay,
        run=run,
        detail="proximal gradient steps contract by the factor",
    )
