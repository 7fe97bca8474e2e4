"""`eqt-theory diagnose` on small checkpoints: planted behaviours, files written, and checkpoints that are none."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core import budget
from eqt_theory.models.checkpoint import save_checkpoint
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer

SMALL = ModelConfig(width=8, layers=1, heads=2, head_width=8, window=4, gamma=0.1)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Save a small untrained model with other settings."""

    def make(**changes: object) -> Path:
        model = EquilibriumTransformer(SMALL.replace(**changes), seed=1)
        return save_checkpoint(model, tmp_path / "model", length=4)

    return make


def _summary(cli: Callable, folder: Path, *options: object) -> dict:
    file = folder.parent / "found.json"
    outcome = cli("diagnose", folder, "--tokens", 12, "--json", file, *options)
    assert (outcome.status, outcome.err) == (0, "")
    assert f"Verdict: {json.loads(file.read_text())['overall']}" in outcome.out
    return json.loads(file.read_text())


def test_a_step_size_that_is_too_large_oscillates(cli: Callable, checkpoint: Callable[..., Path]):
    found = _summary(cli, checkpoint(step_size=0.3))
    assert found["overall"] == "oscillates"
    assert found["behaviour"]["oscillates"] == found["tokens"] == 12
    assert any(line.startswith("Set the step size below") for line in found["advice"])


def test_weights_next_to_nothing_are_inert(cli: Callable, checkpoint: Callable[..., Path]):
    found = _summary(cli, checkpoint(weight_reverse=1e-6, weight_mask=0.0, weight_confidence=0.0))
    assert found["overall"] == "inert"
    assert found["behaviour"]["inert"] == 12
    assert found["predictions"]["changed"] == 0


def test_enough_large_steps_converge_and_a_few_small_ones_do_not(cli: Callable, checkpoint: Callable[..., Path]):
    options = {"weight_confidence": 0.0}
    near = _summary(cli, checkpoint(step_size=0.05, steps_test=12, **options))
    assert near["behaviour"]["converges"] == 12
    far = _summary(cli, checkpoint(step_size=0.005, steps_test=4, **options))
    assert far["behaviour"]["converges"] == 0
    assert far["distance"]["way_left"]["least"] > 0.5


def test_the_same_seed_says_the_same_and_another_sees_other_tokens(cli: Callable, checkpoint: Callable[..., Path]):
    folder = checkpoint()
    first = _summary(cli, folder)
    assert _summary(cli, folder) == first
    assert first["length"] == 4
    assert _summary(cli, folder, "--seed", 5)["distance"] != first["distance"]
    assert _summary(cli, folder, "--length", 6)["length"] == 6


def test_plots_are_drawn(cli: Callable, checkpoint: Callable[..., Path], tmp_path: Path):
    outcome = cli("diagnose", checkpoint(), "--tokens", 8, "--plots", tmp_path / "plots")
    assert outcome.status == 0
    drawn = sorted(file.name for file in (tmp_path / "plots").iterdir())
    assert drawn == ["changes.svg", "errors.svg", "spectra.svg"]


def test_what_is_no_checkpoint_is_one_line_and_status_2(cli: Callable, checkpoint: Callable[..., Path], tmp_path: Path):
    missing = cli("diagnose", tmp_path / "nowhere")
    assert missing.status == 2
    assert "is no checkpoint" in missing.error
    folder = checkpoint()
    (folder / "config.json").write_text("{", "utf-8")
    damaged = cli("diagnose", folder)
    assert damaged.status == 2
    assert "is not JSON" in damaged.error
    standard = cli("diagnose", save_checkpoint(StandardTransformer(SMALL), tmp_path / "standard"))
    assert standard.status == 2
    assert "no refinement" in standard.error
    other = EquilibriumTransformer(SMALL.replace(vocabulary=3))
    letters = cli("diagnose", save_checkpoint(other, tmp_path / "letters"))
    assert letters.status == 2
    assert "vocabulary of 3" in letters.error


@pytest.mark.parametrize("option", ["--tokens", "--length"])
def test_numbers_out_of_range_are_refused(cli: Callable, checkpoint: Callable[..., Path], option: str):
    outcome = cli("diagnose", checkpoint(), option, 0)
    assert outcome.status == 2
    assert f"{option} must be at least 1" in outcome.error


def test_after_its_seconds_it_ends_with_what_it_has_and_says_so(
    cli: Callable, checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    seconds = itertools.count()  # one passes whenever somebody looks
    monkeypatch.setattr(budget.time, "monotonic", lambda: float(next(seconds)))
    outcome = cli("diagnose", checkpoint(), "--seconds", 3)
    assert outcome.status == 0
    assert "the 3 s were over" in " ".join(outcome.out.split())
    assert "Verdict: converges" not in outcome.out


def test_weights_that_are_not_finite_are_one_line_and_status_2(cli: Callable, tmp_path: Path):
    model = EquilibriumTransformer(SMALL)
    model.backbone.embedding.weight.data.fill_(float("nan"))
    outcome = cli("diagnose", save_checkpoint(model, tmp_path / "broken"))
    assert outcome.status == 2
    assert "finite" in outcome.error


def test_the_page_says_what_the_terminal_says(cli: Callable, checkpoint: Callable[..., Path], tmp_path: Path):
    outcome = cli("diagnose", checkpoint(step_size=0.3), "--tokens", 8, "--html", tmp_path / "found.html")
    assert (outcome.status, outcome.err) == (0, "")
    page = (tmp_path / "found.html").read_text("utf-8")
    assert "Refinement of model" in page and page.count("<svg") == 3
    assert '<span class="badge oscillates">oscillates</span>' in page and "Set the step size below" in page
