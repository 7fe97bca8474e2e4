"""Tables of the parity study: accuracy, paired differences, refinement at test, stopping, and cost."""

import statistics
from collections.abc import Sequence

from rich.table import Table

from eqt_theory.models.study.comparison import Difference, difference, of_arm, overall_difference
from eqt_theory.models.study.cost import Cost
from eqt_theory.models.study.returns import Returns
from eqt_theory.models.study.study import Arm, Run

ARM_NAMES = {
    Arm.STANDARD: "standard",
    Arm.ZERO: "zero weights",
    Arm.AUXILIARY: "aux losses, K = 0",
    Arm.EQUILIBRIUM: "EqT",
}
SHORT_NAMES = {Arm.STANDARD: "standard", Arm.AUXILIARY: "aux", Arm.EQUILIBRIUM: "EqT"}
COMPARED = ((Arm.EQUILIBRIUM, Arm.STANDARD), (Arm.AUXILIARY, Arm.STANDARD), (Arm.EQUILIBRIUM, Arm.AUXILIARY))


def accuracy_table(runs: Sequence[Run]) -> Table:
    """Accuracy in percent by length and arm, mean (sd over seeds), and the paired differences of the arms."""
    table = _table("Accuracy in %, mean (sd over seeds), at the last K; differences with their standard error")
    table.add_column("length", justify="right")
    table.add_column("seeds", justify="right")
    for name in ARM_NAMES.values():
        table.add_column(name, justify="right")
    for first, second in COMPARED:
        table.add_column(f"{SHORT_NAMES[first]} - {SHORT_NAMES[second]}", justify="right")
    for length in sorted({run.length for run in runs}):
        seeds = {run.seed for run in runs if run.length == length}
        cells = [_mean([run.accuracy[-1] for run in of_arm(runs, arm, length)]) for arm in ARM_NAMES]
        gaps = [difference(runs, first, second, length) for first, second in COMPARED]
        table.add_row(str(length), str(len(seeds)), *cells, *(_gap(gap) for gap in gaps))
    lengths = sorted({run.length for run in runs})
    overall = [overall_difference(runs, first, second, lengths) for first, second in COMPARED]
    if len(lengths) > 1 and any(overall):
        table.add_section()
        table.add_row("mean", "", *[""] * len(ARM_NAMES), *(_gap(gap) for gap in overall))
    if any(run.seed != runs[0].seed for run in runs):
        table.caption = "+- : standard error of the mean over paired seeds"
    else:
        table.caption = "[+-] : one seed, standard error over test sequences only; what training adds is not in it"
    return table


def refinement_table(runs: Sequence[Run], steps: Sequence[int]) -> Table:
    """Accuracy of the equilibrium transformer at each K, and how many predictions differ from K = 0."""
    table = _table("EqT: accuracy in % at each K, and predictions that differ from those at K = 0")
    table.add_column("length", justify="right")
    for k in steps:
        table.add_column(f"K = {k}", justify="right")
    table.add_column("flips at these K", justify="right")
    table.add_column("test tokens", justify="right")
    for length in sorted({run.length for run in runs}):
        found = of_arm(runs, Arm.EQUILIBRIUM, length)
        if not found:
            continue
        accuracy = [f"{100 * statistics.fmean(run.accuracy[i] for run in found):.2f}" for i in range(len(steps))]
        flips = ", ".join(f"{sum(run.flips[i] for run in found):,}" for i in range(len(steps)))
        table.add_row(str(length), *accuracy, flips, f"{sum(run.positions for run in found):,}")
    return table


def returns_table(rows: Sequence[Returns], title: str) -> Table:
    """Accuracy and true error by K and by stopping rule."""
    table = _table(title)
    table.add_column("refinement ends")
    for name in ("mean steps", "accuracy %", "flips", "median |h-h*|/|f-h*|", "95th percentile"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.rule, f"{row.mean_steps:.1f}", f"{100 * row.accuracy:.2f}", f"{row.flips:,}",
            f"{row.median_error:.2g}", f"{row.high_error:.2g}",
        )  # fmt: skip
    if rows:
        table.caption = f"{rows[0].tokens:,} tokens; h* found, to |grad Phi| < 1e-9, for {rows[0].stars:,}"
    return table


def cost_table(costs: Sequence[Cost], title: str) -> Table:
    """FLOPs and latency, and their ratio to the standard model's, beside Eq. 9 and its correction."""
    table = _table(title)
    table.add_column("length", justify="right")
    table.add_column("model")
    for name in ("K", "MFLOPs", "x", "ms", "x", "MFLOPs", "x", "ms", "x", "Eq. 9", "corrected"):
        table.add_column(name, justify="right")
    base: Cost | None = None
    for cost in costs:
        if cost.model == "standard":
            base = cost
            if table.rows:
                table.add_section()
        assert base is not None and base.length == cost.length
        pairs = [
            (cost.inference_flops / 1e6, base.inference_flops / 1e6, ".3g"),
            (cost.inference_seconds * 1e3, base.inference_seconds * 1e3, ".1f"),
            (cost.training_flops / 1e6, base.training_flops / 1e6, ".3g"),
            (cost.training_seconds * 1e3, base.training_seconds * 1e3, ".1f"),
        ]
        cells = [cell for now, then, form in pairs for cell in (format(now, form), f"{now / then:.2f}")]
        table.add_row(
            str(cost.length), cost.model, str(cost.steps), *cells, f"{cost.formula:.2f}", f"{cost.corrected:.2f}"
        )
    table.caption = (
        "first FLOPs and ms: inference; second: forward and backward; FLOPs per token by torch's counter, median ms "
        "per batch. x: ratio to the standard model at that length. Eq. 9 and its correction: the ratio for inference."
    )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left", box=None, pad_edge=False,
                 padding=(0, 2, 0, 0), header_style="bold")  # fmt: skip


def _mean(values: Sequence[float]) -> str:
    if not values:
        return "-"
    mean = f"{100 * statistics.fmean(values):.2f}"
    return f"{mean} ({100 * statistics.stdev(values):.2f})" if len(values) > 1 else mean


def _gap(gap: Difference | None) -> str:
    if gap is None:
        return "-"
    text = f"{100 * gap.mean:+.2f}"
    if gap.error is None:
        return text
    return f"{text} +- {100 * gap.error:.2f}" if gap.over_seeds else f"{text} [+- {100 * gap.error:.2f}]"
