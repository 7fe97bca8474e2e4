"""Pairs of lines in the paper that cannot both be so: each with the computation that shows it."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import TypeVar

import sympy as sp

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Relation, Verdict, prove
from eqt_theory.core.finding import inconclusive
from eqt_theory.engines.gram import Space, Vector
from eqt_theory.engines.symbolic import derive

mu, tau, T = sp.symbols("mu tau T", positive=True)
h, f, u = sp.symbols("h f u", real=True)

energies = Claim(
    id="energy-eq4-eq11",
    title="two memory energies",
    source="Eq. 4 against Eqs. 11 and 15",
    statement=(
        "Eq. 4 defines the energy with the memory term -sum_i cos(h, z_i), Eq. 11 with -log sum_i exp(cos(h, z_i)/tau) "
        "(Eq. 15), over the relevant memories; both are called the energy of the model."
    ),
    readings=(
        Reading(
            "contradiction",
            "With two orthogonal memories and every tau <= 1/(5 ln 2), about 0.288, the two terms rank the states h = "
            "z_1 and h = 3 z_1/|z_1| + 4 z_2/|z_2| in opposite ways, whatever their positive weights: neither energy "
            "is the other one rescaled.",
            Relation.CONTRADICTION,
            parts=("cosines", "opposite order"),
        ),
    ),
    remark=(
        "The other terms differ as well: Eq. 4 has the surprisal of the most likely token and a consistency term, Eq. "
        "11 reverse prediction, masked prediction and an entropy. With one relevant memory both memory terms are "
        "multiples of the cosine and agree."
    ),
)
cosines_at_z1, cosines_between = (sp.Integer(1), sp.Integer(0)), (sp.Rational(3, 5), sp.Rational(4, 5))


@energies.shows("two orthogonal memories of any length", part="cosines")
def cosines_of_the_two_states() -> Finding:
    """With z_1 = (a, 0), z_2 = (0, b): h = (1, 0) and h = (3, 4)."""
    a, b = sp.symbols("a b", positive=True)
    steps = []
    for state, expected in (((1, 0), cosines_at_z1), ((3, 4), cosines_between)):
        for memory, value in zip(((a, 0), (0, b)), expected, strict=True):
            dot = sum(x * z for x, z in zip(state, memory, strict=True))
            lengths = sp.sqrt(sum(x**2 for x in state)) * sp.sqrt(sum(sp.sympify(z) ** 2 for z in memory))
            steps.append((f"cos({state}, {memory})", dot / lengths, value))
    return derive(steps, "the cosines are (1, 0) and (3/5, 4/5)")


@energies.shows("every tau <= 1/(5 ln 2), by T = exp(1/(5 tau)) >= 2; all positive weights", part="opposite order")
def memory_terms_rank_in_opposite_ways() -> Finding:
    """-log is decreasing, so the sums of exponentials exp(c/tau) = T^(5 c) are compared."""
    weight4, weight11 = sp.symbols("weight4 weight11", positive=True)
    at_z1, between = sp.symbols("cosines_at_z1 cosines_between", real=True)  # sums, for Eq. 4

    def exponentials(cosines: tuple[sp.Rational, ...]) -> sp.Expr:
        return sp.Add(*(T ** int(5 * c) for c in cosines))

    return prove(
        [T >= 2, sp.Eq(at_z1, sum(cosines_at_z1)), sp.Eq(between, sum(cosines_between))],
        [
            -weight4 * between < -weight4 * at_z1,
            weight11 * exponentials(cosines_between) < weight11 * exponentials(cosines_at_z1),
        ],
        detail="Eq. 4 is lower at 3 z_1 + 4 z_2, Eq. 15 is lower at z_1",
    )


@energies.samples("the same with the energies of this package, tau = 1/10, float64", part=WHOLE, quick=False)
def memory_terms_as_code() -> Finding:
    """CosineMemory against EpisodicMemory, margins far above rounding."""
    import torch

    from eqt_theory import CosineMemory, EpisodicMemory

    memories, states = torch.eye(2, dtype=torch.float64), torch.tensor([[1.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    plain, episodic = CosineMemory(memories).value(states), EpisodicMemory(memories, tau=0.1).value(states)
    said = f"Eq. 4: {plain.tolist()}, Eq. 15: {episodic.tolist()} at z_1 and between"
    if not (plain[0] - plain[1] > 0.1 and episodic[1] - episodic[0] > 0.1):
        return inconclusive(Method.EXPERIMENT, said)
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, said, examples=2)


block = Claim(
    id="block-eq5-eq6",
    title="two forms of the block",
    source="Eq. 5 against Eq. 6, and Algorithm 1",
    statement=(
        "Eq. 5: h' = MHSA(h) + h, h_next = FFN(h') + h'. Eq. 6 calls the same block h + Delta(h), the increment Delta "
        "being what the feed-forward part returns."
    ),
    readings=(
        Reading(
            "contradiction",
            "With Delta(h) = FFN(MHSA(h) + h) the two agree exactly where MHSA(h) = 0; so for no block whose attention "
            "does something. For MHSA = 2 h, FFN = 3 h, h = 1 they give 12 and 10.",
            Relation.CONTRADICTION,
            parts=("agree only without attention", "12 against 10"),
        ),
    ),
    remark=(
        "Eq. 6 drops the skip around the attention. With Delta(h) = MHSA(h) + FFN(h + MHSA(h)), which one may also "
        "call the increment, both lines are the same."
    ),
)


State = TypeVar("State", int, Vector)
Part = Callable[[State], State]


def eq5(state: State, attention: Part, feed_forward: Part) -> State:
    """The block with both skips."""
    between = attention(state) + state
    return feed_forward(between) + between


def eq6(state: State, attention: Part, feed_forward: Part) -> State:
    """The state plus the output of the feed-forward part."""
    return state + feed_forward(attention(state) + state)


@block.shows("every attention and feed-forward part, every dimension", part="agree only without attention")
def blocks_differ_by_the_attention() -> Finding:
    """A = MHSA(h), F = FFN(h')."""
    state, A, F = Space(("h", "A", "F")).vectors
    difference = eq5(state, lambda _: A, lambda _: F) - eq6(state, lambda _: A, lambda _: F)
    parts = zip(("h", "MHSA(h)", "FFN(h')"), difference.coefficients, A.coefficients, strict=True)
    steps = [(f"the factor of {name} in the difference", found, expected) for name, found, expected in parts]
    return derive(steps, "Eq. 5 less Eq. 6 is MHSA(h), so they agree exactly where that is 0")


@block.shows("MHSA = 2 h, FFN = 3 h, h = 1, in whole numbers", part="12 against 10")
def blocks_on_numbers() -> Finding:
    """Run as code."""
    one, two = (form(1, lambda x: 2 * x, lambda x: 3 * x) for form in (eq5, eq6))
    if one == two:
        return inconclusive(Method.EXACT, f"both give {one}")
    values = {"Eq. 5": one, "Eq. 6": two}
    return Finding(Verdict.CERTIFIED, Method.EXACT, f"Eq. 5 gives {one}, Eq. 6 gives {two}", enclosures=values)


limits = Claim(
    id="proposition-9.5-section-4.1.1",
    title="what gamma -> 0 means",
    source="Proposition 9, items 2 and 5, against Section 4.1.1",
    statement=(
        "Sec. 4.1.1: gamma -> 0 is the standard transformer, h* = f. Proposition 9, item 5: gamma -> 0 is pure energy "
        "minimisation. Item 2: gamma -> inf minimises an energy alone."
    ),
    readings=(
        Reading(
            "contradiction",
            "For energy = mu (h - u)^2/2 and every f != u, the limit gamma -> 0 of the equilibrium would have to be f "
            "by the one line and u by the other; it is f. And gamma -> 0 and gamma -> inf would both have to be u.",
            Relation.CONTRADICTION,
            parts=("limits", "cannot both be"),
        ),
    ),
    remark="The limits are those of Sec. 4.1.1 and item 2; see proposition-9.5.",
)


def equilibrium() -> tuple[sp.Expr, sp.Symbol]:
    """The stationary point of mu (h - u)^2/2 + (h - f)^2/(2 gamma)."""
    gamma = sp.Symbol("gamma", positive=True)
    (star,) = sp.solve(sp.diff(mu * (h - u) ** 2 / 2 + (h - f) ** 2 / (2 * gamma), h), h)
    return star, gamma


@limits.shows("energies mu (h - u)^2/2, all f", part="limits")
def limits_of_the_equilibrium() -> Finding:
    """Both ends."""
    star, gamma = equilibrium()
    return derive(
        [("gamma -> 0", sp.limit(star, gamma, 0, "+"), f), ("gamma -> inf", sp.limit(star, gamma, sp.oo), u)],
        "h* -> f as gamma -> 0 and h* -> u as gamma -> inf",
    )


@limits.shows("energies mu (h - u)^2/2, all f != u; by distances", part="cannot both be")
def limit_cannot_be_both() -> Finding:
    """Half way between f and u a state is near neither: no limit is within |f - u|/3 of both."""
    third = sp.Abs(f - u) / 3
    return prove(
        [sp.Ne(f, u)],
        sp.Not((sp.Abs(h - f) <= third) & (sp.Abs(h - u) <= third)),
        detail="no state is within a third of |f - u| of both, so no sequence tends to both",
    )


memory = Claim(
    id="memory-eq15-eq16",
    title="which memory is meant",
    source="Eq. 15 against Eq. 16",
    statement=(
        "Eq. 15 measures by the cosine how near a state is to a memory; Eq. 16 moves the memory that is nearest by the "
        "dot product towards the state."
    ),
    readings=(
        Reading(
            "contradiction",
            "For every two orthogonal memories of different lengths there is a state for which Eq. 16 moves the one "
            "that Eq. 15 calls less similar; for memories of equal length there is none. z_1 = (10, 0), z_2 = (0, 1), "
            "h = (1, 2): dot products 10 and 2, cosines 0.447 and 0.894.",
            Relation.CONTRADICTION,
            parts=("different lengths", "equal lengths", "the example"),
        ),
    ),
    remark="Memories are averages of states and keep their lengths, so they differ in practice unless normalised.",
)
r1, r2, x1, x2, size = sp.symbols("r1 r2 x1 x2 size", positive=True)


@memory.shows("z_1 = (r1, 0), z_2 = (0, r2), all lengths r1 > r2; h = (r1 + r2, 2 r1)", part="different lengths")
def selections_differ() -> Finding:
    """Dot products r_i x_i, cosines x_i/|h|."""
    return prove(
        [r1 > r2, sp.Eq(x1, r1 + r2), sp.Eq(x2, 2 * r1), sp.Eq(size**2, x1**2 + x2**2)],
        [r1 * x1 > r2 * x2, x1 / size < x2 / size],
        detail="the dot product selects z_1, the cosine z_2",
    )


@memory.shows("every two memories of one length, every state, every dimension", part="equal lengths")
def selections_agree_for_equal_lengths() -> Finding:
    """Both orders compare <h, z_i>."""
    dot1, dot2 = sp.symbols("dot1 dot2", real=True)
    return prove(
        [sp.Eq(r1, r2)],
        sp.Equivalent(dot1 > dot2, dot1 / (r1 * size) > dot2 / (r2 * size)),
        detail="for |z_1| = |z_2| both select the same",
    )


@memory.shows("z_1 = (10, 0), z_2 = (0, 1), and all whole h up to 9, in exact numbers", part="the example")
def selection_on_whole_states() -> Finding:
    """Squared cosines of states with positive entries."""
    lengths = (10, 1)
    disagree = []
    for state in product(range(1, 10), repeat=2):
        dots = [r * x for r, x in zip(lengths, state, strict=True)]
        squares = [Fraction(d * d, r * r * (state[0] ** 2 + state[1] ** 2)) for d, r in zip(dots, lengths, strict=True)]
        if (dots[0] - dots[1]) * (squares[0] - squares[1]) < 0:
            disagree.append((state, dots, squares))
    found = {state: (dots, squares) for state, dots, squares in disagree}
    if (1, 2) not in found:
        return inconclusive(Method.EXACT, "the two rules agree at (1, 2)")
    dots, squares = found[1, 2]
    values = {
        "dot products at (1, 2)": ", ".join(map(str, dots)),
        "squared cosines at (1, 2)": ", ".join(map(str, squares)),
        "states of 81 where they select differently": len(found),
    }
    said = f"at (1, 2) dot products {dots[0]} > {dots[1]}, squared cosines {squares[0]} < {squares[1]}"
    return Finding(Verdict.CERTIFIED, Method.EXACT, said, enclosures=values, examples=81)
