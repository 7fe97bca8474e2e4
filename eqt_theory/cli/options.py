"""The options that several commands share, and the Run that they make."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError


class Device(StrEnum):
    """Where checks that compute with torch do so."""

    CPU = "cpu"
    CUDA = "cuda"


Proofs = Annotated[Path | None, typer.Option(help="Folder of claims; default: this project's own.", metavar="DIR")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", metavar="N")]
Examples = Annotated[int, typer.Option(help="Cases that a sampled check tries.", metavar="N")]
OnDevice = Annotated[Device, typer.Option(help="Where checks that use torch compute.")]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out the long checks.")]


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
