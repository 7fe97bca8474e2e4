"""Plots of the parity study: accuracy against length and against K, and the paired differences."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import write_bytes
from eqt_theory.models.study.comparison import ENOUGH_SEEDS, difference, of_arm
from eqt_theory.models.study.study import Arm, Run
from eqt_theory.report.parity_table import ARM_NAMES, COMPARED, SHORT_NAMES

_COLOURS = {Arm.STANDARD: "#555555", Arm.ZERO: "#bbbbbb", Arm.AUXILIARY: "#0072b2", Arm.EQUILIBRIUM: "#d55e00"}
_MARKS = {Arm.STANDARD: "o", Arm.ZERO: "x", Arm.AUXILIARY: "s", Arm.EQUILIBRIUM: "^"}


def plot_accuracy(runs: Sequence[Run], steps: Sequence[int], file: Path) -> Path:
    """Draw accuracy against length for each arm, every seed a point; the paired differences; and EqT against K.

    Args:
        runs: of one study.
        steps: the K at test.
        file: its suffix is the format, svg or png.

    Returns:
        The file.

    Raises:
        UsageError: no runs, or another suffix.
    """
    if file.suffix not in (".svg", ".png"):
        raise UsageError(f"a plot must be an .svg or .png file, got {file.name}")
    if not runs:
        raise UsageError("a plot needs at least one run, got none")
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from eqt_theory.report.plots.style import drawn

    figure = Figure(figsize=(13.5, 3.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    lengths = sorted({run.length for run in runs})
    for arm, name in ARM_NAMES.items():
        found = [(n, [100 * run.accuracy[-1] for run in of_arm(runs, arm, n)]) for n in lengths]
        found = [(n, values) for n, values in found if values]
        if not found:
            continue
        style = {"color": _COLOURS[arm], "marker": _MARKS[arm]}
        left.plot([n for n, _ in found], [statistics.fmean(v) for _, v in found], label=name, **style)
        points = [(n, value) for n, values in found for value in values]
        left.scatter(*zip(*points, strict=True), alpha=0.35, s=14, **style)
    left.set(xscale="log", xlabel="length", ylabel="accuracy, %", title=f"{_counted_seeds(runs)}, lines: means")
    left.set_xticks(lengths, [str(n) for n in lengths])
    left.minorticks_off()
    left.legend(frameon=False)
    _draw_differences(middle, runs, lengths)
    for n in lengths:
        found = of_arm(runs, Arm.EQUILIBRIUM, n)
        if found:
            means = [100 * statistics.fmean(run.accuracy[i] for run in found) for i in range(len(steps))]
            right.plot(range(len(steps)), means, marker="^", label=f"length {n}")
    right.set_xticks(range(len(steps)), [str(k) for k in steps])
    right.set(xlabel="K at test", ylabel="accuracy, %", title="EqT: refinement at test")
    if right.lines:
        right.legend(frameon=False)
    # Same runs, same bytes.
    with mpl.rc_context({"svg.hashsalt": "parity", "svg.fonttype": "none"}):
        metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
        return write_bytes(file, drawn(figure, file.suffix[1:], metadata, 150))


def _draw_differences(panel: Any, runs: Sequence[Run], lengths: Sequence[int]) -> None:
    """Mean paired differences with 95 % intervals where there are seeds enough for one."""
    for i, (first, second) in enumerate(COMPARED):
        found = [(at, gap) for at, n in enumerate(lengths) if (gap := difference(runs, first, second, n)) is not None]
        if found:
            panel.errorbar(
                [at + 0.18 * (i - 1) for at, _ in found],
                [100 * gap.mean for _, gap in found],
                yerr=[100 * (gap.half_width or 0.0) for _, gap in found],
                fmt="o^s"[i], color=("#d55e00", "#0072b2", "#555555")[i], capsize=3,
                label=f"{SHORT_NAMES[first]} - {SHORT_NAMES[second]}",
            )  # fmt: skip
    panel.axhline(0.0, color="#999999", lw=0.8)
    panel.set_xticks(range(len(lengths)), [str(n) for n in lengths])
    bars = "bars: 95 % over seeds" if len({run.seed for run in runs}) >= ENOUGH_SEEDS else "too few seeds for bars"
    panel.set(xlabel="length", ylabel="difference, points", title=f"Paired differences, {bars}")
    if panel.lines[1:]:
        low, high = panel.get_ylim()
        panel.set_ylim(low, high + 0.35 * (high - low))  # room for the legend above the bars
        panel.legend(frameon=False, loc="upper left")


def _counted_seeds(runs: Sequence[Run]) -> str:
    count = len({run.seed for run in runs})
    return "one seed" if count == 1 else f"{count} seeds"
