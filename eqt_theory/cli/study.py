"""`eqt-theory study`: repaired models against their controls on one task, with paired seeds."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import LONG, MANY, Device, OnDevice, make_run, require_number, require_seed
from eqt_theory.cli.study_tables import report_costs, report_runs, report_stopping
from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import locked, try_folder
from eqt_theory.core.processes import Processes

Paper = Annotated[bool, typer.Option("--paper", help="Models, data and training of the paper's size; for a GPU.")]
Cost = Annotated[bool, typer.Option("--cost", help="Only FLOPs and latency of every arm; trains nothing.")]
Stopping = Annotated[
    bool, typer.Option("--stopping", help="Only when refinement may stop: trains the refining arms once, keeps no run.")
]


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
    length: Annotated[int | None, typer.Option(help="Of training; default: the task's.", metavar="N")] = None,
    epochs: Annotated[int | None, typer.Option(help="Training epochs; default: the study's.", metavar="N")] = None,
    paper: Paper = False,
    cost: Cost = False,
    stopping: Stopping = False,
    show: Annotated[bool, typer.Option("--show", help="Only print what is kept; train nothing.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the main table in Markdown.")] = False,
    device: OnDevice = Device.CPU,
) -> int:
    """Train and compare refinement that couples positions with its controls.

    lambda gamma is chosen first, on validation sequences of seeds that are never tested. Every finished run is kept
    as DIR/TASK/ARM-SEED.json and not made again. After an interruption the same command goes on where it stopped.
    """
    from eqt_theory.models.study.choice import SEEDS
    from eqt_theory.models.study.repaired import TASKS, kept_runs

    if task not in TASKS:
        raise UsageError(f"TASK must be one of {', '.join(TASKS)}, got {shown(task)}")
    where = make_run(seed, 1, device, quick=False).device
    require_number("--seeds", seeds, 1, 10_000)
    require_seed(seed + seeds)
    if not show and set(SEEDS) & set(range(seed, seed + seeds)):
        raise UsageError(f"--seed must leave out {', '.join(map(str, SEEDS))}, which choose lambda gamma")
    require_number("--jobs", jobs, 1, 1024)
    if length is not None:
        require_number("--length", length, 1, LONG)
    settings, kept = make_settings(paper), folder / task
    if epochs is not None:
        require_number("--epochs", epochs, 1, MANY)
        settings = dataclasses.replace(settings, recipe=dataclasses.replace(settings.recipe, epochs=epochs))
    work = _Work(settings, task, length, kept, where, _arms(arms, task))
    console, finished = make_console(), True
    if show and not (cost or stopping):
        report_runs(console, TASKS[task], kept_runs(kept, task), kept, markdown)
        return 0
    try_folder("--folder", folder)
    kept.mkdir(parents=True, exist_ok=True)
    with locked(kept, wait=False), _one_thread(where if paper else "cpu"):
        if cost:
            report_costs(console, settings, work.task, kept, where)
            return 0
        finished = _stop(console, work, seed) if stopping else _train(console, work, range(seed, seed + seeds), jobs)
    if not stopping:
        report_runs(console, TASKS[task], kept_runs(kept, task), kept, markdown)
    if not finished:
        console.print("Interrupted; what is finished is kept. The same command goes on from here.")
        return 130
    return 0


def make_settings(paper: bool) -> Any:
    """The settings of the study, a RepairSettings."""
    from eqt_theory.models.study.repaired import RepairSettings, paper_repair_settings

    return paper_repair_settings() if paper else RepairSettings()


@dataclasses.dataclass(frozen=True)
class _Work:
    """What is asked for, in a form that another process can be given."""

    settings: Any
    name: str
    length: int | None
    folder: Path
    device: str
    arms: tuple[Any, ...]

    @property
    def task(self) -> Any:
        from eqt_theory.models.study.repaired import TASKS

        task = TASKS[self.name]
        return task if self.length is None else task.at(self.length)


@contextmanager
def _one_thread(device: str) -> Iterator[None]:
    """The miniature's products are so small that threads wait for each other longer than they work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1 if device == "cpu" else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _chosen(console: Console, work: _Work) -> Any:
    """The choice of lambda gamma, made first where it is missing."""
    from eqt_theory.models.study.choice import choose

    unit = work.task.unit

    def tried(arm: Any, value: float, seed: int, found: float) -> None:
        figure = f"{-found:.4f} {unit}" if unit else f"{100 * found:.2f} %"
        _say(console, f"validation: {arm.name.lower()}, lambda gamma = {value:g}, seed {seed}: {figure}")

    return choose(work.settings, work.task, work.folder, on_value=tried, device=work.device)


def _train(console: Console, work: _Work, seeds: range, jobs: int) -> bool:
    """Make what is missing; whether all of it was made."""
    from eqt_theory.models.study.repaired import COUPLED, keep_run, missing

    try:
        todo = list(missing(work.settings, work.task, work.folder, seeds, work.arms))
        choice = _chosen(console, work) if any(arm in COUPLED for arm, _ in todo) else None
        each = [(work, arm, seed, 0.0 if choice is None else choice.weight(arm)) for arm, seed in todo]
        for run in _made(each, jobs):
            keep_run(work.folder, run)
            unit = work.task.unit
            figure = f"{run.score_at(run.answer):.4f} {unit}" if unit else f"{100 * run.accuracy:.2f} %"
            _say(console, f"{run.arm.name.lower()}, seed {run.seed}: {figure}, trained in {run.seconds:.1f} s")
    except KeyboardInterrupt:
        return False
    return True


def _stop(console: Console, work: _Work, seed: int) -> bool:
    """What stopping rules bring; whether it was found out."""
    from eqt_theory.models.study.differences import REFINED

    try:
        arms = [arm for arm in work.arms if arm in REFINED]
        if not arms:
            raise UsageError("--stopping needs an arm that refines by coupled steps: causal, ridge or joint")
        choice = _chosen(console, work)
        weights = {arm: choice.weight(arm) for arm in arms}
        report_stopping(console, work.settings, work.task, work.folder, seed, weights, work.device)
    except KeyboardInterrupt:
        return False
    return True


def _say(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)


def _made(work: list[tuple[Any, ...]], jobs: int) -> Iterator[Any]:
    """The runs as they are finished, in this process or in others."""
    if jobs == 1:
        yield from (make_one(*each) for each in work)
        return
    processes = Processes()
    with processes(jobs) as pool:
        started = [pool.submit(make_one, *each) for each in work]
        try:
            for future in as_completed(started):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.end()
            raise


def make_one(work: _Work, arm: Any, seed: int, weight: float) -> Any:
    """One run, in whatever process."""
    from eqt_theory.models.study.repaired import run_arm

    with _one_thread(work.device):
        return run_arm(work.settings, work.task, arm, seed, weight, work.device)


def _arms(text: str | None, task: str) -> tuple[Any, ...]:
    from eqt_theory.models.study.repaired import TASKS, arms_of

    known = {arm.name.lower(): arm for arm in arms_of(TASKS[task])}
    if text is None:
        return tuple(known.values())
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(known) or len(set(names)) < len(names):
        raise UsageError(f"--arms must be different ones of {', '.join(known)}, got {shown(text)}")
    return tuple(arm for name, arm in known.items() if name in names)
