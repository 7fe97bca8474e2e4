"""How much of the distance to the equilibrium one refinement step leaves: joint, causal, causal with ridge terms."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines import gram
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive

lam, gamma, alpha = sp.symbols("lambda gamma alpha", positive=True)
w = lam * gamma
m, M = 1 / gamma, 1 / gamma + 4 * lam
own = lam + 1 / gamma  # the curvature of what one position of the causal game descends
b = w / (1 + w)

space = Space(("d", "D"))
d, D = space.vectors  # d = h - h', D = the difference of the gradients there

joint = Claim(
    id="joint-contraction",
    title="gradient steps on the joint objective contract",
    source="the coupled chain",
    statement=(
        "Let the curvature of Phi lie in [m, M], m = 1/gamma, M = 1/gamma + 4 lambda. A gradient step with alpha = "
        "2/(m + M) brings any two states, so a state and h*, closer by the factor 2 lambda gamma/(1 + 2 lambda gamma)."
    ),
    readings=(Reading("stated", "For all lambda, gamma, states and dimensions.", parts=("factor", "one step")),),
    symbols=[lam, gamma],
)


@joint.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@joint.shows("all lambda and gamma", part="factor")
def joint_factor() -> Finding:
    return derive(
        [("(M - m)/(M + m)", (M - m) / (M + m), 2 * w / (1 + 2 * w))], "(M - m)/(M + m) = 2 lambda gamma/(1 + 2 ..)"
    )


@joint.shows("every Phi of the class, every dimension", part="one step", uses=lemma_interpolation)
def joint_step() -> Finding:
    """With m and M as symbols of their own: |d - alpha D| <= (M - m)/(M + m) |d|."""
    low, high = sp.symbols("m M", positive=True)
    step = gradient_step(d, D, 2 / (low + high))
    return prove(
        [low < high, d.norm2 > 0, SmoothClass(low, high).gradients(d, D)],
        step.norm2 <= ((high - low) / (high + low)) ** 2 * d.norm2,
        detail="one step with 2/(m + M) contracts by (M - m)/(M + m)",
    )


causal = Claim(
    id="causal-contraction",
    title="the causal game contracts in the largest position",
    source="the causal game: each position descends its own term",
    statement=(
        "Each position takes a step alpha = 1/(lambda + 1/gamma) on lambda/2 |h_t - a_t * h_(t-1)|^2 + |h_t - "
        "f_t|^2/(2 gamma), its predecessor given, |a_t| <= 1. Then max_t |h_t - h'_t| shrinks by b = lambda gamma/(1 + "
        "lambda gamma) < 1 in every step, for any two states; b is attained, and no step size does better."
    ),
    readings=(
        Reading(
            "stated",
            "For all parameters, dimensions and lengths; attained with a = 1; with any alpha > 0 some two states of "
            "two positions or more shrink by |1 - alpha (lambda + 1/gamma)| + alpha lambda only, which is least there.",
            parts=("the map", "factor", "attained", "best step"),
        ),
    ),
    symbols=[lam, gamma],
)
h, before, f, a = sp.symbols("h before f a", real=True)


def own_step(h: sp.Expr, before: sp.Expr, size: sp.Expr) -> sp.Expr:
    """One coordinate of a position after its step."""
    return h - size * (lam * (h - a * before) + (h - f) / gamma)


@causal.shows("all parameters", part="the map")
def step_forgets_the_position_itself() -> Finding:
    """h_t <- (1 - b) f_t + b a_t h_(t-1): nothing of h_t is left."""
    return derive(
        [("one step", own_step(h, before, 1 / own), (1 - b) * f + b * a * before)],
        "a step with 1/(lambda + 1/gamma) ends at the minimum of the position's own term",
    )


@causal.shows("all parameters, every dimension and length", part="factor", uses=step_forgets_the_position_itself)
def causal_factor() -> Finding:
    """Squares of differences: coordinate by coordinate at most b^2 times that of the predecessor; then summed."""
    e, largest, rest, square = sp.symbols("e largest rest square", real=True)
    return prove(
        [a >= -1, a <= 1, largest >= 0, rest <= b**2 * square, square + e**2 <= largest**2],
        [rest + (b * a * e) ** 2 <= b**2 * (square + e**2), rest + (b * a * e) ** 2 <= (b * largest) ** 2, b < 1],
        detail="one coordinate more: the squared difference of a position is at most b^2 times its predecessor's",
    )


@causal.shows("two positions, a = 1", part="attained", uses=step_forgets_the_position_itself)
def causal_factor_is_attained() -> Finding:
    """Two states that differ by e at both positions: after a step 0 at the first, b e at the second."""
    e = sp.Symbol("e", real=True)
    moved = (own_step(h + e, before + e, 1 / own) - own_step(h, before, 1 / own)).subs(a, 1)
    return derive([("second position", moved, b * e)], "a difference of e at every position leaves b e at the second")


@causal.shows("all alpha > 0; two positions, a = 1", part="best step")
def no_step_size_does_better() -> Finding:
    """States differ by 1 at both positions, or by -1 and 1: the second is left with the factor in one of the two."""
    factor = sp.Abs(1 - alpha * own) + alpha * lam
    moved = [
        sp.expand(own_step(h + 1, before + sign, alpha) - own_step(h, before, alpha)).subs(a, 1) for sign in (1, -1)
    ]
    attained = prove([], sp.Eq(sp.Max(*map(sp.Abs, moved)), factor), detail="one of the two is left with the factor")
    least = prove([], [factor >= b, (factor - b).subs(alpha, 1 / own) <= 0], detail="the factor is at least b")
    return together({"attained": attained, "least": least}, "with any step size some states shrink by b at best")


ridged = Claim(
    id="ridge-contraction",
    title="the causal game with ridge terms contracts",
    source="the causal game with ridge terms at every position",
    statement=(
        "With convex terms of curvature at most s at every position, p = lambda + 1/gamma and alpha = 2/(2 p + s), "
        "max_t |h_t - h'_t| shrinks in every step by (2 lambda + s)/(2 lambda + 2/gamma + s) < 1, for any two states."
    ),
    readings=(
        Reading(
            "stated",
            "For all lambda, gamma, s, dimensions, lengths and couplings in [-1, 1].",
            parts=("own step", "with the predecessor", "below 1"),
        ),
    ),
    symbols=[lam, gamma],
)
s = sp.Symbol("s", positive=True)
size = 2 / (2 * own + s)


@ridged.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation_again() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@ridged.shows("every dimension", part="own step", uses=lemma_interpolation_again)
def own_step_contracts() -> Finding:
    """What a position descends has curvature from p to p + s: |d - alpha D| <= s/(2 p + s) |d|."""
    p = sp.Symbol("p", positive=True)
    step = gradient_step(d, D, 2 / (2 * p + s))
    return prove(
        [d.norm2 > 0, SmoothClass(p, p + s).gradients(d, D)],
        step.norm2 <= (s / (2 * p + s)) ** 2 * d.norm2,
        detail="a position's own step contracts by s/(2 p + s)",
    )


@ridged.shows("every length", part="with the predecessor", uses=own_step_contracts, cites="the triangle inequality")
def predecessor_adds_alpha_lambda() -> Finding:
    """|step| <= |own part| + alpha lambda |a_t * e|, e the difference of the predecessors."""
    own_part, drawn, largest = sp.symbols("own_part drawn largest", nonnegative=True)
    return prove(
        [own_part <= s / (2 * own + s) * largest, drawn <= size * lam * largest],
        own_part + drawn <= (2 * lam + s) / (2 * lam + 2 / gamma + s) * largest,
        detail="the largest difference shrinks by (2 lambda + s)/(2 lambda + 2/gamma + s)",
    )


@ridged.shows("all parameters", part="below 1")
def ridge_factor_is_below_one() -> Finding:
    return prove([], (2 * lam + s) / (2 * lam + 2 / gamma + s) < 1, detail="the factor is below 1")
