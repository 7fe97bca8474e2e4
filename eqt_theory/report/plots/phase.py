"""The plane of step size and damping: where refinement contracts, where it is merely stable, what the paper allows."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Patch

from eqt_theory.core.errors import UsageError
from eqt_theory.core.rates import plan
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart

_STABLE, _UNSTABLE = "#FBE0A0", "#E6E6E6"
_RATES = LinearSegmentedColormap.from_list("rates", ["#0B4A78", "#5B9FCB", "#E4F0F8"])


def phase_diagram(
    mu: float,
    lipschitz: float,
    *,
    gamma: tuple[float, float] = (0.05, 50.0),
    points: Sequence[tuple[float, float]] = (),
    title: str = "",
) -> Chart:
    """Which (alpha, gamma) are safe for every energy with curvature in [mu, L].

    Contracting: 0 < alpha < 2/M and m > 0. Stable only: Phi falls, but it need not be convex, so the limit depends on
    the start. The paper's range is Eq. 25, which exists for mu > 0 alone.

    Args:
        mu: lower curvature of the energy; may be negative.
        lipschitz: L, its upper curvature, at least mu and positive.
        gamma: least and greatest damping shown.
        points: (alpha, gamma) to mark, each with its tight rate.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: the numbers are out of range.
    """
    low, high = gamma
    if not (0 < low < high < math.inf):
        raise UsageError(f"gamma must be two increasing positive numbers, got {gamma}")
    if lipschitz <= 0:
        raise UsageError(f"lipschitz (L) must be positive, got {lipschitz:g}")
    plan(mu, lipschitz, low)  # says what is wrong with mu and L
    damping = np.geomspace(low, high, 500)
    g = 1 / damping
    exact = 2 / (lipschitz + g)
    top = 1.25 * exact.max()
    alphas = np.linspace(0, top, 501)[1:]
    stable = alphas[:, None] < exact[None, :]
    contracting = stable & (mu + g > 0)[None, :]
    rate = np.maximum(abs(1 - alphas[:, None] * (mu + g)), abs(1 - alphas[:, None] * (lipschitz + g)))

    figure, (panel,) = style.chart(7.4, 4.6)
    with style.look():
        panel.grid(False)
        panel.pcolormesh(
            damping, alphas, stable, cmap=ListedColormap([_UNSTABLE, _STABLE]), shading="nearest", rasterized=True
        )
        shown = np.where(contracting, rate, np.nan)
        shades = panel.pcolormesh(
            damping, alphas, shown, cmap=_RATES, vmin=0, vmax=1, shading="nearest", rasterized=True
        )
        figure.colorbar(shades, label="tight factor per step", pad=0.02).outline.set_visible(False)
        handles: list[Artist] = [*panel.plot(damping, exact, color=style.INK, label=r"exact limit $2/(L + 1/\gamma)$")]
        best = np.where(mu + g > 0, 2 / (mu + lipschitz + 2 * g), np.nan)
        handles += panel.plot(damping, best, color=style.GREEN, ls="-.", label=r"best step $2/(m + M)$")
        if mu > 0:
            limit = 2 / (mu + lipschitz + g)
            handles += panel.plot(
                damping, limit, color=style.VERMILLION, ls="--", label=r"paper's limit $2/(\mu + L + 1/\gamma)$"
            )
        for alpha, at in points:
            found = plan(mu, lipschitz, at, step_size=alpha)
            text = "no rate" if found.rate is None else f"rate {found.rate:.3g}"
            panel.plot([at], [alpha], "o", color=style.INK, ms=7, mec="white", zorder=5)
            panel.annotate(
                f"{text}", (at, alpha), textcoords="offset points", xytext=(9, 5), fontweight="bold", bbox=style.PAPER
            )
        handles.append(Patch(color="#5B9FCB", label="contracting"))
        if (stable & ~contracting).any():
            handles.append(Patch(color=_STABLE, label="stable only: several equilibria possible"))
        handles.append(Patch(color=_UNSTABLE, label="diverges for some energy"))
        panel.set_xscale("log")
        panel.set_xlim(low, high)
        panel.set_ylim(0, top)
        panel.set_xlabel(r"damping $\gamma$")
        panel.set_ylabel(r"step size $\alpha$")
        panel.set_title(title or rf"Safe step sizes for curvature in $[{mu:g}, {lipschitz:g}]$")
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure
