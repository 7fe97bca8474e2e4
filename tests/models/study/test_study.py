import dataclasses
import json
from pathlib import Path

import pytest
import torch
from models.cases import DEVICES, small

from eqt_theory.core import files
from eqt_theory.core.errors import UsageError
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer
from eqt_theory.models.study import study
from eqt_theory.models.study.study import (
    Arm,
    StudySettings,
    build,
    miniature_settings,
    paper_settings,
    plan,
    read_runs,
    run_one,
    run_study,
)
from eqt_theory.models.study.training import Recipe, evaluate

TINY = StudySettings(small(), Recipe(epochs=1, batch=32, warm_up=2), training_size=64, test_size=16)


def _same(a, b) -> bool:
    return dataclasses.replace(a, seconds=0.0) == dataclasses.replace(b, seconds=0.0)


def test_arms_share_their_first_weights():
    standard, *others = (build(arm, small(), 5) for arm in Arm)
    assert isinstance(standard, StandardTransformer)
    for model in others:
        assert isinstance(model, EquilibriumTransformer)
        for a, b in zip(standard.parameters(), model.backbone.parameters(), strict=True):
            assert torch.equal(a, b)
    zero, auxiliary, equilibrium = others
    assert zero.config.weight_reverse == zero.config.weight_mask == zero.config.weight_confidence == 0
    assert auxiliary.config == equilibrium.config.replace(steps_train=0, steps_test=0)
    assert equilibrium.config == small()


def test_a_run_is_repeatable_and_survives_json():
    run, model = run_one(TINY, Arm.EQUILIBRIUM, 5, 1)
    again, _ = run_one(TINY, Arm.EQUILIBRIUM, 5, 1)
    assert _same(run, again)
    assert type(run).from_line(run.to_line()) == run
    assert len(run.accuracy) == len(run.flips) == 4 and run.positions == 80 and sum(run.correct) <= 80
    assert isinstance(model, EquilibriumTransformer)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("arm", list(Arm))
def test_every_arm_runs_from_end_to_end(arm: Arm, device: str):
    run, model = run_one(TINY, arm, 5, 1, device)
    assert run.device.startswith(device) and all(p.device.type == device for p in model.parameters())
    assert 0 < run.losses[-1] < 1.5 and 0 < run.accuracy[0] < 1 and max(run.flips) <= 80
    assert run.positions == 80 and run.accuracy[-1] == sum(run.correct) / 80


def test_the_auxiliary_arm_is_never_refined(monkeypatch: pytest.MonkeyPatch):
    asked = []

    def spy(model, data, steps):
        asked.append(tuple(steps))
        return evaluate(model, data, steps)

    monkeypatch.setattr(study, "evaluate", spy)
    auxiliary, _ = run_one(TINY, Arm.AUXILIARY, 5, 1)
    run_one(TINY, Arm.EQUILIBRIUM, 5, 1)
    assert asked == [(0, 0, 0, 0), (0, 2, 8, 32)] and auxiliary.flips == (0, 0, 0, 0)


def test_a_study_is_resumed(tmp_path: Path):
    file, made = tmp_path / "runs.jsonl", []
    runs = list(run_study(TINY, (4, 5), (0,), file, on_start=lambda *run: made.append(run)))
    assert [(r.arm, r.length, r.seed) for r in runs] == made == plan((4, 5), (0,))
    # An interruption in the middle of a line: that run is made again, the others are not.
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:5]) + lines[5][:40])
    made.clear()
    again = list(run_study(TINY, (4, 5), (0,), file, on_start=lambda *run: made.append(run)))
    assert made == plan((4, 5), (0,))[5:]
    assert all(_same(a, b) for a, b in zip(runs, again, strict=True))
    assert read_runs(file) == again


def test_other_settings_are_other_runs(tmp_path: Path):
    file, made = tmp_path / "runs.jsonl", []
    list(run_study(TINY, (4,), (0,), file))
    other = dataclasses.replace(TINY, config=small(gamma=0.5))
    assert other.key != TINY.key
    list(run_study(other, (4,), (0,), file, on_start=lambda *run: made.append(run)))
    assert len(made) == 4 and len(read_runs(file)) == 8


def test_an_interruption_keeps_what_is_finished(tmp_path: Path):
    file, started = tmp_path / "runs.jsonl", []

    def stop(*run: object) -> None:
        started.append(run)
        if len(started) == 3:
            raise KeyboardInterrupt

    found = []
    with pytest.raises(KeyboardInterrupt):
        for run in run_study(TINY, (4,), (0,), file, on_start=stop):
            found.append(run)
    assert len(found) == len(read_runs(file)) == 2


def test_a_run_whose_model_was_not_kept_is_made_again(tmp_path: Path):
    file, kept = tmp_path / "runs.jsonl", []

    def stop(*run: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_study(TINY, (4,), (0,), file, on_model=stop))
    assert read_runs(file) == []
    list(run_study(TINY, (4,), (0,), file, on_model=lambda run, model: kept.append(run)))
    assert kept == read_runs(file) and len(kept) == 4


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"arm": "magic"}', '{"arm": "zero", "losses": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, line: str):
    file = tmp_path / "runs.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(UsageError, match="not a run of the parity study"):
        read_runs(file)
    assert file.read_text() == line + "\n"


def test_the_settings_of_the_study_and_of_the_paper():
    mini, paper = miniature_settings(), paper_settings()
    assert (mini.training_size, mini.test_size, mini.recipe.epochs, mini.recipe.batch) == (8192, 1024, 5, 64)
    assert (paper.training_size, paper.test_size, paper.recipe.epochs) == (32_768, 4096, 25)
    assert (paper.recipe.learning_rate, paper.recipe.batch, paper.config.steps_train) == (3e-4, 256, 2)
    assert mini.key != paper.key


def test_a_second_study_in_the_same_folder_is_refused_while_the_first_runs(tmp_path: Path):
    file = tmp_path / "runs.jsonl"
    first = run_study(TINY, (4,), (0,), file)
    next(first)
    with pytest.raises(UsageError, match="another process is writing"):
        next(run_study(TINY, (5,), (0,), file))
    first.close()
    assert len(list(run_study(TINY, (4,), (0,), file))) == len(read_runs(file)) == 4


def test_a_full_disk_keeps_the_runs_that_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, made = tmp_path / "runs.jsonl", []

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        for run in run_study(TINY, (4,), (0,), file):
            made.append(run)
            monkeypatch.setattr(files.os, "fsync", full)
    assert read_runs(file) == made and len(made) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("losses", ["x"]), ("losses", "0.5"), ("positions", -1), ("positions", 10**400), ("device", 3), ("seed", -1),
        ("accuracy", [2.0]), ("accuracy", []), ("flips", [0.5] * 4), ("correct", [None]), ("seconds", "1"),
        ("length", True), ("length", 0), ("key", None), ("arm", "x"), ("unknown", 1),
        ("parameters", 1e308), ("seconds", float("nan")),
    ],
)  # fmt: skip
def test_a_field_of_a_wrong_type_is_refused(tmp_path: Path, field: str, value: object):
    file = tmp_path / "runs.jsonl"
    counts = {"length": 4, "seed": 0, "parameters": 1, "flips": [0] * 4, "positions": 8, "correct": [1, 2]}
    rest = {"key": "k", "arm": "standard", "losses": [0.5], "accuracy": [0.5] * 4, "seconds": 0.1, "device": "cpu"}
    values = {**counts, **rest}
    file.write_text(json.dumps(values) + "\n")
    assert len(read_runs(file)) == 1
    file.write_text(json.dumps({**values, field: value}) + "\n")
    with pytest.raises(UsageError, match="not a run of the parity study"):
        read_runs(file)


@pytest.mark.parametrize("content", [b"\xff\xfe{}\n", b"[" * 100_000 + b"\n", b"9" * 5000 + b"\n", b"\x00\n"])
def test_runs_that_are_no_json_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "runs.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match="run"):
        read_runs(tmp_path / "runs.jsonl")
