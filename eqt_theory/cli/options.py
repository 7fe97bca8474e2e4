"""The options that several commands share, and the Run that they make."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eqt_theory.core.annotated import WORD, shown
from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import try_file, try_folder
from eqt_theory.core.limit import LIMIT

_LONGEST = 10**6  # seconds; timers take no infinity


class Device(StrEnum):
    """Where checks that compute with torch do so."""

    CPU = "cpu"
    CUDA = "cuda"


Proofs = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of claims, or of such folders; may be repeated. Default: our own.", metavar="DIR"),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", metavar="N")]
Examples = Annotated[int, typer.Option(help="Cases that a sampled check tries.", metavar="N")]
OnDevice = Annotated[Device, typer.Option(help="Where checks that use torch compute.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Checks that run at once, in processes of their own; 1: in this one. Default: a job per core.",
        metavar="N",
        envvar="EQT_THEORY_JOBS",
        show_default=False,
    ),
]
Scheduler = Annotated[
    str | None, typer.Option(help="Run the checks on the cluster of this Dask scheduler.", metavar="ADDRESS")
]
Timeout = Annotated[float, typer.Option(help="Seconds for each prover on each obligation.", metavar="SECONDS")]
Limit = Annotated[
    float,
    typer.Option(help="A last resort: a check that runs longer is ended, and inconclusive.", metavar="SECONDS"),
]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out the long checks.")]

Accuracy = Annotated[
    float | None, typer.Option(help="Relative accuracy that it reaches by design; default: rounding.", metavar="A")
]
Expected = Annotated[
    list[str] | None, typer.Option("--expect", help="A check that is known to fail, and why.", metavar="NAME=REASON")
]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first check that fails.")]
Seconds = Annotated[
    float | None,
    typer.Option(help="A last resort: stop after so long; what is left is no pass.", metavar="SECONDS"),
]

HtmlPage = Annotated[
    Path | None, typer.Option(help="Write the results as a page: a .html file, or a folder for it.", metavar="PATH")
]


def require_page(html: Path | None) -> None:
    """Say before the work that the page cannot be written.

    Args:
        html: a .html file or a folder; None: no page is wanted.

    Raises:
        UsageError: the file or the folder cannot be written.
    """
    if html is not None and html.suffix == ".html":
        try_file("--html", html)
    else:
        try_folder("--html", html)


def number_of_jobs(jobs: int | None, device: Device) -> int:
    """How many checks run at once: as asked for, else one for each core but at least two, and one on a GPU.

    Raises:
        UsageError: less than one.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs must be at least 1, got {jobs}")
    if device is Device.CPU:
        # One thread for each check: more would fight over the cores, and sums differ by how many there are.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    if jobs is not None:
        return jobs
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, cores) if device is Device.CPU else 1  # two on one core: a check that crashes still ends no run


MANY = 1_000_000
"""The most cases, states or tokens that a command takes: more would not end, or not fit."""
LONG = 65_536
"""The most bits of a sequence."""


def require_number(option: str, value: int, least: int, most: int) -> None:
    """Raise UsageError unless the value of an option is in its range."""
    if value < least:
        raise UsageError(f"{option} must be at least {least}, got {shown(value)}")
    if value > most:
        raise UsageError(f"{option} must be at most {most}, got {shown(value)}")


def require_seed(seed: int) -> None:
    """Raise UsageError unless every generator takes the seed."""
    require_number("--seed", seed, 0, WORD - 1)


def make_run(seed: int, examples: int, device: Device, quick: bool, timeout: float = 10.0, limit: float = LIMIT) -> Run:
    """The Run that the options ask for.

    Args:
        seed: at least 0.
        examples: at least 1.
        device: cuda only where torch sees one.
        quick: whether long checks are left out.
        timeout: positive, in seconds.
        limit: likewise.

    Returns:
        The Run.

    Raises:
        UsageError: an option out of its range, or a device that is not there.
    """
    require_seed(seed)
    require_number("--examples", examples, 1, MANY)
    for option, seconds in (("--timeout", timeout), ("--limit", limit)):
        if not 0 < seconds <= _LONGEST:
            raise UsageError(f"{option} must be a positive number of seconds, at most {_LONGEST}, got {seconds}")
    if device is Device.CUDA:
        import torch

        if not torch.cuda.is_available():
            raise UsageError("--device cuda: torch sees no CUDA device here; use --device cpu")
    return Run(seed=seed, examples=examples, device=str(device), quick=quick, timeout=timeout, limit=limit)
