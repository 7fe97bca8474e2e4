"""Paired differences and what they allow to say: intervals by hand, invented runs with known answers, too few seeds."""

import dataclasses
import math

import pytest

from eqt_theory.models.study.comparison import ENOUGH_SEEDS
from eqt_theory.models.study.paired import (
    CONTROLS,
    NAMES,
    REFINED,
    at_length,
    conclusions,
    difference,
    paired,
    sided,
    told,
)
from eqt_theory.models.study.repaired import RepairArm, RepairRun


def invented(arm: RepairArm, seed: int, right: int, start: int | None = None) -> RepairRun:
    """A run on 100 positions, `right` of them right at its answer."""
    refines = start is not None
    steps = (0, 8, 128) if refines else (0,)
    counts = (start, right, right) if refines else (right,)
    rows = ((right, 0), (start if refines else right, 0))
    return RepairRun(
        "key", "parity", arm, seed, 16.0 if refines else 0.0, 10, (0.5,), steps, 8 if refines else 0, 100, counts,
        rows, 50, {4: tuple(c // 2 for c in counts)}, 25, 100, 1.0,
    )  # fmt: skip


def study(gain: int, seeds: int = 4, spread: int = 1) -> list[RepairRun]:
    runs = []
    for s in range(seeds):
        runs += [invented(RepairArm.STANDARD, s, 60 + spread * (s % 2)), invented(RepairArm.CAUSAL, s, 60 + gain, 30)]
    return runs


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


def test_longer_lengths_at_their_own_k_and_at_another() -> None:
    run = invented(RepairArm.CAUSAL, 0, 80, 40)
    assert at_length(4)(run) == 0.4 and at_length(4, 0)(run) == 0.2
    assert at_length(4, 128)(invented(RepairArm.STANDARD, 0, 50)) == 0.25


def test_every_arm_has_a_name_and_a_side() -> None:
    assert set(NAMES) == set(RepairArm) == {*REFINED, *CONTROLS}
    assert paired([]) is None
