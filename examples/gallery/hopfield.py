"""Modern Hopfield retrieval: how far apart the patterns must lie before there is more than one memory.

The curvature of |h|^2/2 - log sum exp(beta x_i . h)/beta lies between 1 - beta D^2/4 and 1, D the largest distance of
two patterns. Below beta = 4/D^2 the energy is strongly convex: one equilibrium, and nothing is stored.
"""

from typing import Any

import numpy as np
import torch

import eqt_theory as eqt
from eqt_theory.report.plots.style import GREY, INK, VERMILLION, Chart, array, chart, look

PATTERNS = torch.tensor([[1.0, 0.9], [-1.1, 0.7], [-0.6, -1.0], [1.0, -0.8]], dtype=torch.float64)


def study() -> dict[str, Any]:
    """Certified curvature at a warm and a cold temperature, and what the cold memory retrieves from 40 cues."""
    diameter = float(torch.cdist(PATTERNS, PATTERNS).max())
    warm, cold = eqt.Hopfield(PATTERNS, 3.9 / diameter**2), eqt.Hopfield(PATTERNS, 8.0)
    ball = eqt.Ball([0.0, 0.0], 2.0)
    cues = 1.6 * torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    read = eqt.FixedPoint(cold.read, dim=2)
    retrieved = eqt.solve(read, eqt.Picard(), start=cues, tolerance=1e-12, record=True)
    return {
        "one memory": eqt.check_strong_convexity(warm, 1 - 3.9 / 4 - 1e-9, ball, samples=32),
        "several": eqt.check_strong_convexity(cold, 0.0, ball, samples=32),
        "bound": eqt.check_strong_convexity(cold, 1 - 8 * diameter**2 / 4 - 1e-9, ball, samples=32),
        "cold": cold,
        "retrieved": retrieved,
        "nearest": torch.cdist(retrieved.h, PATTERNS).min(-1).values,
    }


def picture(found: dict[str, Any]) -> Chart:
    """The energy at beta = 8, and the way of every cue."""
    side = np.linspace(-2, 2, 121)
    grid = torch.tensor(np.stack(np.meshgrid(side, side), -1))
    figure, (panel,) = chart(5.6, 4.6)
    with look():
        panel.contourf(side, side, array(found["cold"].value(grid)), levels=24, cmap="Blues_r")
        for path in array(found["retrieved"].trajectory.transpose(0, 1)):
            panel.plot(*path.T, color=GREY, linewidth=0.9)
            panel.plot(*path[0], ".", color=INK, markersize=4)
        panel.plot(*PATTERNS.T, "*", color=VERMILLION, markersize=13, label="stored")
        panel.set(xlim=(-2, 2), ylim=(-2, 2), title="Hopfield retrieval, beta = 8", xlabel="h1", ylabel="h2")
        panel.grid(False)
        panel.legend(loc="lower right")
    return figure
