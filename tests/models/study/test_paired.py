"""What runs allow to say: invented runs with known answers, too few seeds."""

import dataclasses

import pytest

from eqt_theory.models.study.comparison import ENOUGH_SEEDS
from eqt_theory.models.study.differences import difference, sided
from eqt_theory.models.study.paired import conclusions
from eqt_theory.models.study.repaired import RepairArm

from .invented import invented, study


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_tell_nothing(seeds: int) -> None:
    assert seeds < ENOUGH_SEEDS
    gap = difference(study(30, seeds), RepairArm.CAUSAL, RepairArm.STANDARD)
    assert gap is not None and sided(gap) == "not told apart"
    said = " ".join(conclusions(study(30, seeds)))
    assert "nothing is told apart" in said and "more accurate than" not in said


def test_words_follow_the_numbers() -> None:
    better, worse, same = (" ".join(conclusions(study(gain))) for gain in (10, -10, 0))
    assert "more accurate than standard" in better and "less accurate" not in better
    assert "less accurate than standard" in worse and "more accurate" not in worse
    assert "not told apart from standard" in same
    assert "4 seeds of each arm, fewer than the 10" in better
    assert "fewer than" not in " ".join(conclusions(study(10, 10)))
    assert "the best arm, causal, 70.00 %" in better and "the best arm, standard" in worse
    assert conclusions([]) == []


def test_the_control_that_moves_nothing_is_named() -> None:
    runs = study(10) + [invented(RepairArm.FROZEN, s, 58, 20) for s in range(4)]
    said = " ".join(conclusions(runs))
    assert "the frozen control, in which nothing moves on, gains 38.00 that way" in said
    scanned = [dataclasses.replace(invented(RepairArm.SCAN, s, 80, 20), answer=128) for s in range(4)]
    assert "-10.00 [-10.00, -10.00], worse" in " ".join(conclusions(runs + scanned))
