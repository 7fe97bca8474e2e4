"""One look for every figure: colours that colour-blind readers can tell apart, readable labels, stable files."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import write_bytes, write_text

# Okabe and Ito (2008); lines differ in dash as well, so that they survive print without colour.
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
INK: Final = "#222222"
GREY: Final = "#767676"
PALETTE: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)
PAPER: Final = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
DASHES: Final = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1, 1, 1, 1, 1)))

_LOOK: Final[dict[str, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.formatter.use_mathtext": True,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 12,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.0,
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path",
    "svg.hashsalt": "eqt-theory",
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
}


class Chart(Figure):
    """A matplotlib Figure that no pyplot state knows of and that notebooks display."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = (int(96 * inches) for inches in self.get_size_inches())
        return png(self), {"width": width, "height": height}


def chart(width: float = 6.8, height: float = 4.0, columns: int = 1) -> tuple[Chart, list[Axes]]:
    """An empty chart in the common look.

    Args:
        width: inches.
        height: inches.
        columns: panels side by side.

    Returns:
        The chart and its panels, left to right.
    """
    with look():
        figure = Chart(figsize=(width, height), layout="constrained")
        panels = figure.subplots(1, columns, squeeze=False)
    return figure, list(panels[0])


def look() -> Any:
    """The context in which panels are filled: matplotlib's defaults plus the common look; nothing outlives it."""
    # The backend stays as it is: even reading it would load pyplot.
    defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    settings: Any = {**defaults, **_LOOK}
    return matplotlib.rc_context(settings)


def svg(figure: Figure) -> str:
    """The figure as SVG text; the same figure gives the same text, without date or version."""
    with look():
        return drawn(figure, "svg", {"Date": None, "Creator": None}, figure.dpi).decode("utf-8")


def png(figure: Figure, dpi: float = 144) -> bytes:
    """The figure as PNG, without date or version."""
    with look():
        return drawn(figure, "png", {"Software": None}, dpi)


def save(figure: Figure, path: str | Path) -> Path:
    """Write the figure to an `.svg` or `.png` file, by its ending.

    Args:
        figure: any matplotlib Figure.
        path: where to.

    Returns:
        The path.

    Raises:
        UsageError: the ending is another one.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".svg":
            write_text(path, svg(figure))
        case ".png":
            write_bytes(path, png(figure))
        case ending:
            raise UsageError(f"path must end in .svg or .png, got {ending or 'no ending'!r} in {path.name!r}")
    return path


def drawn(figure: Figure, form: str, metadata: dict[str, None], dpi: float) -> bytes:
    """The bytes of a file, drawn under the settings of the moment.

    Args:
        figure: any matplotlib Figure; its layout is done once and kept, since it moves a little with every drawing.
        form: `svg` or `png`.
        metadata: what is left out of the file.
        dpi: pixels per inch.

    Returns:
        What `savefig` writes, which draws once more for the layout alone.
    """
    buffer = io.BytesIO()
    canvas, resolution = figure.canvas, figure.dpi
    if (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")
    try:
        paper: Any = FigureCanvasSVG(figure) if form == "svg" else FigureCanvasAgg(figure)
        figure.set_dpi(dpi)  # second: a window would follow
        (paper.print_svg if form == "svg" else paper.print_png)(buffer, metadata=metadata)
    finally:
        figure.set_dpi(resolution)
        figure.set_canvas(canvas)
    return buffer.getvalue()


def array(values: Tensor | np.ndarray | Sequence[float]) -> np.ndarray:
    """Numbers of any kind as a float64 array."""
    if isinstance(values, Tensor):
        return values.detach().double().cpu().numpy()
    return np.asarray(values, dtype=float)
