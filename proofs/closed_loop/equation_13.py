"""Eq. 13: the random mask, which may be empty, and which makes the energy random."""

from fractions import Fraction
from itertools import product

import sympy as sp

from eqt_theory import Claim, Finding, Method, Reading, Relation, Verdict, prove
from eqt_theory.core.finding import inconclusive
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.symbolic import derive

RATE = Fraction(15, 100)
LONGEST = 10

claim = Claim(
    id="equation-13",
    title="the masked term",
    source="Eq. 13",
    statement=(
        "L_mask(h) = -(1/|M|) sum over i in M of log p(x_i | h, x without M), M a random 15% of the positions, each "
        "masked independently."
    ),
    readings=(
        Reading(
            "stated",
            "The term is defined for every text and every mask that may be drawn: a draw is never empty.",
        ),
        Reading(
            "a fixed mask that is not empty",
            "Then |M| >= 1, and the mean is defined; the mask being fixed, it is one function of h.",
            Relation.COMPLETED,
        ),
    ),
    repair="equation-13-repaired",
    remark=(
        "An empty mask gives 0/0. A text of one token is unmasked with probability 0.85, one of 16 with 0.074. A mask "
        "drawn anew in every step leaves a noise floor, and the iterates do not converge."
    ),
)


def empty_probability(length: int) -> Fraction:
    """By enumeration: the weight of all masks of this length without a masked position."""
    total = Fraction(0)
    for mask in product((False, True), repeat=length):
        if not any(mask):
            weight = Fraction(1)
            for masked in mask:
                weight *= RATE if masked else 1 - RATE
            total += weight
    return total


@claim.shows("texts of one to ten tokens, all masks", reading="stated")
def masks_are_never_empty() -> Finding:
    """The probability of the empty mask, for the first length where it is not 0."""
    found = {length: empty_probability(length) for length in range(1, LONGEST + 1)}
    bad = [(length, p) for length, p in found.items() if p > 0]
    if not bad:
        return Finding(
            Verdict.CERTIFIED, Method.EXACT, "no mask is empty", enclosures={str(k): v for k, v in found.items()}
        )
    length, p = bad[0]
    replay = exact_replay(
        [("each position is masked with probability 15%", RATE, "=", Fraction(3, 20))],
        [(f"P(M is empty) = (1 - 3/20)^{length} = 0", (1 - RATE) ** length, "=", 0)],
    )
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"a text of {length} token is left unmasked with probability {p} = {float(p)}",
        witness={"t": length, "P(M is empty)": p},
        replay=replay,
        examples=LONGEST,
    )


q = sp.Symbol("q", positive=True)  # (1 - p)^t


@claim.shows("every length, by induction from the empty text, where q = 1", reading="stated")
def longer_texts_have_no_empty_mask() -> Finding:
    """One more position leaves 17/20 of the chance q that nothing is masked; it would have to become 0 at t = 1."""
    after = sp.Symbol("q_after", real=True)
    return prove([sp.Eq(after, sp.Rational(17, 20) * q)], after <= 0, detail="P(M is empty) = 0 from t = 1 on")


size, total = sp.symbols("size total", real=True)


@claim.shows("every mask with a position, every h with finite logarithms", reading=claim.readings[1].name)
def term_is_defined() -> Finding:
    """The mean over |M| >= 1 terms, each in [0, s]."""
    s = sp.Symbol("s", positive=True)
    mean = total / size
    return prove([size >= 1, total >= 0, total <= size * s], [mean >= 0, mean <= s], detail="a mean in [0, s]")


repaired = Claim(
    id="equation-13-repaired",
    title="masks that work",
    source="corrects Eq. 13",
    statement=(
        "P(M is empty) = 0.85^t for every t: at most 1% from t = 29 on, not before. Drawing again until M is not empty "
        "gives each position the same chance p/(1 - (1 - p)^t), p = 0.15, and takes 1/(1 - 0.85^t) draws on average. "
        "With a new mask in every step that adds independent noise of variance s^2 to the gradient of Phi = m (h - "
        "h*)^2/2, and alpha < 2/m, the variance about h* tends to alpha^2 s^2/(1 - (1 - alpha m)^2) > 0; it lies "
        "between alpha s^2/(2 m) and alpha s^2/m for alpha <= 1/m, so it falls to 0 with alpha. A fixed mask (s = 0) "
        "has none."
    ),
    readings=(
        Reading(
            "stated",
            "Independent masking with probability 0.15, every length t; the noise on parabolas of one variable.",
            parts=("empty", "1% from 29 on", "drawing again", "noise floor", "floor and step size"),
        ),
    ),
)


@repaired.shows("every length, from t to t + 1, and the empty text", part="empty")
def chance_of_the_empty_mask() -> Finding:
    """One position more is not masked with probability 17/20, independently of all others."""
    return chances(1 - RATE)


def chances(unmasked: Fraction) -> Finding:
    """That `unmasked`^t is the chance that t positions are unmasked: it starts at 1 and multiplies by 17/20."""
    t = sp.Symbol("t", nonnegative=True)
    power = sp.Rational(unmasked) ** t
    return derive(
        [
            ("t = 0: nothing is masked", power.subs(t, 0), sp.Integer(1)),
            ("t + 1: and neither is one more", power.subs(t, t + 1), sp.Rational(17, 20) * power),
        ],
        "P(M is empty) = 0.85^t for every t",
    )


@repaired.samples("lengths one to ten, all masks", part="empty")
def probability_of_the_empty_mask() -> Finding:
    """By enumeration, against 0.85^t."""
    values = {f"t = {n}": empty_probability(n) for n in range(1, LONGEST + 1)}
    if any(value != (1 - RATE) ** n for n, value in enumerate(values.values(), 1)):
        return inconclusive(Method.EXACT, "the enumeration does not give 0.85^t")
    return Finding(Verdict.CERTIFIED, Method.EXACT, "P(M is empty) = 0.85^t", enclosures=values, examples=LONGEST)


@repaired.shows("t = 28 and t = 29, exactly; it falls with t", part="1% from 29 on")
def empty_masks_are_rare_from_29_on() -> Finding:
    """0.85^28 and 0.85^29."""
    before, after = sp.Rational(17, 20) ** 28, sp.Rational(17, 20) ** 29
    at_28, at_29, p = sp.symbols("at_28 at_29 p", positive=True)
    percent = sp.Rational(1, 100)
    return prove(
        [sp.Eq(at_28, before), sp.Eq(at_29, after)],
        [
            at_28 > percent,
            at_29 <= percent,
            sp.Implies(p <= percent, sp.Rational(17, 20) * p <= percent),
            sp.Implies(sp.Rational(17, 20) * p > percent, p > percent),
        ],
        detail="0.85^28 > 1% >= 0.85^29; it stays below after that, and was above before",
    )


@repaired.shows("every masking probability p, q = (1 - p)^t < 1", part="drawing again", quick=False)
def drawing_again_keeps_the_positions_alike() -> Finding:
    """Rejection: P(i in M | M not empty) and the mean number of draws, by their fixed-point equations."""
    p, chance, draws = sp.symbols("p chance draws", positive=True)
    return prove(
        [p < 1, q < 1, sp.Eq(chance, p + q * chance), sp.Eq(draws, 1 + q * draws)],
        [sp.Eq(chance, p / (1 - q)), sp.Eq(draws, 1 / (1 - q)), chance >= p],
        detail="each position has the chance p/(1 - q), and 1/(1 - q) draws are needed on average",
    )


alpha, m, s = sp.symbols("alpha m s", positive=True)


@repaired.shows(
    "Phi = m h^2/2 plus independent gradient noise of variance s^2, every alpha < 2/m", part="noise floor", quick=False
)
def variance_settles_above_zero() -> Finding:
    """v_{k+1} = (1 - alpha m)^2 v_k + alpha^2 s^2."""
    v = sp.Symbol("v", nonnegative=True)
    rate2 = (1 - alpha * m) ** 2
    floor = alpha**2 * s**2 / (1 - rate2)
    after = rate2 * v + alpha**2 * s**2
    return prove(
        [alpha * m < 2],
        [rate2 < 1, floor > 0, sp.Eq(after - floor, rate2 * (v - floor))],
        detail="the variance approaches alpha^2 s^2/(1 - (1 - alpha m)^2) > 0 by the factor (1 - alpha m)^2",
    )


@repaired.shows("every alpha <= 1/m", part="floor and step size", quick=False)
def sharpness_floor_falls_with_the_step() -> Finding:
    """The floor is alpha s^2/(m (2 - alpha m))."""
    floor = alpha**2 * s**2 / (1 - (1 - alpha * m) ** 2)
    return prove(
        [alpha * m <= 1],
        [
            sp.Eq(floor, alpha * s**2 / (m * (2 - alpha * m))),
            floor <= alpha * s**2 / m,
            floor >= alpha * s**2 / (2 * m),
        ],
        detail="the floor lies between alpha s^2/(2 m) and alpha s^2/m",
    )
