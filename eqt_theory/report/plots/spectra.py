"""Curvature at a state: the eigenvalues of each term's Hessian against what the term declares."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart


def curvature_spectra(
    energies: Mapping[str, Energy], at: Tensor, *, safe: float | None = None, title: str = "Curvature, term by term"
) -> Chart:
    """Eigenvalues of the Hessian of each energy at a state, or at every state of a batch, one row per energy.

    A bar shows the curvature that an energy declares, where it does.

    Args:
        energies: name -> energy; an Objective too.
        at: states, shape (..., d).
        safe: a curvature to mark, say -1/gamma, below which Phi is not convex.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: no energies, or a Hessian that is not finite.
    """
    if not energies:
        raise UsageError("energies must name at least one energy, got none")
    figure, (panel,) = style.chart(7.0, 1.5 + 0.55 * len(energies))
    with style.look():
        spread, barred = [], False
        for row, (name, energy) in enumerate(energies.items()):
            with torch.no_grad():
                hessian = energy.hessian(at).double()
            if not bool(torch.isfinite(hessian).all()):
                raise UsageError(f"the Hessian of {name!r} must be finite at the states given, got nan or inf")
            values = style.array(torch.linalg.eigvalsh((hessian + hessian.mT) / 2)).reshape(-1)
            spread.append(values)
            colour = style.PALETTE[row % len(style.PALETTE)]
            declared = energy.curvature
            if declared is not None and math.isfinite(declared.lowest) and math.isfinite(declared.highest):
                low, high = declared.lowest, declared.highest
                panel.barh(row, high - low, left=low, height=0.5, color=colour, alpha=0.18, lw=0)
                panel.barh(row, 0, color=style.GREY, alpha=0.3, label=None if barred else "declared range")
                barred = True
                spread.append(np.array([low, high]))
            panel.plot(values, np.full(len(values), row), "|", color=colour, ms=15, mew=1.2, alpha=0.7)
        panel.axvline(0, color=style.INK, lw=1)
        if safe is not None:
            label = f"below {safe:.3g}, $\\Phi$ is not convex"
            panel.axvline(safe, color=style.VERMILLION, lw=1.6, ls="--", label=label)
            spread.append(np.array([safe]))
        every = np.concatenate(spread)
        wide = float(np.abs(every).max())
        typical = float(np.median(np.abs(every[every != 0]))) if (every != 0).any() else 0.0
        if typical and wide > 50 * typical:
            panel.set_xscale("symlog", linthresh=typical)
            powers = range(math.ceil(math.log10(typical)), math.floor(math.log10(wide)) + 1)
            least, most = float(every.min()), float(every.max())
            ticks = sorted(sign * 10.0**p for p in powers for sign in (-1, 1)) + [0.0]
            panel.set_xticks([tick for tick in ticks if least <= tick <= most])
        panel.set_yticks(range(len(energies)), list(energies))
        panel.set_ylim(len(energies) - 0.4, -0.6)
        panel.grid(axis="y", visible=False)
        panel.set_xlabel("eigenvalue of the Hessian")
        panel.set_title(title)
        if barred or safe is not None:
            figure.legend(loc="outside lower right", ncols=2)
    return figure
