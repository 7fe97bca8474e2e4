"""The function on which a method is slow, in the plane of its run, and rates against the condition number."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullFormatter

from eqt_theory.report.plots.style import BLUE, GREEN, GREY, VERMILLION, Chart, chart, look

if TYPE_CHECKING:
    from eqt_theory.evidence.rate.interpolant import Interpolant

_GRID = 70


def worst_function(function: "Interpolant") -> Chart:
    """Level lines of a worst function, its minimum, and the run on it, in the plane that holds most of the run.

    Args:
        function: of `evidence.rate.interpolant`.

    Returns:
        The figure; of a function of one variable, its graph.
    """
    figure, (panel,) = chart(5.6, 5.0)
    axes = function.axes
    with look():
        run = function.run @ axes.T
        reach = 1.15 * np.abs(run).max()
        if len(axes) == 1:
            line = np.linspace(-reach, reach, 400)
            panel.plot(line, function.value(line[:, None] * axes), color=BLUE)
            panel.plot(run[:, 0], function.value(run @ axes), "o-", color=VERMILLION, ms=4, lw=0.8)
            panel.set_xlabel("h")
            panel.set_ylabel(r"$\Phi(h) - \Phi^*$")
        else:
            side = np.linspace(-reach, reach, _GRID)
            X, Y = np.meshgrid(side, side)
            plane = np.stack([X.ravel(), Y.ravel()], axis=1) @ axes
            Z = function.value(plane).reshape(X.shape)
            levels = np.linspace(0, 1, 14)[1:] ** 2 * float(np.quantile(Z, 0.97))
            panel.contourf(X, Y, Z, levels=[-1e9, *levels, 1e9], cmap="Blues", alpha=0.35)
            panel.contour(X, Y, Z, levels=levels, colors=BLUE, linewidths=0.6)
            panel.plot(run[:, 0], run[:, 1], "o-", color=VERMILLION, ms=4, lw=1.0, label="the run")
            panel.plot(run[:1, 0], run[:1, 1], "s", color=VERMILLION, ms=8, mec="white", label="$h_0$")
            panel.plot([0], [0], "*", color=GREEN, ms=13, mec="white", label="$h^*$")
            panel.set_aspect("equal")
            panel.legend(loc="upper right")
        panel.set_title("A function of the class on which it is slow")
    return figure


def rates_against_kappa(kappas: Sequence[float], rates: Mapping[str, Sequence[float]], name: str) -> Chart:
    """1 - rate against the condition number, beside the curves of known methods.

    Args:
        kappas: M/m.
        rates: by label, one for each condition number; nan where none is known.
        name: the label that is drawn in front.

    Returns:
        The figure.
    """
    figure, (panel,) = chart(6.4, 4.2)
    with look():
        k = np.geomspace(min(kappas), max(kappas), 200)
        known = {
            "gradient descent, 2/(m+M)": 2 / (k + 1),
            "Nesterov's textbook rate": 1 - np.sqrt(1 - 1 / np.sqrt(k)),
            "no fixed-step method is faster": 1 / np.sqrt(k),
        }
        for (label, curve), style in zip(known.items(), ("--", "-.", ":"), strict=True):
            panel.loglog(k, curve, ls=style, lw=1.2, color=GREY, label=label, zorder=3)
        for label, values in rates.items():
            own = label == name
            panel.loglog(
                kappas, 1 - np.asarray(values), "o-", ms=7 if own else 4, color=VERMILLION if own else BLUE, label=label
            )
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_xticks(list(kappas), [f"{kappa:.4g}" for kappa in kappas])
        panel.set_xlabel(r"condition number $M/m$")
        panel.set_ylabel("1 - rate per step")
        panel.set_title("Certified rates: higher is faster")
        panel.legend(loc="lower left")
    return figure
