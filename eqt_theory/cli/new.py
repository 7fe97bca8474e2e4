"""`eqt-theory new`: a claims file with its test, to start from."""

import contextlib
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from eqt_theory.cli.console import say
from eqt_theory.cli.new_texts import MANIFEST as MANIFEST_TEXT
from eqt_theory.cli.new_texts import text_of_claim, text_of_test
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import is_fault, try_folder
from eqt_theory.core.folder import LEMMAS
from eqt_theory.core.manifest import MANIFEST, folders_in
from eqt_theory.core.record import RECORD

TESTS = "tests"
"""The folder of tests in a folder of claims; `verify` does not look into it."""
_REPAIRED = "-repaired"
_FOLDER = Path("my_claims")


def new(
    claim: Annotated[str, typer.Argument(help="Id of the claim, as theorem-2.", metavar="CLAIM")],
    proofs: Annotated[
        Path, typer.Option(help="The folder of claims; made where there is none.", metavar="DIR")
    ] = _FOLDER,
    repaired: Annotated[
        bool, typer.Option("--repaired", help="A false statement with the repaired one, instead of one that holds.")
    ] = False,
) -> int:
    """Write a claims file and its test, to start from.

    Both work as they stand: the claim is judged, the test passes. Nothing that is there is written over. A new folder
    also gets a manifest.toml, which says what text the claims are about.
    """
    stem = _stem(claim)
    try_folder("--proofs", proofs)
    try_folder("--proofs", proofs / TESTS)
    begun = _require_folder_of_claims(proofs)
    if begun:
        _require_unused(proofs, [claim, f"{claim}{_REPAIRED}"] if repaired else [claim])
    file, test = proofs / f"{stem}.py", proofs / TESTS / f"test_{stem}.py"
    texts = {
        file: text_of_claim(claim, repaired=repaired),
        test: text_of_test(claim, stem, repaired=repaired),
    }
    if not begun:
        texts[proofs / MANIFEST] = MANIFEST_TEXT
    _write(texts)
    for written in texts:
        say(f"written: {written}")
    folder = shlex.quote(str(proofs))
    say(f"judge it: eqt-theory verify {claim} --proofs {folder}")
    say(f"test it: pytest {shlex.quote(str(test))}")
    if (proofs / RECORD).exists():
        say(f"put it on record: eqt-theory verify {claim} --proofs {folder} --record")
    return 0


def _stem(claim: str) -> str:
    """The name of the file, without its ending; raises UsageError for an id that no claim, or no file, can have."""
    Claim(id=claim, source="any", statement="any")  # what an id is, it says itself
    stem = claim.replace("-", "_").replace(".", "_")
    if stem == LEMMAS:
        raise UsageError(f"{LEMMAS}.py is what claims share, so no claim can have the id {claim!r}; choose another")
    return stem


def _require_folder_of_claims(proofs: Path) -> bool:
    """Whether the folder holds claims already; raises UsageError where it holds folders of claims instead."""
    if not proofs.is_dir():
        return False
    try:
        found = folders_in(proofs)
    except UsageError:  # nothing in it
        return False
    if found != [proofs]:
        names = ", ".join(folder.name for folder in found[:5])
        raise UsageError(f"--proofs {proofs} is a folder of folders of claims; name one of them, or a new one: {names}")
    return True


def _require_unused(proofs: Path, ids: list[str]) -> None:
    """Raise UsageError where a file defines one of these ids; files are read, not run."""
    for file in sorted(proofs.glob("*.py")):
        text = file.read_text("utf-8", errors="replace") if file.is_file() else ""
        for claim in ids:
            wrong = claim.removesuffix(_REPAIRED)
            if _defines(text, claim) or (wrong != claim and ".repaired(" in text and _defines(text, wrong)):
                raise UsageError(f"{file} has a claim {claim!r} already; choose another id")


def _defines(text: str, claim: str) -> bool:
    return re.search(rf"""\bid\s*=\s*["']{re.escape(claim)}["']""", text) is not None


def _write(texts: Mapping[Path, str]) -> None:
    """Write files that are not there yet: all of them, or none."""
    for file in texts:
        if os.path.lexists(file):
            raise UsageError(f"{file} is there already, and nothing is written over; choose another id or folder")
    folder = max((file.parent for file in texts), key=lambda place: len(place.parts))
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    made: list[Path] = []
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as out:
                made.append(file)
                out.write(text)
    except OSError as error:
        for file in made:
            with contextlib.suppress(OSError):
                file.unlink()
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
        if is_fault(error):
            raise
        raise UsageError(f"{error.filename} cannot be written: {error.strerror or error}") from None
