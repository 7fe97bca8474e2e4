"""What `eqt-theory study` prints: runs and words, costs, and when refinement may stop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from eqt_theory.cli.console import make_console
from eqt_theory.core.files import write_text
from eqt_theory.report.console import bulleted

_SEQUENCES = 256
"""On which the courses of refinement are followed, from each part."""


def report_runs(console: Console, task: Any, runs: list[Any], folder: Path, markdown: bool) -> None:
    """Print the tables of the kept runs and what they allow to say."""
    from eqt_theory.models.study.paired import conclusions
    from eqt_theory.models.study.scored import kept_peers, score_conclusions
    from eqt_theory.report.study_table import accuracy_rows, position_rows, score_rows, study_markdown

    if not runs:
        console.print("no runs yet")
        return
    peers = kept_peers(task, runs, folder)
    main = score_rows(task.unit, runs, peers) if task.unit else accuracy_rows(runs)
    if markdown:
        console.print(study_markdown(*main), soft_wrap=True, markup=False, highlight=False, end="")
        return
    what = (
        f"{task.unit}, less is better, means over seeds"
        if task.unit
        else "accuracy in %, means over seeds; longer lengths at the largest K; differences in points"
    )
    show(console, f"{task.name}: {what}", *main)
    if not task.unit:
        console.print()
        show(console, "By position, at each arm's own K and at K = 0", *position_rows(runs))
    console.print()
    said = score_conclusions(task, runs, peers) if task.unit else conclusions(runs)
    console.print(bulleted("What these numbers allow to say:", said))


def report_costs(console: Console, settings: Any, task: Any, folder: Path, device: str) -> None:
    """Measure and print FLOPs and latency of every arm by length and K, and draw them."""
    from eqt_theory.models.study.arm_cost import measure_arm_costs
    from eqt_theory.report.study_cost import arm_cost_rows, plot_arm_costs
    from eqt_theory.report.study_table import study_markdown

    with console.status("measuring"):
        costs = list(measure_arm_costs(settings, task, device=device))
    config = settings.config
    title, rows = f"{config.layers} layers, {config.width} wide, {task.name}, on {device}", arm_cost_rows(costs)
    caption = (
        "x: ratio to the standard model at that length. FLOPs per token by torch's counter, which counts products of "
        "matrices, so that coupling the positions, entry by entry, shows in the time only; median ms per batch of "
        "about 1,024 tokens, on one thread of a CPU the processor's time. The scan gives the equilibrium of the causal "
        "game at once."
    )
    show(console, title, *rows)
    console.print(caption, soft_wrap=True)
    text = f"{title}.\n\n{study_markdown(*rows)}\n{caption}\n"
    _keep(console, folder, "cost", text, lambda file: plot_arm_costs(costs, file))


def report_stopping(
    console: Console, settings: Any, task: Any, folder: Path, seed: int, weights: dict[Any, float], device: str
) -> None:
    """Train each refining arm once and print what more steps and what rules bring, at every length of the task."""
    from eqt_theory.models.coupled import CoupledTransformer
    from eqt_theory.models.study.repaired import trained
    from eqt_theory.models.study.stopping import RULES, follow
    from eqt_theory.models.study.tasks.sequences import Split
    from eqt_theory.report.study_cost import plot_stopping, returns_rows, rule_rows, rule_words
    from eqt_theory.report.study_table import study_markdown

    courses = {}
    for arm, weight in weights.items():
        model, _ = trained(settings, task, arm, seed, weight, device)
        assert isinstance(model, CoupledTransformer)
        for length in (task.length, *task.longer):
            parts = (task.draw(_SEQUENCES, length, seed, split).to(device) for split in (Split.VALIDATION, Split.TEST))
            validation, test = (follow(model, part) for part in parts)
            courses[arm, length] = validation, test
    title = f"{task.name}, seed {seed}: accuracy in % by K; trained at length {task.length}, K = {settings.steps_train}"
    below = "Stopping rules, mean steps: accuracy in %; in brackets the rule that validation sequences choose"
    returns, rules = returns_rows(courses), rule_rows(courses, RULES)
    said = [*rule_words(courses, RULES), f"One seed, {_SEQUENCES} sequences of each length: numbers of these models."]
    show(console, title, *returns)
    console.print()
    show(console, below, *rules)
    console.print()
    console.print(bulleted("The best rule by difficulty:", said))
    words = "\n".join(f"- {sentence}" for sentence in said)
    text = f"{title}.\n\n{study_markdown(*returns)}\n{below}.\n\n{study_markdown(*rules)}\n{words}\n"
    _keep(console, folder, "stopping", text, lambda file: plot_stopping(courses, RULES, file))


def show(console: Console, title: str, header: list[str], rows: list[list[str]]) -> None:
    """A table; a pipe gets whole rows, a terminal rows that fit."""
    from eqt_theory.report.study_table import study_table

    wide = console if console.is_terminal else make_console(width=240)
    wide.print(study_table(title, header, rows))


def _keep(console: Console, folder: Path, name: str, text: str, draw: Callable[[Path], Path]) -> None:
    """The tables in Markdown, and the plot in two formats."""
    files = [write_text(folder / f"{name}.md", text), *(draw(folder / f"{name}.{kind}") for kind in ("svg", "png"))]
    console.print(f"kept: {', '.join(str(file) for file in files)}", soft_wrap=True)
