"""`diagnose` of coupled checkpoints: certificate and measurement side by side, refusals, a planted contradiction."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from eqt_theory.models.checkpoint import save_checkpoint
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.coupled_steps import Game

SMALL = ModelConfig(width=4, layers=1, heads=2)


def checkpoint(folder: Path, coupling: Coupling) -> str:
    model = CoupledTransformer(CoupledConfig(backbone=SMALL, coupling=coupling, ridge_rows=3))
    return str(save_checkpoint(model, folder, length=5))


def test_joint(cli: Callable, tmp_path: Path):
    folder = checkpoint(tmp_path, Coupling.JOINT)
    outcome = cli("diagnose", folder, "--tokens", 5, "--json", tmp_path / "out.json")
    assert outcome.status == 0
    assert "m = 1, M = 65" in outcome.out and "inside" in outcome.out
    found = json.loads((tmp_path / "out.json").read_text())["certificate"]
    assert found["inside"] and (found["m"], found["M"]) == ("1", "65")
    assert 1 <= found["measured"][0] <= found["measured"][1] <= 65


@pytest.mark.parametrize("coupling", [Coupling.CAUSAL, Coupling.CAUSAL_RIDGE, Coupling.FROZEN])
def test_games(coupling: Coupling, cli: Callable, tmp_path: Path):
    folder = checkpoint(tmp_path, coupling)
    outcome = cli("diagnose", folder, "--tokens", 10, "--json", tmp_path / "out.json")
    assert outcome.status == 0 and "worst single step measured" in outcome.out
    assert json.loads((tmp_path / "out.json").read_text())["inside"] is True
    assert cli("diagnose", folder, "--plots", tmp_path / "plots").status == 2


def test_steps_that_do_not_keep_to_the_certificate(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder, true = checkpoint(tmp_path, Coupling.CAUSAL), Game.__call__

    def slow(self: Game, h: torch.Tensor) -> torch.Tensor:
        return h + 0.02 * (true(self, h) - h)

    monkeypatch.setattr(Game, "__call__", slow)
    outcome = cli("diagnose", folder, "--tokens", 10)
    assert outcome.status == 1 and "OUTSIDE" in outcome.out
