"""Assumption 4.1: the energy's gradient is Lipschitz. Where the paper's energy fails it, and where it holds."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from closed_loop.lemmas import energy
from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.denial import refuted_by
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.property import property_check
from eqt_theory.lemmas import confidence, direction, softmax

claim = Claim(
    id="assumption-4.1",
    title="the energy's gradient is Lipschitz",
    source="Assumption 4.1, Eq. 23, for the energy of Eqs. 11 to 15",
    statement=(
        "The gradient of the energy is L-Lipschitz: |grad energy(h) - grad energy(h')| <= L |h - h'| for all h and h'."
    ),
    readings=(
        Reading(
            "stated",
            "The paper's energy meets it: for linear heads, any memories and positive weights there is an L for each "
            "of the four terms and for their weighted sum, on all states where they are defined.",
            parts=("reverse and masked terms", "confidence term", "memory term", "weighted sum"),
        ),
    ),
    repair="assumption-4.1-repaired",
    remark=(
        "The failure of the weighted sum is not a matter of unlucky parameters: it is shown for every instance with a "
        "memory term that is not constant, and any other terms whose gradients are bounded."
    ),
)

repaired = Claim(
    id="assumption-4.1-repaired",
    title="Lipschitz off the origin, argmax frozen",
    source="corrects Assumption 4.1 for Eqs. 11 to 15",
    statement=(
        "Freeze the argmax of the confidence term, take linear heads, and a convex set of states at distance r > 0 "
        "from the origin. Then the gradient is Lipschitz there: the reverse and masked terms have curvature in [0, "
        "min(D^2/4, sigma^2/2)], D the largest distance of two rows and sigma the largest singular value of the "
        "centred head; the confidence term in [-b_V sigma^2, c_V sigma^2], b_V and c_V the finite bounds of "
        "assumption-4.2-repaired and of lemmas.confidence; the memory term in [-w, 2/(sqrt 3 tau r^2)], w = (1/tau^2 + "
        "1/4)/r^2 for tau <= 2/sqrt 3 and 2/(sqrt 3 tau r^2) beyond, for d >= 2 the least bounds that hold for all "
        "memories; the bounds add up with the weights."
    ),
    readings=(
        Reading(
            "stated",
            "For all heads, offsets, memories, relevances, temperatures, weights and dimensions.",
            parts=(
                "reverse and masked terms",
                "confidence: Hessian",
                "confidence: bounds",
                "memory: Hessian",
                "memory: above",
                "memory: below, tau <= 2/sqrt 3",
                "memory: below, tau >= 2/sqrt 3",
                "memory: sharp",
                "weighted sum",
            ),
        ),
    ),
)

h = sp.Symbol("h", positive=True)
L, tau = sp.symbols("L tau", positive=True)
growth = sp.Symbol("exp_2h", positive=True)


@claim.shows("linear heads, all offsets and tokens", part="reverse and masked terms")
def cross_entropy_is_smooth() -> Finding:
    """Its curvature is a variance of rows."""
    return softmax.show_variance_bounds()


def slope_beside_the_tie() -> sp.Expr:
    """-d/dh L_conf at h > 0 for logits (h, -h), where p = exp(2h)/(1 + exp(2h)) is the larger probability."""
    E = sp.exp(2 * h)
    entropy = sp.log(1 + E) - 2 * h * E / (1 + E)
    surprise = sp.log(1 + E) - 2 * h
    return -sp.expand(sp.diff(entropy + surprise, h)).subs(E, growth).subs(sp.exp(4 * h), growth**2)


@claim.shows("V = 2, logits (h, -h), d = 1; every L", part="confidence term", quick=False)
def confidence_jumps_at_the_tie() -> Finding:
    """L_conf is even, so its slopes at h and -h are opposite; at h = e they differ by more than L times 2 e."""
    lemma = jump_lemma(slope_beside_the_tie())
    witness = {"logits": "(h, -h)", "pair": "e and -e for every e < min(1/2, 1/(2 L))", "jump of the slope": "2"}
    return refuted_by(lemma, "some L is a Lipschitz constant of grad L_conf for logits (h, -h)", witness)


def jump_lemma(slope: sp.Expr) -> Finding:
    """For every L the slopes at h and -h, both `slope` long and opposite, differ by more than 2 L h near 0."""
    return prove(
        [h <= sp.Rational(1, 2), growth >= 1, growth <= 3, h < 1 / (2 * L)],  # exp(2h) < 3 for h <= 1/2
        2 * slope > L * 2 * h,
        detail="for every L, |grad L_conf(e) - grad L_conf(-e)| >= 1 > L |e - (-e)| for all e < min(1/2, 1/(2 L))",
    )


Head = tuple[tuple[Fraction, ...], tuple[Fraction, ...], Fraction]
"""Two rows and the difference of their offsets."""


@st.composite
def heads(draw: st.DrawFn) -> Head:
    """Linear heads with two classes in one or two dimensions."""
    d = draw(st.integers(1, 2))
    entries = st.tuples(*[rationals(-3, 3)] * d)
    return draw(entries), draw(entries), draw(rationals(-2, 2))


def tie(case: Head) -> tuple[Fraction, ...] | None:
    """A state at which both logits agree; None where the rows are the same."""
    first, second, offset = case
    normal = [a - b for a, b in zip(first, second, strict=True)]
    square = sum(x * x for x in normal)
    return tuple(-offset * x / square for x in normal) if square else None


def shown(vector: tuple[Fraction, ...]) -> str:
    """The vector as text."""
    return f"({', '.join(map(str, vector))})"


def one_sided_gradients(case: Head) -> tuple[list[Fraction], list[Fraction]]:
    """The limits of grad L_conf at the tie from either side: there p = (1/2, 1/2) and q = 0, so it is W^T (p - e_i)."""
    first, second, _ = case
    return [(b - a) / 2 for a, b in zip(first, second, strict=True)], [
        (a - b) / 2 for a, b in zip(first, second, strict=True)
    ]


@claim.samples("drawn linear heads with V = 2, d <= 2; exact", part="confidence term", quick=False)
def gradient_is_continuous_on_drawn_heads(run: Run) -> Finding:
    """A Lipschitz gradient is continuous; the two limits at a tie are compared in fractions."""

    def jumps(case: Head) -> bool | None:
        if tie(case) is None:
            return None
        left, right = one_sided_gradients(case)
        return left != right

    def replay(case: Head) -> Replay:
        at = tie(case)
        assert at is not None
        first, second, offset = case
        gap = sum((a - b) * x for a, b, x in zip(first, second, at, strict=True)) + offset
        left, right = one_sided_gradients(case)
        jump = sum((a - b) ** 2 for a, b in zip(left, right, strict=True))
        return exact_replay([("logits agree at h", gap, "=", 0)], [("|jump of grad L_conf at h|^2 = 0", jump, "=", 0)])

    return property_check(
        heads(),
        jumps,
        replay=replay,
        run=run,
        describe=lambda case: {
            "rows": (shown(case[0]), shown(case[1])),
            "offset": case[2],
            "h": shown(tie(case) or ()),
        },
        detail="grad L_conf is continuous at ties of a linear head with two classes",
    )


@claim.shows("one memory z = (1, 0, ...), d >= 2; every L and tau", part="memory term")
def memory_blows_up_at_the_origin() -> Finding:
    """At (0, r) and (0, 2r) the gradients of -h1/(tau |h|) are -(1, 0)/(tau r) and half of that."""
    lemma = blow_up_lemma(sp.Symbol("r", positive=True), 1)
    witness = {"memory": "(1, 0)", "pair": "(0, r) and (0, 2 r) for every r^2 < 1/(2 tau L)"}
    return refuted_by(lemma, "some L is a Lipschitz constant of grad L_mem off the origin", witness)


def blow_up_lemma(r: sp.Symbol, power: int) -> Finding:
    """For every L, gradients of length 1/(tau r^power) at r and (2 r)^power differ by more than L r."""
    near, far = 1 / (tau * r**power), 1 / (tau * (2 * r) ** power)
    return prove(
        [r**2 < 1 / (2 * tau * L)],
        near - far > L * r,
        detail="for every L and tau, |grad L_mem(0, r) - grad L_mem(0, 2r)| = 1/(2 tau r) > L r for r^2 < 1/(2 tau L)",
    )


@claim.shows(
    "every memory term that is not constant, all weights, any other terms with bounded gradients", part="weighted sum"
)
def sum_blows_up_at_the_origin() -> Finding:
    """What the others add near the origin is bounded."""
    witness = {"pair": "r u and 2 r u with grad L_mem(u) != 0, r small", "energy": "every instance of Eq. 11"}
    return refuted_by(
        energy.no_lipschitz_constant(),
        "some L is a Lipschitz constant of the gradient of the weighted sum",
        witness,
    )


# What holds instead ---------------------------------------------------------------------------------------------------


@repaired.shows(
    "linear heads, all offsets and tokens", part="reverse and masked terms", cites="Gershgorin's circle theorem"
)
def lemma_variance() -> Finding:
    """Popoviciu and Gershgorin."""
    return softmax.show_variance_bounds()


@repaired.shows("every V and every piece", part="confidence: Hessian", quick=False)
def lemma_confidence_hessian() -> Finding:
    """The gradient and Hessian of a frozen piece."""
    return confidence.show_hessian()


@repaired.shows("every V and every piece", part="confidence: bounds", quick=False, cites="Gershgorin's circle theorem")
def lemma_confidence_bounds() -> Finding:
    """Entropy by groups, and norms."""
    return confidence.show_bound_lemmas()


@repaired.shows("every smooth function of the direction", part="memory: Hessian", quick=False)
def lemma_direction_hessian() -> Finding:
    """Second derivatives of F(h/|h|)."""
    return direction.show_direction_hessian()


@repaired.lemma("all memories, weights and tau", cites="the mean of a square is at least the square of the mean")
def lemma_memory_moments() -> Finding:
    """The means and the variance of unit vectors."""
    return direction.show_moments()


@repaired.lemma("all memories, weights and tau")
def lemma_memory_scores() -> Finding:
    """First and second derivatives of the log-sum-exp."""
    return direction.show_score_derivatives()


@repaired.shows(
    "all memories, weights and tau",
    part="memory: above",
    uses=(lemma_memory_moments, lemma_memory_scores, lemma_direction_hessian),
)
def lemma_memory_above() -> Finding:
    """2/(sqrt 3 tau |h|^2)."""
    return direction.show_upper_curvature()


@repaired.shows(
    "all memories and weights, tau <= 2/sqrt 3",
    part="memory: below, tau <= 2/sqrt 3",
    uses=(lemma_memory_moments, lemma_memory_scores, lemma_direction_hessian),
)
def lemma_memory_below_cold() -> Finding:
    """-(1/tau^2 + 1/4)/|h|^2."""
    return direction.show_weak_convexity_cold()


@repaired.shows(
    "all memories and weights, tau >= 2/sqrt 3",
    part="memory: below, tau >= 2/sqrt 3",
    quick=False,
    uses=(lemma_memory_moments, lemma_memory_scores, lemma_direction_hessian),
)
def lemma_memory_below_warm() -> Finding:
    """-2/(sqrt 3 tau |h|^2)."""
    return direction.show_weak_convexity_warm()


@repaired.shows("one or two memories, every d >= 2", part="memory: sharp")
def sharpness_memory() -> Finding:
    """The bounds of the memory term are attained."""
    return direction.show_bounds_attained()


@repaired.shows("all weights and gamma", part="weighted sum")
def lemma_weighted_sum() -> Finding:
    """Bounds add up."""
    return energy.sums_of_bounds()
