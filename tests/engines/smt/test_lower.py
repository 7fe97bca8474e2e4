"""Lowering keeps the meaning: checked against an oracle at rational points, and shown to fail when broken."""

from collections.abc import Sequence
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from smt_oracle import GRID, Irrational, Undefined, booleans, formula_truth, root, truth_or_none, value, x, y

from eqt_theory import UsageError
from eqt_theory.engines.smt import lower
from eqt_theory.engines.smt.formula import All, Some, atoms
from eqt_theory.engines.smt.lower import Lowering

SAFE_ROOT = sp.Piecewise((sp.sqrt(x), x >= 0), (-1, True))


def points_of(lowering: Lowering) -> list[dict]:
    """The grid, with a value for every root; a root that does not exist gets a value that is none."""
    points = []
    for point in GRID:
        at = dict(point)
        try:
            for (base, order), symbol in lowering._roots.items():
                try:
                    at[symbol] = root(value(base, at), order)
                except Undefined:
                    at[symbol] = value(sp.Integer(-7), at)
        except Irrational:
            continue
        points.append(at)
    return points


def mistakes(boolean: Any) -> list[tuple]:
    """Points where all needed steps hold and yet the formula says something else than the boolean."""
    lowering, found = Lowering(), []
    try:
        lowered = lowering.lower(boolean)
    except UsageError:
        return []
    for at in points_of(lowering):
        try:
            if not all(formula_truth(step.formula, at) for step in lowered.steps if step.needed):
                continue
            if not all(formula_truth(step.formula, at) for step in lowered.steps):
                found.append((at, "a definition excludes this point"))
            if truth_or_none(boolean, at) is not formula_truth(lowered.formula, at):
                found.append((at, truth_or_none(boolean, at)))
        except Irrational:
            continue
    return found


HARD = [
    1 / x < 1,
    1 / (1 + 1 / x) > y,
    sp.Max(1 / x, y) - 1 / x <= 1,
    1 / x + y <= 1 / x + 1,
    sp.sqrt(x) + y > sp.sqrt(x) - y,
    sp.Implies(x >= 0, sp.sqrt(x) >= 1),
    y <= SAFE_ROOT,
    sp.Piecewise((1 / x, x <= 0), (0, True)) - 1 / x <= 1,
    sp.Piecewise((1, x > 0), (2, x > -1), (3, True)) <= y,
    sp.Piecewise((sp.Abs(x), x <= 1), (sp.Piecewise((x, x <= y)), y <= 0), (y**2, True)) >= sp.Abs(x) * sp.Min(y, x),
    sp.Piecewise((1 / sp.Max(x, 0), x > 0), (5, True)) > y,
    sp.Piecewise((1, x > 0), (2, x < 0)) > y,
    sp.Max(1 / sp.Max(x, 0), y) >= 1,
    x ** sp.Rational(-3, 2) <= y,
    sp.sqrt(1 + sp.sqrt(x)) > y,
    sp.cbrt(sp.Max(x, y)) < 2,
    sp.Or(sp.Eq(x, 0), 1 / x**2 > y),
    sp.And(x > 0, 1 / x < y),
    sp.ITE(x > 0, 1 / x > y, x <= y),
    sp.Equivalent(1 / x > y, x > 0, y <= 1),
    sp.Xor(x > y, 1 / x > 0, y > 0),
    sp.Not(sp.Eq(1 / x, y)),
]


@pytest.mark.parametrize("boolean", HARD, ids=str)
def test_hard_statements_keep_their_meaning(boolean: Any) -> None:
    assert mistakes(boolean) == []


@settings(max_examples=300)
@given(booleans())
def test_any_statement_keeps_its_meaning(boolean: Any) -> None:
    if boolean is not None:
        assert mistakes(boolean) == []


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (lower, "_positive", lambda polynomial: True),  # the sign of a denominator is ignored
        (lower, "_plainly_positive", lambda expr: True),  # a radicand counts as positive without a proof
        (Lowering, "_need", lambda self, name, formula, path: None),  # no condition is kept
        (lower, "_ordered", lambda expr: list(expr.args)[:1]),  # a part is forgotten
    ],
)
def test_a_planted_fault_is_noticed(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, fault: Any) -> None:
    monkeypatch.setattr(where, name, fault)
    assert any(mistakes(boolean) for boolean in HARD)


def needed(boolean: Any) -> Sequence[str]:
    return [step.name for step in Lowering().lower(boolean).steps if step.needed]


@pytest.mark.parametrize(
    ("boolean", "names"),
    [
        (1 / x + y <= 1 / x, ["denominator x != 0"]),  # also where it cancels
        (sp.sqrt(x) + y <= sp.sqrt(x), ["radicand x >= 0"]),
        (x ** sp.Rational(-3, 2) > y, ["radicand x >= 0", "denominator x != 0"]),
        (1 / (1 + 1 / x) > y, ["denominator x != 0", "denominator 1 + 1/x != 0"]),
        (1 / sp.Max(x, y) > 1, ["denominator Max(x, y) != 0"]),
        (sp.sqrt(2) * x > y, []),
        (sp.Max(x, y, 1) > 2 * y, []),
    ],
    ids=str,
)
def test_conditions_are_read_before_anything_cancels(boolean: Any, names: list[str]) -> None:
    assert needed(boolean) == names


def test_equal_roots_share_a_symbol_and_names_in_use_are_avoided() -> None:
    lowering = Lowering(frozenset({"root1"}))
    first, second = lowering.lower(sp.sqrt(x) > 1), lowering.lower(sp.sqrt(x) ** 3 < y)
    used = {s for lowered in (first, second) for a in atoms(lowered.formula) for s in a.expr.free_symbols} - {x, y}
    assert [s.name for s in used] == ["root2"]


def test_python_booleans_and_chains() -> None:
    assert Lowering().lower(sp.true).formula == All()
    assert Lowering().lower(sp.false).formula == Some()
    assert mistakes(sp.And(x > 0, x < y, y < 1, evaluate=False)) == []


@pytest.mark.parametrize(
    ("boolean", "named"),
    [
        (sp.sin(x) > 0, "sin(x)"),
        (sp.exp(x) < y, "exp(x)"),
        (sp.log(x) + y <= sp.log(x), "log(x)"),  # named although it cancels
        (x < sp.pi, "pi"),
        (x < sp.E, "E"),
        (x**y > 0, "x**y"),
        (sp.Eq(sp.floor(x), y), "floor(x)"),
        (sp.Eq(x, y * sp.I), "I"),
        (sp.Eq(x * sp.sqrt(-sp.Symbol("p", positive=True)), y), "I"),
        (x < 0.1, "0.1"),
        (x <= sp.Float("1e400"), "rounded"),
        (sp.Le(x, sp.oo, evaluate=False), "oo"),
        (sp.Eq(x, sp.nan, evaluate=False), "nan"),
        (x ** sp.Rational(1, 10**9) > 0, "too high"),
        (x**100000 > 0, "too high"),
        (sp.Eq(x > 0, y > 0), "Eq(x > 0, y > 0)"),
        (x, "x"),
        (sp.Q.positive(x), "Q.positive(x)"),
    ],
    ids=str,
)
def test_what_cannot_be_lowered_is_named(boolean: Any, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        Lowering().lower(boolean)
    assert named in str(caught.value)
