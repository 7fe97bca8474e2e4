"""Origin: a digest of what a finding came from (claim, code, settings), to tell when that changed."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path

from eqt_theory.core.check import Check, Run
from eqt_theory.core.claim import Claim
from eqt_theory.core.modules import package_of
from eqt_theory.core.record import digest

_PACKAGE = Path(__file__).resolve().parent.parent


def origin(claim: Claim, check: Check, run: Run) -> str | None:
    """A digest of what the finding of a check depends on.

    Args:
        claim: the claim.
        check: one of its checks.
        run: with which settings it runs; how long it may take is no part of it.

    Returns:
        Of the statement and its readings, the check's name, role, scope and place, the claims file with what it
        imports of its folder, all code of this package, and the settings; None for a claim that comes from no file.
    """
    if claim.file is None:
        return None
    told = [
        *(claim.id, digest(claim), _code(claim.file.resolve()), _own_code()),
        *(check.name, check.reading, check.part, check.scope, str(check.role), check.cases, check.cites, check.uses),
        *(run.seed, run.examples, run.device, run.quick),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@cache
def _own_code() -> str:
    return _digest(sorted(_PACKAGE.rglob("*.py")))


@cache
def _code(file: Path) -> str:
    """Of a claims file and, as far as names tell, every file of its folder that it imports."""
    imported = re.compile(rf"\b{re.escape(package_of(file.parent))}\.(\w+)|^\s*from\s+\.(\w*)", re.MULTILINE)
    found, todo = {file}, [file]
    while todo:
        names = {a or b for a, b in imported.findall(todo.pop().read_text("utf-8", "replace"))}
        named = {part for name in names for part in _files(file.parent, name)}
        todo += named - found
        found |= named
    return _digest(sorted(found))


def _files(folder: Path, name: str) -> list[Path]:
    """What a name of the folder may stand for; an import of the folder itself, for anything in it."""
    if not name:
        return sorted(folder.rglob("*.py"))
    return [
        *sorted((folder / name).rglob("*.py")),
        *([folder / f"{name}.py"] if (folder / f"{name}.py").is_file() else []),
    ]


def _digest(files: list[Path]) -> str:
    every = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        every.update(f"{file.name} {len(content)}\n".encode() + content)
    return every.hexdigest()
