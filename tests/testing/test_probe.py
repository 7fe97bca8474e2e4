import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.testing.faults import corners
from eqt_theory.testing.faults.right import descent
from eqt_theory.testing.probe import STEPS, Probe, probe, tires


def test_steps_to_the_solution_follow_the_rate():
    found = probe(eqt.StepRule(descent), 9.7, 4.0, (0.5, 1.5), 0.0)
    assert isinstance(found, Probe) and found.whole and not found.lost and not found.fault
    # |1 - 0.1 m| = 0.7575 is the slower end; 1e-12 of the way takes ln(1e-12)/ln(0.7575) = 99.5 steps, and a few.
    assert found.worst == pytest.approx(math.log(1e-12) / math.log(1 - 0.1 * 9.7 / 4), rel=0.05)
    assert found.worst == max(found.steps.values())


def test_a_scale_that_takes_too_long_is_neither_reached_nor_lost():
    for M in (1e-3, 1e3):  # too slow, and diverging
        found = probe(eqt.StepRule(descent), M, 4.0, (0.5, 1.5), 0.0)
        assert not found.whole and not found.lost and not found.steps


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (corners.gamma_at_most_one, 0.02),
        (corners.gamma_at_most_five, 0.02),
        (corners.gamma_at_least_one, 0.5),
        (corners.gamma_at_least_a_half, 1.5),
    ],
)
def test_a_wrong_point_is_told_from_slowness(rule, share: float):
    found = probe(eqt.StepRule(rule), 9.7, 4.0, (share,), 0.0)
    assert found.lost == (share,) and not found.steps


def test_standing_still_at_the_start_is_no_wrong_point():
    found = probe(eqt.StepRule(lambda objective, h: h), 9.7, 4.0, (0.5,), 0.0)
    assert not found.lost and not found.whole


def test_what_broke_a_run_is_kept():
    def broken(objective: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
        raise ValueError("no idea")

    found = probe(eqt.StepRule(broken), 1.0, 4.0, (0.5,), 0.0)
    assert not found.whole and found.fault == "step 1: raised ValueError: no idea"


def test_a_step_that_shrinks_is_told_from_a_slow_rule():
    slow = 9.7 / 10**0.5
    begins = tires(corners.decays_from_the_sixtieth_step(), slow, 4.0, 0.5, 0.0)
    # It begins at most as fast as gradient descent there, and slows down.
    assert begins is not None and 1 - 0.1 * slow / 4 < begins < 1
    for M in (slow, slow / 10, slow / 1e4):
        assert tires(eqt.StepRule(descent), M, 4.0, 0.5, 0.0) is None
    assert tires(eqt.HeavyBall(1e-3, 0.9), 1.0, 4.0, 0.5, 0.0) is None
    assert STEPS < 1000
