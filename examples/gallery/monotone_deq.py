"""A monotone operator network (Winston and Kolter 2020): an equilibrium exists although the layer does not contract.

z = relu(W z + c) with W = (1 - m) I - A^T A + B - B^T. Then I - W is m-strongly monotone, and z solves the inclusion
0 in (I - W) z - c + N(z), N the normals of the positive orthant, whose projection is relu.
"""

from typing import Any

import torch

import eqt_theory as eqt
from eqt_theory.report.plots.style import BLUE, GREEN, GREY, VERMILLION, Chart, array, chart, look

DIM, MARGIN = 16, 0.5


def study() -> dict[str, Any]:
    """Monotonicity decided exactly, and four iterations: three splittings, and the layer applied again and again."""
    generator = torch.Generator().manual_seed(3)
    A, B = (0.45 * torch.randn(DIM, DIM, generator=generator, dtype=torch.float64) for _ in range(2))
    c = torch.randn(DIM, generator=generator, dtype=torch.float64)
    eye = torch.eye(DIM, dtype=torch.float64)
    W = (1 - MARGIN) * eye - A.mT @ A + B - B.mT
    operator = eye - W
    F = eqt.Affine(operator, -c)
    lipschitz = float(torch.linalg.matrix_norm(operator, 2)) * (1 + 1e-12)

    def resolvent(v: torch.Tensor, step: float) -> torch.Tensor:
        return torch.linalg.solve(eye + step * operator, v + step * c)

    def relu(v: torch.Tensor, step: float) -> torch.Tensor:
        return torch.relu(v)

    problem = eqt.Inclusion(F, relu, DIM, resolvent=resolvent, mu=MARGIN * (1 - 1e-9), lipschitz=lipschitz)
    start, everywhere = torch.zeros(DIM, dtype=torch.float64), eqt.WholeSpace(DIM)
    runs = {
        "forward-backward": eqt.solve(
            problem, eqt.ForwardBackward(MARGIN / lipschitz**2), start=start, max_steps=400, record=True
        ),
        "Peaceman-Rachford": eqt.solve(problem, eqt.PeacemanRachford(0.3), start=start, max_steps=400, record=True),
        "Douglas-Rachford": eqt.solve(problem, eqt.DouglasRachford(0.3), start=start, max_steps=400, record=True),
    }
    layer = eqt.FixedPoint(lambda z: torch.relu(W @ z + c), dim=DIM)
    runs["the layer itself"] = eqt.solve(layer, eqt.Picard(), start=start, max_steps=60, record=True)
    return {
        "monotone": eqt.check_monotone(F, MARGIN - 1e-9, everywhere),
        "too much": eqt.check_monotone(F, 10 * MARGIN, everywhere),
        "contraction": eqt.check_contraction(layer, rate=0.99, domain=eqt.Ball([1.0] * DIM, 3.0)),
        "runs": runs,
        "norm": float(torch.linalg.matrix_norm(W, 2)),
    }


def picture(found: dict[str, Any]) -> Chart:
    """Distances to the equilibrium."""
    figure, (panel,) = chart(6.8, 3.8)
    star = found["runs"]["Peaceman-Rachford"].h
    with look():
        for (name, run), colour in zip(found["runs"].items(), (BLUE, GREEN, VERMILLION, GREY), strict=True):
            away = array((run.trajectory - star).norm(dim=-1))
            panel.semilogy(away.clip(1e-12, 1e3), color=colour, label=name)
        title = f"A monotone operator network, |W| = {found['norm']:.2f}"
        panel.set(xlabel="step", ylabel="distance to the equilibrium", title=title, ylim=(1e-11, 1e3), xlim=(0, 200))
        panel.legend()
    return figure
