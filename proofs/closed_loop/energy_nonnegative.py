"""Whether the energy is never negative; the memory term is, and how far below 0 it can be."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

tau, weight, count, T = sp.symbols("tau weight count T", positive=True)  # T = exp(1/tau)
p = sp.Symbol("p", positive=True)

claim = Claim(
    id="energy-nonnegative",
    title="the energy is never negative",
    source="the energy as a nonnegative function, with Eqs. 11 to 15",
    statement="The energy sum_i lambda_i L_i, lambda_i >= 0, with the four terms of Eqs. 12 to 15 is >= 0.",
    readings=(
        Reading(
            "stated",
            "For all weights, heads, memories that are not 0, tau > 0 and states that are not 0, at least one memory "
            "relevant.",
        ),
    ),
    repair="energy-nonnegative-repaired",
    remark=(
        "The memory term with one memory is -cos(h, z)/tau, at h = z so -1/tau. A constant added to the energy "
        "changes no equilibrium, so nothing but statements that use the sign itself is touched."
    ),
    symbols=(tau,),
)
h, z = Space(("h", "z")).vectors
c = sp.Symbol("c", real=True)
length_h, length_z = sp.symbols("length_h length_z", positive=True)
cosine = [
    *h.space.positive_semidefinite,
    sp.Eq(length_h**2, h.norm2),
    sp.Eq(length_z**2, z.norm2),
    sp.Eq(c * length_h * length_z, h @ z),
]


@claim.shows("lambda_mem = weight, the others 0; one memory, all h, z and tau, every dimension")
def memory_term_is_nonnegative() -> Finding:
    """With one memory -log exp(c/tau) = -c/tau."""
    return prove(cosine, -weight * c / tau >= 0, detail="weight times the memory term with one memory is >= 0")


triples = st.sampled_from(
    [(3, 4, 5), (4, 3, 5), (5, 12, 13), (-3, 4, 5), (0, 1, 1), (1, 0, 1), (-1, 0, 1), (8, 15, 17)]
)


@claim.samples("one memory, drawn states with rational length in the plane, drawn tau", quick=False)
def memory_term_on_drawn_states(run: Run) -> Finding:
    """Pythagorean vectors, so that the cosine is a fraction."""

    def term(case: tuple[tuple[int, int, int], tuple[int, int, int], Fraction]) -> Fraction:
        (a, b, r), (x, y, s), temperature = case
        return -Fraction(a * x + b * y, r * s) / temperature

    def replay(case: tuple[tuple[int, int, int], tuple[int, int, int], Fraction]) -> Replay:
        (a, b, r), (x, y, s), temperature = case
        return exact_replay(
            [
                ("|h|", a * a + b * b, "=", r * r),
                ("|z|", x * x + y * y, "=", s * s),
                ("tau > 0", temperature, ">", 0),
            ],
            [("-cos(h, z)/tau >= 0", term(case), ">=", 0)],
        )

    return property_check(
        st.tuples(triples, triples, rationals(Fraction(1, 10), 2)),
        lambda case: term(case) < 0,
        replay=replay,
        run=run,
        describe=lambda case: {"h": case[0][:2], "z": case[1][:2], "tau": case[2]},
        detail="the memory term with one memory is >= 0",
    )


repaired = Claim(
    id="energy-nonnegative-repaired",
    title="lower bound of the energy",
    source="corrects the statement that the energy is >= 0",
    statement=(
        "With n relevant memories the memory term lies in [-1/tau - ln n, 1/tau - ln n]; the lower end is attained "
        "where all of them are aligned with h, and every non-empty memory has a state, h = z_1, where the term is at "
        "most -1/tau. The other three terms are >= 0. So energy >= -lambda_mem (1/tau + ln n), and energy + lambda_mem "
        "(1/tau + ln n) is >= 0 with the same equilibria."
    ),
    readings=(
        Reading(
            "stated",
            "For all weights >= 0, heads, memories and states that are not 0, every dimension.",
            parts=("cosine", "sum", "logarithm", "attained", "always negative somewhere", "other terms", "energy"),
        ),
    ),
    symbols=(tau,),
)


@repaired.shows("all states and memories, every dimension", part="cosine")
def cosines_are_at_most_one() -> Finding:
    """Cauchy and Schwarz."""
    return prove(cosine, [c <= 1, c >= -1], detail="-1 <= cos(h, z) <= 1, so 1/T <= exp(cos/tau) <= T")


@repaired.shows("every number of memories, by induction; T = exp(1/tau)", part="sum")
def sum_of_exponentials() -> Finding:
    """From n to n + 1 memories, and one."""
    total, one = sp.symbols("total one", positive=True)
    return prove(
        [T >= 1, one <= T, one * T >= 1, total <= count * T, total * T >= count],
        [total + one <= (count + 1) * T, (total + one) * T >= count + 1],
        detail="n/T <= sum_i exp(cos_i/tau) <= n T; for n = 1 that is the bound of one term",
    )


@repaired.shows("every n and tau", part="logarithm")
def logarithm_of_the_bounds() -> Finding:
    """-log(n T) and -log(n/T)."""
    return derive(
        [
            ("-ln(n exp(1/tau)) = -1/tau - ln n", -sp.log(count * sp.exp(1 / tau)), -1 / tau - sp.log(count)),
            ("-ln(n exp(-1/tau)) = 1/tau - ln n", -sp.log(count * sp.exp(-1 / tau)), 1 / tau - sp.log(count)),
        ],
        "the memory term lies in [-1/tau - ln n, 1/tau - ln n], as -ln is decreasing",
    )


@repaired.shows("every state, memory a h with a > 0, every dimension", part="attained")
def sharpness_aligned_memories() -> Finding:
    """Cos = 1, so every one of the n terms is T."""
    a = sp.Symbol("a", positive=True)
    return prove(
        [*cosine, sp.Eq((z - a * h).norm2, 0), sp.Eq(h @ z, a * h.norm2)],
        sp.Eq(c, 1),
        detail="a memory aligned with h has cosine 1; with n of them the sum is n T",
    )


@repaired.shows("every non-empty memory, at h = z_1", part="always negative somewhere")
def term_is_negative_at_each_memory() -> Finding:
    """The sum is p = T, of z_1 itself, plus positive terms, so its logarithm is at least 1/tau."""
    others = sp.Symbol("others", nonnegative=True)
    return prove(
        [T > 1],
        [T + others >= T, T + others > 1],
        detail="the sum is at least T > 1, so the term is at most -1/tau < 0",
    )


@repaired.shows("every probability p; sums follow", part="other terms")
def entropy_and_surprisals_are_nonnegative() -> Finding:
    """L stands for log p; all that is used is log p <= p - 1."""
    log_p = sp.Symbol("log_p", real=True)
    return prove(
        [p <= 1, log_p <= p - 1],
        [-log_p >= 0, -p * log_p >= 0],
        detail="-log p >= 0 and -p log p >= 0, so L_rev, L_mask and L_conf are >= 0",
    )


@repaired.shows("all weights, by the bounds of the terms; b = 1/tau + ln n", part="energy")
def energy_is_bounded_below() -> Finding:
    """Sum of the four terms."""
    weights, others = (
        sp.symbols("w_rev w_mask w_conf", nonnegative=True),
        sp.symbols("L_rev L_mask L_conf", nonnegative=True),
    )
    w_mem, b = sp.Symbol("w_mem", nonnegative=True), sp.Symbol("b", real=True)
    term = sp.Symbol("L_mem", real=True)
    energy = sum((w * e for w, e in zip(weights, others, strict=True)), w_mem * term)
    return prove([term >= -b], energy >= -w_mem * b, detail="energy >= -lambda_mem (1/tau + ln n)")
