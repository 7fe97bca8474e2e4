"""The page of the studies of the repaired models: every table and sentence from the kept runs."""

from pathlib import Path

from eqt_theory.models.study.paired import conclusions
from eqt_theory.models.study.repaired import TASKS, kept_runs
from eqt_theory.models.study.scored import kept_peers, score_conclusions
from eqt_theory.report.study_table import accuracy_rows, score_rows, study_markdown

_INTRO = """# The studies of a repair

`CoupledTransformer` refines its states on a convex energy that couples the positions. Here are its studies, all of the
miniature (two layers, width 32, five epochs of 8,192 sequences, of 4,096 for the series, a CPU), beside controls, with
paired seeds and Student's 95 % intervals; every table and sentence is worked out from the runs in
`proofs/repaired_eqt/data`, which `eqt-theory study TASK` made. Notebook 16 derives the energy and its rates.
"""
_TASKS = {
    "parity": "The running parity of fair bits, trained at length 16.",
    "noisy-parity": (
        "A hidden bit is flipped by inputs that are seen and, once in fifty steps, by chance; it is seen itself "
        "through noise (one in four wrong). The Bayes filter is the best answer from the tokens so far. Trained at "
        "length 32."
    ),
    "decode": (
        "Two Hamming (7, 4) words, each sent through a channel that flips 8 % of the bits, then asked for bit by bit: "
        "inference of the most probable, for which exact MAP over the sixteen words is known."
    ),
    "text": (
        "The next byte of CPython's help topics, in bits per byte: less is better. The topics repeat one another: of "
        "all stretches of 64 bytes of the test part 8 % stand in the training part, too (Python 3.11)."
    ),
    "code": (
        "The next byte of the standard library's sources, in bits per byte: less is better. Of all stretches of 64 "
        "bytes of the test modules 1 % stand in the training part, too."
    ),
    "sunspots": "The yearly number of sunspots, a year ahead, in units of the naive error on the training part.",
    "sunspots-10": "The yearly number of sunspots, ten years ahead.",
    "co2": "Monthly CO2 over Mauna Loa, a month ahead, in units of the naive error on the training part.",
    "co2-10": "Monthly CO2 over Mauna Loa, ten months ahead.",
}
_FIGURES = {"cost": "What it costs", "stopping": "When it may stop"}


def study_page(data: Path, figures: Path) -> str:
    """The page.

    Args:
        data: a folder of runs for each task.
        figures: what `--cost` and `--stopping` wrote, as TASK-cost.md, TASK-cost.svg and so on.

    Returns:
        Markdown.
    """
    parts = [_INTRO]
    for name, about in _TASKS.items():
        runs = kept_runs(data / name, name)
        if runs:
            task = TASKS[name]
            peers = kept_peers(task, runs, data / name)
            table = score_rows(task.unit, runs, peers) if task.unit else accuracy_rows(runs)
            said = score_conclusions(task, runs, peers) if task.unit else conclusions(runs)
            words = "\n".join(f"- {sentence}" for sentence in said)
            parts.append(f"## {name}\n\n{about}\n\n{study_markdown(*table)}\n{words}\n")
    for kind, title in _FIGURES.items():
        for name in _TASKS:
            written = figures / f"{name}-{kind}.md"
            if written.is_file():
                figure = f"![{title}: {name}](assets/study/{name}-{kind}.svg)"
                parts.append(f"## {title}: {name}\n\n{written.read_text('utf-8')}\n{figure}\n")
    return "\n".join(parts)
