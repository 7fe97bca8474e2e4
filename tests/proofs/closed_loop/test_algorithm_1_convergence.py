"""Convergence after the norm: its judgement, planted faults, and the bound in plain floats."""

import math
import random

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("algorithm_1_convergence")
    assert ledger.entry("algorithm-1-convergence").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def convergence(claims_file):
    return claims_file("algorithm_1_convergence")


def test_a_derivative_below_the_bound_is_refuted(convergence):
    assert convergence.bounded_derivative(sp.Integer(1)).verdict is Verdict.PROVED
    assert convergence.bounded_derivative(sp.Rational(1, 2)).verdict is not Verdict.PROVED


@pytest.mark.parametrize("entries", [(1.0, -1.0), (2.0, -1.0, -1.0), (3.0, -1.0, -1.0, -1.0)])
def test_no_bound_without_spread_in_more_than_two_dimensions(entries):
    """It was shown for d = 2: the outputs of +-1e-9 u stay as far apart as they were."""
    outputs = []
    for sign in (1, -1):
        state = [sign * 1e-9 * x for x in entries]  # of mean 0
        scale = math.sqrt(sum(x * x for x in state) / len(state))
        outputs.append([x / scale for x in state])
    assert math.dist(*outputs) == pytest.approx(2 * math.sqrt(len(entries)))


@pytest.mark.parametrize("factor", [sp.Rational(1, 2), sp.Rational(9, 10)])
def test_smaller_lipschitz_constant(convergence, factor):
    c = convergence
    gap = (c.first / c.s - c.second / c.r).norm2
    smaller = factor * (c.first - c.second).norm2 / (c.s * c.r)
    assert prove(c.two_states, gap <= smaller).verdict is Verdict.REFUTED


def test_scales_that_are_not_those_of_the_states(convergence):
    c = convergence
    gap, bound = (c.first / c.s - c.second / c.r).norm2, (c.first - c.second).norm2 / (c.s * c.r)
    assert prove(c.first.space.positive_semidefinite, gap <= bound).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(convergence):
    c = convergence
    assert prove([*c.two_states, c.first.norm2 < 0], sp.Eq(c.s, c.r)).verdict is Verdict.INCONCLUSIVE


def test_drawn_states_with_a_wrong_constant(convergence, monkeypatch):
    right = convergence.both_sides
    monkeypatch.setattr(convergence, "both_sides", lambda case: (s := right(case)) and (2 * s[0], s[1]))
    assert convergence.norm_is_lipschitz_on_drawn_states(Run(examples=60)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("eps", [0.0, 0.1])
def test_bound_in_floats(eps):
    draw = random.Random(5)
    for _ in range(50):
        states = [[draw.uniform(-2, 2) for _ in range(4)] for _ in range(2)]
        rests = [[x - sum(h) / 4 for x in h] for h in states]
        scales = [math.sqrt(sum(x * x for x in v) / 4 + eps) for v in rests]
        outputs = [[x / s for x in v] for v, s in zip(rests, scales, strict=True)]
        apart = sum((a - b) ** 2 for a, b in zip(*outputs, strict=True))
        before = sum((a - b) ** 2 for a, b in zip(*states, strict=True))
        assert apart <= before / (scales[0] * scales[1]) * (1 + 1e-12)
