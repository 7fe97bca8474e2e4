"""`eqt-theory recheck`: what each certificate shows, as the kernel sees it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from eqt_theory import kernel
from eqt_theory.cli.console import make_console
from eqt_theory.core.errors import UsageError
from eqt_theory.report.wording import counted


def recheck(
    paths: Annotated[
        list[Path], typer.Argument(help="Certificates, or folders with certificates (*.json).", metavar="FILE|DIR")
    ],
) -> int:
    """Have the kernel check certificates, and say what each one shows.

    Exit status: 0 when every certificate is accepted, 1 when one is rejected, 2 for a usage error.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path] if path.is_file() else []
        if not found:
            what = "holds no *.json" if path.is_dir() else "is no file" if path.exists() else "does not exist"
            raise UsageError(f"expected a certificate or a folder with certificates, but {path} {what}")
        files += found
    console = make_console()
    rejected = 0
    for file in files:
        try:
            said = Text(f"shows: {kernel.check(kernel.load(file))}")
        except kernel.Rejected as error:
            rejected += 1
            said = Text(f"REJECTED: {error}", style="red")
        console.print(Text(f"{file}: ").append(said), soft_wrap=True)
    if len(files) > 1:
        console.print(f"{counted(len(files), 'file')}, {rejected or 'none'} rejected")
    return 1 if rejected else 0
