"""Deblurring a signal under total variation, smoothed: a convex energy whose constants come from two matrices.

E(h) = |K h - y|^2/2 + lam sum_i (sqrt((D h)_i^2 + delta^2) - delta), K a blur, D differences: a quadratic and a
pseudo-Huber term. Both closed forms hold at every dimension, so the sum is certified at d = 120.
"""

from typing import Any

import torch

import eqt_theory as eqt
from eqt_theory.report.plots.style import BLUE, GREY, INK, VERMILLION, Chart, array, chart, look

DIM, LAM, DELTA = 120, 0.02, 1e-2


def study() -> dict[str, Any]:
    """The blurred signal, its reconstruction with and without total variation, and the certificates."""
    t = torch.arange(DIM, dtype=torch.float64)
    truth = ((t > 20) & (t < 45)).double() - 0.6 * ((t > 60) & (t < 80)).double() + 0.8 * (t > 95).double()
    K = torch.exp(-0.5 * ((t[:, None] - t[None, :]) / 3) ** 2)
    K = K / K.sum(1, keepdim=True)
    noise = torch.randn(DIM, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    seen = K @ truth + 0.02 * noise
    D = torch.diff(torch.eye(DIM, dtype=torch.float64), dim=0)

    data = eqt.Quadratic(K.mT @ K, -K.mT @ seen)
    variation = (LAM / DELTA) * eqt.PseudoHuber(D, delta=DELTA)
    everywhere = eqt.WholeSpace(DIM)
    top = LAM / DELTA * float(torch.linalg.matrix_norm(D, 2)) ** 2 + 1
    gamma = 200.0
    with_tv = eqt.Objective(data + variation, proposal=seen, gamma=gamma)
    without = eqt.Objective(data + 0.02 * eqt.Quadratic(D.mT @ D), proposal=seen, gamma=gamma)
    sharp = eqt.solve(with_tv, eqt.NewtonCG(), tolerance=1e-9, max_steps=200)
    return {
        "t": t,
        "truth": truth,
        "seen": seen,
        "sharp": sharp,
        "smooth": eqt.solve(without, eqt.Newton(), tolerance=1e-9),
        "convex": eqt.check_strong_convexity(with_tv, 1 / gamma - 1e-9, everywhere, samples=8),
        "smoothness": eqt.check_smoothness(with_tv, 1.01 * top, everywhere, samples=8),
    }


def picture(found: dict[str, Any]) -> Chart:
    """The signal, what was seen of it, and both reconstructions."""
    figure, (panel,) = chart(6.8, 3.8)
    t = array(found["t"])
    with look():
        panel.plot(t, array(found["seen"]), ".", color=GREY, markersize=4, label="seen")
        panel.plot(t, array(found["truth"]), color=INK, linewidth=1.2, label="truth")
        panel.plot(t, array(found["smooth"].h), color=BLUE, linestyle="--", label="quadratic penalty")
        panel.plot(t, array(found["sharp"].h), color=VERMILLION, label="total variation")
        panel.set(title="Deblurring, d = 120", xlabel="position")
        panel.legend(ncols=2, loc="upper center")
        panel.set_ylim(-0.85, 1.75)
    return figure
