"""Statements weaker than they need be, whose multipliers are bound on the border of the parameters alone."""

from fractions import Fraction

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Averaged, Cocoercive, Lipschitz, Monotone, SmoothClass, Space
from eqt_theory.engines.gram.bounds import each_bound
from eqt_theory.engines.gram.completion import samples_at
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.slack import fails_at
from eqt_theory.engines.region import Region

m, L, alpha, mu, K, theta, eta = sp.symbols("m L alpha mu K theta eta", positive=True)
f0, f1, h0, h1 = sp.symbols("f0 f1 h0 h1", real=True)
Statement = tuple[list[Boolean], Boolean]


def lemmas(by: sp.Expr) -> list[Statement]:
    """True with `by` at least 1, and false where it is smaller."""
    x, y, u, v, s, r = Space(("x", "y", "u", "v", "s", "r")).vectors
    f, g, h = SmoothClass(m, L).member(), SmoothClass(0, L).member(), SmoothClass(0, K).member()
    smooth = SmoothClass(-L, L).member()
    for member in (f, g, smooth):
        member.at(x, u, f0)
        member.at(y, v, f1)
    h.at(x, s, h0)
    h.at(y, r, h1)
    d, D, both = x - y, u - v, [*g.inequalities, *h.inequalities]
    return [
        ([m <= L, *f.inequalities], by * d @ D >= sp.Min(2 * m, L) / 2 * d.norm2),
        ([m <= L, alpha <= 2 / L, *f.inequalities], (d - alpha * D).norm2 <= by * d.norm2),
        (
            [mu <= m, m <= L, L <= K, *f.inequalities],
            by * d @ D >= mu * K / (mu + K) * d.norm2 + D.norm2 / (mu + K),
        ),
        (both, d @ (D + s - r) <= 2 * by * sp.Max(L, K) * d.norm2),
        (smooth.inequalities, sp.Abs(f1 - f0 + u @ d) <= by * L / 2 * d.norm2),
        (smooth.inequalities, sp.Max(d @ D, -2 * d @ D) <= 2 * by * L * d.norm2),
    ]


@pytest.mark.parametrize("number", range(6))
def test_what_is_weaker_than_need_be_is_shown_up_to_the_border(number: int):
    given, conclusion = lemmas(sp.Integer(1))[number]
    found = prove(given, conclusion)
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found


@pytest.mark.parametrize("number", range(6))
def test_what_is_false_there_fails_on_a_function(number: int):
    found = prove(*lemmas(sp.Rational(9, 10))[number])
    assert found.verdict is Verdict.REFUTED and "f(h) = " in found.note, found


def test_averaged_operators_in_a_row_are_averaged():
    """Numbers near the end of a range, where a program is less exact, do not hide that there are multipliers."""
    x, y, u, v, w, z = Space(("x", "y", "u", "v", "w", "z")).vectors
    first, then = Averaged(theta).member(), Averaged(eta).member()
    for member, points in ((first, ((x, u), (y, v))), (then, ((u, w), (v, z)))):
        for point in points:
            member.at(*point)
    less = (1 - theta) * (1 - eta) / (theta + eta - 2 * theta * eta)
    given = [theta < 1, eta < 1, *first.inequalities, *then.inequalities]
    found = prove(given, (w - z).norm2 <= (x - y).norm2 - less * (x - y - w + z).norm2)
    assert found.verdict is Verdict.PROVED and "multipliers: 1/theta of" in found.note
    worse = prove(given, (w - z).norm2 <= (x - y).norm2 - sp.Rational(11, 10) * less * (x - y - w + z).norm2)
    assert worse.verdict is Verdict.REFUTED


def test_bounds_of_a_modulus_are_two_and_of_what_is_no_bound_none():
    x, y = Space(("x", "y")).vectors
    c = sp.Symbol("c", real=True)
    assert set(each_bound(sp.Abs(x @ y) <= c, [])) == {x @ y <= c, -(x @ y) <= c}
    assert len(each_bound(c >= sp.Max(x @ y, x.norm2, f0), [f0])) == 3
    assert len(each_bound(sp.Min(x @ y, x.norm2) >= sp.Abs(y.norm2), [])) == 4
    for other in (c <= sp.Abs(x @ y), c * sp.Abs(x @ y) <= 1, sp.Abs(x @ y) ** 2 <= 1, sp.Abs(c) <= x @ y):
        assert each_bound(other, []) == [other]


def test_multipliers_that_do_not_do_are_told_from_those_that_do():
    x, u = Space(("x", "u")).vectors
    goal = Goal.of(x.norm2 >= 0, [x.norm2 + 2 * x @ u >= 0, -2 * x @ u >= 0], x.space)
    region = Region([m], [])
    points = region.points(3)
    one = sp.Integer(1)
    assert fails_at(goal, region, {0: one, 1: one}, points) is None
    assert fails_at(goal, region, {0: one, 1: 2 * one}, points) == points[0]
    assert fails_at(goal, region, {0: 1 / m, 1: 1 / m}, [{m: Fraction(4)}, {m: Fraction(1, 2)}]) is not None
    assert not samples_at(goal, region, points[:1])[0].does({0: -1.0, 1: -1.0})


def _far(number: int) -> Statement:
    """True with multipliers that a few points do not tell from others, with which they fail far from there."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    coercive, monotone, bounded = Cocoercive(m).member(), Monotone(m).member(), Lipschitz(L).member()
    for member in (coercive, monotone, bounded):
        member.at(x, u)
        member.at(y, v)
    d, D, both = x - y, u - v, [m <= L, *monotone.inequalities, *bounded.inequalities]
    return [
        (coercive.inequalities, m**2 * d.norm2 + 2 * m * d @ D + D.norm2 / m >= 0),
        (coercive.inequalities, d.norm2 + L * d @ D + D.norm2 / L >= 0),
        (both, L * d.norm2 + L * d @ D + 2 * D.norm2 >= 0),
        (both, d.norm2 + 2 * m * d @ D + D.norm2 / m >= 0),
        (monotone.inequalities, m * d @ D + 2 * D.norm2 >= 0),
    ][number]


@pytest.mark.parametrize("number", range(5))
def test_multipliers_do_at_far_values_of_the_parameters_too(number: int):
    found = prove(*_far(number))
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found
