"""The replay decides exactly, and what it cannot decide counts against a witness."""

import itertools
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from smt_oracle import GRID, Irrational, booleans, truth_or_none, x, y

from eqt_theory.engines.smt.replay import confirmed, holds_at, replay

S2, S3 = sp.sqrt(2), sp.sqrt(3)
DENESTED = sp.sqrt(5 + 2 * sp.sqrt(6), evaluate=False)
TINY = sp.Rational(1, 10**40)


@settings(max_examples=150)
@given(booleans())
def test_agrees_with_the_oracle(boolean: Any) -> None:
    if boolean is None:
        return
    for at in GRID[::5]:
        try:
            expected = truth_or_none(boolean, at)
        except Irrational:
            continue
        values = {s: sp.Rational(v.numerator, v.denominator) for s, v in at.items()}
        assert holds_at(boolean, values) is expected, at


@pytest.mark.parametrize(
    ("relation", "at", "expected"),
    [
        (sp.Eq(x**2, 2), {x: S2}, True),
        (sp.Eq(x * y, sp.sqrt(6)), {x: S2, y: S3}, True),
        (sp.Eq(x + y, DENESTED), {x: S2, y: S3}, True),
        (x + y < DENESTED + TINY, {x: S2, y: S3}, True),
        (x + y < DENESTED, {x: S2, y: S3}, False),
        (x + y > DENESTED - TINY, {x: S2, y: S3}, True),
        (sp.Eq(x**5 - x, 1), {x: sp.CRootOf(x**5 - x - 1, 0)}, True),
        (x**5 - x < 1, {x: sp.CRootOf(x**5 - x - 1, 0)}, False),
        (sp.Ne(1 / (x**2 - 2), y), {x: S2, y: sp.Integer(0)}, None),
        (1 / x > 0, {x: sp.Integer(0)}, None),
        (sp.sqrt(x) >= 0, {x: sp.Integer(-1)}, None),
        (sp.Piecewise((1, x > 0), (x, x < -1)) > 0, {x: sp.Integer(0)}, None),
        (sp.Or(sp.Eq(x, 0), 1 / x > 0), {x: sp.Integer(0)}, True),
        (sp.And(x > 0, 1 / x > 0), {x: sp.Integer(0)}, False),
        (sp.And(x >= 0, 1 / x > 0), {x: sp.Integer(0)}, None),
        (x < sp.Float(0.1), {x: sp.Integer(0)}, None),
        (x < 0.5, {x: sp.Rational(1, 2)}, False),
        (sp.Eq(sp.Max(x, y, 1 / x), 2), {x: sp.Rational(1, 2), y: sp.Integer(1)}, True),
    ],
    ids=str,
)
def test_truth_is_exact(relation: Any, at: dict, expected: bool | None) -> None:
    assert holds_at(relation, at) is expected


def test_what_is_undecided_counts_against_the_witness() -> None:
    at = {x: sp.Integer(0)}
    assert not replay([1 / x > 0], [x > 0], at).confirms
    assert not replay([], [1 / x > 0], at).confirms
    assert not replay([], [sp.gamma(x + 1) > 5], at).confirms
    assert replay([], [x > 0], at).confirms


KINDS = [(x >= 0, True), (x < 0, False), (1 / x > 0, None)]


@pytest.mark.parametrize("known", list(itertools.product(KINDS, repeat=2)))
@pytest.mark.parametrize("goals", [(), *itertools.product(KINDS, repeat=1), *itertools.product(KINDS, repeat=2)])
def test_what_is_asked_without_lines_is_what_the_replay_confirms(known: tuple, goals: tuple) -> None:
    at = {x: sp.Integer(0)}
    assert all(holds_at(relation, at) is truth for relation, truth in (*known, *goals))
    hypotheses, conclusions = ([relation for relation, _ in side] for side in (known, goals))
    assert confirmed(hypotheses, conclusions, at) == replay(hypotheses, conclusions, at).confirms


def test_lines_show_both_sides() -> None:
    done = replay([x >= 0], [x**2 + 1 < y], {x: sp.Integer(2), y: sp.Integer(5)})
    assert [(line.text, line.holds, line.margin) for line in (*done.hypotheses, *done.conclusions)] == [
        ("x >= 0", True, "2 >= 0"),
        ("x**2 + 1 < y", False, "5 < 5"),
    ]
    assert done.confirms


def test_a_rounded_number_is_no_witness() -> None:
    """0.1 and its printed text are not the same number; 0.5 is exact."""
    assert not replay([], [sp.Eq(x, sp.Rational(1, 10))], {x: sp.Float(0.1)}).confirms
    assert not replay([], [3 * x <= sp.Rational(3, 10)], {x: sp.Float(0.1)}).confirms
    assert replay([], [x <= sp.Rational(1, 4)], {x: sp.Float(0.5)}).confirms
