"""Runs of solvers: against what was guaranteed, against each other, and against what a stopping rule sees."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.guarantee import Guarantee, Metric
from eqt_theory.solvers.solution import Solution

_MANY = 8  # states of a batch from which on lines are drawn thin
_LABELS = {
    Metric.DISTANCE: r"$|h_k - h^*|\,/\,|h_0 - h^*|$",
    Metric.GAP: r"$(\Phi(h_k) - \Phi^*)\,/\,(\Phi(h_0) - \Phi^*)$",
    Metric.GRADIENT: r"$|\nabla\Phi(h_k)|\,/\,|\nabla\Phi(h_0)|$",
}
_FAR = 1e6  # how far above the rounding floor a run must end for the floor to be left out


def convergence(
    solution: Solution,
    guarantee: Guarantee | None = None,
    *,
    h_star: Tensor | None = None,
    claimed: Mapping[str, float] | None = None,
    title: str = "",
) -> Chart:
    """Distance to the equilibrium per step, relative to the start, under its guaranteed envelope.

    Args:
        solution: a recorded run of `solve`, one state or a batch.
        guarantee: what the solver promises; its envelope is drawn for its own metric.
        h_star: the equilibrium, shape (..., d); default: where the run ended. The shaded floor is how well it is known:
            rounding in the gradient over m, and the run's own error bound where it is the reference. It is left out
            of a run that ends far above it.
        claimed: name -> a factor per step that somebody claims, drawn beside the guarantee.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: the run was not recorded, or h_star does not fit.
    """
    metric = Metric.DISTANCE if guarantee is None else guarantee.metric
    steps, states, star = _recorded(solution, h_star)
    size = _measured(solution, metric, states, star).reshape(len(steps), -1)
    first = np.where(size[0] > 0, size[0], np.nan)
    shown = np.where(size > 0, size / first, np.nan)
    floor = _floor(solution, star, given=h_star is not None, metric=metric, first=first)

    figure, (panel,) = style.chart()
    with style.look():
        thin = shown.shape[1] >= _MANY
        for i, column in enumerate(shown.T):
            name = "measured" if shown.shape[1] == 1 else f"measured, {shown.shape[1]} states"
            panel.semilogy(
                steps, column, color=style.BLUE, lw=0.8 if thin else 2, alpha=0.5 if thin else 1,
                marker="o" if len(steps) <= 40 and not thin else "", ms=4, label=name if i == 0 else None,
            )  # fmt: skip
        lowest = np.nanmin(shown) if np.isfinite(shown).any() else 1.0
        if floor and floor < lowest / _FAR:
            floor = None
        ends = [float(rate) ** steps[-1] for rate in (claimed or {}).values()]
        bottom = min(lowest, floor or lowest, *(end for end in ends if end > lowest / _FAR)) / 5
        if guarantee is not None and guarantee.constant is not None:
            # Beyond the rounding floor the envelope speaks of exact arithmetic only, so it is not drawn there.
            start = _measured(solution, guarantee.relative_to, states[:1], star).reshape(1, -1)
            ahead = np.asarray(steps, dtype=float)[:, None]
            allowed = np.nan_to_num(guarantee.bound(ahead, start) / first, nan=0.0)
            envelope = allowed.max(1)  # of the state that it allows most
            envelope = np.where(envelope >= bottom, envelope, np.nan)
            label = rf"guaranteed, {_factor(guarantee)}"
            panel.semilogy(steps, envelope, color=style.VERMILLION, ls="--", label=label)
        for name, rate in (claimed or {}).items():
            curve = float(rate) ** np.asarray(steps, dtype=float)
            panel.semilogy(steps, np.where(curve >= bottom, curve, np.nan), color=style.PURPLE, ls="-.", label=name)
        if floor:
            panel.axhspan(bottom, floor, color=style.GREY, alpha=0.18, lw=0, label="rounding floor")
        panel.set_ylim(bottom=bottom)
        panel.set_xlabel("step $k$")
        panel.set_ylabel(_LABELS[metric])
        panel.set_title(title or "Convergence and its guarantee")
        panel.legend(loc="best")
    return figure


def solver_comparison(
    solutions: Mapping[str, Solution], *, h_star: Tensor | None = None, title: str = "Solvers compared"
) -> Chart:
    """How fast each solver gets there: the gradient norm of Phi, or the distance to a known equilibrium, per step.

    Args:
        solutions: name -> a recorded run for one state, all on the same Phi.
        h_star: the equilibrium, shape (d,); None shows |grad Phi| instead of the distance, the residual of a map.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: no runs, a run that was not recorded, or a batch.
    """
    if not solutions:
        raise UsageError("solutions must name at least one run, got none")
    gradients = all(isinstance(solution.objective, Objective) for solution in solutions.values())
    figure, (panel,) = style.chart(7.4, 4.2)
    with style.look():
        for i, (name, solution) in enumerate(solutions.items()):
            steps, states, star = _recorded(solution, h_star)
            if states.ndim != 2:
                raise UsageError(f"each run must be of one state, got shape {tuple(solution.h.shape)} for {name!r}")
            with torch.no_grad():
                away = states - star if h_star is not None else solution.objective.residual(states)
                size = style.array(torch.linalg.vector_norm(away, dim=-1))
            panel.semilogy(
                steps, np.where(size > 0, size, np.nan), color=style.PALETTE[i % len(style.PALETTE)],
                ls=style.DASHES[i % len(style.DASHES)], label=f"{name} ({_steps(int(solution.steps))})",
            )  # fmt: skip
        panel.set_xlabel("step $k$")
        panel.set_ylabel(
            r"$|h_k - h^*|$" if h_star is not None else r"$|\nabla\Phi(h_k)|$" if gradients else "residual"
        )
        panel.set_title(title)
        figure.legend(loc="outside right center")
    return figure


def relative_change(solution: Solution, h_star: Tensor, *, threshold: float = 1e-3, title: str = "") -> Chart:
    """What a small-step stopping rule sees, against the true error.

    Args:
        solution: a run recorded at every step, one state.
        h_star: the equilibrium, shape (d,), not 0.
        threshold: the relative change at which the rule stops.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: the run is not recorded at every step, holds a batch, or h_star does not fit or is 0.
    """
    steps, states, star = _recorded(solution, h_star)
    if states.ndim != 2 or list(steps) != list(range(len(steps))):
        raise UsageError("solution must be one state, recorded at every step; use solve(..., record=True)")
    scale = float(star.norm())
    if scale == 0:
        raise UsageError("h_star must not be 0, since errors are relative to it")
    norm = torch.linalg.vector_norm(states, dim=-1)
    change = style.array(torch.linalg.vector_norm(states.diff(dim=0), dim=-1) / norm[:-1])
    error = style.array(torch.linalg.vector_norm(states - star, dim=-1)) / scale
    figure, (panel,) = style.chart()
    with style.look():
        panel.semilogy(steps, _positive(error), color=style.VERMILLION, label=r"true error $|h_k - h^*|\,/\,|h^*|$")
        seen = r"seen by the rule $|h_{k+1} - h_k|\,/\,|h_k|$"
        panel.semilogy(steps[:-1], _positive(change), color=style.BLUE, ls="--", label=seen)
        panel.axhline(threshold, color=style.GREY, lw=1.2, ls=":", label=f"stops below {threshold:g}")
        stops = np.flatnonzero(change < threshold)
        if len(stops):
            k = int(stops[0])
            panel.plot([k], [error[k]], "o", color=style.VERMILLION, ms=9, mec="white", zorder=5, clip_on=False)
            panel.annotate(
                f"the rule stops at k = {k}\ntrue error {100 * error[k]:.3g} %", (k, error[k]),
                textcoords="offset points", xytext=(12, -34 if k < len(steps) / 2 else 10), color=style.INK,
                ha="left" if k < len(steps) * 0.7 else "right",
            )  # fmt: skip
        panel.set_xlabel("step $k$")
        panel.set_ylabel("relative size")
        panel.set_title(title or "A small step is not a small error")
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def _measured(solution: Solution, metric: Metric, states: Tensor, star: Tensor) -> np.ndarray:
    """What a guarantee speaks of, at each state."""
    with torch.no_grad():
        if metric is Metric.DISTANCE:
            return style.array(torch.linalg.vector_norm(states - star, dim=-1))
        phi = solution.objective
        if not isinstance(phi, Objective):
            raise UsageError(
                f"a guarantee about {metric.value} needs a run on an Objective, got a {type(phi).__name__}"
            )
        if metric is Metric.GAP:
            return style.array(phi.value(states) - phi.value(star))
        return style.array(torch.linalg.vector_norm(phi.gradient(states), dim=-1))


def _recorded(solution: Solution, h_star: Tensor | None) -> tuple[tuple[int, ...], Tensor, Tensor]:
    if solution.trajectory is None or len(solution.trajectory_steps) < 2:
        raise UsageError("solution must have been recorded over at least one step; use solve(..., record=True)")
    star = solution.h if h_star is None else torch.as_tensor(h_star).to(solution.h)
    if star.shape != solution.h.shape:
        raise UsageError(f"h_star must have the shape {tuple(solution.h.shape)} of the states, got {tuple(star.shape)}")
    return solution.trajectory_steps, solution.trajectory, star


def _floor(solution: Solution, star: Tensor, *, given: bool, metric: Metric, first: np.ndarray) -> float | None:
    """How well the reference is known, relative to the start; the worst state of a batch, None where unknown."""
    phi = solution.objective
    if not isinstance(phi, Objective) or phi.m is None or phi.m <= 0:
        return None
    with torch.no_grad():
        error = gradient_rounding(phi, star, quick=True) / phi.m
        if not given and solution.error_bound is not None:
            error = torch.maximum(error, solution.error_bound)
        if metric is not Metric.DISTANCE:
            upper = phi.M
            assert upper is not None
            value = phi.value(star).abs() * torch.finfo(star.dtype).eps
            error = upper * error if metric is Metric.GRADIENT else upper * error.square() / 2 + value
    worst = np.nanmax(style.array(error).reshape(-1) / first) if np.isfinite(first).any() else np.inf
    return float(worst) if np.isfinite(worst) and worst > 0 else None


def _steps(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _factor(guarantee: Guarantee) -> str:
    if guarantee.sublinear:
        return rf"like $1/(k + {guarantee.shift:.3g})^{{{guarantee.power:.3g}}}$"
    front = "" if guarantee.constant == 1 else f"{guarantee.constant:.3g} times "
    return f"{front}{guarantee.rate:.4g} per step"
