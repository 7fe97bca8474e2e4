from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, show_on_box
from eqt_theory.engines.interval import certify, certify_boxes

x, y = sp.symbols("x y", real=True)
p, q = sp.symbols("p q", positive=True)
k, h = sp.Symbol("k", integer=True), sp.Symbol("h", positive=True)
lse = sp.log(sp.exp(x) + sp.exp(y))
inner = {p: (Fraction(1, 10), Fraction(4, 10)), q: (Fraction(1, 2), Fraction(9, 10))}
kl = p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q))


@pytest.mark.parametrize(
    ("true", "false", "ranges"),
    [
        (lse <= (x + y) / 2 + 2, lse <= (x + y) / 2 + 1, {x: (-1, 2), y: (-1, 2)}),
        (kl >= 2 * (p - q) ** 2, kl >= 3 * (p - q) ** 2, inner),
        (sp.exp(x) > 1 + x, sp.exp(x) > 1 + x + x**2, {x: (1, 3)}),
        (sp.sin(x) < x, sp.sin(x) < x - sp.Rational(1, 5), {x: (1, 3)}),
        (sp.And(sp.tanh(x) < x, sp.tanh(x) > 0), sp.And(sp.tanh(x) < x, sp.tanh(x) > x / 2), {x: (1, 4)}),
    ],
)
def test_inequalities_and_the_same_with_another_constant(true, false, ranges):
    found = show_on_box(true, ranges)
    assert found.verdict is Verdict.CERTIFIED
    assert (found.certificate is None) == true.has(sp.sin)
    refuted = show_on_box(false, ranges)
    assert refuted.verdict is Verdict.REFUTED and refuted.replay.confirms
    for symbol, (low, high) in ranges.items():
        assert low <= refuted.witness[str(symbol)] <= high


def test_equality_inside_the_box_is_not_decided():
    found = show_on_box(kl >= 2 * (p - q) ** 2, dict.fromkeys((p, q), inner[p]), max_boxes=200)
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("relation", "ranges", "said"),
    [
        (True, {x: (0, 1)}, "inequality"),
        (sp.Eq(sp.exp(x), 1), {x: (0, 1)}, "inequality"),
        (sp.exp(x) <= y, {x: (0, 1)}, "got none of y"),
        ([sp.exp(x) <= 3], {x: (0, 1)}, "relation"),
        (sp.Abs(h) <= h / 2 + 1, {h: (-sp.pi, -sp.pi)}, "h is declared positive"),  # SymPy takes |h| for h
        (k * (1 - k) <= 0, {k: (0, 2)}, "k is declared integer=True"),  # which fails at 1/2 only
    ],
)
def test_what_cannot_be_put_so_is_said(relation, ranges, said: str):
    with pytest.raises(UsageError, match=said):
        show_on_box(relation, ranges)


def test_a_list_is_no_relation_to_certify():
    with pytest.raises(UsageError, match="expected a relation"):
        certify([x <= 1], {x: (0, 1)})


def test_where_a_side_has_no_value_it_is_said():
    for relation in (1 / x >= 1, sp.log(x) <= 0, (x**2 - 1) / (x - 1) <= 3):
        found = show_on_box(relation, {x: (0, 1)})
        assert found.verdict is Verdict.INCONCLUSIVE and "no value" in found.detail


@pytest.mark.parametrize("part", [1 / x, sp.sqrt(x), sp.log(x), x**-2])
def test_what_cancels_between_the_sides_has_a_value_all_the_same(part):
    relation = x**2 + 1 + part > part
    nowhere = show_on_box(relation, {x: (-1, 1)}, max_boxes=300)
    assert nowhere.verdict is Verdict.INCONCLUSIVE and "a side has no value" in nowhere.detail
    found = show_on_box(relation, {x: (1, 2)})
    assert found.verdict is Verdict.CERTIFIED and found.certificate is not None
    assert certify_boxes([relation], {x: (-1, 1)}).certificate is None, "the kernel looks at it, too"
