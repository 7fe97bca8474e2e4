"""The modes of a Gaussian mixture: minus its log-density is a quadratic less a log-sum-exp.

With common width s and centres c_i, -log p(h) = |h|^2/(2 s^2) - log sum exp(c_i . h/s^2 + b_i) + const. Its curvature
lies between 1/s^2 - D^2/(4 s^4) and 1/s^2; where the first is positive there is one mode, whatever the weights are.
"""

from typing import Any

import numpy as np
import torch

import eqt_theory as eqt
from eqt_theory.report.plots.style import INK, VERMILLION, Chart, array, chart, look

CENTRES = torch.tensor([[0.0, 0.0], [3.0, 0.4], [1.2, 2.4], [1.6, 1.9]], dtype=torch.float64)
WEIGHTS = torch.tensor([0.3, 0.3, 0.2, 0.2], dtype=torch.float64)


def density(width: float) -> eqt.Energy:
    """-log p up to a constant."""
    eye = torch.eye(2, dtype=torch.float64)
    offsets = WEIGHTS.log() - CENTRES.square().sum(-1) / (2 * width**2)
    return eqt.Quadratic(eye / width**2) - eqt.LogSumExp(CENTRES / width**2, offsets)


def modes(energy: eqt.Energy) -> torch.Tensor:
    """The distinct ends of descents from all over the plane: at most as many as there are, perhaps fewer."""
    starts = torch.cartesian_prod(*(torch.linspace(-1, 4, 12, dtype=torch.float64),) * 2)
    # A proximal term so weak that it moves no mode by more than its own size.
    run = eqt.solve(eqt.Objective(energy, starts, 1e9), eqt.GradientDescent(0.2), tolerance=1e-9, max_steps=4000)
    ends = run.h[torch.tensor([s is eqt.Status.CONVERGED for s in np.ravel(run.status)])]
    distinct: list[torch.Tensor] = []
    for end in ends:
        if all(float((end - other).norm()) > 1e-3 for other in distinct):
            distinct.append(end)
    return torch.stack(distinct)


def study() -> dict[str, Any]:
    """Modes at two widths; the wide mixture certainly has one."""
    ball = eqt.Ball([1.5, 1.0], 3.0)
    narrow, wide = density(0.6), density(1.6)
    diameter = float(torch.cdist(CENTRES, CENTRES).max())
    return {
        "narrow": narrow,
        "modes": modes(narrow),
        "wide modes": modes(wide),
        "one mode": eqt.check_strong_convexity(wide, 1 / 1.6**2 - diameter**2 / 4 / 1.6**4 - 1e-9, ball, samples=32),
        "its bound": 1 / 1.6**2 - diameter**2 / 4 / 1.6**4,
        "several": eqt.check_strong_convexity(narrow, 0.0, ball, samples=32),
    }


def picture(found: dict[str, Any]) -> Chart:
    """The density of the narrow mixture with its modes."""
    x, y = np.linspace(-1.5, 4.5, 121), np.linspace(-1.5, 4, 111)
    grid = torch.tensor(np.stack(np.meshgrid(x, y), -1))
    figure, (panel,) = chart(5.8, 4.4)
    with look():
        panel.contourf(x, y, np.exp(-array(found["narrow"].value(grid))), levels=20, cmap="Blues")
        panel.plot(*CENTRES.T, "+", color=INK, markersize=10, label="centres")
        panel.plot(*found["modes"].T, "*", color=VERMILLION, markersize=12, label="modes")
        panel.set(title="Four Gaussians, three modes", xlabel="h1", ylabel="h2")
        panel.grid(False)
        panel.legend()
    return figure
