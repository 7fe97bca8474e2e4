import random

import pytest
import sympy as sp

from eqt_theory.core.verdict import ShownBy, Verdict
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.engines.symbolic import derive

x, y = sp.symbols("x y", real=True)
odd = sp.Symbol("a (b); |c|")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((x + y) ** 3, sp.expand((x + y) ** 3)),
        (1 / (x - y) - 1 / (x + y), 2 * y / (x**2 - y**2)),
        ((x**2 - 1) / (x - 1), x + 1),
        (sp.sin(x) ** 2 - 1, (sp.sin(x) - 1) * (sp.sin(x) + 1)),
        (odd * x - odd, odd * (x - 1)),
        (sp.Rational(1, 3) * x, x / 3),
    ],
)
def test_the_kernel_sees_it(left: sp.Expr, right: sp.Expr):
    found = certify_identity(left, right)
    assert found is not None and found.shows


@pytest.mark.parametrize(
    ("left", "right"), [(x, y), (x**2, x), (sp.exp(x), sp.exp(y)), (x / y, y / x), (0.1 * x, x / 10)]
)
def test_no_certificate_of_what_differs(left: sp.Expr, right: sp.Expr):
    assert certify_identity(left, right) is None


def test_names_that_are_alike_are_different_symbols():
    assert certify_identity(sp.Symbol("s", positive=True), sp.Symbol("s", real=True)) is None


def test_random_identities_and_their_damage():
    draw = random.Random(0)
    for _ in range(30):
        a, b, c = (draw.randint(1, 9) for _ in range(3))
        left = (a * x + b * y) / (c * x - y) + sp.Rational(b, c)
        right = sp.together(left)
        assert certify_identity(left, right) is not None
        assert certify_identity(left, right + sp.Rational(1, draw.randint(2, 99))) is None


def test_a_derivation_is_shown_by_the_kernel_or_says_algebra():
    rational = derive([("difference of squares", x**2 - y**2, (x - y) * (x + y))], "squares")
    assert (rational.verdict, rational.shown_by) == (Verdict.PROVED, ShownBy.KERNEL)
    other = derive([("Pythagoras", sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.Integer(1))], "circle")
    assert (other.verdict, other.shown_by) == (Verdict.PROVED, ShownBy.ALGEBRA)
