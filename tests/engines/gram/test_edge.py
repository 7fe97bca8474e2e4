"""On the edge of a range: m <= L lets m = L, where a class has quadratics only and multipliers divide by 0."""

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Lipschitz, Point, SmoothClass, Space, combine
from eqt_theory.engines.gram.combine import Zero

m, L, alpha, q = sp.symbols("m L alpha q", positive=True)
r = sp.Symbol("r", nonnegative=True)
f0, f1, f2 = sp.symbols("f0 f1 f2", real=True)
Statement = tuple[list[Boolean], Boolean]


def two(mu: sp.Expr, top: sp.Expr):
    """Two points of a function, the difference of points and gradients, and what the class says."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    f = SmoothClass(mu, top).member()
    f.at(x, u, f0)
    f.at(y, v, f1)
    return x - y, u - v, u, f.inequalities


def lemmas(by: sp.Expr) -> list[Statement]:
    """True with `by` at least 1, and false where it is smaller."""
    d, D, u, given = two(m, L)
    x, g, h = Space(("x", "g", "h")).vectors
    f = SmoothClass(m, L).member()
    for point in ((0 * x, 0 * x, sp.Integer(0)), (x, g, f0), (x - g / L, h, f1)):
        f.at(*point)
    rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * L))
    tilted, _, w, twice = two(m, q * L)
    return [
        ([m <= L, *given], f1 <= f0 - u @ d + by * L * d.norm2 / 2),
        ([m <= L, *given], by * (f1 - f0 + u @ d) >= m * d.norm2 / 2),
        ([m <= L, *given], D.norm2 <= by * L**2 * d.norm2),
        ([m <= L, *given], by * d @ D >= m * d.norm2),
        ([m <= L, *given], by * d @ D >= m * L / (m + L) * d.norm2 + D.norm2 / (m + L)),
        ([m <= L, alpha <= 2 / (m + L), *given], (d - alpha * D).norm2 <= by * (1 - alpha * m) ** 2 * d.norm2),
        ([m <= L, *given], (d - alpha * D).norm2 <= by * rate**2 * d.norm2),
        ([m <= L, *f.inequalities], f1 <= by * (1 - m / L) ** 2 * f0 + (1 - by) * g.norm2 / L),
        ([m <= q * L, *twice], f1 <= f0 - w @ tilted + by * q * L * tilted.norm2 / 2),
    ]


@pytest.mark.parametrize(("given", "conclusion"), lemmas(sp.Integer(1)))
def test_a_class_that_may_be_one_of_quadratics_is_shown_inside_and_on_the_edge(given: list, conclusion: Boolean):
    found = prove(given, conclusion)
    assert found.shown_by is ShownBy.KERNEL, found
    if "L + m" not in str(conclusion):  # else the inequalities of the class, divided by L + m, say it at once
        assert "where L > m: " in found.note or "where m < L*q: " in found.note
        assert "where m = L" in found.note


@pytest.mark.parametrize(("given", "conclusion"), lemmas(sp.Rational(9, 10)))
def test_what_is_false_fails_on_a_function(given: list, conclusion: Boolean):
    found = prove(given, conclusion)
    assert found.verdict is Verdict.REFUTED and "f(h) = " in found.note, found


def test_what_a_class_says_only_there_stands_in_the_context():
    d, _, u, given = two(m, L)
    found = prove([m <= L, *given], f1 <= f0 - u @ d + L * d.norm2 / 2)
    assert len(found.context) == 2 + 4  # the parabolas of both curvatures, in both orders
    assert found.hypotheses == ("L >= m",)
    assert len(prove([m <= L, *given], u @ d - f0 + f1 >= -L * d.norm2).context) == 2 + 4
    d, D, _, given = two(m, L)
    assert len(prove([m <= L, *given], D.norm2 <= L**2 * d.norm2).context) == 2  # here it uses none of them


def test_a_class_of_one_curvature_in_numbers():
    d, D, u, given = two(sp.Integer(3), sp.Integer(3))
    assert prove(given, f1 - f0 + u @ d <= 3 * d.norm2 / 2).shown_by is ShownBy.KERNEL
    for wrong in (f1 - f0 + u @ d <= d.norm2, D.norm2 <= 8 * d.norm2, u.norm2 <= 1):
        found = prove(given, wrong)
        assert found.verdict is Verdict.REFUTED and "f(h) = 3/2*|h|^2 + <" in found.note, found


def test_an_equation_of_parameters_is_put_in():
    d, D, u, given = two(m, L)
    given = [sp.Eq(m, L), *given]
    for right in (D.norm2 <= L * m * d.norm2, sp.Abs(f1 - f0 + u @ d) <= L / 2 * d.norm2):
        found = prove(given, right)
        assert found.shown_by is ShownBy.KERNEL and "where m = L: " in found.note, found
    for wrong in (D.norm2 <= sp.Rational(9, 10) * L * m * d.norm2, f1 - f0 + u @ d <= sp.Rational(9, 20) * L * d.norm2):
        found = prove(given, wrong)
        assert found.verdict is Verdict.REFUTED and found.witness is not None, found
        assert found.witness[m] == found.witness[L]


@pytest.mark.parametrize("pinned", [[m <= L, m >= L], [m - L <= 0, -m <= -L]], ids=["plainly", "as differences"])
def test_an_equation_written_as_two_inequalities_is_put_in(pinned: list[Boolean]):
    d, D, u, given = two(m, L)
    given = [*pinned, *given]
    for right in (d @ D >= L * d.norm2, D.norm2 <= m * L * d.norm2, f1 - f0 + u @ d <= m / 2 * d.norm2):
        found = prove(given, right)
        assert found.shown_by is ShownBy.KERNEL and " = 0; " in found.note, found
    for wrong in (9 * d @ D >= 10 * L * d.norm2, 20 * (f1 - f0 + u @ d) <= 9 * m * d.norm2):
        found = prove(given, wrong)
        assert found.verdict is Verdict.REFUTED and found.witness is not None, found
        assert found.witness[m] == found.witness[L]


def test_what_holds_inside_alone_is_refuted_on_the_edge():
    """(L - m) |x|^2 <= 0 says x = 0 unless m = L."""
    (x,) = Space(("x",)).vectors
    found = prove([m <= L, (L - m) * x.norm2 <= 0], x.norm2 <= 0)
    assert found.verdict is Verdict.REFUTED and found.witness is not None
    assert found.witness[m] == found.witness[L]
    assert prove([m < L, (L - m) * x.norm2 <= 0], x.norm2 <= 0).shown_by is ShownBy.KERNEL


def test_a_parameter_that_may_be_zero_is_shown_there_apart():
    x, u = Space(("x", "u")).vectors
    given = Lipschitz(r).inequalities([Point(x, u), Point(0 * x, 0 * x)])
    assert prove(given, x @ u <= r * x.norm2).shown_by is ShownBy.KERNEL
    assert prove(given, 2 * x @ u <= r * x.norm2).verdict is Verdict.REFUTED


def test_a_vector_is_zero_only_where_an_inequality_says_so():
    u, v = Space(("u", "v")).vectors
    flat = sp.Ge(-2 * (u + v).norm2, 0, evaluate=False)
    zero = Zero(u + v, flat, -u, sp.Integer(2))
    shown = combine([], sp.Ge(-(u @ u) - u @ v, 0, evaluate=False), [], u.space, zeros=[zero])
    assert shown.proof is not None and said(flat) in shown.context
    assert [step.certificate is not None for step in shown.proof.identities] == [True, True]
    for vector, inequality, weight in ((u, flat, 2), (u + v, flat, 1), (u + v, (u + v).norm2 >= 0, -1)):
        with pytest.raises(UsageError, match="inequality that reads"):
            combine([], (u + v) @ u >= 0, [], u.space, zeros=[Zero(vector, inequality, u, sp.Integer(weight))])


@pytest.mark.parametrize("handed", ["by a member", "by hand", "one pair", "one of them", "written anew"])
def test_what_a_class_says_on_the_edge_is_used_of_points_that_the_hypotheses_speak_of(handed: str):
    """On L |h|^2/2 a step of 1/L ends at 0; that the third point is one of the function is said elsewhere only."""
    x, g, k = Space(("x", "g", "k")).vectors
    f0, f1 = sp.symbols("f0 f1", real=True)
    here, star, there = Point(x, g, f0), Point(0 * x, 0 * x, sp.Integer(0)), Point(x - g / L, k, f1)
    f, pair = SmoothClass(L, L).member(), SmoothClass(L, L).member()
    f.points += [star, here, there]
    pair.points += [here, star]
    assert prove(f.inequalities, f1 <= f0).verdict is Verdict.PROVED
    given = {
        "by a member": pair.inequalities,
        "by hand": SmoothClass(L, L).inequalities([here, star]),
        "one pair": [SmoothClass(L, L).values(here, star), SmoothClass(L, L).values(star, here)],
        "one of them": f.inequalities[:2],
        "written anew": [sp.Ge(r.lhs, 0, evaluate=False) for r in pair.inequalities],
    }
    assert prove(given[handed], f1 <= f0, timeout=3).verdict is Verdict.INCONCLUSIVE
