"""Equation 14, the confidence term: where it has a gradient, and what its kinks do to descent and to equilibria."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.interval import certify_boxes, replay_in_balls
from eqt_theory.engines.property import property_check
from eqt_theory.lemmas import confidence

claim = Claim(
    id="equation-14",
    title="the confidence term and its gradient",
    source="Section 3.3, Eq. 14, used with its gradient in Eq. 8 and Algorithm 1",
    statement=(
        "L_conf(h) = H[p(.|h)] - log p(x^|h) with x^ = argmax p(.|h): a term whose gradient Eq. 8 descends at every "
        "state."
    ),
    readings=(
        Reading(
            "stated",
            "For every linear head, L_conf is differentiable at every state.",
            parts=("one argmax", "one gradient"),
        ),
        Reading(
            "away from ties",
            "Where one class is strictly the most likely, its index is constant nearby, and L_conf is smooth with "
            "gradient W^T (p - q - e_i) and Hessian W^T (-diag(q) + q p^T + p q^T) W, q_j = p_j (log p_j + H).",
            Relation.COMPLETED,
            parts=("one argmax", "one gradient"),
        ),
    ),
    repair="equation-14-repaired",
    remark=(
        "Eq. 14 is silent on ties. Implementations choose: torch's amax and max(dim) return different subgradients "
        "there. Nor is the term convex between ties: see assumption-4.2-repaired."
    ),
)

repaired = Claim(
    id="equation-14-repaired",
    title="a minimum of smooth pieces",
    source="completes Eq. 14",
    statement=(
        "L_conf is the minimum of the smooth pieces H[p] - log p_i, with equality for the most likely classes. So "
        "freezing the argmax gives a majoriser of Phi, and where its curvature is at most M, a gradient step on it "
        "with alpha <= 1/M lowers the true Phi by alpha |grad|^2/2 at least, through ties too. No local minimiser of "
        "Phi is a tie of most likely classes with different rows. If the pieces of the energy are w-weakly convex with "
        "w < 1/gamma, each cell of constant argmax holds at most one equilibrium. With V = 2 and a linear head no step "
        "of descent on L_conf alone (gamma = inf), of any size, lowers the margin of the predicted class."
    ),
    readings=(
        Reading(
            "stated",
            "For every linear head, all other smooth terms, every gamma, every dimension.",
            parts=("majoriser", "descent through ties", "minimisers are tie-free", "one per cell", "V = 2 never flips"),
        ),
    ),
)
smooth = claim.readings[1].name

h = sp.Symbol("h", real=True)
z1, z2, margin, reach = sp.symbols("z1 z2 margin reach", real=True)


@claim.shows("V = 2; logits as unknowns", part="one argmax")
def argmax_is_one_class() -> Finding:
    """The most likely class is the one with the largest logit; that there is exactly one is put to the provers."""
    return prove([], sp.Or(z1 > z2, z2 > z1), detail="one of two classes is strictly the most likely")


@claim.shows("V = 2, logits (h, -h), d = 1, at h = 0", part="one gradient")
def slopes_agree_at_the_tie() -> Finding:
    """The derivatives of the two pieces at the tie, in ball arithmetic."""
    return slopes_at(Fraction(0), sp.log)


def slopes_at(where: Fraction, surprise: Callable[[sp.Expr], sp.Expr]) -> Finding:
    """Whether `H - surprise(p_i)` has the same slope for both i, at h = where."""
    p, rest = 1 / (1 + sp.exp(-2 * h)), 1 / (1 + sp.exp(2 * h))
    entropy = -p * sp.log(p) - rest * sp.log(rest)
    first, second = (sp.diff(entropy - surprise(x), h) for x in (p, rest))
    replay = replay_in_balls(
        [("the logits tie", sp.Eq(h, -h))], [("both slopes agree", sp.Le((first - second) ** 2, 0))], {h: where}
    )
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, f"the slopes of the pieces at h = {where} were not told apart")
    slopes = ", ".join(str(sp.nsimplify(x.subs(h, sp.Rational(where)))) for x in (first, second))
    detail = f"at h = {where}, where the logits h and -h tie, the pieces have slopes {slopes}"
    return Finding(
        Verdict.REFUTED,
        Method.INTERVAL,
        detail,
        witness={"logits": "(h, -h)", "h": where},
        replay=replay,
        certificate=certify_boxes([sp.Gt((first - second) ** 2, 0, evaluate=False)], {h: (where, where)}).certificate,
    )


@claim.draws(
    "L_conf for the logits (h, -h) is the lower of two smooth pieces, one per class. Their slopes differ at the tie, "
    "so L_conf has a kink there, and its gradient jumps.",
    of="slopes_agree_at_the_tie",
)
def kink_at_the_tie(finding: Finding) -> object:
    import torch

    from eqt_theory import Confidence, LinearHead
    from eqt_theory.report.plots import minimum_of_pieces

    head = LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    pieces = {f"piece of class {i + 1}": Confidence(head, piece=i) for i in (0, 1)}
    return minimum_of_pieces(Confidence(head), pieces, float((finding.witness or {})["h"]), name="L_{conf}")


Row = tuple[Fraction, ...]


@st.composite
def ties(draw: st.DrawFn) -> tuple[Row, Row, list[Fraction], int]:
    """Two tied rows, the shares of all classes at the tie in whole numbers, and how many classes there are."""
    d = draw(st.integers(1, 3))
    row = st.tuples(*[rationals(-2, 2)] * d)
    classes = draw(st.integers(2, 4))
    top = draw(st.integers(1, 4))
    rest = [draw(st.integers(1, top)) for _ in range(classes - 2)]
    total = 2 * top + sum(rest)
    return draw(row), draw(row), [Fraction(x, total) for x in (top, top, *rest)], classes


@claim.samples("drawn heads with V <= 4, d <= 3, at a tie of the two largest; exact", part="one gradient", quick=False)
def drawn_pieces_agree_at_ties(run: Run) -> Finding:
    """The gradients of two tied pieces differ by W^T (e_j - e_i): whatever p and q are, they drop out."""

    def jump(case: tuple[Row, Row, list[Fraction], int]) -> Row:
        return tuple(b - a for a, b in zip(case[0], case[1], strict=True))

    def replay(case: tuple[Row, Row, list[Fraction], int]) -> Replay:
        first, second, p, _ = case
        left = [(p[0] - 1) * a + p[1] * b for a, b in zip(first, second, strict=True)]  # of W^T (p - e_i), two rows
        right = [p[0] * a + (p[1] - 1) * b for a, b in zip(first, second, strict=True)]
        gap = sum((a - b) ** 2 for a, b in zip(left, right, strict=True))
        others = max(p[2:], default=Fraction(0))
        lines = [("p_1 = p_2", p[0], "=", p[1]), ("p_1 is largest", p[0], ">=", others), ("sum p = 1", sum(p), "=", 1)]
        return exact_replay(lines, [("|difference of the gradients|^2 = 0", gap, "=", 0)])

    return property_check(
        ties(),
        lambda case: any(jump(case)),
        replay=replay,
        run=run,
        describe=lambda case: {"rows": str([list(map(str, r)) for r in case[:2]]), "p": str(list(map(str, case[2])))},
        detail="the gradients of tied pieces agree",
    )


@claim.shows("all heads, all states with a positive margin", reading=smooth, part="one argmax")
def argmax_is_constant_nearby() -> Finding:
    """A margin of two logits shrinks by at most D |d|, D the distance of their rows."""
    space = Space(("row", "d"))
    row, d = space.vectors
    return prove(
        [*space.positive_semidefinite, margin > 0, reach >= 0, d.norm2 <= reach**2, row.norm2 * reach**2 < margin**2],
        margin + row @ d > 0,
        detail="the argmax is the same at all states closer than margin/D",
    )


@claim.shows("every V, all heads", reading=smooth, part="one gradient")
def pieces_are_smooth() -> Finding:
    """Gradient and Hessian of a piece."""
    return confidence.show_hessian()


# What holds instead ---------------------------------------------------------------------------------------------------


@repaired.draws(
    "Curvature of one smooth piece at 60 random states, for random heads with 2, 4 and 16 classes, within the range "
    "that is proved for every head. From three classes on it can be negative: a piece is smooth, not convex."
)
def curvature_of_a_piece() -> object:
    import torch

    from eqt_theory import Confidence, LinearHead
    from eqt_theory.report.plots import curvature_spectra

    seed = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=seed)  # noqa: E731
    terms = {f"V = {classes}": Confidence(LinearHead(draw(classes, 3)), piece=0) for classes in (2, 4, 16)}
    return curvature_spectra(terms, draw(60, 3), title="Curvature of a frozen piece of the confidence term")


@repaired.shows("every V", part="majoriser")
def pieces_majorise() -> Finding:
    """-log p_i >= -log p_max, since the logarithm is increasing: log t <= t - 1 for t = p_i/p_max <= 1."""
    p, largest = sp.symbols("p_i p_max", positive=True)
    log_ratio, entropy, log_max = sp.symbols("log_ratio H log_max", real=True)
    return prove(
        [p <= largest, log_ratio <= p / largest - 1],
        entropy - (log_max + log_ratio) >= entropy - log_max,
        detail="every piece lies above L_conf, and meets it where its class is the most likely",
    )


@repaired.shows(
    "every smooth piece of Phi with upper curvature M, alpha <= 1/M",
    part="descent through ties",
    uses=pieces_majorise,
    cites="the descent lemma",
)
def a_step_descends() -> Finding:
    """Phi(h+) <= Phi_i(h+) <= Phi_i(h) - alpha |grad|^2/2 = Phi(h) - alpha |grad|^2/2."""
    return descent(1)


def descent(times: int) -> Finding:
    """The decrease with alpha <= times/M."""
    M, alpha, square = sp.symbols("M alpha square", positive=True)
    before, after, frozen = sp.symbols("Phi_before Phi_after frozen_after", real=True)
    return prove(
        [
            alpha <= times / M,
            frozen
            <= before - alpha * square + M * alpha**2 * square / 2,  # upper curvature M; the piece meets Phi at h
            after <= frozen,  # majoriser
        ],
        after <= before - alpha * square / 2,
        detail="Phi falls by alpha |grad|^2/2 at least, wherever the argmax of the next state lies",
    )


@repaired.shows("any two tied pieces of Phi with different gradients", part="minimisers are tie-free")
def ties_are_no_minima() -> Finding:
    """Downhill for one of the pieces is downhill for their minimum: the directional derivative is the least of both."""
    space = Space(("a", "b"))
    a, b = space.vectors
    along_a, along_b = sp.Min(-(a @ a), -(a @ b)), sp.Min(-(b @ a), -(b @ b))
    return prove(
        [*space.positive_semidefinite, (a - b).norm2 > 0],
        sp.Min(along_a, along_b) < 0,
        detail="where two pieces with different gradients meet, their minimum falls along -a or -b",
    )


@repaired.shows("every V, any cell of constant argmax, w < 1/gamma", part="one per cell")
def one_equilibrium_per_cell() -> Finding:
    """Two stationary points of the same piece coincide."""
    return stationary(sp.Symbol("w", nonnegative=True) < sp.Symbol("g", positive=True))


def stationary(condition: sp.Basic) -> Finding:
    """Two stationary points of a piece of Phi coincide under the condition on w and g."""
    weak, g = sp.Symbol("w", nonnegative=True), sp.Symbol("g", positive=True)
    space = Space(("d", "D"))
    d, D = space.vectors
    return prove(
        [*space.positive_semidefinite, d @ D >= -weak * d.norm2, condition, sp.Eq((D + g * d).norm2, 0)],
        sp.Eq(d.norm2, 0),
        detail="grad Phi_i(h) = grad Phi_i(h') = 0 implies h = h' where w < 1/gamma",
    )


@repaired.shows("V = 2, every linear head, every step size", part="V = 2 never flips")
def two_classes_never_flip() -> Finding:
    """With x = z_1 - z_2 >= 0 a step moves x by alpha |w_1 - w_2|^2 ((1 - p) + x p (1 - p)): away from the tie."""
    return two_classes(1)


def two_classes(sign: int) -> Finding:
    """The slope in x from L_conf itself, then the step; with sign -1 the surprise is of the other class."""
    x, alpha, square = sp.Symbol("x", nonnegative=True), *sp.symbols("alpha square", positive=True)
    growth = sp.Symbol("exp_x", positive=True)
    E = sp.exp(x)
    entropy, surprise = sp.log(1 + E) - x * E / (1 + E), sp.log(1 + E) - (x if sign > 0 else 0)
    slope = sp.expand(sp.diff(entropy + surprise, x)).subs(E, growth).subs(sp.exp(2 * x), growth**2)
    return prove(
        [growth >= 1 + x],
        [x - alpha * square * slope >= x],
        detail="for V = 2 a gradient step on L_conf never lowers the margin of the predicted class",
    )
