"""Figures of a diagnosis: spectra, error curves, and relative change against true error."""

import numpy as np
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.diagnosis.result import CLOSE, Diagnosis
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart


def diagnosis_spectra(found: Diagnosis) -> Chart:
    """Smallest and largest eigenvalue of Phi of each token, at f and at h*, sorted.

    Args:
        found: the diagnosis.

    Returns:
        The figure.
    """
    figure, panels = style.chart(8.6, 3.8, columns=2)
    with style.look():
        for panel, spectrum, name in zip(panels, (found.at_proposal, found.at_star), ("$f$", "$h^*$"), strict=True):
            known = spectrum.known
            low, high = (style.array(x[known].sort().values) for x in (spectrum.lambda_min, spectrum.lambda_max))
            share = np.arange(1, len(low) + 1) / max(1, len(low))
            panel.plot(low, share, color=style.BLUE, label="smallest")
            panel.plot(high, share, color=style.VERMILLION, ls="--", label="largest")
            panel.axvline(0, color=style.INK, lw=1)
            if found.step_size is not None and isinstance(found.step_size, float) and len(high):
                limit = 2 / found.step_size
                if limit <= 3 * float(high.max()):
                    panel.axvline(limit, color=style.GREY, ls=":", label=r"$2/\alpha$: above, steps diverge")
            panel.set_xlabel("extreme eigenvalues of the Hessian of $\\Phi$")
            panel.set_ylabel("share of tokens below")
            panel.set_title(f"at {name}, {len(low)} of {found.tokens} tokens")
        panels[0].legend(loc="best")
    return figure


def diagnosis_errors(found: Diagnosis) -> Chart:
    """Distance to h* per step relative to the start: median and range, and the factor predicted from the curvature.

    Args:
        found: the diagnosis.

    Returns:
        The figure.

    Raises:
        UsageError: no token's way to h* can be measured.
    """
    usable = _usable(found)
    relative = style.array(found.errors[:, usable] / found.errors[0, usable])
    steps = np.arange(len(relative))
    figure, (panel,) = style.chart()
    with style.look():
        floor = float((found.accuracy[usable] / found.errors[0, usable]).max())
        shown = np.maximum(relative, max(floor, 1e-16))
        low, middle, high = np.quantile(shown, [0.05, 0.5, 0.95], axis=1)
        panel.fill_between(steps, low, high, color=style.BLUE, alpha=0.2, lw=0, label="5 to 95 % of the tokens")
        panel.semilogy(steps, middle, color=style.BLUE, label="median")
        panel.semilogy(steps, shown.max(axis=1), color=style.SKY, ls="-.", lw=1.4, label="worst token")
        guaranteed = found.guaranteed
        predicted = found.predicted
        if guaranteed is not None:
            label = f"guaranteed, {guaranteed:.4g} per step"
            _envelope(panel, steps, guaranteed, float(shown.min()), label)
        elif predicted is not None and float(predicted[usable].max()) < 1:
            # No curvature is declared, so this is what the worst token's curvature at h* would give, not a bound.
            worst = float(predicted[usable].max())
            _envelope(panel, steps, worst, float(shown.min()), f"curvature at $h^*$ gives {worst:.4g} per step")
        panel.axvline(found.steps, color=style.GREY, lw=1.2, ls=":", label=f"K = {found.steps}")
        panel.set_xlabel("step $k$")
        panel.set_ylabel(r"$|h_k - h^*|\,/\,|f - h^*|$")
        panel.set_title(f"Distance to the equilibrium, {int(usable.sum())} of {found.tokens} tokens")
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def diagnosis_changes(found: Diagnosis) -> Chart:
    """What the relative change shows against the way that is left, for every token and step below K.

    Args:
        found: the diagnosis.

    Returns:
        The figure.

    Raises:
        UsageError: no token's way to h* can be measured.
    """
    usable = _usable(found)
    last = max(found.steps, 1)
    change = style.array(found.changes[:last, usable])
    left = style.array((found.errors[:-1] / found.errors[0])[:last, usable])
    figure, (panel,) = style.chart()
    with style.look():
        shade = np.repeat(np.arange(last), change.shape[1])
        points = panel.scatter(change.reshape(-1), left.reshape(-1), c=shade, s=10, cmap="cividis", alpha=0.6, lw=0)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.axvline(found.threshold, color=style.VERMILLION, ls="--", label=f"below {found.threshold:g}: stops")
        panel.axhline(CLOSE, color=style.GREY, ls=":", label="a tenth of the way left")
        panel.set_xlabel(r"relative change $|h_{k+1} - h_k|\,/\,|h_k|$")
        panel.set_ylabel(r"way left $|h_k - h^*|\,/\,|f - h^*|$")
        panel.set_title("Relative change and true error")
        figure.colorbar(points, ax=panel, label="step $k$")
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _usable(found: Diagnosis) -> torch.Tensor:
    if not bool(found.usable.any()):
        raise UsageError("nothing to draw: no token's way to its equilibrium is known and long enough")
    return found.usable


def _envelope(panel: style.Axes, steps: np.ndarray, rate: float, bottom: float, label: str) -> None:
    curve = rate ** steps.astype(float)
    panel.semilogy(steps, np.where(curve >= bottom / 2, curve, np.nan), color=style.VERMILLION, ls="--", label=label)
