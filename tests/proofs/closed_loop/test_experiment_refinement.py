"""The small experiment about convergence: its judgement, and planted faults."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("experiment_refinement")
    assert ledger.entry("section-5.3.1-small-scale").judgement is Judgement.NOT_CHECKABLE
    assert ledger.problems() == []


@pytest.fixture
def small(claims_file):
    return claims_file("experiment_refinement")


def test_refinements_that_do_not_look_alike_establish_nothing(small):
    assert small.alike(small.ARRIVED, small.FAR).verdict is Verdict.CERTIFIED
    assert small.FAR.left == Fraction(9, 10) ** 8
    moving = replace(small.FAR, c=Fraction(2))
    assert not moving.seen()
    for pair in (
        (small.ARRIVED, moving),
        (small.FAR, small.FAR),
        (small.ARRIVED, small.ARRIVED),
        (small.ARRIVED, replace(small.FAR, alpha=Fraction(1, 4))),
    ):
        assert small.alike(*pair).verdict is Verdict.INCONCLUSIVE


def _diagnosis(step_size: float, pull: float) -> eqt.Diagnosis:
    f = torch.tensor([[1.0, 0.0], [2.0, 1.0]], dtype=torch.float64)
    energy = eqt.Quadratic(torch.eye(2, dtype=torch.float64), torch.tensor([pull, 0.0], dtype=torch.float64))
    return eqt.diagnose(eqt.Objective(energy, f), step_size, 8, lambda h: torch.stack([h[..., 0], -h[..., 0]], -1))


def test_predictions_that_move_are_not_called_inert(small):
    still, moving = _diagnosis(0.1, 0.0), _diagnosis(0.1, 30.0)
    assert small.inert(still, (0, 0), 2, 0.5).verdict is Verdict.SUPPORTED
    assert small.inert(still, (0, 1), 2, 0.5).verdict is Verdict.INCONCLUSIVE
    assert small.inert(moving, (0, 0), 2, 0.5).verdict is Verdict.INCONCLUSIVE


def test_changes_that_are_small_only_near_the_equilibrium_are_not_called_early(small):
    assert small.early(_diagnosis(1e-4, 0.0)).verdict is Verdict.SUPPORTED
    assert small.early(_diagnosis(0.45, 0.0)).verdict is Verdict.INCONCLUSIVE
    assert small.early(_diagnosis(0.1, 0.0)).verdict is Verdict.INCONCLUSIVE
