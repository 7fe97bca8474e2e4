"""The README's figure is what its script draws."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

FOLDER = Path(__file__).parents[1] / "assets"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("assets_draw", FOLDER / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("assets")
    assert {file.name for file in module.draw(folder)} == {"phase.svg", "phase.png"}
    return folder


def numbers(file: Path) -> np.ndarray:
    """Every coordinate of the drawing; a raster inside it is left out, as its compression may differ."""
    text = re.sub(r"data:image/png;base64,[^\"]*", "", file.read_text("utf-8"))
    return np.array([float(n) for d in re.findall(r' d="([^"]*)"', text) for n in re.findall(r"-?\d+\.?\d*", d)])


def same_picture(one: Path, other: Path) -> bool:
    first, second = imread(one), imread(other)
    return first.shape == second.shape and float(abs(first - second).mean()) < 0.003


def test_the_committed_figure_is_up_to_date(drawn):
    committed, now = numbers(FOLDER / "phase.svg"), numbers(drawn / "phase.svg")
    assert len(now) > 1000 and committed.shape == now.shape
    assert np.allclose(committed, now, atol=0.05)
    assert same_picture(FOLDER / "phase.png", drawn / "phase.png")


def test_another_figure_is_noticed(drawn, tmp_path):
    from eqt_theory.report.plots import phase_diagram, save

    other = phase_diagram(-1, 10, gamma=(0.05, 20), points=[(0.1, 1.0)])
    coordinates, committed = numbers(save(other, tmp_path / "phase.svg")), numbers(FOLDER / "phase.svg")
    assert coordinates.shape != committed.shape or not np.allclose(coordinates, committed, atol=0.05)
    assert not same_picture(save(other, tmp_path / "phase.png"), FOLDER / "phase.png")
