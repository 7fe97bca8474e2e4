"""Tables of the study of repaired models, for the console and in Markdown."""

import statistics
from collections.abc import Mapping, Sequence

from rich.table import Table

from eqt_theory.models.study.differences import NAMES, at_length, difference, of_arm, told
from eqt_theory.models.study.repaired import COUPLED, RepairArm, RepairRun
from eqt_theory.models.study.scored import score, told_score

_SHOWN = (0, 8, 16, 32, 128)
_ORDER = tuple(NAMES)


def accuracy_rows(runs: Sequence[RepairRun]) -> tuple[list[str], list[list[str]]]:
    """Arms and their accuracy in percent: by K, at longer lengths, and against the standard model.

    Args:
        runs: of one study.

    Returns:
        The header and the rows, as texts.
    """
    longer = sorted({n for run in runs for n in run.longer})
    header = [
        "arm", "seeds", "weights", "lambda gamma", *(f"K = {k}" for k in _SHOWN), *(f"length {n}" for n in longer),
        "less standard", "less the paper's EqT",
    ]  # fmt: skip
    rows = []
    for arm in _ORDER:
        mine = list(of_arm(runs, arm).values())
        if not mine:
            continue
        by_steps = [_mean([run.at(k) for run in mine]) if k in mine[0].steps else "" for k in _SHOWN]
        far = [_mean([at_length(n, 128)(run) for run in mine]) for n in longer]
        gaps = [
            "" if arm is other else told(difference(runs, arm, other)) for other in (RepairArm.STANDARD, RepairArm.EQT)
        ]
        weight = f"{mine[0].weight:g}" if arm in COUPLED else ""
        rows.append([NAMES[arm], str(len(mine)), f"{mine[0].parameters:,}", weight, *by_steps, *far, *gaps])
    return header, rows


def score_rows(unit: str, runs: Sequence[RepairRun], peers: Mapping[str, float]) -> tuple[list[str], list[list[str]]]:
    """Arms and their scores, of which less is better: by K, and against the standard model; then peers.

    Args:
        unit: of the score.
        runs: of one study.
        peers: methods without a network, by name.

    Returns:
        The header and the rows, as texts.
    """
    header = ["arm", "seeds", "weights", "lambda gamma", *(f"K = {k}" for k in _SHOWN), f"less standard, {unit}"]
    rows = []
    for arm in _ORDER:
        mine = list(of_arm(runs, arm).values())
        if not mine:
            continue
        by_steps = [
            f"{statistics.fmean(run.score_at(k) for run in mine):.4f}" if k in mine[0].steps else "" for k in _SHOWN
        ]
        gap = "" if arm is RepairArm.STANDARD else told_score(difference(runs, arm, RepairArm.STANDARD, score))
        weight = f"{mine[0].weight:g}" if arm in COUPLED else ""
        rows.append([NAMES[arm], str(len(mine)), f"{mine[0].parameters:,}", weight, *by_steps, gap])
    blank = [""] * (len(_SHOWN) - 1)
    rows += [[name, "", "", "", f"{value:.4f}", *blank, ""] for name, value in peers.items()]
    return header, rows


def position_rows(runs: Sequence[RepairRun]) -> tuple[list[str], list[list[str]]]:
    """Accuracy in percent at some positions, at each arm's own K, and at K = 0 for those that refine.

    Args:
        runs: of one study.

    Returns:
        The header and the rows, as texts.
    """
    length = len(runs[0].by_position[0])
    places = [p for p in (1, 2, 4, 8, 12, 16, 24, 28, 32) if p <= length]
    rows = []
    for arm in _ORDER:
        mine = list(of_arm(runs, arm).values())
        for which, name in ((0, NAMES[arm]), (1, f"{NAMES[arm]}, K = 0")):
            if mine and (which == 0 or len(mine[0].steps) > 1):
                rows.append(
                    [name, *(_mean([run.by_position[which][p - 1] / run.sequences for run in mine]) for p in places)]
                )
    return ["arm", *(f"position {p}" for p in places)], rows


def study_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Texts as a table for the console."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in header:
        table.add_column(name, justify="left" if name in ("arm", "rule") else "right")
    for row in rows:
        table.add_row(*row)
    return table


def study_markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same in Markdown."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _mean(values: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(values):.2f}"
