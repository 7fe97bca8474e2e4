"""The basin of attraction in the plane: which starts end at the equilibrium."""

import math

import torch
from matplotlib.artist import Artist
from matplotlib.patches import Patch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.report.plots import style
from eqt_theory.report.plots.style import Chart
from eqt_theory.solvers.solution import Solution

_MANY = 400
"""With more starts their marks become one picture, so that the file stays small."""


def basin_of_attraction(
    solution: Solution, h_star: Tensor, *, radius: float | None = None, tolerance: float = 1e-6, title: str = ""
) -> Chart:
    """Starts in the plane, coloured by whether the run ended at the equilibrium.

    Args:
        solution: a recorded run from a batch of starts, shape (..., 2).
        h_star: the equilibrium, shape (2,).
        radius: of a guaranteed ball around it, drawn as a circle.
        tolerance: how near a run must end.
        title: of the figure.

    Returns:
        The figure.

    Raises:
        UsageError: not recorded, not in the plane, or no batch.
    """
    if solution.trajectory is None or solution.h.ndim < 2 or solution.h.shape[-1] != 2:
        raise UsageError("solution must be a recorded run from a batch of starts in the plane, shape (..., 2)")
    starts = style.array(solution.trajectory[0]).reshape(-1, 2)
    star = torch.as_tensor(h_star).to(solution.h)
    arrived = style.array(torch.linalg.vector_norm(solution.h - star, dim=-1) <= tolerance).reshape(-1) > 0
    figure, (panel,) = style.chart(6.4, 4.8)
    handles: list[Artist] = []
    with style.look():
        size = max(2.0, 275 / math.sqrt(len(starts)))
        many = len(starts) > _MANY
        for chosen, colour, marker, name in (
            (arrived, style.SKY, "s", "ends at $h^*$"), (~arrived, "#D9D9D9", "s", "ends elsewhere"),
        ):  # fmt: skip
            panel.plot(*starts[chosen].T, marker, color=colour, ms=size, mec="none", rasterized=many, label=name)
            handles.append(Patch(color=colour, label=name))
        x, y = style.array(star)
        if radius is not None:
            angle = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
            handles += panel.plot(
                x + radius * style.array(angle.cos()), y + radius * style.array(angle.sin()), color=style.VERMILLION,
                label=f"guaranteed ball, radius {radius:.3g}",
            )  # fmt: skip
        handles += panel.plot([x], [y], "o", color=style.INK, mec="white", ms=8, ls="none", label="$h^*$")
        panel.set_aspect("equal")
        panel.grid(False)
        panel.set_xlabel("$h_1$")
        panel.set_ylabel("$h_2$")
        panel.set_title(title or "Where a start ends")
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure
