"""Theorem 7: its judgement, planted faults, and the shattering in plain floats."""

import math
from fractions import Fraction
from itertools import product

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("theorem_7")
    assert ledger.entry("theorem-7").judgement is Judgement.NOT_CHECKABLE
    assert ledger.problems() == []


@pytest.fixture
def t7(claims_file):
    return claims_file("theorem_7")


def test_sine_in_floats(t7):
    for labels in product((0, 1), repeat=4):
        w = math.pi * float(t7.parameter(labels))
        assert [int(math.sin(w * 10**-i) > 0) for i in range(1, 5)] == list(labels)


@pytest.mark.parametrize("turns", [Fraction(1, 3), Fraction(4, 3), Fraction(-1, 4), Fraction(201, 2), Fraction(7, 2)])
def test_exact_sign_of_the_sine(t7, turns):
    assert t7.positive(turns) is (math.sin(math.pi * float(turns)) > 0)


def test_the_sine_at_whole_turns_has_no_sign(t7):
    assert t7.positive(Fraction(3)) is None


@pytest.mark.parametrize("wrong", ["without the 1", "labels exchanged"])
def test_a_wrong_parameter_is_noticed(t7, monkeypatch, wrong):
    right = t7.parameter

    def other(labels):
        return right(labels) - 1 if "without" in wrong else right(tuple(1 - b for b in labels))

    monkeypatch.setattr(t7, "parameter", other)
    assert t7.one_parameter_shatters_up_to_eight_points().verdict is Verdict.REFUTED


def test_points_too_near_each_other_break_the_induction():
    """With x_i = 2^-i the digits before the i-th can push the label over."""
    s, c = sp.symbols("s c", real=True)
    below = sp.Rational(1, 9)
    digit = sp.Or(sp.Eq(c, 0), sp.Eq(c, 1))
    assert prove([s >= 0, s <= below, digit], (s + c) / 10 <= below).verdict is Verdict.PROVED
    assert prove([s >= 0, s <= below, digit], (s + c) / 2 <= below).verdict is Verdict.REFUTED


def test_a_larger_ball_is_refuted():
    e0, e1, tau = sp.symbols("e0 e1 tau", real=True)
    lipschitz, distance = sp.symbols("lipschitz distance", positive=True)
    given = [e0 < tau, sp.Abs(e1 - e0) <= lipschitz * distance]
    assert prove([*given, distance < (tau - e0) / lipschitz], e1 < tau).verdict is Verdict.PROVED
    assert prove([*given, distance < 2 * (tau - e0) / lipschitz], e1 < tau).verdict is Verdict.REFUTED


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_error_that_no_learner_avoids(n):
    assert (1 - 1 / (2 * n)) ** n / 2 >= 0.25
