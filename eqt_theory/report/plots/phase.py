"""Planes of the step size: where refinement contracts, where it is merely stable, what the paper allows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Patch

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.plan import plan
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart

_STABLE, _UNSTABLE = "#FBE0A0", "#E6E6E6"
_RATES = LinearSegmentedColormap.from_list("rates", ["#0B4A78", "#5B9FCB", "#E4F0F8"])


@dataclass(frozen=True)
class _Axis:
    """What changes from left to right: mu and 1/gamma at each place; L is the same everywhere."""

    label: str
    places: np.ndarray
    mu: np.ndarray
    g: np.ndarray

    def at(self, place: float, lipschitz: float) -> tuple[float, float]:
        """Returns mu and gamma at a place of the axis, by whichever of them it shows."""
        if "kappa" in self.label:
            return lipschitz / place, 1 / float(self.g[0])
        return float(self.mu[0]), place


def phase_diagram(
    mu: float | None,
    lipschitz: float,
    *,
    gamma: tuple[float, float] | float = (0.05, 50.0),
    kappa: tuple[float, float] | None = None,
    points: Sequence[tuple[float, float]] = (),
    title: str = "",
) -> Chart:
    """Which (alpha, gamma), or which (alpha, kappa), are safe for every energy with curvature in [mu, L].

    Contracting: 0 < alpha < 2/M and m > 0. Stable only: Phi falls, but it need not be convex, so the limit depends on
    the start. The exact range is below 2/M; the paper's is Eq. 25, which exists for mu > 0 alone.

    Args:
        mu: lower curvature of the energy; may be negative. None with `kappa`, where it is L/kappa.
        lipschitz: L, its upper curvature, at least mu and positive.
        gamma: least and greatest damping shown; with `kappa` one damping, 1 unless given.
        kappa: least and greatest condition number L/mu shown, at least 1, in place of gamma.
        points: (alpha, gamma), or (alpha, kappa), to mark, each with its tight rate.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: the numbers are out of range, or both mu and kappa are given, or neither.
    """
    if lipschitz <= 0:
        raise UsageError(f"lipschitz (L) must be positive, got {lipschitz:g}")
    axis = _damping(mu, lipschitz, gamma) if kappa is None else _conditioning(mu, lipschitz, gamma, kappa)
    m, upper = axis.mu + axis.g, lipschitz + axis.g
    exact = 2 / upper
    top = 1.25 * exact.max()
    alphas = np.linspace(0, top, 501)[1:]
    stable = alphas[:, None] < exact[None, :]
    contracting = stable & (m > 0)[None, :]
    rate = np.maximum(abs(1 - alphas[:, None] * m), abs(1 - alphas[:, None] * upper))

    figure, (panel,) = style.chart(7.4, 4.6)
    with style.look():
        panel.grid(False)
        panel.pcolormesh(
            axis.places, alphas, stable, cmap=ListedColormap([_UNSTABLE, _STABLE]), shading="nearest", rasterized=True
        )
        shown = np.where(contracting, rate, np.nan)
        shades = panel.pcolormesh(
            axis.places, alphas, shown, cmap=_RATES, vmin=0, vmax=1, shading="nearest", rasterized=True
        )
        figure.colorbar(shades, label="tight factor per step", pad=0.02).outline.set_visible(False)
        handles: list[Artist] = [
            *panel.plot(axis.places, exact, color=style.INK, label=r"exact limit $2/(L + 1/\gamma)$")
        ]
        best = np.where(m > 0, 2 / (m + upper), np.nan)
        handles += panel.plot(axis.places, best, color=style.GREEN, ls="-.", label=r"best step $2/(m + M)$")
        if axis.mu[0] > 0:
            limit = 2 / (axis.mu + upper)
            handles += panel.plot(
                axis.places, limit, color=style.VERMILLION, ls="--", label=r"paper's limit $2/(\mu + L + 1/\gamma)$"
            )
        for alpha, place in points:
            here, damping = axis.at(place, lipschitz)
            found = plan(here, lipschitz, damping, step_size=alpha)
            text = "no rate" if found.rate is None else f"rate {found.rate:.3g}"
            panel.plot([place], [alpha], "o", color=style.INK, ms=7, mec="white", zorder=5)
            panel.annotate(
                text, (place, alpha), textcoords="offset points", xytext=(9, 5), fontweight="bold", bbox=style.PAPER
            )
        handles.append(Patch(color="#5B9FCB", label="contracting"))
        if (stable & ~contracting).any():
            handles.append(Patch(color=_STABLE, label="stable only: several equilibria possible"))
        handles.append(Patch(color=_UNSTABLE, label="diverges for some energy"))
        panel.set_xscale("log")
        panel.set_xlim(axis.places[0], axis.places[-1])
        panel.set_ylim(0, top)
        panel.set_xlabel(axis.label)
        panel.set_ylabel(r"step size $\alpha$")
        known = (
            rf"$L = {lipschitz:g}$, $\gamma = {1 / axis.g[0]:g}$"
            if kappa
            else rf"curvature in $[{mu:g}, {lipschitz:g}]$"
        )
        panel.set_title(title or f"Safe step sizes for {known}")
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _damping(mu: float | None, lipschitz: float, gamma: tuple[float, float] | float) -> _Axis:
    if mu is None:
        raise UsageError("mu must be given, or kappa in its place")
    if isinstance(gamma, int | float) or not (0 < gamma[0] < gamma[1] < math.inf):
        raise UsageError(f"gamma must be two increasing positive numbers, got {gamma}")
    plan(mu, lipschitz, gamma[0])  # says what is wrong with mu and L
    places = np.geomspace(*gamma, 500)
    return _Axis(r"damping $\gamma$", places, np.full(len(places), float(mu)), 1 / places)


def _conditioning(
    mu: float | None, lipschitz: float, gamma: tuple[float, float] | float, kappa: tuple[float, float]
) -> _Axis:
    if mu is not None:
        raise UsageError(f"mu must be None where kappa is given, since mu = L/kappa; got mu={mu:g} and kappa={kappa}")
    low, high = kappa
    if not (1 <= low < high < math.inf):
        raise UsageError(f"kappa must be two increasing numbers, at least 1, got {kappa}")
    damping = 1.0 if isinstance(gamma, tuple) else gamma
    plan(lipschitz / high, lipschitz, damping)  # says what is wrong with L and gamma
    places = np.geomspace(low, high, 500)
    return _Axis(r"condition number $\kappa = L/\mu$", places, lipschitz / places, np.full(len(places), 1 / damping))
