"""The options that several commands share, and the Run that they make."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import try_file, try_folder


class Device(StrEnum):
    """Where checks that compute with torch do so."""

    CPU = "cpu"
    CUDA = "cuda"


Proofs = Annotated[Path | None, typer.Option(help="Folder of claims; default: this project's own.", metavar="DIR")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", metavar="N")]
Examples = Annotated[int, typer.Option(help="Cases that a sampled check tries.", metavar="N")]
OnDevice = Annotated[Device, typer.Option(help="Where checks that use torch compute.")]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out the long checks.")]

HtmlPage = Annotated[
    Path | None, typer.Option(help="Write the results as a page: a .html file, or a folder for it.", metavar="PATH")
]


def check_page(html: Path | None) -> None:
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


def make_run(seed: int, examples: int, device: Device, quick: bool) -> Run:
    """The Run that the options ask for.

    Args:
        seed: at least 0.
        examples: at least 1.
        device: cuda only where torch sees one.
        quick: whether long checks are left out.

    Returns:
        The Run.

    Raises:
        UsageError: an option out of its range, or a device that is not there.
    """
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    if examples < 1:
        raise UsageError(f"--examples must be at least 1, got {examples}")
    if device is Device.CUDA:
        import torch

        if not torch.cuda.is_available():
            raise UsageError("--device cuda: torch sees no CUDA device here; use --device cpu")
    return Run(seed=seed, examples=examples, device=str(device), quick=quick)
