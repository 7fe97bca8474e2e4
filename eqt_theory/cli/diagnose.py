"""`eqt-theory diagnose`: what the refinement of a trained model does, token by token."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.cli.diagnose_coupled import beside_certificate, certificate_of, diagnose_game, is_game, shape_of
from eqt_theory.cli.diagnose_target import diagnose_target, is_target
from eqt_theory.cli.options import LONG, MANY, HtmlPage, Seconds, Seed, require_number, require_page, require_seed
from eqt_theory.cli.outputs import Outputs
from eqt_theory.cli.progress import following
from eqt_theory.cli.unfinished import begin_page
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import read_json
from eqt_theory.core.plain_text import json_text

_DEFAULT_LENGTH = 32
_STATES = 32
"""Starts that are drawn for a problem of a module, at most."""


@dataclass(frozen=True)
class Examined:
    """A diagnosis, and on what it was made.

    Args:
        found: the diagnosis.
        subject: what was diagnosed.
        about: the states, in a few words.
        length: bits of each sequence.
        again: the command that makes it again.
    """

    found: Any
    subject: str
    about: str
    length: int
    again: str


def diagnose(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="Folder of an equilibrium transformer, or an Objective, FixedPoint or Inclusion in a module.",
            metavar="CHECKPOINT|MODULE:ATTR",
        ),
    ],
    tokens: Annotated[int, typer.Option(help="Tokens to look at, rounded up to whole sequences.", metavar="N")] = 512,
    length: Annotated[
        int | None, typer.Option(help="Bits of a sequence; default: those of the training.", metavar="N")
    ] = None,
    seed: Seed = 0,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the results here; - for standard output.", metavar="FILE")
    ] = None,
    steps: Annotated[int, typer.Option(help="K, for MODULE:ATTR.", metavar="K")] = 32,
    step_size: Annotated[float | None, typer.Option(help="alpha, for an Objective or Inclusion.", metavar="A")] = None,
    plots: Annotated[Path | None, typer.Option(help="Also draw spectra and errors here.", metavar="DIR")] = None,
    html: HtmlPage = None,
    seconds: Seconds = None,
) -> int:
    """Say whether a trained model's refinement converges, is inert or oscillates, and what to set instead.

    Measured in float64 on test sequences of the parity task, at the last refinement, K fixed at the model's own.
    """
    require_number("--tokens", tokens, 1, MANY)
    if length is not None:
        require_number("--length", length, 1, LONG)
    require_seed(seed)
    require_page(html)
    require_number("--steps", steps, 0, MANY)
    outputs = Outputs({"--json": as_json}, {"--plots": plots})
    if is_target(checkpoint):
        if plots is not None or html is not None:
            raise UsageError(f"{checkpoint} is an object of a module: its diagnosis has --json, no plots and no page")
        return diagnose_target(str(checkpoint), min(tokens, _STATES), seed, steps, step_size, outputs, seconds)
    model = load_model(checkpoint)
    if is_game(model):
        if plots is not None or html is not None or seconds is not None:
            raise UsageError(
                f"{checkpoint} refines by a causal game: it has a table and --json, no plots, page or --seconds"
            )
        return diagnose_game(checkpoint, model, tokens, length or _trained_length(checkpoint), seed, outputs)
    outputs.begin("--json", json_text({"interrupted": True}))
    begin_page(html, "diagnosis.html")
    with following("diagnosing"):
        examined = examine(checkpoint, model, tokens, length, seed, seconds)
    found = examined.found
    # Only now: torch takes a second.
    from eqt_theory.report.diagnosis_table import diagnosis_table

    aside = outputs.takes_standard_output
    console = make_console(stderr=aside)
    wide = console if console.is_terminal else make_console(stderr=aside, width=160)
    wide.print(diagnosis_table(found, f"{examined.subject}, token by token: {examined.about}"))
    _say(console, f"Verdict: {found.overall.name.lower()}", found.verdict)
    _say(console, "What to set instead:", found.advice)
    values = {"checkpoint": str(checkpoint), "length": examined.length, "seed": seed, **found.to_dict()}
    certified = certificate_of(model)
    if certified is not None:
        lines, about = beside_certificate(certified, found)
        _say(console, "Certificate of these weights:", lines)
        values["certificate"] = about
    outputs.write("--json", lambda: json_text(values))
    if plots is not None:
        outputs.attempt("--plots", lambda: _draw(console, found, plots))
    if html is not None:
        outputs.attempt("--html", lambda: _page(console, examined, html))
    for problem in outputs.problems:
        console.print(Text(f"problem: {problem}"), soft_wrap=True)
    return 1 if outputs.problems else 0


def load_model(checkpoint: Path) -> Any:
    """The model of a checkpoint, which must refine.

    Args:
        checkpoint: its folder.

    Returns:
        The model.

    Raises:
        UsageError: it is no checkpoint, or of a model that cannot be diagnosed here.
    """
    from eqt_theory.models.checkpoint import load_checkpoint
    from eqt_theory.models.standard import StandardTransformer

    if checkpoint.is_file():
        raise UsageError(
            f"{checkpoint} is a file: load its weights into your model in a module, and name a FixedPoint or an "
            "Objective made of it as MODULE:ATTR"
        )
    model = load_checkpoint(checkpoint)
    if isinstance(model, StandardTransformer):
        raise UsageError(f"{checkpoint} is a standard transformer: it has no refinement to diagnose")
    shape = shape_of(model)
    if shape.vocabulary != 2:
        raise UsageError(
            f"{checkpoint} has a vocabulary of {shape.vocabulary}, the parity task one of 2; "
            "use eqt_theory.diagnose on states of your own"
        )
    return model


def examine(
    checkpoint: Path,
    model: Any,
    tokens: int = 512,
    length: int | None = None,
    seed: int = 0,
    seconds: float | None = None,
) -> Examined:
    """Diagnose a model on test sequences of the parity task.

    Args:
        checkpoint: where it lies.
        model: what `load_model` found there.
        tokens: how many tokens, rounded up to whole sequences.
        length: bits of a sequence; None: those of the training.
        seed: of the sequences.
        seconds: after which it ends with what it has; None is no limit.

    Returns:
        The diagnosis.
    """
    from eqt_theory.evidence.diagnosis import diagnose as measure
    from eqt_theory.models.study.parity import parity_data

    length = length or _trained_length(checkpoint)
    data = parity_data(-(-tokens // length), length, seed, test=True)
    states = model.double().states(data.bits)
    targets = data.parities if shape_of(model).classes == 2 else None
    if certificate_of(model) is not None and targets is not None:  # one state per sequence: its last position is read
        targets = targets[:, -1]
    found = measure(
        states.objective, states.step_size, states.steps, states.predict, targets, solver=states.solver, seconds=seconds
    )
    about = f"{length} bits, seed {seed}, gamma = {states.gamma:g}"
    again = f"eqt-theory diagnose {shlex.quote(str(checkpoint))} --tokens {tokens} --length {length} --seed {seed}"
    return Examined(found, f"Refinement of {checkpoint.name or checkpoint}", about, length, again)


def page_of(examined: Examined) -> Any:
    """The page of a diagnosis."""
    from eqt_theory.report.html.diagnosis import diagnosis_page

    return diagnosis_page(examined.found, examined.subject, f"{examined.about}.", [examined.again])


def _say(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(Text(f"\n{heading}", style="bold"))
    for line in lines:
        console.print(Text(f"- {line}"))


def _trained_length(checkpoint: Path) -> int:
    """The length that the checkpoint says it was trained on, or the default."""
    # load_checkpoint has read this file already, so it is an object.
    about = read_json(checkpoint / "config.json", "the config").get("about")
    length = about.get("length") if isinstance(about, dict) else None
    if not isinstance(length, int) or isinstance(length, bool) or not 0 < length <= LONG:
        return _DEFAULT_LENGTH
    return length


def _page(console: Console, examined: Examined, html: Path) -> None:
    from eqt_theory.report.html import write_page

    console.print(f"page: {write_page(page_of(examined), html)}", soft_wrap=True)


def _draw(console: Console, found: Any, folder: Path) -> None:
    from eqt_theory.report.plots import style
    from eqt_theory.report.plots.diagnosis import diagnosis_changes, diagnosis_errors, diagnosis_spectra

    folder.mkdir(parents=True, exist_ok=True)
    drawn = [style.save(diagnosis_spectra(found), folder / "spectra.svg")]
    if bool(found.usable.any()):
        drawn.append(style.save(diagnosis_errors(found), folder / "errors.svg"))
        drawn.append(style.save(diagnosis_changes(found), folder / "changes.svg"))
    console.print(f"plots: {', '.join(str(file) for file in drawn)}", soft_wrap=True)
