"""Equation 15, the episodic memory term: where it means anything, and its bounds there."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Relation, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.lemmas import direction

claim = Claim(
    id="equation-15",
    title="the episodic memory term",
    source="Section 3.3, Eq. 15",
    statement=(
        "L_mem(h) = -log sum_i exp(cos(h, z_i)/tau) r_i with relevances r_i in {0, 1} is an energy of every state h, "
        "for any memories z_i."
    ),
    readings=(
        Reading(
            "stated",
            "For every state, all memories and relevances and every tau > 0 it is a real number, continuous in h.",
            parts=("state", "memories", "relevances"),
        ),
        Reading(
            "h and z_i not zero, some r_i = 1",
            "Where h != 0, every z_i != 0 and at least one r_i = 1, it is defined and smooth.",
            Relation.COMPLETED,
            parts=("state", "memories", "relevances"),
        ),
    ),
    repair="equation-15-repaired",
    remark=(
        "A vanishing r_i removes a term, it does not lower its weight; with none left the energy is +inf. Common "
        "library cosines divide by max(|h| |z|, 1e-8) and hide the first two cases behind a gradient of about 1e8."
    ),
)

repaired = Claim(
    id="equation-15-repaired",
    title="the memory term off the origin",
    source="completes Eq. 15",
    statement=(
        "With h != 0, all z_i != 0 and n >= 1 relevant memories: -1/tau - log n <= L_mem <= 1/tau - log n, both "
        "attained, so the energy may be negative; h . grad = 0 and h^T hess h = 0; |grad| <= 1/(tau |h|); and L_mem "
        "has no continuous extension to h = 0 unless it is constant."
    ),
    readings=(
        Reading(
            "stated",
            "For all such states and memories, every tau and dimension.",
            parts=("bounds", "attained", "radial", "slope", "no extension"),
        ),
    ),
)
completed = claim.readings[1].name

space = Space(("h", "z"))
h, z = space.vectors
tau, r = sp.symbols("tau r", positive=True)
e1, e2 = sp.symbols("exp_1 exp_2", positive=True)  # exp(cos(h, z_i)/tau)
r1, r2 = sp.symbols("r1 r2", real=True)
binary = [sp.Or(sp.Eq(x, 0), sp.Eq(x, 1)) for x in (r1, r2)]


def divisor(*hypotheses: sp.Basic) -> Finding:
    """Whether |h|^2 |z|^2, whose root the cosine divides by, is positive."""
    return prove(
        [*space.positive_semidefinite, *hypotheses],
        h.norm2 * z.norm2 > 0,
        detail="|h| |z| > 0, so cos(h, z) is defined",
    )


@claim.shows("every dimension; z != 0", part="state")
def cosine_is_defined_at_every_state() -> Finding:
    """The divisor of the cosine."""
    return divisor(z.norm2 > 0)


@claim.samples("drawn memories in the plane; exact", part="state", quick=False)
def limits_at_the_origin_agree(run: Run) -> Finding:
    """Continuity at h = 0: the cosine along two rays into it, in fractions."""
    unit = st.builds(
        lambda t, flip: (flip * 2 * t / (1 + t * t), flip * (1 - t * t) / (1 + t * t)),
        rationals(-2, 2),
        st.sampled_from((1, -1)),
    )

    def cosine(memory: tuple[Fraction, Fraction], ray: tuple[Fraction, Fraction]) -> Fraction:
        return memory[0] * ray[0] + memory[1] * ray[1]

    def replay(case: tuple[tuple[Fraction, Fraction], ...]) -> Replay:
        memory, one, other = case
        sizes = [(f"|{name}| = 1", x * x + y * y, "=", 1) for name, (x, y) in zip(("z", "u", "v"), case, strict=True)]
        gap = memory[0] * (one[0] - other[0]) + memory[1] * (one[1] - other[1])
        return exact_replay(sizes, [("cos(r u, z) - cos(r v, z) = 0, for every r > 0", gap, "=", 0)])

    return property_check(
        st.tuples(unit, unit, unit),
        lambda case: cosine(case[0], case[1]) != cosine(case[0], case[2]),
        replay=replay,
        run=run,
        describe=lambda case: {k: "({}, {})".format(*v) for k, v in zip(("z", "u", "v"), case, strict=True)},
        detail="the limits of cos(h, z) along two rays into h = 0 agree",
    )


@claim.shows("every dimension; h != 0", part="memories")
def cosine_is_defined_for_every_memory() -> Finding:
    """The divisor of the cosine."""
    return divisor(h.norm2 > 0)


@claim.shows("two memories, all values of their exponentials", part="relevances")
def sum_is_positive_for_all_relevances() -> Finding:
    """The argument of the logarithm."""
    return total_is_positive()


def total_is_positive(*hypotheses: sp.Basic) -> Finding:
    """Whether the argument of the logarithm is positive."""
    return prove(
        [*binary, *hypotheses],
        r1 * e1 + r2 * e2 > 0,
        detail="sum_i exp(cos(h, z_i)/tau) r_i > 0, so its log is defined",
    )


@claim.shows("every dimension", reading=completed, part="state")
def cosine_is_defined() -> Finding:
    """Both vectors are not zero."""
    return divisor(h.norm2 > 0, z.norm2 > 0)


@claim.shows("every dimension", reading=completed, part="memories")
def cosine_is_bounded() -> Finding:
    """cos^2 <= 1, and the derivatives of h/|h| exist off the origin."""
    return prove(
        [*space.positive_semidefinite, h.norm2 > 0, z.norm2 > 0],
        (h @ z) ** 2 / (h.norm2 * z.norm2) <= 1,
        detail="cos(h, z)^2 <= 1 where h and z are not zero",
    )


@claim.shows("some r_i = 1; further memories only add to the sum", reading=completed, part="relevances")
def sum_is_positive() -> Finding:
    """One relevant memory is enough."""
    return total_is_positive(sp.Or(sp.Eq(r1, 1), sp.Eq(r2, 1)))


# What holds instead ---------------------------------------------------------------------------------------------------

total, n, low, high, term = sp.symbols("total n exp_minus exp_plus term", positive=True)


@repaired.shows("any number of relevant memories, by adding one at a time", part="bounds")
def sum_is_bounded() -> Finding:
    """Each cosine lies in [-1, 1], so n exp(-1/tau) <= sum <= n exp(1/tau); the logarithm is increasing."""
    return prove(
        [low <= term, term <= high, n * low <= total, total <= n * high],
        [(n + 1) * low <= total + term, total + term <= (n + 1) * high],
        detail="with one more relevant memory the sum stays between n exp(-1/tau) and n exp(1/tau)",
    )


@repaired.shows("memories all along h, or all against it", part="attained")
def sharpness_bounds() -> Finding:
    """Where z_i = c h with c > 0 the cosine is 1, with c < 0 it is -1."""
    c, length = sp.Symbol("c", real=True), sp.Symbol("length", positive=True)
    cosine = c * length**2 / (length * sp.Abs(c) * length)
    return prove(
        [sp.Ne(c, 0)],
        [sp.Implies(c > 0, sp.Eq(cosine, 1)), sp.Implies(c < 0, sp.Eq(cosine, -1))],
        detail="the bounds are attained; one aligned memory gives -1/tau, so the energy is not bounded below by 0",
    )


@repaired.shows("every smooth function of the direction", part="radial")
def no_radial_derivatives() -> Finding:
    """From the derivatives of F(h/|h|)."""
    return direction.show_direction_hessian()


@repaired.shows("all memories, weights and tau", part="slope")
def slope_is_bounded() -> Finding:
    """The tangent part of a mean of unit vectors."""
    return direction.show_slope()


@repaired.shows("every function of the direction", part="no extension")
def no_continuous_extension() -> Finding:
    """A value at 0 within e of F(u) and of F(v) for every e > 0 forces F(u) = F(v)."""
    return extension(sp.Rational(1, 4))


def extension(share: sp.Rational) -> Finding:
    """On the rays through u and v the function is constant: can one value be within `share` of their gap of both?"""
    at_u, at_v, at_0 = sp.symbols("F_u F_v F_0", real=True)
    gap = sp.Abs(at_u - at_v)
    return prove(
        [sp.Ne(at_u, at_v), sp.Abs(at_0 - at_u) <= share * gap],
        sp.Abs(at_0 - at_v) > share * gap,
        detail=f"if F(u) != F(v), no value at 0 is within {share} of their difference of both",
    )
