"""Paired differences: intervals by hand, pairs by seed, longer lengths."""

import math

import pytest

from eqt_theory.models.study.differences import (
    CONTROLS,
    NAMES,
    REFINED,
    at_length,
    difference,
    paired,
    sided,
    told,
)
from eqt_theory.models.study.repaired import RepairArm

from .invented import invented, study


def test_an_interval_by_hand() -> None:
    gap = difference(study(10), RepairArm.CAUSAL, RepairArm.STANDARD)
    assert gap is not None and gap.seeds == 4
    # Gaps .10, .09, .10, .09: mean .095, standard deviation .01/sqrt 3, Student's 0.975 quantile for 3 is 3.183.
    assert gap.mean == pytest.approx(0.095)
    assert gap.half_width == pytest.approx(3.183 * (0.01 / math.sqrt(3)) / 2, rel=1e-3)
    assert sided(gap) == "better"
    assert told(gap) == "+9.50 [8.58, 10.42]"


def test_pairs_are_made_by_seed_and_only_where_both_are() -> None:
    runs = [invented(RepairArm.STANDARD, s, 50) for s in (1, 2, 3)] + [
        invented(RepairArm.CAUSAL, s, 60, 30) for s in (2, 3, 4)
    ]
    gap = difference(runs, RepairArm.CAUSAL, RepairArm.STANDARD)
    assert gap is not None and gap.seeds == 2
    assert difference(runs, RepairArm.JOINT, RepairArm.STANDARD) is None
    assert told(None) == "-"


def test_longer_lengths_at_their_own_k_and_at_another() -> None:
    run = invented(RepairArm.CAUSAL, 0, 80, 40)
    assert at_length(4)(run) == 0.4 and at_length(4, 0)(run) == 0.2
    assert at_length(4, 128)(invented(RepairArm.STANDARD, 0, 50)) == 0.25


def test_every_arm_has_a_name_and_a_side() -> None:
    assert set(NAMES) == set(RepairArm) == {*REFINED, *CONTROLS}
    assert paired([]) is None
