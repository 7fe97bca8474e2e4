"""An input-convex network, trained, and still certainly convex; beside it a plain network that is not.

Both are fitted to noisy values of a convex function. `InputConvexNetwork` keeps its weights positive by construction,
so that training cannot spoil its certificate. The plain network has a bound as well, and a refutation.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory.report.plots.style import Chart, array, chart, look


def target(h: torch.Tensor) -> torch.Tensor:
    """A convex function with a ridge."""
    return (h[..., 0] + 0.5 * h[..., 1]).abs() + 0.3 * h.square().sum(-1)


def fit(energy: eqt.Energy, parameters: list[torch.Tensor]) -> float:
    """The mean squared error after 200 steps of Adam."""
    generator = torch.Generator().manual_seed(1)
    h = 4 * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 2
    seen = target(h) + 0.1 * torch.randn(200, generator=generator, dtype=torch.float64)
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.Adam(parameters, lr=0.02)
    for _ in range(200):
        optimiser.zero_grad()
        (energy.value(h) - seen).square().mean().backward()
        optimiser.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return float((energy.value(h) - seen).square().mean())


def study() -> dict[str, Any]:
    """Both networks, fitted and checked."""
    convex = eqt.InputConvexNetwork(2, [12, 6], seed=0, sharpness=3.0)
    torch.manual_seed(0)
    plain = eqt.NetworkEnergy(nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 1)).double())
    errors = fit(convex, convex.parameters()), fit(plain, list(plain.network.parameters()))
    ball = eqt.Ball([0.0, 0.0], 2.0)
    return {
        "convex": convex,
        "plain": plain,
        "errors": errors,
        "certified": eqt.check_strong_convexity(convex, 0.0, ball, samples=32),
        "refuted": eqt.check_strong_convexity(plain, 0.0, ball, samples=32),
    }


def picture(found: dict[str, Any]) -> Chart:
    """Level lines of both."""
    side = np.linspace(-3, 3, 81)
    grid = torch.tensor(np.stack(np.meshgrid(side, side), -1))
    figure, panels = chart(7.2, 3.6, columns=2)
    titles = ("input-convex: CERTIFIED convex", "plain: REFUTED")
    with look():
        for panel, name, title in zip(panels, ("convex", "plain"), titles, strict=True):
            levels = np.linspace(0, 6, 15)
            panel.contour(side, side, array(found[name].value(grid)), levels=levels, cmap="viridis")
            panel.set(title=title, xlabel="h1", ylabel="h2", aspect="equal")
            panel.grid(False)
    return figure
