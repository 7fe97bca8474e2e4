"""A picture with sliders: moved in a notebook that runs, a still picture wherever it is only shown."""

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.report.plots.style import Chart

STILL = "EQT_THEORY_STILL"
"""Set in the environment where notebooks are built: what is committed has no sliders that nothing answers."""

_STOPS = 60


class Sliders:
    """A chart and the numbers that it may be drawn for.

    Args:
        draw: a function of named numbers that returns a chart.
        ranges: for each argument `(low, high)`; whole numbers where it counts something.
        start: for each argument the number that is drawn first.
    """

    def __init__(
        self, draw: Callable[..., Chart], ranges: Mapping[str, tuple[float, float]], start: Mapping[str, float]
    ) -> None:
        self.draw, self.ranges, self.start = draw, dict(ranges), dict(start)

    @property
    def still(self) -> Chart:
        """The chart as it is drawn first."""
        return self.draw(**self.start)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if os.environ.get(STILL):
            display(self.still)
            return
        from ipywidgets import FloatSlider, IntSlider, interact

        controls: dict[str, Any] = {}
        for name, (low, high) in self.ranges.items():
            if all(isinstance(x, int) for x in (low, high, self.start[name])):
                controls[name] = IntSlider(self.start[name], min=low, max=high, description=name)
            else:
                step = (high - low) / _STOPS
                controls[name] = FloatSlider(
                    self.start[name], min=low, max=high, step=step, description=name, readout_format=".3g"
                )
            controls[name].continuous_update = False
        interact(lambda **chosen: display(self.draw(**chosen)), **controls)


def sliders(draw: Callable[..., Chart], /, **arguments: tuple[float, float, float]) -> Sliders:
    """Sliders for the arguments of a function that draws a chart.

    Args:
        draw: the function; its arguments are given by name.
        **arguments: for each of them `(start, low, high)`.

    Returns:
        What a notebook shows as the last line of a cell.

    Raises:
        UsageError: an argument is not one of the function's, a range is empty, or does not hold its start.
    """
    known = inspect.signature(draw).parameters
    for name, given in arguments.items():
        if name not in known:
            raise UsageError(f"{name} must be an argument of {draw.__name__}, which has {', '.join(known) or 'none'}")
        start, low, high = given
        if not low <= start <= high or low == high:
            raise UsageError(f"{name} must be (start, low, high) with low <= start <= high, got {given}")
    ranges = {name: (low, high) for name, (_, low, high) in arguments.items()}
    return Sliders(draw, ranges, {name: start for name, (start, _, _) in arguments.items()})
