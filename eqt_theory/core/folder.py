"""Loading a folder of claims: one Python file per statement, each with one or more Claims at its top level."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.limit import LOADING, limited
from eqt_theory.core.made import claims_made
from eqt_theory.core.manifest import MANIFEST, read_manifest
from eqt_theory.core.modules import forget, import_file

PAPER = "closed_loop"
LEMMAS = "lemmas"
"""What claims of a folder share stands in `lemmas.py`, or in a package `lemmas/`; it is no claims file."""


@dataclass(frozen=True)
class LoadFailure:
    """A claims file that could not be loaded, and why."""

    file: str
    reason: str


def default_folder() -> Path:
    """The folder of the paper's claims: inside an installed package, or beside it in a checkout."""
    return default_folders()[0]


def default_folders() -> list[Path]:
    """The folders of this project's own claims: every one of `proofs/` with a manifest, the paper's first.

    Returns:
        The folders, inside an installed package or beside it in a checkout.

    Raises:
        UsageError: there is none.
    """
    package = Path(__file__).resolve().parent.parent
    for proofs in (package / "proofs", package.parent / "proofs"):
        if (proofs / PAPER).is_dir():
            others = [file.parent for file in proofs.glob(f"*/{MANIFEST}") if file.parent.name != PAPER]
            return [proofs / PAPER, *sorted(others)]
    raise UsageError(f"no proofs folder found inside or beside {package}; name one with --proofs")


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_T = TypeVar("_T", bound=_Identified)


def load_folder(folder: Path) -> tuple[list[Claim], list[LoadFailure]]:
    """Import every claims file of a folder.

    Args:
        folder: the folder; `lemmas.py` and files whose names begin with an underscore are left out.

    Returns:
        The claims, in order of file name (numbers in a name counted as numbers), and the files that
        could not be loaded.

    Raises:
        UsageError: the folder does not exist, or holds no claims file.
    """
    forget(folder)
    return read_folder(folder, load_file)


def load_file(file: Path) -> list[Claim]:
    """Import one claims file.

    Args:
        file: the file.

    Returns:
        The Claims at its top level with their slips, in order, with the symbols of the manifest.

    Raises:
        UsageError: no name stands for a claim that it made, as for the first of two functions of one name.
    """
    with claims_made() as every:
        claims = list(_claims_of(import_file(file)))
    _require_names(every, claims)
    symbols = read_manifest(file.parent).make_symbols() if claims else ()
    for claim in claims:
        claim.file = file.resolve()
        claim.symbols = claim.symbols or symbols
    return claims


def read_folder(folder: Path, read: Callable[[Path], Sequence[_T]]) -> tuple[list[_T], list[LoadFailure]]:
    """Read every claims file of a folder in the given way.

    Args:
        folder: the folder; `lemmas.py` and files whose names begin with an underscore are left out.
        read: what to do with one file; whatever it raises is a failure of that file alone.

    Returns:
        What was read, with different ids, in order of file name, and the files that could not be read.

    Raises:
        UsageError: the folder does not exist, or holds no claims file.
        KeyboardInterrupt: the user's own.
    """
    if not folder.is_dir():
        raise UsageError(f"the claims folder {folder} {'is no folder' if folder.exists() else 'does not exist'}")
    files = sorted((f for f in folder.glob("*.py") if not f.name.startswith("_") and f.stem != LEMMAS), key=_natural)
    if not files:
        raise UsageError(f"the claims folder {folder} holds no claims file (*.py)")
    items: list[_T] = []
    failures: list[LoadFailure] = []
    origin: dict[str, str] = {}
    for file in files:
        try:
            if not file.is_file():  # reading a pipe would wait for ever
                raise UsageError("it is no regular file")
            with limited(LOADING, "loading it"):
                found = read(file)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # anybody's code: report it, go on with the others
            failures.append(LoadFailure(file.name, describe(error)))
            continue
        if not found:
            failures.append(LoadFailure(file.name, "it defines no Claim at its top level"))
        for item in found:
            if item.id in origin:
                reason = f"claim id {item.id!r} is already defined in {origin[item.id]}"
                failures.append(LoadFailure(file.name, reason))
                continue
            origin[item.id] = file.name
            items.append(item)
    return items, failures


def _natural(file: Path) -> list[tuple[bool, int, str]]:
    return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in file.stem.replace("_", " ").split()]


def _claims_of(module: ModuleType) -> Iterator[Claim]:
    """Those that names stand for, in order, each with the slips of it that none stands for."""
    named = {id(value): value for value in vars(module).values() if isinstance(value, Claim)}
    for claim in named.values():
        yield claim
        yield from (slip for slip in claim.slips if id(slip) not in named)


def _require_names(made: Sequence[Claim], named: Sequence[Claim]) -> None:
    """Require that each has a name at the top level of its file, or of another one that was imported meanwhile."""
    known = {id(claim) for claim in named}
    if all(id(claim) in known for claim in made):
        return
    known |= {id(value) for module in [*sys.modules.values()] for value in [*getattr(module, "__dict__", {}).values()]}
    for claim in made:
        if id(claim) not in known:
            raise UsageError(
                f"the claim {claim.id} is lost, as no name at the top level stands for it; if that of "
                f"{claim.statement!r} was given to something else below it, name one of them otherwise"
            )
