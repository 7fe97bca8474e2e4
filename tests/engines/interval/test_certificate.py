"""Certificates about boxes: written for the kernel from SymPy, found where branch and bound closes, and refused."""

import random
from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from eqt_theory import kernel
from eqt_theory.core.verdict import ShownBy, Verdict
from eqt_theory.engines.interval import Carried, carried_by, certify_boxes, certify_hessian, show_curvature
from eqt_theory.engines.interval.certificate import _determinant
from eqt_theory.kernel.boxes import bound
from eqt_theory.kernel.interval import ONE
from eqt_theory.kernel.smtlib import expression

x, y = sp.symbols("x y", real=True)
odd = sp.Symbol("h_1'", real=True)


@pytest.mark.parametrize(
    ("relation", "ranges"),
    [
        (x**2 + y**2 >= 2 * x * y - Fraction(1, 100), {x: (0, 1), y: (0, 1)}),
        (sp.log(1 + sp.exp(x)) > x, {x: (-5, 5)}),
        (sp.tanh(x) <= x, {x: (Fraction(1, 2), 3)}),
        (sp.cosh(x) >= 1 + x**2 / 3, {x: (Fraction(1, 10), 2)}),
        (sp.sinh(x) > x, {x: (Fraction(1, 2), 2)}),
        (sp.sqrt(x) + x ** sp.Rational(-3, 2) > 1, {x: (Fraction(1, 2), 9)}),
        (x**y > sp.Rational(1, 10), {x: (1, 2), y: (-2, 2)}),
        (sp.Gt(sp.exp(odd), 0, evaluate=False), {odd: (-1, 1)}),
        (sp.Eq(sp.Rational(1, 2) * 4, 2, evaluate=False), {}),
        (sp.Lt(sp.log(2), sp.Rational(7, 10), evaluate=False), {}),
        (x >= 0, {x: (0, 1)}),
    ],
)
def test_the_kernel_sees_what_is_so(relation: sp.Rel, ranges: dict):
    found = certify_boxes([relation], ranges)
    assert found.certificate is not None, found.note
    assert found.certificate.kind == "boxes" and found.certificate.shows


@pytest.mark.parametrize(
    ("relation", "ranges", "why"),
    [
        (sp.exp(x) > 1 + x, {x: (-1, 1)}, "too many pieces"),  # equal at 0
        (x > 0, {x: (-1, 1)}, "too many pieces"),
        (sp.Gt(-1, 0, evaluate=False), {}, "too many pieces"),
        (sp.Eq(sp.Rational(1, 2), 2, evaluate=False), {}, "too many pieces"),
        (sp.erf(x) < 2, {x: (-1, 1)}, "does not know erf"),
        (sp.Float(0.5) * x < 2, {x: (-1, 1)}, "does not know -0.5"),
        (x < y, {x: (0, 1)}, "in the symbols of the box"),
        (sp.true, {x: (0, 1)}, "inequalities"),
        (sp.Ne(x, 2), {x: (0, 1)}, "inequalities"),
        (sp.sqrt(x) < 9, {x: (-1, 1)}, "too many pieces"),
        (1 / x > 0, {x: (0, 1)}, "too many pieces"),
    ],
)
def test_what_is_not_so_or_not_known_has_no_certificate(relation: sp.Rel, ranges: dict, why: str):
    for relations in ([relation], [relation, sp.Gt(2, 1, evaluate=False)]):
        found = certify_boxes(relations, ranges, work=3000)
        assert found.certificate is None and why in found.note


def test_nothing_is_not_shown():
    assert certify_boxes([], {x: (0, 1)}).certificate is None


def test_work_is_bounded():
    hard = x**4 - x**2 + sp.Rational(2501, 10000) > 0
    assert certify_boxes([hard], {x: (-1, 1)}, work=100).certificate is None
    assert certify_boxes([hard], {x: (-1, 1)}).certificate is not None


def test_terms_say_what_the_expressions_say():
    """Both evaluated at random points: the term with the kernel's numbers, SymPy's expression at fifty digits."""
    draw, leaves = random.Random(3), [x, y, sp.Integer(2), sp.Rational(3, 7), sp.Rational(-1, 3)]

    def some(depth: int) -> sp.Expr:
        if depth == 0:
            return draw.choice(leaves)
        a, b = some(depth - 1), some(depth - 1)
        square = 1 + a**2
        made = [a + b, a - b, a * b, a / (1 + b**2), a**3, sp.exp(-square), sp.log(square + 1), sp.tanh(a), square**-2]
        return draw.choice([*made, sp.sqrt(square), sp.cosh(a / (1 + a**2)), sp.sinh(b / square), square ** sp.tanh(b)])

    compared = 0
    for _ in range(40):
        expr = some(3)
        point = {s: sp.Rational(draw.randint(-20, 20), draw.randint(7, 9)) for s in (x, y)}
        try:
            true = expr.subs(point).evalf(50)
        except OverflowError:
            continue
        margin = abs(true) * sp.Rational(1, 10**12) + sp.Rational(1, 10**12)
        relations = [sp.Gt(expr, true_side, evaluate=False) for true_side in (sp.Rational(str(true - margin)),)]
        relations += [sp.Lt(expr, sp.Rational(str(true + margin)), evaluate=False)]
        found = certify_boxes(relations, {s: (v, v) for s, v in point.items()})
        if found.certificate is None:
            assert abs(true) > 1e100, (expr, found.note)
            continue
        compared += 1
        data = found.certificate.data
        terms = [(name, expression(term)) for name, term in data["let"]]
        ends = [Fraction(side[0]) for side in data["box"].values()]
        at = [e.numerator * ONE // e.denominator for e in ends]
        low, _ = bound([*terms, ("", expression(data["shows"][0][1]))], list(data["box"]), [(e, e) for e in at])
        assert abs(mpmath.mpf(low) / ONE - mpmath.mpf(str(margin.evalf(30)))) < 1e-14 * (1 + abs(float(true)))
    assert compared > 30


def test_hessians_by_their_minors():
    valley = x**4 / 4 + sp.log(1 + sp.exp(x + y)) + x**2 / 2 + y**2
    box = {x: (-1, 1), y: (-1, 1)}
    assert certify_hessian(valley, box, mu=Fraction(9, 10), lipschitz=5).certificate is not None
    assert certify_hessian(valley, box, mu=Fraction(11, 10), work=5000).certificate is None
    assert certify_hessian(valley, box, lipschitz=Fraction(22, 10), work=5000).certificate is None
    three = sp.symbols("a b c", real=True)
    coupled = sum(s**2 for s in three) - three[0] * three[1] / 2 + three[1] * three[2] / 3
    cube = {s: (0, 1) for s in three}
    assert certify_hessian(coupled, cube, mu=Fraction(139, 100), lipschitz=Fraction(261, 100)).certificate is not None
    assert certify_hessian(coupled, cube, mu=Fraction(140, 100)).certificate is None
    assert "dimensions" in certify_hessian(x**2, {s: (0, 1) for s in sp.symbols("x:4")}, mu=1).note
    assert "no rational" in certify_hessian(x**2, {x: (0, 1)}, mu=sp.sqrt(2)).note


def test_determinants_are_those_of_sympy():
    draw = random.Random(4)
    for size in (1, 2, 3, 4):
        for symmetric in (True, False):
            drawn = sp.Matrix(size, size, lambda i, j: sp.Rational(draw.randint(-9, 9), draw.randint(1, 9)))
            matrix = drawn + drawn.T if symmetric else drawn
            assert _determinant(matrix) == matrix.det()
    assert _determinant(sp.Matrix([[1, x], [x, 2]])) == 2 - x**2  # a square, which intervals know not to be negative


def test_a_float_bound_is_the_binary_fraction_it_is():
    """0.1 is a little more than 1/10, and h^2/20 has curvature 1/10."""
    assert certify_hessian(x**2 / 20, {x: (0, 1)}, mu=0.1).certificate is None
    assert certify_hessian(x**2 / 20, {x: (0, 1)}, mu=Fraction(999, 10000)).certificate is not None


def test_findings_about_curvature_carry_one():
    found = show_curvature(x**4 + x**2, {x: (-1, 1)}, mu=1, lipschitz=15)
    assert found.verdict is Verdict.CERTIFIED and found.shown_by is ShownBy.KERNEL
    assert found.certificate is not None and kernel.check(dict(found.certificate.data))
    waves = show_curvature(x**2 + sp.sin(x) / 4, {x: (-1, 1)}, mu=1, lipschitz=3)
    assert waves.verdict is Verdict.CERTIFIED and waves.shown_by is ShownBy.ARITHMETIC
    assert waves.note == "not put to the kernel: the kernel does not know sin(x)"


def test_together_or_not_at_all():
    good, bad = certify_boxes([x >= 0], {x: (0, 1)}), Carried(None, "why")
    assert carried_by(good) == good
    both = carried_by(good, certify_boxes([x <= 1], {x: (0, 1)})).certificate
    assert both is not None and both.kind == "collection" and both.shows.count(";") == 1
    assert carried_by(good, bad) == bad
