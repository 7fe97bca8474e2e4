"""`eqt-theory study` at the smallest scale: resumed, shown, in two processes, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.cli import study
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.study import arm_cost, choice, repaired
from eqt_theory.models.study.repaired import RepairArm, RepairSettings
from eqt_theory.models.study.tasks.sequences import Task
from eqt_theory.models.study.training import Recipe

TINY = RepairSettings(
    ModelConfig(width=8, heads=2, head_width=8, window=4), Recipe(epochs=1, batch=16, warm_up=1), 32, 8, 4, (0, 8, 128)
)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "make_settings", lambda paper: TINY)
    monkeypatch.setattr(choice.choose, "__defaults__", ((4.0,), (90,), None, "cpu"))


def test_made_kept_and_not_made_again(cli: Callable, tmp_path: Path) -> None:
    command = ("study", "parity", "--seeds", 2, "--folder", tmp_path, "--arms", "standard,causal")
    first = cli(*command)
    assert first.status == 0 and "causal, seed 101" in first.out and "fewer than the 10" in first.out.replace("\n", " ")
    files = {file.name: file.read_text() for file in (tmp_path / "parity").glob("*-1*.json")}
    assert set(files) == {f"{arm}-{seed}.json" for arm in ("standard", "causal") for seed in (100, 101)}
    again = cli(*command)
    assert "trained in" not in again.out and "validation" not in again.out
    assert {file.name: file.read_text() for file in (tmp_path / "parity").glob("*-1*.json")} == files
    (tmp_path / "parity" / "causal-101.json").unlink()
    assert cli(*command).out.count("trained in") == 1
    table = cli("study", "parity", "--folder", tmp_path, "--show", "--markdown")
    assert table.status == 0 and table.out.startswith("| arm | seeds |") and table.out.count("\n") == 4


def test_without_a_coupled_arm_nothing_is_chosen(cli: Callable, tmp_path: Path) -> None:
    outcome = cli("study", "text", "--seeds", 1, "--folder", tmp_path, "--arms", "standard")
    assert outcome.status == 0 and "validation" not in outcome.out
    assert "bits per byte, trained in" in outcome.out
    assert {file.name for file in (tmp_path / "text").glob("*.json")} == {"standard-100.json", "peers.json"}


def test_paper_asks_for_the_papers_models_on_the_device_asked_for(
    cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def made(paper: bool) -> RepairSettings:
        asked.append(paper)
        return TINY

    def run(settings: RepairSettings, task: Task, arm: RepairArm, seed: int, weight: float, device: str):
        asked.append((arm, task.length, device))
        return repaired_run(settings, task, arm, seed, weight, device)

    repaired_run = repaired.run_arm
    monkeypatch.setattr(study, "make_settings", made)
    monkeypatch.setattr(repaired, "run_arm", run)
    command = ("study", "parity", "--paper", "--device", "cpu", "--length", 6, "--seeds", 1, "--folder", tmp_path)
    assert cli(*command, "--arms", "causal,ridge,joint").status == 0
    assert asked == [True, *((arm, 6, "cpu") for arm in (RepairArm.CAUSAL, RepairArm.JOINT, RepairArm.RIDGE))]
    paper = repaired.paper_repair_settings()
    assert (paper.config.width, paper.config.layers, paper.training_size) == (256, 6, 32_768)


def test_another_length_is_another_study(cli: Callable, tmp_path: Path) -> None:
    command = ("study", "parity", "--seeds", 1, "--arms", "standard", "--folder", tmp_path)
    assert cli(*command, "--length", 20).status == 0
    run = repaired.RepairRun.from_text((tmp_path / "parity" / "standard-100.json").read_text())
    assert len(run.by_position[0]) == 20 and set(run.longer) == {32, 64}
    outcome = cli(*command)
    assert outcome.status == 2 and "other settings" in outcome.err


def test_costs(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_cost.measure_arm_costs, "__defaults__", ((4,), (0, 2), "cpu", 1, 8))
    outcome = cli("study", "parity", "--cost", "--folder", tmp_path)
    assert outcome.status == 0 and "looped four times" in outcome.out and "causal + ridge" in outcome.out
    assert {file.name for file in (tmp_path / "parity").iterdir() if "cost" in file.name} == {
        "cost.md", "cost.svg", "cost.png"
    }  # fmt: skip
    assert "| looped four times |" in (tmp_path / "parity" / "cost.md").read_text()


def test_stopping(cli: Callable, tmp_path: Path) -> None:
    command = ("study", "noisy-parity", "--stopping", "--folder", tmp_path, "--arms")
    outcome = cli(*command, "standard,causal")
    assert outcome.status == 0 and "certified distance below 0.1" in outcome.out
    assert "causal, length 64" in outcome.out and "on test sequences, causal: length 32" in " ".join(
        outcome.out.split()
    )
    assert not list((tmp_path / "noisy-parity").glob("causal-*.json")), "no run is kept"
    assert (tmp_path / "noisy-parity" / "stopping.svg").exists()
    assert "| K = 0 |" in (tmp_path / "noisy-parity" / "stopping.md").read_text()
    refused = cli(*command, "standard")
    assert refused.status == 2 and "needs an arm that refines" in refused.err


def test_processes_give_the_same_runs(cli: Callable, tmp_path: Path) -> None:
    for jobs in (1, 2):
        arms = ("--folder", tmp_path / str(jobs), "--arms", "gru,joint")
        command = ("study", "decode", "--seeds", 1, "--jobs", jobs, *arms)
        assert cli(*command).status == 0
    for arm in ("gru", "joint"):
        one, two = (
            repaired.RepairRun.from_text((tmp_path / str(j) / "decode" / f"{arm}-100.json").read_text()) for j in (1, 2)
        )
        assert one.right == two.right and one.losses == two.losses


@pytest.mark.parametrize(
    "wrong",
    [
        ("study", "chess"),
        ("study", "parity", "--seeds", "0"),
        ("study", "parity", "--seed", "85"),
        ("study", "parity", "--arms", "standard,standard"),
        ("study", "parity", "--arms", "nobody"),
        ("study", "text", "--arms", "standard,joint"),
        ("study", "parity", "--jobs", "0"),
        ("study", "parity", "--length", "0"),
        ("study", "decode", "--length", "15"),
        ("study", "parity", "--epochs", "0"),
    ],
)
def test_what_is_refused(cli: Callable, tmp_path: Path, wrong: tuple[str, ...]) -> None:
    outcome = cli(*wrong, "--folder", tmp_path / "new")
    assert outcome.status == 2 and outcome.err.count("\n") == 1


def test_nothing_to_show(cli: Callable, tmp_path: Path) -> None:
    assert "no runs yet" in cli("study", "parity", "--show", "--folder", tmp_path).out
