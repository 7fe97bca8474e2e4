"""Draws the README's figure, as `phase.svg` and `phase.png` beside this file: `python assets/draw.py`."""

from pathlib import Path

from eqt_theory.report.plots import phase_diagram, save
from eqt_theory.report.plots.style import Chart

HERE = Path(__file__).parent


def figure() -> Chart:
    """Safe (alpha, gamma) for energies that need not be convex, with the paper's alpha = 0.1 and gamma = 1 marked."""
    return phase_diagram(-0.5, 10, gamma=(0.05, 20), points=[(0.1, 1.0)])


def draw(folder: Path = HERE) -> list[Path]:
    """Write both files; returns them."""
    return [save(figure(), folder / f"phase.{ending}") for ending in ("svg", "png")]


if __name__ == "__main__":
    for file in draw():
        print(file)
