"""A refutation in Gram symbols stands only with a function or operator that attains it."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.engines.gram import (
    Averaged,
    Cocoercive,
    Convex,
    Family,
    Indicator,
    Linear,
    Lipschitz,
    Monotone,
    Point,
    PolyakLojasiewicz,
    Skew,
    SmoothClass,
    Space,
    combine,
)

L = sp.Symbol("L", positive=True)
f0, f1, best = sp.symbols("f0 f1 best", real=True)


def gradient_step():
    """f convex and L-smooth, at x, after a step 1/L, and at its minimiser 0."""
    space = Space(("x", "g0", "g1"))
    x, g0, g1 = space.vectors
    f = SmoothClass(0, L).member()
    return f, f.at(x, g0, f0), f.at(x - g0 / L, g1, f1), f.at(0 * x, 0 * x, best), x


@pytest.mark.parametrize("kept", [(0, 1), (2, 4), (1, 3), (0, 5)])
def test_a_true_theorem_is_not_refuted_from_two_of_six_inequalities(kept):
    f, here, after, star, x = gradient_step()
    some = [f.inequalities[k] for k in kept]
    finding = prove(some, f1 - best <= L * x.norm2 / 6, timeout=3)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "add " in finding.detail
    V = SmoothClass(0, L).values
    by_hand = prove([V(here, star), V(star, here)], f1 - best <= L * x.norm2 / 6, timeout=3)
    assert by_hand.verdict is Verdict.INCONCLUSIVE


def test_nor_from_inequalities_written_out():
    space = Space(("x", "g0", "g1"))
    x, g0, g1 = space.vectors
    convex = [f0 - best - g0 @ x <= 0, best <= f0 - g0.norm2 / (2 * L)]
    finding = prove(convex, f1 - best <= L * x.norm2 / 6, timeout=3)
    assert finding.verdict is Verdict.INCONCLUSIVE and "f1" in finding.detail


def test_the_theorem_is_proved_from_all_pairs():
    f, here, after, star, x = gradient_step()
    V, scale = SmoothClass(0, L).values, 1 / (4 * L)
    finding = combine(
        [],
        L * x.norm2 / 6 - (f1 - best) >= 0,
        [(scale, V(here, after)), (scale, V(star, here)), (scale, V(star, after))],
        x.space,
    )
    assert finding.verdict is Verdict.PROVED, finding.detail


def test_a_sharper_constant_is_refuted_by_a_function():
    f, *_, x = gradient_step()
    finding = prove(f.inequalities, f1 - best <= L * x.norm2 / 7)
    assert finding.verdict is Verdict.REFUTED, finding.detail
    assert "f(h) = " in finding.note and finding.replay is not None
    assert sum("slope of the weights" in line.text for line in finding.replay.hypotheses) == 6


def test_the_function_has_these_values_gradients_and_class():
    """Its formula, in one dimension, by a grid of weights: smooth, convex, and through the points."""
    f, *_, x = gradient_step()
    witness = prove(f.inequalities, f1 - best <= L * x.norm2 / 7).witness
    assert witness is not None
    names = {str(s): float(v) for s, v in witness.items()}
    M, where = names["L"], names["<x, x>"] ** 0.5
    slopes = [names["<x, g0>"] / where, names["<x, g1>"] / where, 0.0]
    points = [where, where - slopes[0] / M, 0.0]
    heights = [names["f0"], names["f1"], names["best"]]
    pieces = [(p - g / M, h - g * g / (2 * M)) for p, g, h in zip(points, slopes, heights, strict=True)]

    def value(h):
        weights = [(a / 60, b / 60, (60 - a - b) / 60) for a in range(61) for b in range(61 - a)]
        return min(
            M / 2 * (h - sum(w * y for w, (y, _) in zip(ws, pieces, strict=True))) ** 2
            + sum(w * c for w, (_, c) in zip(ws, pieces, strict=True))
            for ws in weights
        )

    for p, g, h in zip(points, slopes, heights, strict=True):
        assert value(p) == pytest.approx(h, abs=1e-9)
        assert (value(p + 1e-4) - value(p - 1e-4)) / 2e-4 == pytest.approx(g, abs=2e-2)


def verdict_at(member, hypotheses, goal):
    finding = prove([*member.inequalities, *hypotheses], goal)
    return finding.verdict, finding.note


def test_a_parabola_is_written_as_one():
    x, g = Space(("x", "g")).vectors
    pair = SmoothClass(1, 3).gradients(x, g)
    for slope, text in ((3, "f(h) = 3/2*|h|^2"), (1, "f(h) = 1/2*|h|^2 + min over weights")):
        found = prove([pair, *x.space.at(1, slope)], g.norm2 <= x.norm2 / 2)
        assert found.verdict is Verdict.REFUTED and text in found.note
    y, u, v = Space(("y", "u", "v")).vectors
    f = SmoothClass(0, 2).member()
    f.points += [Point(0 * y, u, 4), Point(y, v, f1)]
    found = prove([*f.inequalities, *y.space.at(1, -4, -2), sp.Eq(f1, 1)], f1 >= 2)
    assert found.verdict is Verdict.REFUTED and "f(h) = 1*|h - 2|^2" in found.note


def test_convex_functions_and_a_proximal_step():
    x, s, z = Space(("x", "s", "z")).vectors
    f = Convex().member()
    f.at(x - s, s, f1)
    f.at(0 * x, 0 * x, best)
    assert verdict_at(f, [], (x - s).norm2 <= x.norm2)[0] is Verdict.PROVED
    found, note = verdict_at(f, [], (x - s).norm2 <= x.norm2 / 2)
    assert found is Verdict.REFUTED and "max of" in note


def test_projections_do_not_expand():
    x, s = Space(("x", "s")).vectors
    c = Indicator().member()
    c.at(x - s, s)
    c.at(0 * x, 0 * x)
    assert verdict_at(c, [], (x - s).norm2 <= x.norm2)[0] is Verdict.PROVED
    found, note = verdict_at(c, [], s.norm2 <= x.norm2 / 2)
    assert found is Verdict.REFUTED and "hull" in note


@pytest.mark.parametrize(
    ("family", "holds", "fails"),
    [
        (Lipschitz(1), lambda d, D: D.norm2 <= d.norm2, lambda d, D: D.norm2 <= d.norm2 / 2),
        (Lipschitz(sp.Rational(1, 2)), lambda d, D: 4 * D.norm2 <= d.norm2, lambda d, D: D @ d >= 0),
        (Monotone(0), lambda d, D: (d + D).norm2 >= d.norm2, lambda d, D: D.norm2 <= 9 * d.norm2),
        (Monotone(2), lambda d, D: D.norm2 >= 4 * d.norm2, lambda d, D: D.norm2 >= 5 * d.norm2),
        (Cocoercive(2), lambda d, D: 4 * D.norm2 <= d.norm2, lambda d, D: 5 * D.norm2 <= d.norm2),
        (Averaged(sp.Rational(1, 2)), lambda d, D: D.norm2 <= D @ d, lambda d, D: D.norm2 <= d.norm2 / 2),
        (Linear(2), lambda d, D: D.norm2 <= 4 * d.norm2, lambda d, D: D.norm2 <= 3 * d.norm2),
        (Skew(2), lambda d, D: sp.Ge((d + D).norm2, d.norm2, evaluate=False), lambda d, D: D.norm2 <= 3 * d.norm2),
    ],
    ids=lambda v: str(v) if isinstance(v, Family) else "",
)
def test_operators(family, holds, fails):
    x, X = Space(("x", "X")).vectors
    operator = family.member()
    operator.at(x, X)
    assert operator.points == [Point(x, X)]
    if not isinstance(family, Linear | Skew):
        operator.at(0 * x, 0 * x)
    assert verdict_at(operator, [], holds(x, X))[0] is Verdict.PROVED
    found, note = verdict_at(operator, [x.norm2 > 0], fails(x, X))
    assert found is Verdict.REFUTED and "->" in note


def test_an_adjoint_is_consistent():
    x, Ax, u, Au = Space(("x", "Ax", "u", "Au")).vectors
    a = Linear(1).member()
    a.at(x, Ax)
    a.adjoint_at(u, Au)
    assert prove(a.inequalities, sp.Eq(Ax @ u, x @ Au)).verdict is Verdict.PROVED
    finding = prove(a.inequalities, Ax @ u <= 0)
    assert finding.verdict is Verdict.REFUTED and "A^T" in finding.note


def test_what_an_operator_says_before_and_after_its_adjoint_is_of_one_operator():
    x, Ax, u, Au = Space(("x", "Ax", "u", "Au")).vectors
    a = Linear(1).member()
    a.at(x, Ax)
    before = a.inequalities
    a.adjoint_at(u, Au)
    finding = prove([*before, *a.inequalities], Ax @ u <= 0)
    assert finding.verdict is Verdict.REFUTED and "A^T" in finding.note
    assert prove([*before, *a.inequalities], Ax @ u <= x @ Au).verdict is Verdict.PROVED
    assert "not among" in prove(before, x.norm2 <= Ax.norm2).detail  # of the adjoint nothing is assumed there


def test_necessary_inequalities_refute_nothing():
    x, g = Space(("x", "g")).vectors
    mu = sp.Symbol("mu", positive=True)
    f = PolyakLojasiewicz(mu, L, best).member()
    f.at(x, g, f0)
    assert verdict_at(f, [], g.norm2 >= 2 * mu * (f0 - best))[0] is Verdict.PROVED
    assert verdict_at(f, [mu < L], g.norm2 >= 3 * mu * (f0 - best))[0] is Verdict.INCONCLUSIVE


def test_gradients_of_two_pairs_are_no_function():
    d, D, e, E = Space(("d", "D", "e", "E")).vectors
    both = [SmoothClass(0, 1).gradients(d, D), SmoothClass(0, 1).gradients(e, E)]
    assert prove(both, D @ e <= 0, timeout=3).verdict is Verdict.INCONCLUSIVE


def three(*families: Family):
    """The vectors x, y, z and their images u, v, w, and for each class a member with all of them."""
    vectors = Space(("x", "y", "z", "u", "v", "w")).vectors
    members = [family.member() for family in families]
    for member in members:
        for x, u in zip(vectors[:3], vectors[3:], strict=True):
            member.at(x, u)
    return vectors, [r for member in members for r in member.inequalities]


def test_what_is_written_by_hand_may_be_of_a_member_that_there_is():
    """A pair of one operator by a Member and another pair by hand: of the third pair nothing is said."""
    for family, valued in ((Monotone(0), False), (SmoothClass(0, L), True)):
        x, y, z, u, v, w = Space(("x", "y", "z", "u", "v", "w")).vectors
        member = family.member()
        member.at(x, u, f0 if valued else None)
        second = member.at(y, v, f1 if valued else None)
        more = [family.inequalities([second, Point(z, w, best if valued else None)])]
        if isinstance(family, SmoothClass):
            more.append([family.gradients(z - y, w - v)])
        for by_hand in more:
            assert prove([*member.inequalities, *by_hand], (u - w) @ (x - z) >= 0).verdict is Verdict.INCONCLUSIVE
        # Of a pair that the member knows it changes nothing.
        again = [member.family.inequalities(member.points)]
        again += [[family.gradients(y - x, v - u)]] if isinstance(family, SmoothClass) else []
        for by_hand in again:
            found = prove([*member.inequalities, *by_hand], (u - v) @ (x - y) >= (u - v).norm2 * 2 / L)
            assert found.verdict is Verdict.REFUTED


def test_one_function_or_operator_of_two_classes_is_not_built_of_two():
    """Ryu, Taylor, Bergeling, Giselsson 2020, Sec. 2: three points, monotone and Lipschitz, of no such operator."""
    (x, y, z, u, v, w), given = three(Monotone(0), Lipschitz(1))
    at = [sp.Eq(u.norm2, 0), sp.Eq(v.norm2, 0), sp.Eq((x + y - 2 * z).norm2, 0)]
    assert prove([*given, *at], 100 * w.norm2 <= (x - y).norm2).verdict is Verdict.INCONCLUSIVE
    a, b = Point(x, u, f0), Point(y, v, f1)
    m = sp.Symbol("m", positive=True)
    d, D = x - y, u - v
    both = [m < L, *SmoothClass(0, L).inequalities([a, b]), *Convex(m).inequalities([a, b])]
    sharp = (m + L) * (D @ d) >= D.norm2 + m * L * d.norm2
    assert prove(both, sharp).verdict is Verdict.INCONCLUSIVE
    both = [m < L, SmoothClass(m, 2 * L).gradients(d, D), SmoothClass(0, L).gradients(d, D)]
    assert prove(both, sharp).verdict is Verdict.INCONCLUSIVE
    # Of two points alone one operator does what every pair is asked for.
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    pair = [r for family in (Monotone(0), Lipschitz(1)) for r in family.inequalities([Point(x, u), Point(y, v)])]
    assert prove(pair, (u - v) @ (x - y) >= (u - v).norm2).verdict is Verdict.REFUTED


def test_the_values_of_an_indicator_are_zero():
    x, y, s, r = Space(("x", "y", "s", "r")).vectors
    c = Indicator().member()
    c.at(x, s, f0)
    c.at(y, r, f1)
    assert prove(c.inequalities, f0 <= f1).verdict is Verdict.PROVED


def test_classes_have_the_parameters_that_they_are_defined_with():
    """The inequalities alone do not say so: L enters them by its square."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    a, b, t = Point(x, u), Point(y, v), sp.Symbol("t", real=True)
    for family, conclusion in (
        (Lipschitz(t), t * (x - y).norm2 >= 0),
        (Cocoercive(t), (u - v) @ (x - y) >= 0),
        (Averaged(t), (u - v).norm2 <= (x - y).norm2),
        (Linear(t), t * x.norm2 >= 0),
    ):
        assert prove(family.inequalities([a, b]), conclusion, timeout=3).verdict is Verdict.INCONCLUSIVE


def test_what_was_said_in_another_argument_with_the_same_vectors_is_not_asked_for():
    x, T, TT = Space(("x", "Tx", "TTx")).vectors
    longer = Lipschitz(1).member()
    longer.points += [Point(0 * x, 0 * x), Point(x, T), Point((x + T) / 2, TT)]
    assert prove(longer.inequalities, ((x + T) / 2 - TT).norm2 <= x.norm2).verdict is Verdict.PROVED
    for pair in (Lipschitz(1).member(), None):  # by a member of its own, and by hand
        points = [Point(x, T), Point(0 * x, 0 * x)]
        said = Lipschitz(1).inequalities(points)
        if pair is not None:
            pair.points += points
            said = pair.inequalities
        assert prove(said, (x - T).norm2 <= x.norm2).verdict is Verdict.REFUTED
    # One of the three, handed over as it is, still asks for the others.
    for some in ([longer.inequalities[0]], [longer.inequalities[0], *said]):
        finding = prove(some, (x - T).norm2 <= x.norm2)
        assert finding.verdict is Verdict.INCONCLUSIVE and "add " in finding.detail


def test_an_inequality_of_a_class_is_one_object_however_often_it_is_asked_for():
    space = Space(("x", "g"))
    x, g = space.vectors
    f = SmoothClass(0, L).member()
    f.points += [Point(x, g, f0), Point(0 * x, 0 * x, sp.Integer(0))]
    assert all(a is b for a, b in zip(f.inequalities, f.inequalities, strict=True))
    V = SmoothClass(0, L).values(*f.points)
    assert V is SmoothClass(0, L).values(*f.points) and f.inequalities[0] == V and V is not f.inequalities[0]
    assert sum(map(len, space.origins.values())) == 3
