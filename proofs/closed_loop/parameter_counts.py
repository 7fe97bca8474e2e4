"""The stated parameter counts of the two models: which block has about 6.3 million, and the stated growth."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.property import property_check

LAYERS, WIDTH = 6, 256
MILLION = 10**6

claim = Claim(
    id="parameter-counts",
    title="6.3 and 6.8 million parameters",
    source="Section 5, the two models",
    statement=(
        "The standard model, 6 layers 256 wide with 8 heads, has about 6.3 million parameters; the equilibrium model "
        "about 6.8 million, 8% more."
    ),
    readings=(
        Reading(
            "standard block",
            "Attention (4 d^2) and a feed-forward part of width 4 d (8 d^2) per layer: the count, with all biases, "
            "norms and tables that bits and positions need (at most 50,000 more), rounds to 6.3 million; and 6.8 over "
            "6.3 million is 8% more.",
            parts=("6.3 million", "8%"),
        ),
        Reading(
            "gated feed-forward",
            "The same with a gated feed-forward part (SwiGLU, three matrices) of width 4 d.",
            Relation.COMPLETED,
            parts=("6.3 million", "8%"),
        ),
    ),
    repair="parameter-counts-repaired",
    remark=(
        "The kind of block is not stated. The usual one has 4.7 million parameters at these sizes; 6.3 million fits "
        "SwiGLU with its width left at 4 d, where it is usually reduced to 8/3 d to keep the count. Of what the "
        "refinement module's 0.5 million consist is not stated either."
    ),
)

d, layers = sp.symbols("d layers", positive=True)
extra = sp.Symbol("extra", nonnegative=True)


def matrices(feed_forward: int) -> sp.Expr:
    """Entries of the weight matrices: attention (4), and so many feed-forward ones of size d x 4 d, per layer."""
    return layers * (4 + 4 * feed_forward) * d**2


stated_sizes = [sp.Eq(layers, LAYERS), sp.Eq(d, WIDTH), extra <= 50_000]


def rounds_to_stated(count: sp.Expr) -> list[sp.Basic]:
    """Between 6.25 and 6.35 million."""
    return [count >= sp.Rational(625, 100) * MILLION, count < sp.Rational(635, 100) * MILLION]


@claim.shows("6 layers, d = 256, up to 50,000 more", reading="standard block", part="6.3 million")
def standard_block_has_the_stated_count() -> Finding:
    """12 d^2 per layer."""
    return prove(stated_sizes, rounds_to_stated(matrices(2) + extra), detail="the count rounds to 6.3 million")


def count_layer(width: int, feed_forward: int) -> int:
    """One layer, entry by entry: four attention maps and the feed-forward matrices with biases, two norms."""
    total = 0
    for rows, columns in [(width, width)] * 4 + [(4 * width, width)] * (feed_forward - 1) + [(width, 4 * width)]:
        total += rows * columns + rows
    return total + 2 * 2 * width


@claim.samples(
    "6 layers of width 256, all biases and norms counted", reading="standard block", part="6.3 million", quick=False
)
def standard_block_counted(run: Run) -> Finding:
    """Whole counts with up to 50,000 more for tables."""

    def total(more: int) -> int:
        return LAYERS * count_layer(WIDTH, 2) + more

    def replay(more: int) -> Replay:
        value = 6 * (12 * 256**2 + 13 * 256) + more
        return exact_replay(
            [("0 <= tables", more, ">=", 0), ("tables <= 50,000", more, "<=", 50_000)],
            [("6.25 million <= count", value, ">=", 6_250_000), ("count < 6.35 million", value, "<", 6_350_000)],
        )

    return property_check(
        st.integers(0, 50_000),
        lambda more: not 6_250_000 <= total(more) < 6_350_000,
        replay=replay,
        run=run,
        describe=lambda more: {"tables": more},
        detail="the count rounds to 6.3 million",
    )


gated = claim.readings[1].name


@claim.shows("6 layers, d = 256, up to 50,000 parameters beside the matrices", reading=gated, part="6.3 million")
def gated_block_has_the_stated_count() -> Finding:
    """16 d^2 per layer."""
    return prove(
        [*stated_sizes, extra <= 50_000],
        rounds_to_stated(matrices(3) + extra),
        detail="the count rounds to 6.3 million",
    )


@claim.shows("the printed numbers", reading="standard block", part="8%")
def printed_growth() -> Finding:
    """6.8 over 6.3."""
    ratio = Fraction(68, 10) / Fraction(63, 10) - 1
    low, high = Fraction(75, 1000), Fraction(85, 1000)
    replay = exact_replay([], [("7.5% <= 6.8/6.3 - 1", ratio, ">=", low), ("6.8/6.3 - 1 < 8.5%", ratio, "<", high)])
    if all(line.holds for line in replay.conclusions):
        return Finding(Verdict.CERTIFIED, Method.EXACT, "6.8/6.3 - 1 = 5/63, 7.9%", enclosures={"6.8/6.3 - 1": ratio})
    return Finding(Verdict.REFUTED, Method.EXACT, "not 8%", witness={"6.8/6.3 - 1": ratio}, replay=replay)


@claim.shows("the printed numbers", reading=gated, part="8%")
def printed_growth_with_gates() -> Finding:
    """Both numbers are printed, whatever the block."""
    return printed_growth()


repaired = Claim(
    id="parameter-counts-repaired",
    title="parameters by kind of block",
    source="corrects the parameter counts of Section 5",
    statement=(
        "A layer with attention (four d x d maps, whatever the number of heads), two feed-forward matrices of width 4 "
        "d, all biases and two norms has 12 d^2 + 13 d parameters: 789,760 at d = 256, as PyTorch counts with 4 and "
        "with 8 heads, 4,738,560 in 6 layers. With a third feed-forward matrix it is 16 d^2 + 17 d: 6,317,568 in 6 "
        "layers. To reach 6.25 million with two matrices 6 layers need d >= 295."
    ),
    readings=(
        Reading(
            "stated", "Weight for weight.", parts=("formula", "standard", "gated", "module", "width for 6.25 million")
        ),
    ),
)


@repaired.shows("every width d", part="formula")
def layer_formula() -> Finding:
    """Matrices r x c with r biases: sums of r c + r; norms 2 d each."""
    width = sp.Symbol("width", real=True)

    def layer(feed_forward: int) -> sp.Expr:
        shapes = [(d, d)] * 4 + [(width, d)] * (feed_forward - 1) + [(d, width)]
        return sum((rows * columns + rows for rows, columns in shapes), 4 * d)

    return prove(
        [sp.Eq(width, 4 * d)],
        [sp.Eq(layer(2), 12 * d**2 + 13 * d), sp.Eq(layer(3), 16 * d**2 + 17 * d)],
        detail="12 d^2 + 13 d and 16 d^2 + 17 d parameters per layer",
    )


def certified(name: str, count: int, expected: int) -> Finding:
    """CERTIFIED when the count is the expected one."""
    if count != expected:
        return inconclusive(Method.EXACT, f"{name}: counted {count}, expected {expected}")
    return Finding(Verdict.CERTIFIED, Method.EXACT, f"{name}: {count:,} parameters", enclosures={name: count})


@repaired.shows("6 layers of width 256", part="standard")
def six_standard_layers() -> Finding:
    """Entry by entry."""
    return certified("6 standard layers", LAYERS * count_layer(WIDTH, 2), 6 * (12 * 256**2 + 13 * 256))


@repaired.shows("6 layers of width 256", part="gated")
def six_gated_layers() -> Finding:
    """Entry by entry."""
    return certified("6 gated layers", LAYERS * count_layer(WIDTH, 3), 6 * (16 * 256**2 + 17 * 256))


@repaired.shows("a layer of width 256 with 8 heads and with 4, as PyTorch builds it", part="module")
def layer_as_pytorch_builds_it() -> Finding:
    """nn.TransformerEncoderLayer, counted."""
    from torch import nn

    counts = {
        heads: sum(p.numel() for p in nn.TransformerEncoderLayer(WIDTH, heads, 4 * WIDTH).parameters())
        for heads in (4, 8)
    }
    if set(counts.values()) != {count_layer(WIDTH, 2)}:
        return inconclusive(Method.EXACT, f"PyTorch counts {counts}, by hand {count_layer(WIDTH, 2)}")
    values = {f"{heads} heads": count for heads, count in counts.items()}
    return Finding(Verdict.CERTIFIED, Method.EXACT, "PyTorch counts 789,760 too", enclosures=values)


@repaired.shows("6 layers with two feed-forward matrices, every width", part="width for 6.25 million")
def width_that_would_be_needed() -> Finding:
    """72 d^2 + 78 d >= 6.25 million."""
    count = 6 * (12 * d**2 + 13 * d)
    target = 6_250_000
    return prove(
        [],
        [sp.Implies(count >= target, d > 294), sp.Implies(d >= 295, count >= target)],
        detail="6.25 million need d > 294, and d = 295 is enough",
    )
