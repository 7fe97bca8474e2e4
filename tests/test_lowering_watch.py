"""The watch over every lowered statement of the claims sees a fault that is planted in the lowering."""

from typing import Any

import pytest
import sympy as sp
from lowering_watch import disagreements, evaluate

from eqt_theory.engines.smt import lower
from eqt_theory.engines.smt.lower import Lowering

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
STATEMENTS = [1 / x < y, sp.Max(x, y) <= x, sp.Abs(x) >= y, x**2 - y <= p / 3, sp.Piecewise((x, x > y), (y, True)) > 1]


def seen(boolean: Any) -> list[str]:
    lowering = Lowering()
    return disagreements(lowering, boolean, lowering.lower(boolean))


@pytest.mark.parametrize("boolean", STATEMENTS, ids=str)
def test_what_is_right_passes(boolean: Any):
    assert seen(boolean) == []


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (lower, "_positive", lambda polynomial: True),
        (lower, "_with", lambda expr, part, value: expr.xreplace({part: -value})),
        (lower, "_OPS", {**lower._OPS, sp.Le: "<", sp.Ge: "="}),
    ],
    ids=["signs of denominators", "branches", "relations"],
)
def test_what_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, fault: Any):
    monkeypatch.setattr(where, name, fault)
    assert any(seen(boolean) for boolean in STATEMENTS)


def test_terms_are_evaluated():
    assert evaluate("(and (< (* 2 (- x)) (/ 1 3)) (not (= x 0)))", {"x": sp.Rational(1)}) is True
