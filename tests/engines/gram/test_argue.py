"""`prove` shows textbook lemmas in inner products by itself, so that the kernel sees it.

Slightly wrong ones it refutes with a function or operator; what it cannot show it leaves to the provers.
"""

import sys
from collections.abc import Callable

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, Verdict, prove
from eqt_theory.core.finding import Obligation
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import (
    Cocoercive,
    Convex,
    Family,
    Lipschitz,
    Monotone,
    Operators,
    Point,
    SmoothClass,
    Space,
)
from eqt_theory.engines.smt.provers import Answer, Panel

m, L, alpha, gamma, beta = sp.symbols("m L alpha gamma beta", positive=True)
f0, f1 = sp.symbols("f0 f1", real=True)
Statement = tuple[list[Boolean], Boolean]


class Nobody(Panel):
    """No prover: nothing but multipliers decides."""

    def ask(self, text: str, seconds: float) -> dict[str, Answer]:
        return {}


def two(family: Family, *more: Boolean):
    """Two points with their images, and what the class says of them."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    member = family.member()
    valued = isinstance(family, Convex | SmoothClass)
    member.at(x, u, f0 if valued else None)
    member.at(y, v, f1 if valued else None)
    return x - y, u - v, u, [*more, *member.inequalities]


def descent(by: sp.Expr) -> Statement:
    d, _, u, given = two(SmoothClass(m, L), m < L)
    return given, f1 <= f0 - u @ d + by * L * d.norm2


def convexity_from_above(by: sp.Expr) -> Statement:
    d, D, u, given = two(Convex(m))
    return given, f1 <= f0 - u @ d + by * D.norm2 / m


def lipschitz_gradient(by: sp.Expr) -> Statement:
    d, D, _, given = two(SmoothClass(m, L), m < L)
    return given, D.norm2 <= by * L**2 * d.norm2


def strong_monotonicity(by: sp.Expr) -> Statement:
    d, D, _, given = two(SmoothClass(m, L), m < L)
    return given, d @ D >= by * m * d.norm2


def step_contracts(by: sp.Expr) -> Statement:
    d, D, _, given = two(SmoothClass(m, L), m < L, alpha <= 2 / (m + L))
    return given, (d - alpha * D).norm2 <= by * (1 - alpha * m) ** 2 * d.norm2


def cocoercive_is_lipschitz(by: sp.Expr) -> Statement:
    d, D, _, given = two(Cocoercive(beta))
    return given, D.norm2 <= by * d.norm2 / beta**2


def resolvent_contracts(by: sp.Expr) -> Statement:
    """y = x - gamma s with s in A y."""
    x, y, s, r = Space(("x", "y", "s", "r")).vectors
    given = Monotone(m).inequalities([Point(x - gamma * s, s), Point(y - gamma * r, r)])
    return given, (x - y - gamma * (s - r)).norm2 <= by * (x - y).norm2 / (1 + gamma * m) ** 2


def weakly_convex_prox(by: sp.Expr) -> Statement:
    x, y, s, r = Space(("x", "y", "s", "r")).vectors
    f = Convex(-m).member()
    f.at(x - gamma * s, s, f0)
    f.at(y - gamma * r, r, f1)
    return [gamma * m < 1, *f.inequalities], (x - y - gamma * (s - r)).norm2 <= by * (x - y).norm2 / (
        1 - gamma * m
    ) ** 2


def forward_backward(by: sp.Expr) -> Statement:
    x, u, s = Space(("x", "u", "s")).vectors
    B, A, after = Cocoercive(beta).member(), Monotone(m).member(), x - gamma * u - gamma * s
    for member, at, image in ((B, x, u), (A, after, s)):
        member.at(at, image)
        member.at(0 * x, 0 * x)
    return [gamma <= 2 * beta, *B.inequalities, *A.inequalities], after.norm2 <= by * x.norm2 / (1 + gamma * m) ** 2


def gap_after_a_step(by: sp.Expr) -> Statement:
    x, u, v = Space(("x", "u", "v")).vectors
    f = SmoothClass(m, L).member()
    f.at(0 * x, 0 * x, sp.Integer(0))
    f.at(x, u, f0)
    f.at(x - u / L, v, f1)
    return [m < L, *f.inequalities], f1 <= by * (1 - m / L) ** 2 * f0


LEMMAS = [
    (descent, sp.Rational(1, 2)),
    (convexity_from_above, sp.Rational(1, 2)),
    (lipschitz_gradient, sp.Integer(1)),
    (strong_monotonicity, sp.Integer(1)),
    (step_contracts, sp.Integer(1)),
    (cocoercive_is_lipschitz, sp.Integer(1)),
    (resolvent_contracts, sp.Integer(1)),
    (weakly_convex_prox, sp.Integer(1)),
    (forward_backward, sp.Integer(1)),
    (gap_after_a_step, sp.Integer(1)),
]
"""Each with the constant with which it holds; none smaller (of strong monotonicity larger) will do."""


@pytest.mark.parametrize(("lemma", "best"), LEMMAS, ids=lambda x: getattr(x, "__name__", ""))
def test_lemmas_are_shown_to_the_kernel(lemma: Callable[[sp.Expr], Statement], best: sp.Expr):
    found = prove(*lemma(best))
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, ShownBy.KERNEL), found
    assert "multipliers: " in found.note
    assert found.proof is not None and found.proof.identities and found.proof.satisfied_at is not None
    assert {s.name for s in found.proof.satisfied_at} >= {"f0", "f1"} & set(map(str, lemma(best)[1].free_symbols))


@pytest.mark.parametrize(("lemma", "best"), LEMMAS, ids=lambda x: getattr(x, "__name__", ""))
def test_slightly_wrong_ones_fail_on_a_function_or_operator(lemma: Callable[[sp.Expr], Statement], best: sp.Expr):
    more = lemma is strong_monotonicity
    given, conclusion = lemma(best * sp.Rational(11 if more else 9, 10))
    found = prove(given, conclusion)
    assert found.verdict is Verdict.REFUTED, found
    assert str(conclusion) not in [o.name for o in found.obligations]  # no prover was asked
    assert "f(h) = " in found.note or "the operator" in found.note
    assert found.replay is not None and found.replay.confirms


def weaker(by: sp.Expr) -> list[Statement]:
    """Statements for which many multipliers do, the smallest ones with roots in them; true where `by` is at least 1."""
    d, D, _, given = two(SmoothClass(m, L), m < L)
    x, u = Space(("x", "u")).vectors
    f = SmoothClass(m, L).member()
    f.at(0 * x, 0 * x, sp.Integer(0))
    f.at(x, u, f0)
    alone = [m < L, *f.inequalities]
    return [
        (given, D.norm2 <= 2 * by * L**2 * d.norm2),
        (given, m**2 * d.norm2 <= 4 * by * D.norm2),
        (given, d @ D <= 2 * by * L * d.norm2),
        (alone, x @ u / 2 + by * f0 >= 0),
        (alone, m * x @ u + by * x.norm2 >= 0),
        (alone, m * x @ u + by * f0 / (L + m) >= 0),
    ]


@pytest.mark.parametrize(("given", "conclusion"), weaker(sp.Integer(1)))
def test_what_is_weaker_than_need_be_is_shown_to_the_kernel(given: list[Boolean], conclusion: Boolean):
    found = prove(given, conclusion)
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found


@pytest.mark.parametrize(("given", "conclusion"), weaker(sp.Integer(-1)))
def test_and_what_is_false_is_not(given: list[Boolean], conclusion: Boolean):
    assert prove(given, conclusion).verdict is Verdict.REFUTED


def by_largest(by: sp.Expr) -> list[Statement]:
    """Textbook rates, with Max, Min and Abs in what depends on parameters alone."""
    d, D, _, given = two(SmoothClass(m, L), m < L)
    rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * L))
    ahead = sp.Max(sp.Abs(1 / (alpha * m) - 1), sp.Abs(1 / (alpha * L) - 1))
    after = (d - alpha * D).norm2
    return [
        (given, after <= by * rate**2 * d.norm2),
        (given, after <= by * ahead**2 * (alpha * D).norm2),
        (given, after <= by * sp.Max(1 - alpha * m, alpha * L - 1) ** 2 * d.norm2),
        (given, by * d @ D >= sp.Min(m, L) * d.norm2),
    ]


@pytest.mark.parametrize(("given", "conclusion"), by_largest(sp.Integer(1)))
def test_rates_with_cases_are_shown_to_the_kernel(given: list[Boolean], conclusion: Boolean):
    found = prove(given, conclusion)
    assert found.shown_by is ShownBy.KERNEL and "where " in found.note, found
    assert found.hypotheses == ("L > m",)  # and no condition of a case


@pytest.mark.parametrize(("given", "conclusion"), by_largest(sp.Rational(9, 10)))
def test_and_smaller_ones_fail_on_a_function(given: list[Boolean], conclusion: Boolean):
    found = prove(given, conclusion)
    assert found.verdict is Verdict.REFUTED and "f(h) = " in found.note


def test_a_case_that_does_not_follow_is_not_left_out(monkeypatch: pytest.MonkeyPatch):
    """Where points of the parameters miss a case, that there is none is not shown, and nothing is."""
    d, D, _, given = two(SmoothClass(m, L), m < L)
    conclusion = (d - alpha * D).norm2 <= sp.Max(1 - alpha * m, alpha * L - 1) ** 2 * d.norm2
    module = sys.modules["eqt_theory.engines.gram.argue"]
    honest = module.cases
    monkeypatch.setattr(module, "cases", lambda of: honest(of)[:1] * 2)
    found = told(given, conclusion)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_cases_of_what_is_no_parameter_are_for_the_provers():
    x, y = Space(("x", "y")).vectors
    conclusion = sp.Min(x.norm2, 2 * y.norm2) <= x.norm2 + y.norm2
    assert told([], conclusion).verdict is Verdict.INCONCLUSIVE
    assert prove([], conclusion).verdict is Verdict.PROVED


def told(given: list[Boolean], conclusion: Boolean) -> Finding:
    return prove(given, conclusion, panel=Nobody())


def test_what_multipliers_do_not_show_no_prover_is_asked_for_where_numbers_contradict_it():
    """Inequalities of two pairs of three points: numbers contradict, but no function does, and that is said."""
    x, y, z, u, v, w = Space(("x", "y", "z", "u", "v", "w")).vectors
    f2, family = sp.Symbol("f2", real=True), SmoothClass(0, L)
    a, b, c = Point(x, u, f0), Point(y, v, f1), Point(z, w, f2)
    found = told([*family.inequalities([a, b]), *family.inequalities([b, c])], f2 <= f0)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "2 are not among the hypotheses" in found.detail and "a Member for each" in found.detail
    assert found.obligations[-1] == Obligation(str(f2 <= f0), found.smtlib, {})


def test_equations_strict_relations_and_signs_are_used():
    x, y = Space(("x", "y")).vectors
    assert told([sp.Eq(x @ y, 0)], (x + y).norm2 >= x.norm2).verdict is not Verdict.REFUTED
    assert prove([sp.Eq(x @ y, 0)], (x + y).norm2 >= x.norm2).shown_by is ShownBy.KERNEL
    assert prove([x @ y > 0], (x + y).norm2 >= x.norm2).shown_by is ShownBy.KERNEL
    above = sp.Symbol("above", nonnegative=True)
    point = Point(x, y, above)
    assert prove([], point.value + x.norm2 >= 0).shown_by is ShownBy.KERNEL
    found = told([sp.Eq(x @ y, 0)], (x + y).norm2 >= 2 * x.norm2)
    assert found.verdict is Verdict.REFUTED and found.witness is not None
    assert found.witness[x @ y] == 0


def test_hypotheses_that_are_not_linear_do_no_harm():
    x, y = Space(("x", "y")).vectors
    given = [(x @ y) ** 2 >= 4, sp.Or(x.norm2 >= 1, y.norm2 >= 1), sp.Ne(x.norm2, 3), sp.Max(1, m) * x.norm2 >= 1]
    assert prove(given, (x - y).norm2 >= 2 * x @ y - x.norm2 - y.norm2).verdict is Verdict.PROVED


def test_nothing_is_refuted_of_matrices():
    """Products of the same words are the same symbol, which a free Gram matrix does not respect."""
    space = Operators(("A",), ("x",))
    (A,), (x,) = space.matrices, space.points
    assert told([], (A @ x).norm2 >= x.norm2).verdict is Verdict.INCONCLUSIVE


def test_hypotheses_that_hold_nowhere_prove_nothing():
    d, D, _, given = two(SmoothClass(m, L), m < L, m > L)
    assert prove(given, D.norm2 <= d.norm2).verdict is Verdict.INCONCLUSIVE


def test_parameters_that_are_not_rational_are_left_to_the_provers():
    d, D, _, given = two(Lipschitz(sp.sqrt(L)))
    assert prove(given, D.norm2 <= L * d.norm2).verdict is Verdict.PROVED


@pytest.mark.parametrize("count", [2, 3])
def test_all_points_of_one_call_are_those_of_one_function(count: int):
    """`Family.inequalities` is remembered as what a Member says is: a counterexample is a function through them."""
    names = [f"{kind}{k}" for kind in "xg" for k in range(count)]
    vectors = Space(tuple(names)).vectors
    values = sp.symbols(f"h:{count}", real=True)
    points = [Point(*p) for p in zip(vectors[:count], vectors[count:], values, strict=True)]
    found = told(SmoothClass(0, L).inequalities(points), values[0] <= values[1])
    assert found.verdict is Verdict.REFUTED
    assert found.note.count("f(h) = ") == 1
