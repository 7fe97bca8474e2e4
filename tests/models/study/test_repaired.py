"""The study of repaired models: every arm, records, what is refused, and the choice on validation data alone."""

import dataclasses
import json
from pathlib import Path

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study import choice as choosing
from eqt_theory.models.study.choice import Choice, choose
from eqt_theory.models.study.repaired import (
    COUPLED,
    TASKS,
    RepairArm,
    RepairRun,
    RepairSettings,
    arms_of,
    keep_run,
    kept_runs,
    missing,
    run_arm,
    run_file,
)
from eqt_theory.models.study.tasks.sequences import Split
from eqt_theory.models.study.training import Recipe

from ..cases import small

TINY = RepairSettings(small(), Recipe(epochs=1, batch=16, warm_up=1), 32, 8, 4, (0, 1, 8, 64))
TASK = dataclasses.replace(TASKS["parity"], length=5, longer=(7,))


@pytest.fixture(scope="module")
def runs() -> dict[RepairArm, RepairRun]:
    return {arm: run_arm(TINY, TASK, arm, 5, 4.0) for arm in RepairArm}


def test_every_arm_runs_and_comes_back(runs: dict[RepairArm, RepairRun]) -> None:
    for arm, run in runs.items():
        assert RepairRun.from_text(run.to_text()) == run
        assert run.weight == (4.0 if arm in COUPLED else 0.0)
        assert run.positions == 40 and run.reference == 40 and len(run.by_position[0]) == 5
        assert set(run.longer) == {7} and len(run.longer[7]) == len(run.steps)
    assert runs[RepairArm.STANDARD].steps == (0,) == runs[RepairArm.LOSSES].steps
    assert runs[RepairArm.SCAN].answer == 64 and runs[RepairArm.CAUSAL].answer == 8


def test_scores_and_agreement_with_the_best_answer(runs: dict[RepairArm, RepairRun]) -> None:
    for run in runs.values():
        # On parity the best answer is the target.
        assert run.agreement == run.right and len(run.scores) == len(run.steps)
        assert 0 < run.score_at(run.answer) < 3
    old = json.loads(runs[RepairArm.SCAN].to_text())
    del old["scores"], old["agreement"]
    assert RepairRun.from_text(json.dumps(old)).scores == (), "a run of before they were kept"


def test_looking_ahead_is_held_to_what_can_be_seen_ahead() -> None:
    noisy = dataclasses.replace(TASKS["noisy-parity"], length=8, longer=())
    joint, scan = (run_arm(TINY, noisy, arm, 5, 4.0) for arm in (RepairArm.JOINT, RepairArm.SCAN))
    assert joint.reference > scan.reference
    assert joint.agreement != joint.right and joint.longer == {}


def test_nothing_looks_ahead_where_the_answers_lie_there(tmp_path: Path) -> None:
    text = dataclasses.replace(TASKS["text"], length=6)
    assert RepairArm.JOINT not in arms_of(text) and set(arms_of(text)) < set(RepairArm) == set(arms_of(TASK))
    run = run_arm(TINY, text, RepairArm.CAUSAL, 5, 4.0)
    assert run.reference == 0 and run.agreement == () and 7 < run.score_at(8) < 13
    chosen = choose(TINY, text, tmp_path, (0.1, 4.0), (7,))
    assert set(chosen.accuracy) == {RepairArm.CAUSAL} and Choice.load(tmp_path) == chosen
    assert all(-13 < figure < -7 for by in chosen.accuracy.values() for (figure,) in by.values()), "minus bits per byte"
    changed = dataclasses.replace(text, data=lambda: "other bytes")
    assert TINY.key(changed) != TINY.key(text)


def test_the_same_seed_gives_the_same_run(runs: dict[RepairArm, RepairRun]) -> None:
    again = run_arm(TINY, TASK, RepairArm.JOINT, 5, 4.0)
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(runs[RepairArm.JOINT], seconds=0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"causal"', '"sideways"'),
        ('"positions": 40', '"positions": 41'),
        ('"right": [', '"right": [1, '),
        ('"seed": 5, ', ""),
        ('"by_position": [[', '"by_position": [[9, '),
    ],
)
def test_damaged_records_are_refused(runs: dict[RepairArm, RepairRun], old: str, new: str) -> None:
    text = runs[RepairArm.CAUSAL].to_text()
    assert old in text
    with pytest.raises(UsageError, match="not a run of the study"):
        RepairRun.from_text(text.replace(old, new, 1))


def test_a_folder_of_runs(runs: dict[RepairArm, RepairRun], tmp_path: Path) -> None:
    assert kept_runs(tmp_path, "parity") == []
    keep_run(tmp_path, runs[RepairArm.CAUSAL])
    keep_run(tmp_path, runs[RepairArm.STANDARD])
    assert [run.arm for run in kept_runs(tmp_path, "parity")] == [RepairArm.STANDARD, RepairArm.CAUSAL]
    arms = (RepairArm.STANDARD, RepairArm.JOINT)
    assert list(missing(TINY, TASK, tmp_path, (5, 6), arms)) == [
        (RepairArm.JOINT, 5), (RepairArm.STANDARD, 6), (RepairArm.JOINT, 6)
    ]  # fmt: skip
    with pytest.raises(UsageError, match="other settings"):
        missing(dataclasses.replace(TINY, test_size=9), TASK, tmp_path, (5,), arms)
    with pytest.raises(UsageError, match="holds the run of"):
        kept_runs(tmp_path, "decode")
    run_file(tmp_path, RepairArm.CAUSAL, 5).rename(run_file(tmp_path, RepairArm.CAUSAL, 6))
    with pytest.raises(UsageError, match="holds the run of causal, seed 5"):
        kept_runs(tmp_path, "parity")


def test_the_choice_looks_at_no_test_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def watched(count: int, length: int, seed: int, split: Split):
        asked.append(split)
        return TASK.draw(count, length, seed, split)

    task = dataclasses.replace(TASK, draw=watched)
    found = choose(TINY, task, tmp_path, (1.0, 4.0), (7,))
    assert set(asked) == {Split.TRAINING, Split.VALIDATION}
    assert Choice.load(tmp_path) == found
    assert choose(TINY, task, tmp_path, (9.0,), (7,)) == found, "an earlier choice stands"
    with pytest.raises(UsageError, match="other settings"):
        choose(dataclasses.replace(TINY, test_size=9), task, tmp_path)
    (tmp_path / "choice.json").write_text("{}")
    with pytest.raises(UsageError, match="no choice"):
        Choice.load(tmp_path)


def test_the_best_on_average_is_chosen_and_the_smallest_of_equals() -> None:
    joint = {4.0: (0.5, 0.9), 16.0: (0.8, 0.8), 64.0: (0.8, 0.8)}
    choice = Choice("key", {RepairArm.CAUSAL: {4.0: (0.9,), 16.0: (0.8,)}, RepairArm.JOINT: joint}, (1, 2))
    assert choice.weight(RepairArm.JOINT) == 16
    assert {choice.weight(a) for a in (RepairArm.CAUSAL, RepairArm.SCAN, RepairArm.RIDGE, RepairArm.FROZEN)} == {4.0}
    assert choice.weight(RepairArm.STANDARD) == 0
    assert set(choosing.SEEDS).isdisjoint(range(100, 200))
