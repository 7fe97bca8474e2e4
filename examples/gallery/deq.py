"""A deep equilibrium layer, z = tanh(W z + U x + b): its contraction certified from the weights.

tanh is 1-Lipschitz, so the layer contracts by |W|, rounded up, from every start; Picard iterates at least that fast,
Anderson acceleration faster, and the implicit derivative needs no step of either.
"""

from typing import Any

import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory.report.plots.style import BLUE, INK, VERMILLION, Chart, array, chart, look

DIM = 12


def layer() -> nn.Sequential:
    """W of norm 0.9; the input x enters through the bias U x + b."""
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(DIM, DIM, dtype=torch.float64), nn.Tanh()).requires_grad_(False)
    weight = torch.randn(DIM, DIM, generator=generator, dtype=torch.float64)
    linear = net[0]
    assert isinstance(linear, nn.Linear)
    linear.weight.copy_(0.9 * weight / torch.linalg.matrix_norm(weight, 2))
    linear.bias.copy_(torch.randn(DIM, generator=generator, dtype=torch.float64))
    return net


def study() -> dict[str, Any]:
    """The certificate, the equilibrium by two solvers, and the local rate."""
    net = layer()
    deq = eqt.FixedPoint(net, dim=DIM, contraction=0.9 + 1e-9)
    ball = eqt.Ball([0.0] * DIM, 5.0)
    start = torch.zeros(DIM, dtype=torch.float64)
    picard = eqt.solve(deq, eqt.Picard(), start=start, tolerance=1e-12, record=True)
    anderson = eqt.solve(deq, eqt.Anderson(1.0), start=start, tolerance=1e-12, record=True)
    return {
        "constant": eqt.certify_lipschitz(net),
        "contraction": eqt.check_contraction(deq, rate=0.9 + 1e-9, domain=ball, samples=16),
        "too fast": eqt.check_contraction(deq, rate=0.5, domain=ball, samples=16),
        "jacobian": eqt.measure_jacobian(deq, picard.h),
        "rate": eqt.measure_rate(picard),
        "picard": picard,
        "anderson": anderson,
    }


def picture(found: dict[str, Any]) -> Chart:
    """Residuals of both solvers under the certified bound."""
    figure, (panel,) = chart(6.8, 3.8)
    with look():
        star = found["anderson"].h
        for name, colour in (("picard", BLUE), ("anderson", VERMILLION)):
            away = array((found[name].trajectory - star).norm(dim=-1))
            panel.semilogy(away.clip(1e-14), color=colour, label=name.capitalize())
        bound = [float(star.norm()) * 0.9**k for k in range(len(found["picard"].trajectory))]
        panel.semilogy(bound, ":", color=INK, label="certified: 0.9 per step")
        panel.set(xlabel="step", ylabel="distance to the equilibrium", title="A deep equilibrium layer, d = 12")
        panel.legend()
    return figure
