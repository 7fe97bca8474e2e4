"""Statements about lengths themselves, not their squares, and equations."""

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import SmoothClass, Space, Vector
from eqt_theory.engines.gram.bounds import squared

m, L, alpha, delta, rho = sp.symbols("m L alpha delta rho", positive=True)
c = sp.Symbol("c", real=True)
f0, f1 = sp.symbols("f0 f1", real=True)
Statement = tuple[list[Boolean], Boolean]


def length(v: Vector) -> sp.Expr:
    return sp.sqrt(v.norm2)


def two(mu: sp.Expr, top: sp.Expr):
    """Two points of a function: their difference, that of the gradients, and what the class says."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    f = SmoothClass(mu, top).member()
    f.at(x, u, f0)
    f.at(y, v, f1)
    return x - y, u - v, f.inequalities


def lemmas(by: sp.Expr) -> list[Statement]:
    """True with `by` at least 1, and false where it is smaller."""
    d, D, given = two(m, L)
    x, g, e, h = Space(("x", "g", "e", "h")).vectors
    f = SmoothClass(-L, L).member()
    f.at(x, g, f0)
    f.at(x - (g + e) / L, h, f1)
    relative = [length(e) <= delta * length(g), delta < 1, *f.inequalities]
    e1, e2, k = two(m, m)
    return [
        ([m < L, *given], length(D) <= by * L * length(d)),
        ([m < L, alpha * L <= 1, *given], length(d - alpha * D) <= by * (1 - alpha * m) * length(d)),
        ([m < L, length(d) <= rho, *given], length(D) <= by * L * rho),
        (relative, f1 <= f0 - (1 - delta**2) * g.norm2 / (2 * L * by)),
        (k, sp.Eq(by * e1 @ e2, m * e1.norm2)),
    ]


@pytest.mark.parametrize("number", range(5))
def test_bounds_of_lengths_and_equations_are_shown_to_the_kernel(number: int):
    found = prove(*lemmas(sp.Integer(1))[number])
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found


@pytest.mark.parametrize("number", range(5))
def test_smaller_ones_fail_on_a_function(number: int):
    found = prove(*lemmas(sp.Rational(9, 10))[number])
    assert found.verdict is Verdict.REFUTED and "f(h) = " in found.note, found


def test_a_factor_that_may_be_negative_is_not_squared_away():
    """|d - alpha D| <= (1 - alpha m) |d| says something else of the squares where alpha m > 1."""
    d, D, given = two(m, m)
    squares = (d - alpha * D).norm2 <= (1 - alpha * m) ** 2 * d.norm2
    assert prove(given, squares).verdict is Verdict.PROVED
    assert prove(given, length(d - alpha * D) <= (1 - alpha * m) * length(d), timeout=1).verdict is not Verdict.PROVED
    x, y = Space(("x", "y")).vectors
    assert prove([x.norm2 <= c**2 * y.norm2], length(x) <= c * length(y)).verdict is Verdict.REFUTED


def test_which_bounds_are_squared():
    x, y = Space(("x", "y")).vectors
    assert squared(length(x) <= 2 * length(y)) == (sp.Ge(4 * y.norm2 - x.norm2, 0, evaluate=False), [])
    assert squared(c * length(x) <= 1) == (sp.Ge(1 - c**2 * x.norm2, 0, evaluate=False), [c >= 0])
    for other in (length(x) + length(y) <= 1, x.norm2 <= 1, length(x) * length(y) <= 1, length(x) < 1, x @ y >= 0):
        assert squared(other) is None, other


def test_what_is_plainly_a_squared_length():
    space = Space(("x", "y", "u", "v"))
    x, y, u, v = space.vectors
    lengths = [(x - y - alpha * (u - v)).norm2, sp.expand(2 * (x + u).norm2)]
    others = [x.norm2 - y.norm2, x.norm2 + y.norm2 - 3 * x @ y, -x.norm2, x @ y, x.norm2 + 1, c * x.norm2]
    assert [r.lhs for r in space.lengths([*lengths, *others])] == lengths
