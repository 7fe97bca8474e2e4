"""Assumption 4.2: strong convexity. Where the paper's energy fails it, and the weak convexity that holds instead."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from closed_loop.lemmas import energy
from eqt_theory import Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.denial import refuted_by
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.interval import certify_boxes, enclose, replay_in_balls
from eqt_theory.engines.property import property_check
from eqt_theory.lemmas import confidence, direction, softmax

claim = Claim(
    id="assumption-4.2",
    title="the energy is strongly convex and smooth",
    source="Assumption 4.2, Eq. 24, for the energy of Eqs. 11 to 15",
    statement=(
        "There are 0 < mu <= L with mu |d|^2 <= <grad energy(h) - grad energy(h'), d> <= L |d|^2, d = h - h', for "
        "all h and h'."
    ),
    readings=(
        Reading(
            "stated",
            "The paper's energy meets it globally: for linear heads, any memories and positive weights there are such "
            "constants for each of the four terms and for their weighted sum.",
            parts=("reverse and masked terms", "confidence term", "memory term", "weighted sum"),
        ),
    ),
    repair="assumption-4.2-repaired",
    remark="The weighted sum fails for every instance, whatever the heads, as long as their gradients are bounded.",
)

repaired = Claim(
    id="assumption-4.2-repaired",
    rocq=["proximal_term_raises_curvature"],
    title="weakly convex off the origin, Phi strongly convex",
    source="corrects Assumption 4.2 for Eqs. 11 to 15",
    statement=(
        "Freeze the argmax, take linear heads and a convex set at distance r > 0 from the origin: the energy is "
        "weakly convex there, -w |d|^2 <= <grad energy(h) - grad energy(h'), d>, with w = lambda_conf b_V sigma^2 + "
        "lambda_mem (1/tau^2 + 1/4)/r^2 (2/(sqrt 3 tau r^2) for tau >= 2/sqrt 3). For every V, b_V = max over a in "
        "[1/V, 1] of min(a, 2 a (1 - a)) (1 - a) ln(a (V - 1)/(1 - a)) will do, for V = 2 also 0, for V = 3 also w_3 "
        "(1 + 1e-6); nothing below w_V = max over a of a (1 - 2 a) ln(a (V - 2)/(1 - 2 a)) does, w_3 = 0.0686061. The "
        "bounds of the memory are the least ones for d >= 2. Where w < 1/gamma, Phi is strongly convex with m = "
        "1/gamma - w, which is what theorem-2-repaired asks, and w < 1/gamma cannot be weakened."
    ),
    readings=(
        Reading(
            "stated",
            "For all heads, offsets, memories, relevances, weights and dimensions.",
            parts=(
                "reverse and masked terms",
                "confidence, V = 2",
                "confidence, V = 3",
                "confidence, every V",
                "confidence: sharp",
                *("memory: below, tau <= 2/sqrt 3", "memory: below, tau >= 2/sqrt 3", "memory: sharp"),
                "weighted sum",
                "Phi is strongly convex",
                "w < 1/gamma is needed",
            ),
        ),
    ),
)

mu = sp.Symbol("mu", positive=True)


@claim.shows("two classes, logits (0, x), the second class true; every mu", part="reverse and masked terms")
def cross_entropy_is_flat_far_out() -> Finding:
    """Its curvature p (1 - p) falls below every mu."""
    return refuted_by(
        softmax.show_flat_at_infinity(),
        "some mu > 0 is a lower curvature of the cross-entropy of a linear head",
        {"logits": "(0, x)", "state": "x = 1/mu"},
    )


@claim.shows("V = 2, logits (h, -h), d = 1, the pair 1/10 and -1/10; every mu > 0", part="confidence term")
def confidence_is_kinked_downwards() -> Finding:
    """On either side of the tie the slope points away from it: the inner product is negative, not above mu |d|^2."""
    return across_the_tie(sp.Integer(1))


def across_the_tie(weight: sp.Expr) -> Finding:
    """Monotonicity of the gradient of `H - weight log max p` at the pair (h, -h), h = 1/10, in ball arithmetic."""
    h = sp.Symbol("h", real=True)
    p, rest = 1 / (1 + sp.exp(-2 * h)), 1 / (1 + sp.exp(2 * h))
    entropy = -p * sp.log(p) - rest * sp.log(rest)
    right, left = sp.diff(entropy - weight * sp.log(p), h), sp.diff(entropy - weight * sp.log(rest), h)
    inner = (right - left.subs(h, -h)) * 2 * h
    text, at = "<grad L_conf(h) - grad L_conf(-h), 2h> > 0, as mu (2h)^2 is", Fraction(1, 10)
    replay = replay_in_balls(
        [("h > 0, so piece 0 is active at h and piece 1 at -h", h > 0)], [(text, inner > 0)], {h: at}
    )
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, f"at h = 1/10 the inner product is not certainly negative: {text}")
    found, kept = enclose(inner, {h: at}), certify_boxes([inner < 0], {h: (at, at)}).certificate
    detail = f"between 1/10 and -1/10 <grad L_conf(h) - grad L_conf(-h), 2h> = {found} < 0 for logits (h, -h)"
    witness = {"logits": "(h, -h)", "h": at, "h'": -at}
    return Finding(Verdict.REFUTED, Method.INTERVAL, detail, witness=witness, replay=replay, certificate=kept)


Memory = tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction], Fraction]
"""A memory, a direction, and how much further out the second state lies."""
pythagorean = st.builds(
    lambda t, flip: ((2 * t / (1 + t * t)) * flip, (1 - t * t) / (1 + t * t)),
    rationals(-2, 2),
    st.sampled_from((Fraction(1), Fraction(-1))),
)


def memory_gradient(z: tuple[Fraction, Fraction], u: tuple[Fraction, Fraction], r: Fraction) -> list[Fraction]:
    """Gradient of -cos(h, z) at h = r u, for unit z and u: -(z - (z.u) u)/r."""
    along = z[0] * u[0] + z[1] * u[1]
    return [-(a - along * b) / r for a, b in zip(z, u, strict=True)]


@claim.samples(
    "drawn memories and rays in the plane, one memory, tau = 1; exact; every mu > 0", part="memory term", quick=False
)
def memory_is_strongly_convex_along_drawn_rays(run: Run) -> Finding:
    """Two states on a ray: strong convexity asks for a positive inner product."""

    def product(case: Memory) -> Fraction:
        z, u, factor = case
        near, far = memory_gradient(z, u, Fraction(1)), memory_gradient(z, u, factor)
        return sum(((b - a) * c * (factor - 1) for a, b, c in zip(near, far, u, strict=True)), Fraction(0))

    def replay(case: Memory) -> Replay:
        z, u, factor = case
        inner = Fraction(0)
        for sign, r in ((-1, Fraction(1)), (1, factor)):  # by the quotient rule at h = r u, |h| = r
            h = [r * a for a in u]
            dot = z[0] * h[0] + z[1] * h[1]
            slope = [-(a * r**2 - dot * b) / r**3 for a, b in zip(z, h, strict=True)]
            inner += sign * sum(a * b for a, b in zip(slope, u, strict=True)) * (factor - 1)
        unit = u[0] ** 2 + u[1] ** 2
        return exact_replay(
            [("|h| = 1", unit, "=", 1), ("|z| = 1", z[0] ** 2 + z[1] ** 2, "=", 1), ("h'/h > 1", factor, ">", 1)],
            [("<grad(h') - grad(h), h' - h> > 0, as mu |d|^2 is", inner, ">", 0)],
        )

    return property_check(
        st.tuples(pythagorean, pythagorean, rationals(2, 8)),
        lambda case: product(case) <= 0,
        replay=replay,
        run=run,
        describe=lambda case: {"z": "({}, {})".format(*case[0]), "h": "({}, {})".format(*case[1]), "h'/h": case[2]},
        detail="L_mem is strongly convex along rays",
    )


@claim.shows("every energy F(h/|h|) with smooth F, at every state; every mu > 0", part="memory term")
def memory_curves_along_the_ray() -> Finding:
    """The second derivative along h itself, for F with arbitrary first and second derivatives."""
    return radial(sp.Integer(0))


def radial(ridge: sp.Expr) -> Finding:
    """Strong convexity along the ray through h = (r, 0) for F(h/|h|) + ridge |h|^2/2."""
    x1, x2, b1, b2, c11, c12, c22, found = sp.symbols("x1 x2 b1 b2 c11 c12 c22 curvature", real=True)
    r = sp.Symbol("r", positive=True)
    length = sp.sqrt(x1**2 + x2**2)
    u1, u2 = x1 / length, x2 / length
    value = b1 * u1 + b2 * u2 + c11 * u1**2 + c12 * u1 * u2 + c22 * u2**2 + ridge * length**2 / 2
    along = sp.simplify(sp.diff(value, x1, 2).subs({x1: r, x2: 0}))
    return prove([sp.Eq(found, along)], found >= mu, detail="the second derivative of F(h/|h|) along h is at least mu")


@claim.shows("every instance with bounded gradients off the memory; every mu > 0", part="weighted sum")
def sum_is_flat_along_rays() -> Finding:
    """Lipschitz heads flatten out, and the memory term does not see the length of the state."""
    return refuted_by(
        energy.no_strong_convexity(),
        "some mu > 0 is a lower curvature of the weighted sum",
        {"pair": "r u and r' u with r' - r > 2 G/mu, u any direction", "energy": "every instance of Eq. 11"},
    )


# What holds instead ---------------------------------------------------------------------------------------------------


@repaired.shows(
    "linear heads, all offsets and tokens", part="reverse and masked terms", cites="Gershgorin's circle theorem"
)
def lemma_variance() -> Finding:
    """Convex: the curvature is a variance."""
    return softmax.show_variance_bounds()


@repaired.shows("V = 2, every frozen piece", part="confidence, V = 2")
def lemma_two_classes() -> Finding:
    """Convex in the logits."""
    return confidence.show_two_classes()


@repaired.shows("V = 3, every frozen piece, every state", part="confidence, V = 3", quick=False)
def lemma_three_classes() -> Finding:
    """Branch and bound over the simplex."""
    return confidence.certify_three_classes()


@repaired.shows(
    "every V, every frozen piece, every state", part="confidence, every V", cites="Gershgorin's circle theorem"
)
def lemma_every_number_of_classes() -> Finding:
    """A bound that is not tight."""
    return confidence.show_bound_lemmas()


@repaired.shows("every V >= 3", part="confidence: sharp")
def sharpness_confidence() -> Finding:
    """The curvature -w_V is attained, so no smaller w will do."""
    return confidence.show_attained()


@repaired.lemma("all memories, weights and tau", cites="the mean of a square is at least the square of the mean")
def lemma_memory_moments() -> Finding:
    """The means and the variance of unit vectors."""
    return direction.show_moments()


@repaired.lemma("all memories, weights and tau")
def lemma_memory_scores() -> Finding:
    """First and second derivatives of the log-sum-exp."""
    return direction.show_score_derivatives()


@repaired.lemma("every smooth function of the direction")
def lemma_direction_hessian() -> Finding:
    """Second derivatives of F(h/|h|)."""
    return direction.show_direction_hessian()


@repaired.shows(
    "all memories and weights, tau <= 2/sqrt 3",
    part="memory: below, tau <= 2/sqrt 3",
    uses=(lemma_memory_moments, lemma_memory_scores, lemma_direction_hessian),
)
def lemma_memory_below_cold() -> Finding:
    """(1/tau^2 + 1/4)/|h|^2."""
    return direction.show_weak_convexity_cold()


@repaired.shows(
    "all memories and weights, tau >= 2/sqrt 3",
    part="memory: below, tau >= 2/sqrt 3",
    uses=(lemma_memory_moments, lemma_memory_scores, lemma_direction_hessian),
)
def lemma_memory_below_warm() -> Finding:
    """2/(sqrt 3 tau |h|^2)."""
    return direction.show_weak_convexity_warm()


@repaired.shows("one or two memories, every d >= 2", part="memory: sharp")
def sharpness_memory() -> Finding:
    """The bounds are attained."""
    return direction.show_bounds_attained()


@repaired.shows(
    "every weakly convex energy, every dimension, all gamma with w < 1/gamma", part="Phi is strongly convex"
)
def proximal_term_convexifies() -> Finding:
    """<grad Phi(h) - grad Phi(h'), d> = <D, d> + g |d|^2."""
    return convexified(weak < g)


@repaired.shows("all weights and gamma", part="weighted sum")
def lemma_weighted_sum() -> Finding:
    """Bounds add up with the weights."""
    return energy.sums_of_bounds()


weak = sp.Symbol("w", nonnegative=True)
g = sp.Symbol("g", positive=True)


def convexified(condition: sp.Basic) -> Finding:
    """Phi is strongly convex with m = g - w > 0, under the condition."""
    space = Space(("d", "D"))
    d, D = space.vectors
    return prove(
        [*space.positive_semidefinite, d.norm2 > 0, d @ D >= -weak * d.norm2, condition],
        [d @ (D + g * d) >= (g - weak) * d.norm2, d @ (D + g * d) > 0],
        detail="<grad Phi(h) - grad Phi(h'), d> >= (1/gamma - w) |d|^2 > 0",
    )


@repaired.shows("energy = -w h^2/2", part="w < 1/gamma is needed")
def sharpness_gamma() -> Finding:
    """With w >= 1/gamma some energy of the class leaves Phi without strong convexity."""
    d = sp.Symbol("d", positive=True)
    return prove(
        [weak >= g],
        (-weak + g) * d**2 <= 0,
        detail="for energy = -w h^2/2 and w >= 1/gamma, <grad Phi(h) - grad Phi(h'), d> <= 0",
    )
