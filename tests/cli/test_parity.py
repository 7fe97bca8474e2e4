from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from eqt_theory.models.checkpoint import load_checkpoint
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.study import cost, presets, study
from eqt_theory.models.study.training import Recipe

CONFIG = ModelConfig(width=8, layers=2, heads=2, window=4, head_width=8, gamma=0.5)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = study.StudySettings(CONFIG, Recipe(epochs=1, batch=32, warm_up=2), training_size=64, test_size=16)
    monkeypatch.setattr(study, "miniature_settings", lambda: settings)
    monkeypatch.setattr(presets, "miniature", lambda: CONFIG)


def test_a_study_from_end_to_end(cli: Callable, tmp_path: Path):
    folder, threads = tmp_path / "study", torch.get_num_threads()
    first = cli("parity", "--lengths", "4,5", "--folder", folder, "--stopping")
    assert (first.status, first.err) == (0, "")
    assert first.out.count("trained in") == 8
    for said in ("EqT - standard", "flips at these K", "allow to say", "Control:", "K = 128", "accuracy.svg"):
        assert said in first.out
    for file in ("accuracy.svg", "accuracy.png", "runs.jsonl"):
        assert (folder / file).stat().st_size > 0
    models = sorted((folder / "models").glob("*/*"))
    assert len(models) == 8 and isinstance(load_checkpoint(models[2]), EquilibriumTransformer)
    assert torch.get_num_threads() == threads
    # Nothing is made again, and one more seed makes that seed only.
    lines = (folder / "runs.jsonl").read_text()
    again = cli("parity", "--lengths", "4,5", "--folder", folder)
    assert (folder / "runs.jsonl").read_text() == lines
    assert again.out.splitlines()[8:20] == first.out.splitlines()[8:20]
    more = cli("parity", "--lengths", "4", "--folder", folder, "--seeds", 2)
    assert more.status == 0 and len((folder / "runs.jsonl").read_text().splitlines()) == 12


def test_an_interruption_reports_what_is_finished(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made, whole = [], study.run_one

    def interrupted(*arguments, **more):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(1)
        return whole(*arguments, **more)

    monkeypatch.setattr(study, "run_one", interrupted)
    outcome = cli("parity", "--lengths", "4", "--folder", tmp_path)
    assert outcome.status == 130
    assert "Interrupted; what is finished is kept" in outcome.out and "Control:" in outcome.out
    monkeypatch.setattr(study, "run_one", whole)
    assert cli("parity", "--lengths", "4", "--folder", tmp_path).status == 0
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 4


def test_costs(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cost.measure_costs, "__defaults__", (cost.LENGTHS, cost.STEPS, "cpu", 1, 32))  # small batches
    outcome = cli("parity", "--cost", "--lengths", "16", "--folder", tmp_path / "none")
    assert outcome.status == 0 and not (tmp_path / "none").exists()
    assert all(said in outcome.out for said in ("standard", "last layer", "every layer", "corrected"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--lengths", "8,x"), "--lengths must be different numbers"),
        (("--lengths", "8,8"), "--lengths must be different numbers"),
        (("--lengths", "0"), "--lengths must be different numbers"),
        (("--seeds", 0), "--seeds must be at least 1"),
        (("--seed", -1), "--seed must be at least 0"),
        (("--epochs", 0), "--epochs must be at least 1"),
        (("--threads", 0), "--threads must be at least 1"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(cli: Callable, tmp_path: Path, options: tuple, said: str):
    outcome = cli("parity", "--folder", tmp_path, *options)
    assert outcome.status == 2 and said in outcome.error


def test_a_broken_file_of_runs_is_told(cli: Callable, tmp_path: Path):
    (tmp_path / "runs.jsonl").write_text("nonsense\n")
    outcome = cli("parity", "--lengths", "4", "--folder", tmp_path)
    assert outcome.status == 2 and "not a run of the parity study" in outcome.error
