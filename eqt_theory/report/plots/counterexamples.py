"""Counterexamples that fit on a line, drawn from the functions themselves."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart

Curve = Callable[[float], float]


def theorem_4(
    loss: Curve, energy: Curve, proposal: float, h_star: float, *, slack: float = 0.0, title: str = ""
) -> Chart:
    """Less energy, worse prediction: the energy falls from f to h*, the loss does not fall as Eq. 32 claims.

    Args:
        loss: l, one number to one number.
        energy: the energy.
        proposal: f.
        h_star: the equilibrium.
        slack: c of Eq. 31.
        title: of the figure.

    Returns:
        The figure; left the energy, right the loss with the level that Eq. 32 claims.
    """
    span = _span((proposal, h_star), 0.75)
    drop = energy(proposal) - energy(h_star)
    claimed = loss(proposal) - drop + 2 * slack
    figure, (left, right) = style.chart(8.6, 4.0, 2)
    with style.look():
        left.plot(span, _values(energy, span), color=style.BLUE)
        _arrow(left, energy, proposal, h_star, style.BLUE)
        left.set_title("The energy falls")
        left.annotate(
            rf"$\Delta = {drop:.4g}$", ((proposal + h_star) / 2, (energy(proposal) + energy(h_star)) / 2),
            textcoords="offset points", xytext=(12, 12), fontweight="bold",
        )  # fmt: skip
        left.set_ylabel("energy")
        right.plot(span, _values(loss, span), color=style.VERMILLION)
        _arrow(right, loss, proposal, h_star, style.VERMILLION)
        right.axhline(claimed, color=style.GREY, ls="--", lw=1.4)
        right.annotate(
            f"Eq. 32: below {claimed:.4g}", (span[0], claimed), textcoords="offset points", xytext=(4, 5), fontsize=9.5
        )
        right.set_title(
            "The loss rises" if loss(h_star) > loss(proposal) else "The loss falls less than claimed",
        )
        right.set_ylabel("loss $l$")
        bottom, top = right.get_ylim()
        right.set_ylim(min(bottom, claimed - 0.06 * (top - claimed)), top)
        for panel in (left, right):
            panel.set_xlabel("state $h$")
        figure.suptitle(title or "Theorem 4: less energy, worse prediction", x=0.01, ha="left", fontsize=13)
    return figure


def theorem_8(old: Curve, new: Curve, at_old: float, at_new: float, weight: float = 1.0, *, title: str = "") -> Chart:
    """Forgetting: training on new + weight * old moves from `at_old` to `at_new`, and the old loss grows.

    Args:
        old: the loss of the old task.
        new: the loss of the new task.
        at_old: the parameter before.
        at_new: the parameter after.
        weight: lambda of Eq. 40.
        title: of the figure.

    Returns:
        The figure; left both losses, right the growth of the old loss against the bound of Eq. 41.

    Raises:
        UsageError: weight is not positive.
    """
    if weight <= 0:
        raise UsageError(f"weight must be positive, got {weight:g}")
    span = _span((at_old, at_new), 0.9)
    grown, claimed = old(at_new) - old(at_old), (new(at_new) - new(at_old)) / weight
    figure, (left, right) = style.chart(8.6, 4.0, 2)
    with style.look():
        left.plot(span, _values(old, span), color=style.VERMILLION, label="old task")
        left.plot(span, _values(new, span), color=style.BLUE, ls="--", label="new task")
        total = _values(new, span) + weight * _values(old, span)
        left.plot(span, total, color=style.GREY, ls=":", label=rf"training loss, $\lambda = {weight:g}$")
        _arrow(left, old, at_old, at_new, style.VERMILLION, names=("old", "new"))
        left.set_xlabel("parameter")
        left.set_ylabel("loss")
        left.set_title("One step of learning")
        left.legend(loc="upper center")
        bars = right.bar(
            ["old loss\ngrew by", "Eq. 41\nallows", "corrected\nbound"], [grown, claimed, -claimed],
            color=[style.VERMILLION, style.GREY, style.GREEN], width=0.55,
        )  # fmt: skip
        right.bar_label(bars, fmt="%.4g", padding=3)
        right.axhline(0, color=style.INK, lw=1)
        right.margins(y=0.15)
        right.grid(axis="x", visible=False)
        right.set_title("Forgetting and its bound")
        figure.suptitle(title or "Theorem 8: the sign is reversed", x=0.01, ha="left", fontsize=13)
    return figure


def several_minimisers(
    objective: Curve, minimisers: Sequence[float], *, energy: Curve | None = None, title: str = ""
) -> Chart:
    """Phi with more than one lowest point, as with the paper's confidence term.

    Args:
        objective: Phi.
        minimisers: where it is lowest.
        energy: drawn beside it, if given.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: fewer than two minimisers.
    """
    if len(minimisers) < 2:
        raise UsageError(f"minimisers must be at least two states, got {list(minimisers)}")
    span = _span(tuple(minimisers), 0.8)
    lowest = [objective(h) for h in minimisers]
    figure, (panel,) = style.chart()
    with style.look():
        panel.plot(span, _values(objective, span), color=style.BLUE, label=r"objective $\Phi$")
        if energy is not None:
            panel.plot(span, _values(energy, span), color=style.ORANGE, ls="--", label="energy alone")
        panel.plot(minimisers, lowest, "o", color=style.VERMILLION, ms=9, mec="white", ls="none", label="minimisers")
        below = min(lowest)
        panel.axhline(below, color=style.GREY, lw=1, ls=":")
        for h, value in zip(minimisers, lowest, strict=True):
            panel.annotate(
                f"$h = {h:.4f}$\n$\\Phi = {value:.6f}$", (h, value), textcoords="offset points", xytext=(0, -40),
                ha="center", fontsize=9.5, bbox=style.PAPER,
            )  # fmt: skip
        bottom, top = panel.get_ylim()
        panel.set_ylim(bottom - 0.22 * (top - bottom), top)
        panel.set_xlabel("state $h$")
        panel.set_title(title or "One objective, several equilibria")
        panel.legend(loc="best")
    return figure


def minimum_of_pieces(
    whole: Energy, pieces: Mapping[str, Energy], at: float, *, name: str = r"\mathcal{E}", title: str = ""
) -> Chart:
    """An energy on a line that is the least of smooth pieces, and its slope, which jumps where the least one changes.

    Args:
        whole: the energy, of states of shape (..., 1).
        pieces: name -> piece, at least two.
        at: where they meet.
        name: of the energy, as mathematics in TeX's manner.
        title: of the figure.

    Returns:
        The figure; left the values, right the slopes.

    Raises:
        UsageError: fewer than two pieces.
    """
    if len(pieces) < 2:
        raise UsageError(f"pieces must be at least two, got {list(pieces)}")
    span = np.linspace(at - 2.5, at + 2.5, 600)  # even, so that no state falls on the kink
    states = torch.as_tensor(span, dtype=torch.float64).unsqueeze(-1)
    figure, panels = style.chart(8.6, 4.0, 2)
    with style.look(), torch.no_grad():
        for i, (label, piece) in enumerate(pieces.items(), start=1):
            values = piece.value(states), piece.gradient(states)[..., 0]
            for panel, value in zip(panels, values, strict=True):
                panel.plot(span, style.array(value), color=style.PALETTE[i], ls=style.DASHES[i], lw=1.6, label=label)
        slope = style.array(whole.gradient(states)[..., 0])
        panels[0].plot(span, style.array(whole.value(states)), color=style.BLUE, lw=2.6, label=f"${name}$", zorder=3)
        for side, label in ((span < at, f"${name}$"), (span > at, None)):
            panels[1].plot(span[side], slope[side], color=style.BLUE, lw=2.6, label=label, zorder=3)
        for panel, words in zip(panels, ("value", "slope"), strict=True):
            panel.axvline(at, color=style.GREY, lw=1, ls=":")
            panel.set_xlabel("state $h$")
            panel.set_ylabel(words)
        panels[0].set_title("The lower of the pieces")
        panels[1].set_title("Its slope")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.suptitle(title or "A kink where the argmax changes", x=0.01, ha="left", fontsize=13)
    return figure


def _span(points: tuple[float, ...], margin: float) -> np.ndarray:
    low, high = min(points), max(points)
    room = margin * (high - low or 1.0)
    return np.linspace(low - room, high + room, 601)


def _values(curve: Curve, span: np.ndarray) -> np.ndarray:
    return np.array([float(curve(float(x))) for x in span])


def _arrow(
    panel: Axes, curve: Curve, start: float, end: float, colour: str, names: tuple[str, str] = ("$f$", "$h^*$")
) -> None:
    """Start and end on the curve, joined by an arrow."""
    a, b = float(curve(start)), float(curve(end))
    panel.annotate(
        "", (end, b), (start, a), arrowprops={"arrowstyle": "-|>", "color": style.INK, "lw": 1.4, "shrinkB": 5}
    )
    panel.plot([start], [a], "o", color="white", mec=colour, mew=2, ms=8, zorder=5)
    panel.plot([end], [b], "o", color=colour, mec="white", ms=9, zorder=5)
    for x, y, name in ((start, a, names[0]), (end, b, names[1])):
        panel.annotate(
            name, (x, y), textcoords="offset points", xytext=(0, 12), ha="center", fontsize=11, fontweight="bold",
        )  # fmt: skip
