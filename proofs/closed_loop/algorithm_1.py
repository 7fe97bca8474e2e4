"""Algorithm 1: the block returns LayerNorm(h_K); what the theory says of h_K, and what is left after the norm."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space, Vector
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

g, s, a = sp.symbols("g s a", positive=True)
eps = sp.Symbol("eps", nonnegative=True)
dim = sp.Symbol("dim", positive=True)

claim = Claim(
    id="algorithm-1",
    title="the block's output as the equilibrium",
    source="Algorithm 1, against Propositions 1 and 9.1, Theorem 3 and Eq. 19",
    statement=(
        "One block runs K steps of Eq. 8 from the proposal f and returns LayerNorm(h_K); what is said of the "
        "equilibrium (MAP estimate, standard transformer as a special case, linear convergence, derivative) is said "
        "of this block."
    ),
    readings=(
        Reading(
            "Proposition 1",
            "Where h* is the equilibrium of a strongly convex energy and its entries differ, the output LayerNorm(h*) "
            "is stationary for Phi, so an equilibrium and a MAP estimate.",
        ),
        Reading("Proposition 9.1", "With energy = 0, or K = 0, the output is the proposal, for every proposal."),
        Reading(
            "Theorem 3",
            "The outputs LayerNorm(h_k) converge to h* at a linear rate from a ball around it: |LayerNorm(h_k) - h*| "
            "<= C rho^k |h_0 - h*|; so started at h* they stay there.",
        ),
        Reading(
            "Eq. 19",
            "The derivative of the output with respect to the parameters is that of h*, by Eq. 19 or its corrected "
            "form: a parameter that moves h* moves the output by the same vector.",
        ),
    ),
    repair="algorithm-1-repaired",
    remark=(
        "LayerNorm with gain 1, bias 0 and eps >= 0 throughout. All of the theory is about h_K, the state before the "
        "norm. Put the norm inside the energy, or leave it out, and the statements apply to what the block returns."
    ),
)

# Two entries x, y, eps = 0: the deviation is |x - y|/2, so the output is (n, -n) with n |x - y| = x - y.
x1, x2, f1, f2, n, n_after, t = sp.symbols("x1 x2 f1 f2 n n_after t", real=True)


def outputs(output: sp.Expr, first: sp.Expr, second: sp.Expr) -> list[sp.Basic]:
    """That LayerNorm of two different entries is (output, -output)."""
    return [sp.Ne(first, second), sp.Eq(output * sp.Abs(first - second), first - second)]


def slope(at: sp.Expr, proposal: sp.Expr) -> sp.Expr:
    """One entry of grad Phi for the energy a |h|^2/2."""
    return a * at + g * (at - proposal)


stationary = [sp.Eq(slope(x1, f1), 0), sp.Eq(slope(x2, f2), 0)]


@claim.shows(
    "energies a |h|^2/2 in two dimensions, all f with different entries, all gamma",
    reading="Proposition 1",
    quick=False,
)
def output_is_stationary() -> Finding:
    """The gradient of Phi at the output."""
    return prove(
        [*stationary, *outputs(n, x1, x2)],
        [sp.Eq(slope(n, f1), 0), sp.Eq(slope(-n, f2), 0)],
        detail="grad Phi(LayerNorm(h*)) = 0 with h* = (x1, x2), LayerNorm(h*) = (n, -n)",
    )


Drawn = tuple[PiecewiseQuadratic, PiecewiseQuadratic, Fraction, Fraction, Fraction]
energies = piecewise_quadratics(Fraction(1, 4), 4)
drawn_blocks = st.tuples(energies, energies, rationals(-3, 3), rationals(-3, 3), rationals(Fraction(1, 4), 4))


def equilibrium_of(case: Drawn) -> tuple[Fraction, Fraction]:
    """The exact equilibrium of energy_1(h1) + energy_2(h2)."""
    one, two, first, second, gamma = case
    return equilibrium(one, first, gamma), equilibrium(two, second, gamma)


def output_of(x: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
    """LayerNorm of two different entries: the larger becomes 1, the other -1."""
    return (Fraction(1), Fraction(-1)) if x > y else (Fraction(-1), Fraction(1))


def _replay(case: Drawn) -> Replay:
    one, two, first, second, gamma = case
    symbol = sp.Symbol("x", real=True)
    star = equilibrium_of(case)
    mean = (star[0] + star[1]) / 2
    variance = ((star[0] - mean) ** 2 + (star[1] - mean) ** 2) / 2
    out = output_of(*star)

    def slope_at(energy: PiecewiseQuadratic, proposal: Fraction, at: Fraction) -> Fraction:
        twin = sp.diff(energy.symbolic(symbol), symbol)
        return Fraction(str(twin.subs(symbol, sp.sympify(at)))) + (at - proposal) / gamma

    return exact_replay(
        [
            ("Phi'_1(h*_1) = 0", slope_at(one, first, star[0]), "=", 0),
            ("Phi'_2(h*_2) = 0", slope_at(two, second, star[1]), "=", 0),
            (
                "the output times its scale is h* less its mean, squared",
                out[0] ** 2 * variance,
                "=",
                (star[0] - mean) ** 2,
            ),
            ("the output has the order of h*", out[0] * (star[0] - star[1]), ">", 0),
        ],
        [
            ("Phi'_1(LayerNorm(h*)_1) = 0", slope_at(one, first, out[0]), "=", 0),
            ("Phi'_2(LayerNorm(h*)_2) = 0", slope_at(two, second, out[1]), "=", 0),
        ],
    )


@claim.samples(
    "separable energies drawn from the class, two dimensions, exact equilibria", reading="Proposition 1", quick=False
)
def output_is_stationary_on_drawn_energies(run: Run) -> Finding:
    """Not quadratic; the norm of two entries is rational."""

    def violation(case: Drawn) -> bool | None:
        star = equilibrium_of(case)
        return None if star[0] == star[1] else output_of(*star) != star

    return property_check(
        drawn_blocks,
        violation,
        replay=_replay,
        run=run,
        describe=lambda case: dict(zip(("energy_1", "energy_2", "f_1", "f_2", "gamma"), case, strict=True)),
        detail="the output is the equilibrium",
    )


@claim.shows("two dimensions, all proposals with different entries", reading="Proposition 9.1")
def output_is_the_proposal() -> Finding:
    """With energy = 0 every h_k is f; the block returns LayerNorm(f)."""
    return prove(outputs(n, f1, f2), [sp.Eq(n, f1), sp.Eq(-n, f2)], detail="the output (n, -n) is f")


@claim.shows("energies a |h|^2/2, two dimensions, from h_0 = h*, so that h_k = h* for all k", reading="Theorem 3")
def output_stays_at_the_equilibrium() -> Finding:
    """Any bound rho^k C |h_0 - h*| is 0 there."""
    return prove(
        [*stationary, *outputs(n, x1, x2)],
        (n - x1) ** 2 + (-n - x2) ** 2 <= 0,
        detail="|LayerNorm(h_k) - h*| <= 0 for h_0 = h*, with h* = (x1, x2), LayerNorm(h*) = (n, -n)",
    )


@claim.shows("h* = (f1 + t, f2) moved by t, its order kept; two dimensions", reading="Eq. 19")
def output_moves_as_the_equilibrium() -> Finding:
    """The change of the output against that of h*; energy = 0, so h* = f."""
    return prove(
        [*outputs(n, f1, f2), *outputs(n_after, f1 + t, f2), sp.Ne(t, 0)],
        sp.Eq(n_after - n, t),
        detail="the output (n, -n) moves as h* does",
    )


repaired = Claim(
    id="algorithm-1-repaired",
    title="what the final norm leaves",
    source="corrects Algorithm 1",
    statement=(
        "With n(h) = v/s, v = h - mean(h), s^2 = |v|^2/d + eps: n(h) = h if and only if mean(h) = 0 and (s = 1 or h = "
        "0). Outputs lie in the plane of sum 0 with |n|^2 = d (1 - eps/s^2), a set without volume in R^d, so they have "
        "no density on R^d, and with it no MAP estimate in the sense of Proposition 1. The derivative of n is J x = (x "
        "- mean(x) - (<v, x>/(d s^2)) v)/s, by which a parameter moves the output, J dh*/dtheta: J 1 = 0 and J h = "
        "(eps/s^2) n, which is 0 at eps = 0."
    ),
    readings=(
        Reading(
            "stated",
            "For every state with s > 0, every d, and every eps >= 0.",
            parts=("same state", "no volume", "derivative", "singular along 1 and h"),
        ),
    ),
    remark=(
        "1 and h are the two directions in which gradients through the block are lost or damped. Propositions 1 and "
        "9.1, Theorems 2 and 3 and the corrected Eq. 19 hold for h_K, before the norm. Outputs converge to n(h*): see "
        "algorithm-1-convergence."
    ),
)

one, h, x = Space(("one", "h", "x")).vectors
gram = [sp.Eq(one.norm2, dim), *one.space.positive_semidefinite]


def centred(u: Vector) -> Vector:
    """The vector less its mean; `one` is the vector of ones, |one|^2 = d."""
    return u - ((one @ u) / dim) * one


v = centred(h)
scale = [sp.Eq(s**2 * dim, v.norm2 + dim * eps)]


@repaired.shows("every state, every dimension, all eps >= 0", part="same state", quick=False)
def output_is_the_state_exactly_when() -> Finding:
    """|n(h) - h|^2 = 0; for v = 0 the scale does not matter."""
    plane = Space(("one", "h"))
    ones, state = plane.vectors
    mean = (ones @ state) / dim
    rest = state - mean * ones
    return prove(
        [
            sp.Eq(ones.norm2, dim),
            *plane.positive_semidefinite,
            sp.Eq(s**2 * dim, rest.norm2 + dim * eps),
        ],
        sp.Equivalent(sp.Eq((rest / s - state).norm2, 0), sp.Eq(mean, 0) & (sp.Eq(s, 1) | sp.Eq(state.norm2, 0))),
        detail="LayerNorm(h) = h exactly where the mean is 0 and s = 1, or h = 0",
    )


@repaired.shows(
    "every state, every dimension, all eps >= 0", part="no volume", quick=False, cites="a hyperplane has no volume"
)
def outputs_lie_in_a_plane() -> Finding:
    """Sum and length of the output."""
    return prove(
        [*gram, *scale],
        [sp.Eq(one @ v / s, 0), sp.Eq(v.norm2 / s**2, dim * (1 - eps / s**2))],
        detail="sum(n) = 0 and |n|^2 = d (1 - eps/s^2)",
    )


def derivative(direction: Vector) -> Vector:
    """J x, in the Gram symbols."""
    return (centred(direction) - ((v @ direction) / (dim * s**2)) * v) / s


@repaired.shows("every state and direction, every dimension, all eps >= 0", part="derivative", quick=False)
def derivative_of_the_norm() -> Finding:
    """d/dt n(h + t x) at t = 0, coefficient by coefficient; s(0)^2 stands for |v|^2/d + eps."""
    along = centred(h + t * x)
    growth = sp.expand(along.norm2 - v.norm2) / dim
    length = sp.sqrt(s**2 + growth)
    steps = []
    for name, moving, formula in zip(("1", "h", "x"), along.coefficients, derivative(x).coefficients, strict=True):
        slope = sp.diff(moving / length, t).subs(t, 0)
        steps.append((f"coefficient of {name}", sp.simplify(slope.subs(one.norm2, dim)), formula.subs(one.norm2, dim)))
    return derive(steps, "J x = (x - mean(x) - (<v, x>/(d s^2)) v)/s")


@repaired.shows("every state, every dimension, all eps >= 0", part="singular along 1 and h", quick=False)
def derivative_vanishes_along_one_and_h() -> Finding:
    """J 1 = 0, J h = (eps/s^2) n."""
    return prove(
        [*gram, *scale],
        [
            sp.Eq(derivative(one).norm2, 0),
            sp.Eq((derivative(h) - (eps / s**2) * (v / s)).norm2, 0),
            sp.Implies(sp.Eq(eps, 0), sp.Eq(derivative(h).norm2, 0)),
        ],
        detail="J 1 = 0 and J h = (eps/s^2) n",
    )
