"""`eqt-theory study`: repaired models against their controls on one task, with paired seeds."""

import dataclasses
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import MANY, require_number, require_seed
from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import locked, try_folder
from eqt_theory.report.console import bulleted


def study(
    task: Annotated[
        str,
        typer.Argument(
            help="parity, noisy-parity, decode, text, code, sunspots, co2, or the last two with -10.", metavar="TASK"
        ),
    ],
    seeds: Annotated[int, typer.Option(help="Number of seeds.", metavar="N")] = 10,
    seed: Annotated[int, typer.Option(help="The first seed.", metavar="N")] = 100,
    jobs: Annotated[int, typer.Option(help="Runs at once.", metavar="N")] = 1,
    folder: Annotated[Path, typer.Option(help="Where runs are kept.", metavar="DIR")] = Path("study"),
    arms: Annotated[str | None, typer.Option(help="Which arms, with commas; default: all.", metavar="ARM,..")] = None,
    epochs: Annotated[int | None, typer.Option(help="Training epochs; default: the study's.", metavar="N")] = None,
    show: Annotated[bool, typer.Option("--show", help="Only print what is kept; train nothing.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the main table in Markdown.")] = False,
) -> int:
    """Train and compare refinement that couples positions with its controls.

    lambda gamma is chosen first, on validation sequences of seeds that are never tested. Every finished run is kept
    as DIR/TASK/ARM-SEED.json and not made again. After an interruption the same command goes on where it stopped.
    """
    from eqt_theory.models.study.choice import SEEDS
    from eqt_theory.models.study.repaired import TASKS, kept_runs

    if task not in TASKS:
        raise UsageError(f"TASK must be one of {', '.join(TASKS)}, got {shown(task)}")
    require_number("--seeds", seeds, 1, 10_000)
    require_seed(seed + seeds)
    if not show and set(SEEDS) & set(range(seed, seed + seeds)):
        raise UsageError(f"--seed must leave out {', '.join(map(str, SEEDS))}, which choose lambda gamma")
    require_number("--jobs", jobs, 1, 1024)
    settings, chosen, kept = make_settings(), _arms(arms, task), folder / task
    if epochs is not None:
        require_number("--epochs", epochs, 1, MANY)
        settings = dataclasses.replace(settings, recipe=dataclasses.replace(settings.recipe, epochs=epochs))
    console, finished = make_console(), True
    if not show:
        try_folder("--folder", folder)
        kept.mkdir(parents=True, exist_ok=True)
        with locked(kept, wait=False):
            finished = _train(console, settings, task, kept, range(seed, seed + seeds), chosen, jobs)
    _report(console, kept_runs(kept, task), markdown)
    if not finished:
        console.print("Interrupted; what is finished is kept. The same command goes on from here.")
        return 130
    return 0


def make_settings() -> Any:
    """The settings of the study, a RepairSettings."""
    from eqt_theory.models.study.repaired import RepairSettings

    return RepairSettings()


def _train(
    console: Console, settings: Any, task: str, folder: Path, seeds: range, arms: tuple[Any, ...], jobs: int
) -> bool:
    """Make what is missing; whether all of it was made."""
    import torch

    from eqt_theory.models.study.choice import choose
    from eqt_theory.models.study.repaired import COUPLED, TASKS, keep_run, missing

    def say(text: str) -> None:
        console.print(Text(text), soft_wrap=True)

    def tried(arm: Any, value: float, seed: int, found: float) -> None:
        unit = TASKS[task].unit
        figure = f"{-found:.4f} {unit}" if unit else f"{100 * found:.2f} %"
        say(f"validation: {arm.name.lower()}, lambda gamma = {value:g}, seed {seed}: {figure}")

    before = torch.get_num_threads()
    # The miniature's products are so small that threads wait for each other longer than they work.
    torch.set_num_threads(1)
    try:
        todo = list(missing(settings, TASKS[task], folder, seeds, arms))
        choice = None
        if any(arm in COUPLED for arm, _ in todo):
            choice = choose(settings, TASKS[task], folder, on_value=tried)
        work = [(settings, task, arm, seed, 0.0 if choice is None else choice.weight(arm)) for arm, seed in todo]
        for run in _made(work, jobs):
            keep_run(folder, run)
            say(f"{run.arm.name.lower()}, seed {run.seed}: {100 * run.accuracy:.2f} %, trained in {run.seconds:.1f} s")
    except KeyboardInterrupt:
        return False
    finally:
        torch.set_num_threads(before)
    return True


def _made(work: list[tuple[Any, ...]], jobs: int) -> Iterator[Any]:
    """The runs as they are finished, in this process or in others."""
    if jobs == 1:
        yield from (make_one(*each) for each in work)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        started = [pool.submit(make_one, *each) for each in work]
        try:
            for future in as_completed(started):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def make_one(settings: Any, task: str, arm: Any, seed: int, weight: float) -> Any:
    """One run, in whatever process."""
    import torch

    from eqt_theory.models.study.repaired import TASKS, run_arm

    torch.set_num_threads(1)
    return run_arm(settings, TASKS[task], arm, seed, weight)


def _report(console: Console, runs: list[Any], markdown: bool) -> None:
    from eqt_theory.models.study.paired import conclusions
    from eqt_theory.models.study.repaired import TASKS
    from eqt_theory.models.study.scored import peer_scores, score_conclusions
    from eqt_theory.report.study_table import accuracy_rows, position_rows, score_rows, study_markdown, study_table

    if not runs:
        console.print("no runs yet")
        return
    task = TASKS[runs[0].task]
    peers = peer_scores(task, runs)
    main = score_rows(task.unit, runs, peers) if task.unit else accuracy_rows(runs)
    if markdown:
        console.print(study_markdown(*main), soft_wrap=True, markup=False, highlight=False, end="")
        return
    wide = console if console.is_terminal else make_console(width=240)
    what = (
        f"{task.unit}, less is better, means over seeds"
        if task.unit
        else "accuracy in %, means over seeds; longer lengths at the largest K; differences in points"
    )
    wide.print(study_table(f"{task.name}: {what}", *main))
    if not task.unit:
        wide.print()
        wide.print(study_table("By position, at each arm's own K and at K = 0", *position_rows(runs)))
    console.print()
    said = score_conclusions(task, runs, peers) if task.unit else conclusions(runs)
    console.print(bulleted("What these numbers allow to say:", said))


def _arms(text: str | None, task: str) -> tuple[Any, ...]:
    from eqt_theory.models.study.repaired import TASKS, arms_of

    known = {arm.name.lower(): arm for arm in arms_of(TASKS[task])}
    if text is None:
        return tuple(known.values())
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(known) or len(set(names)) < len(names):
        raise UsageError(f"--arms must be different ones of {', '.join(known)}, got {shown(text)}")
    return tuple(arm for name, arm in known.items() if name in names)
