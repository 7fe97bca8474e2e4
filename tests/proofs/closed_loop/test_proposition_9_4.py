"""Proposition 9.4: its judgement, faults planted in the repaired form, and the ridge solution in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_9_4")
    assert ledger.entry("proposition-9.4").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("proposition-9.4-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def p94(claims_file):
    return claims_file("proposition_9_4")


def test_a_model_that_fits_already_does_not_move(p94):
    """The refuted statement is not decided in advance: it holds where w x = y."""
    finding = prove([sp.Eq(p94.y, p94.w * p94.x)], sp.Eq(p94.w, p94.inner_step(p94.w)))
    assert finding.verdict is Verdict.PROVED


def test_inner_step_with_the_wrong_sign(p94):
    wrong = p94.w0 + p94.alpha * (p94.w0 * p94.x - p94.y) * p94.x
    assert prove([], sp.Eq(p94.refined(p94.loss(p94.w), p94.w, p94.w0, p94.w0), wrong)).verdict is Verdict.REFUTED


def test_second_step_taken_for_a_plain_one(p94):
    first = p94.inner_step(p94.w0)
    damped = p94.refined(p94.loss(p94.w), p94.w, first, p94.w0)
    assert prove([], sp.Eq(p94.inner_step(first), damped)).verdict is Verdict.REFUTED


def test_first_step_from_elsewhere(p94):
    refinement = p94.at - p94.alpha * (p94.G + p94.g * (p94.at - p94.start))
    finding = prove(p94.G.space.positive_semidefinite, sp.Eq((refinement - (p94.start - p94.alpha * p94.G)).norm2, 0))
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("share", [0, -1])
def test_ridge_about_something_else_is_not_the_solution(p94, share):
    assert p94.ridge_about(sp.Integer(share)).verdict is Verdict.REFUTED


def test_three_weights_and_five_pairs_in_fractions(p94):
    """The formula in more dimensions than it was ever written out for: grad Phi is exactly 0 there."""
    X = sp.Matrix(5, 3, lambda i, j: sp.Rational((3 * i + 5 * j) % 7 - 3, 2))
    y, before, gamma = sp.Matrix([1, -2, 0, 3, 1]), sp.Matrix([1, 0, -2]), sp.Rational(3, 2)
    w = (X.T * X + sp.eye(3) / gamma).inv() * (X.T * y + before / gamma)
    assert X.T * (X * w - y) + (w - before) / gamma == sp.zeros(3, 1)


def test_later_steps_may_agree_by_chance():
    """Not "from the second on": for the loss (w - 1)^2/2 and w0 = 0 the third agree where alpha g = 3 - 2 alpha."""
    alpha, g = sp.Rational(5, 4), sp.Rational(2, 5)

    def states(damping):
        w = [sp.Integer(0)]
        for _ in range(3):
            w.append(w[-1] - alpha * (w[-1] - 1 + damping * w[-1]))
        return w

    assert alpha * (1 + g) < 2
    assert [a == b for a, b in zip(states(g), states(0), strict=True)] == [True, True, False, True]


def test_drawn_training_without_the_pull(p94, monkeypatch):
    right = p94.trained
    monkeypatch.setattr(p94, "trained", lambda case: right(case, pull=False))
    assert p94.refinement_is_training_on_drawn_data(Run(examples=60)).verdict is Verdict.REFUTED


def test_module_with_another_step(p94, monkeypatch):
    import eqt_theory

    right = eqt_theory.GradientDescent
    monkeypatch.setattr(eqt_theory, "GradientDescent", lambda size: right(size / 2))
    assert p94.refinement_of_a_module().verdict is Verdict.INCONCLUSIVE


def test_ridge_in_floats():
    """One weight, pairs (1, 2) and (2, 1), w0 = 3, gamma = 1: (2 + 2 + 3)/(5 + 1)."""
    weight = 3.0
    for _ in range(300):
        weight -= 0.2 * ((weight - 2) + 2 * (2 * weight - 1) + (weight - 3))
    assert weight == pytest.approx(7 / 6)
