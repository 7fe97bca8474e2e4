"""`eqt-theory parity`: the parity study, its tables and its plots."""

import dataclasses
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import LONG, MANY, Device, OnDevice, Seed, make_run, require_number, require_seed
from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import try_folder
from eqt_theory.report.console import bulleted

Paper = Annotated[bool, typer.Option("--paper", help="The paper's own models, data and training; for a GPU.")]


def parity(
    folder: Annotated[
        Path, typer.Option(help="Where runs, models and plots are kept; a study is resumed.", metavar="DIR")
    ] = Path("parity-study"),
    lengths: Annotated[str | None, typer.Option(help="Bits of a sequence, such as 8,16,32,64.", metavar="N,N")] = None,
    seed: Seed = 0,
    seeds: Annotated[int, typer.Option(help="How many seeds, counted from --seed.", metavar="N")] = 1,
    epochs: Annotated[int | None, typer.Option(help="Training epochs; default: the study's.", metavar="N")] = None,
    paper: Paper = False,
    stopping: Annotated[
        bool, typer.Option("--stopping", help="Also: accuracy and true error by K and by stopping rule.")
    ] = False,
    cost: Annotated[bool, typer.Option("--cost", help="Only the table of FLOPs and latency; trains nothing.")] = False,
    device: OnDevice = Device.CPU,
    threads: Annotated[
        int | None, typer.Option(help="CPU threads; default: 1, or torch's own with --paper.", metavar="N")
    ] = None,
) -> int:
    """Train and compare transformers with and without refinement on cumulative parity.

    Every finished run is kept as one JSON line in DIR/runs.jsonl and not made again; models are kept as
    checkpoints beside it. After an interruption the same command goes on where it stopped.
    """
    where = make_run(seed, 1, device, quick=False).device
    require_number("--seeds", seeds, 1, 10_000)
    require_seed(seed + seeds)
    if epochs is not None:
        require_number("--epochs", epochs, 1, MANY)
    if threads is not None:
        require_number("--threads", threads, 1, 1024)
    console = make_console()
    chosen = _lengths(lengths)
    import torch

    before = torch.get_num_threads()
    # The miniature's products are so small that threads wait for each other longer than they work.
    torch.set_num_threads(threads or (before if paper else 1))
    try:
        if cost:
            return _costs(console, chosen, paper, where)
        return _study(console, chosen, range(seed, seed + seeds), epochs, folder, where, paper, stopping)
    finally:
        torch.set_num_threads(before)


def _study(
    console: Console,
    lengths: tuple[int, ...],
    seeds: range,
    epochs: int | None,
    folder: Path,
    device: str,
    paper: bool,
    stopping: bool,
) -> int:
    from eqt_theory.models.study.study import MINIATURE_LENGTHS, PAPER_LENGTHS, miniature_settings, paper_settings

    try_folder("--folder", folder)
    settings = paper_settings() if paper else miniature_settings()
    if epochs is not None:
        settings = dataclasses.replace(settings, recipe=dataclasses.replace(settings.recipe, epochs=epochs))
    lengths = lengths or (PAPER_LENGTHS if paper else MINIATURE_LENGTHS)
    folder.mkdir(parents=True, exist_ok=True)
    runs, finished = _make_runs(console, settings, lengths, seeds, folder, device)
    _report(console, runs, settings, folder)
    if not finished:
        console.print("Interrupted; what is finished is kept. The same command goes on from here.")
        return 130
    if stopping:
        for length in lengths:
            _returns(console, settings, length, seeds[0], folder, device)
    return 0


class _Watch:
    """Progress of a study: two bars on a terminal, a line per run elsewhere."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self.bars: Progress | None = None
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
            self.bars = Progress(*columns, console=console, transient=True)
            self._all = self.bars.add_task("runs", total=total)
            self._one: TaskID = self.bars.add_task("")

    def started(self, arm: Any, length: int, seed: int) -> None:
        if self.bars is not None:
            self.bars.reset(self._one, description=f"{arm.name.lower()}, length {length}, seed {seed}")

    def stepped(self, done: int, total: int) -> None:
        if self.bars is not None:
            self.bars.update(self._one, completed=done, total=total)

    def finished(self, run: Any) -> None:
        if self.bars is not None:
            self.bars.advance(self._all)
            return
        name = f"{run.arm.name.lower()}, length {run.length}, seed {run.seed}"
        line = f"{name}: {100 * run.accuracy[-1]:.2f} %, trained in {run.seconds:.1f} s"
        self._console.print(Text(line), soft_wrap=True)


def _make_runs(
    console: Console, settings: Any, lengths: tuple[int, ...], seeds: range, folder: Path, device: str
) -> tuple[list[Any], bool]:
    """The runs of the study, and whether all of them are there."""
    from eqt_theory.models.checkpoint import save_checkpoint
    from eqt_theory.models.study.study import plan, run_study

    def keep(run: Any, model: Any) -> None:
        save_checkpoint(model, _checkpoint(folder, settings, run.arm, run.length, run.seed), length=run.length,
                        seed=run.seed, accuracy=list(run.accuracy))  # fmt: skip

    watch = _Watch(console, len(plan(lengths, seeds)))
    runs: list[Any] = []
    with watch.bars or nullcontext():
        try:
            for run in run_study(
                settings, lengths, seeds, folder / "runs.jsonl", device,
                on_start=watch.started, on_step=watch.stepped, on_model=keep,
            ):  # fmt: skip
                runs.append(run)
                watch.finished(run)
        except KeyboardInterrupt:
            return runs, False
    return runs, True


def _report(console: Console, runs: list[Any], settings: Any, folder: Path) -> None:
    from eqt_theory.models.study.comparison import conclusions
    from eqt_theory.report.parity_plot import plot_accuracy
    from eqt_theory.report.parity_table import accuracy_table, refinement_table

    if not runs:
        return
    recipe, config = settings.recipe, settings.config
    console.print(
        f"{config.layers} layers, {config.width} wide; {settings.training_size:,} training and {settings.test_size:,} "
        f"test sequences, {recipe.epochs} {'epoch' if recipe.epochs == 1 else 'epochs'}; "
        f"K = {config.steps_train} in training",
        soft_wrap=True,
    )
    for table in (accuracy_table(runs), refinement_table(runs, settings.steps)):
        if table.rows:
            console.print()
            _print_table(console, table)
    console.print()
    console.print(bulleted("What these numbers allow to say:", conclusions(runs)))
    plots = [plot_accuracy(runs, settings.steps, folder / f"accuracy.{kind}") for kind in ("svg", "png")]
    console.print(f"plots: {', '.join(str(plot) for plot in plots)}", soft_wrap=True)


def _returns(console: Console, settings: Any, length: int, seed: int, folder: Path, device: str) -> None:
    """The table of stopping rules for the equilibrium transformer of a length and seed."""
    from eqt_theory.models.checkpoint import load_checkpoint
    from eqt_theory.models.equilibrium import EquilibriumTransformer
    from eqt_theory.models.study.parity import parity_data
    from eqt_theory.models.study.returns import measure_returns
    from eqt_theory.models.study.study import Arm
    from eqt_theory.report.parity_table import returns_table

    model = load_checkpoint(_checkpoint(folder, settings, Arm.EQUILIBRIUM, length, seed), device)
    assert isinstance(model, EquilibriumTransformer)
    data = parity_data(max(1, 2048 // length), length, seed, test=True).to(device)
    console.print()
    _print_table(console, returns_table(measure_returns(model, data), f"EqT, length {length}, seed {seed}, float64"))


def _costs(console: Console, lengths: tuple[int, ...], paper: bool, device: str) -> int:
    from eqt_theory.models.study import presets
    from eqt_theory.models.study.cost import LENGTHS, STEPS, measure_costs
    from eqt_theory.report.parity_table import cost_table

    config = presets.paper() if paper else presets.miniature()
    lengths = lengths or LENGTHS
    found = []
    with console.status("measuring"):
        found.extend(measure_costs(config, lengths, STEPS, device))
    _print_table(console, cost_table(found, f"{config.layers} layers, {config.width} wide, on {device}"))
    return 0


def _print_table(console: Console, table: Table) -> None:
    # A pipe gets whole rows, a terminal rows that fit.
    wide = console if console.is_terminal else make_console(width=200)
    wide.print(table)


def _checkpoint(folder: Path, settings: Any, arm: Any, length: int, seed: int) -> Path:
    return folder / "models" / settings.key / f"{arm.name.lower()}-length{length}-seed{seed}"


def _lengths(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    try:
        lengths = tuple(int(part) for part in text.split(","))
    except ValueError:
        lengths = ()
    if not lengths or min(lengths) < 1 or max(lengths) > LONG or len(set(lengths)) < len(lengths):
        raise UsageError(f"--lengths must be different numbers from 1 to {LONG}, such as 8,16,32, got {shown(text)}")
    return lengths
