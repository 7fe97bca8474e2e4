"""Scores, of which less is better: invented runs with known answers, peers, what is left out."""

import dataclasses
from pathlib import Path

import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.differences import difference
from eqt_theory.models.study.repaired import TASKS, RepairArm, RepairRun
from eqt_theory.models.study.scored import kept_peers, peer_scores, score, score_conclusions, told_score
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task

from .invented import invented

TEXT = TASKS["text"]


def scored(arm: RepairArm, seed: int, value: float, start: float | None = None) -> RepairRun:
    run = invented(arm, seed, 60, None if start is None else 40)
    return dataclasses.replace(run, scores=(value,) if start is None else (start, value, value + 0.25))


def runs(gain: float, seeds: int = 3) -> list[RepairRun]:
    found = []
    for s in range(seeds):
        found += [scored(RepairArm.STANDARD, s, 3.0 + s), scored(RepairArm.CAUSAL, s, 3.0 + s - gain, 4.0 + s)]
    return found


def test_differences_of_scores() -> None:
    gap = difference(runs(0.5), RepairArm.CAUSAL, RepairArm.STANDARD, score)
    assert gap is not None and gap.mean == pytest.approx(-0.5)
    assert told_score(gap) == "-0.5000 [-0.5000, -0.5000]" and told_score(None) == "-"
    one = difference(runs(0.5, 1), RepairArm.CAUSAL, RepairArm.STANDARD, score)
    assert told_score(one) == "-0.5000 (1 seed)"


def test_less_is_better() -> None:
    better, worse, same = (" ".join(score_conclusions(TEXT, runs(gain), {})) for gain in (0.5, -0.5, 0.0))
    assert "in bits per byte, less is better: better than standard -0.5000" in better
    assert "worse than standard +0.5000" in worse and "not told apart from standard" in same
    few = " ".join(score_conclusions(TEXT, runs(0.5, 2), {}))
    assert "not told apart from standard" in few and "nothing is told apart" in few
    assert score_conclusions(TEXT, [], {}) == []


def test_more_steps_that_harm_are_said_to() -> None:
    said = " ".join(score_conclusions(TEXT, runs(0.5), {}))
    assert "causal -1.5000 [-1.5000, -1.5000] and +0.2500 [0.2500, 0.2500]" in said
    assert "The joint arm is left out" in said


@pytest.mark.parametrize(
    ("peer", "words"), [(2.0, "in the mean no arm is as good"), (9.0, "in the mean it is no worse than")]
)
def test_peers_that_learn_no_network(peer: float, words: str) -> None:
    said = " ".join(score_conclusions(TEXT, runs(0.5), {"counts": peer}))
    assert words in said and "the best arm, causal, 3.5000" in said and f"counts {peer:.4f}" in said


def test_peers_see_the_test_data_of_the_runs() -> None:
    asked = []

    def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
        asked.append((count, length, seed, split))
        return Sequences(torch.zeros(1, 1), torch.full((1, 1), seed))

    task = Task("text", 2, 2, 7, (), draw, None, "", unit="u", peers=lambda data: {"p": float(data.targets.sum())})
    assert peer_scores(task, runs(0.5)) == {"p": 1.0}
    assert asked == [(50, 7, seed, Split.TEST) for seed in (0, 1, 2)]
    assert peer_scores(dataclasses.replace(task, peers=None), runs(0.5)) == {} == peer_scores(task, [])


def test_peers_are_kept_for_the_same_runs_only(tmp_path: Path) -> None:
    asked = []

    def peers(data: Sequences) -> dict[str, float]:
        asked.append(data)
        return {"p": 1.5}

    blank = Sequences(torch.zeros(1, 1), torch.zeros(1, 1))
    task = Task("text", 2, 2, 7, (), lambda *_: blank, None, "", unit="u", peers=peers)
    assert kept_peers(task, runs(0.5), tmp_path) == {"p": 1.5} == kept_peers(task, runs(0.5), tmp_path)
    assert len(asked) == 3
    assert kept_peers(task, runs(0.5, 4), tmp_path) == {"p": 1.5} and len(asked) == 7
    assert kept_peers(dataclasses.replace(task, peers=None), runs(0.5), tmp_path) == {}
    for text in ("[]", '{"scores": 3}', '{"scores": {"p": "x"}}'):
        (tmp_path / "peers.json").write_text(text)
        with pytest.raises(UsageError, match="no scores of peers"):
            kept_peers(task, runs(0.5), tmp_path)


def test_one_stretch_is_said_to_be_one() -> None:
    forecast = dataclasses.replace(TEXT, centres=lambda: torch.zeros(2))
    assert "one and the same stretch" in score_conclusions(forecast, runs(0.5), {})[-1]
    assert "stretch" not in score_conclusions(TEXT, runs(0.5), {})[-1]
