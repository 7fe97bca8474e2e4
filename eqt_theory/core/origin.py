"""Origin: a digest of what a finding came from (claim, code, settings), to tell when that changed."""

import ast
import hashlib
import importlib.util
import json
import re
import sys
from functools import cache
from importlib import metadata
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
        imports of its folder and of packages that are not installed but worked on, all code of this package, SymPy's
        version, and the settings; None for a claim that comes from no file.
    """
    if claim.file is None:
        return None
    told = [
        *(claim.id, digest(claim), _code(claim.file.resolve()), _own_code(), metadata.version("sympy")),
        *(check.name, check.reading, check.part, check.scope, str(check.role), check.cases, check.cites, check.uses),
        *(run.seed, run.examples, run.device, run.quick),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@cache
def _own_code() -> str:
    return _digest(sorted(_PACKAGE.rglob("*.py")))


@cache
def _code(file: Path) -> str:
    """Of a claims file and, as far as names tell, every file that it imports of its folder or that is worked on."""
    own = package_of(file.parent)
    beside = re.compile(rf"\b{re.escape(own)}\b(?:\.(\w+))?|\bfrom\s*\.(\w*)")
    found, todo = {file}, [file]
    while todo:
        text = todo.pop().read_text("utf-8", "replace")
        named = {part for a, b in beside.findall(text) for part in _files(file.parent, a or b)}
        named |= {part for name in _imported(text) - {own} for part in _worked_on(name)}
        todo += named - found
        found |= named
    return _digest(sorted(found))


def _imported(text: str) -> set[str]:
    """The packages that a file imports, by the first part of their names."""
    try:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    except (SyntaxError, ValueError):  # nor can Python import it
        return set()
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in named}


@cache
def _worked_on(name: str) -> list[Path]:
    """The files of a module or package of that name, unless it is Python's, this one, or an installed one."""
    if name in sys.stdlib_module_names or name == _PACKAGE.name:
        return []
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # no module of that name, or one that was not made from a file
        return []
    places = [] if spec is None else [Path(at) for at in spec.submodule_search_locations or [spec.origin or ""]]
    places = [at for at in places if at.exists() and not {"site-packages", "dist-packages"} & set(at.parts)]
    return [file for at in places for file in (sorted(at.rglob("*.py")) if at.is_dir() else [at])]


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
