"""What a claims file says of its claims, read without running it, so that listing a folder is quick."""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from eqt_theory.core.claim import Claim
from eqt_theory.core.folder import LoadFailure, load_file, read_folder
from eqt_theory.core.record import load_record
from eqt_theory.core.theorem import theorem

_WANTED = ("id", "source", "title", "repair")
_MAKERS = {Claim.repaired.__name__, theorem.__name__, "slip"}
"""What makes claims besides `Claim`."""


@dataclass(frozen=True)
class Outline:
    """The head of a claim.

    Args:
        id: its id.
        source: section and equations in the source.
        title: a few words; may be empty.
        repair: the id of the claim that says it right, or None.
    """

    id: str
    source: str
    title: str = ""
    repair: str | None = None


def outline_folder(folder: Path) -> tuple[list[Outline], list[LoadFailure]]:
    """The heads of all claims of a folder.

    A file whose claims are all plain `name = Claim(...)` with literal heads is only parsed; any
    other is imported.

    Args:
        folder: the folder.

    Returns:
        The outlines, in the order in which the claims run, and the files that could not be read.

    Raises:
        UsageError: the folder does not exist, or holds no claims file.
    """
    return read_folder(folder, outline_file)


def outline_texts(folders: Sequence[Path]) -> tuple[list[Outline], dict[str, str], list[LoadFailure]]:
    """The heads of the claims of several folders, with ids as `load_texts` gives them, and what is on record.

    Args:
        folders: at least one.

    Returns:
        The outlines, the judgements on record by id, and the files that could not be read.

    Raises:
        UsageError: as for `outline_folder`, or a record that cannot be read.
    """
    outlines: list[Outline] = []
    recorded: dict[str, str] = {}
    failures: list[LoadFailure] = []
    for number, folder in enumerate(folders):
        prefix = f"{folder.resolve().name}:" if number else ""
        found, failed = outline_folder(folder)
        own = {outline.id for outline in found}
        for outline in found:
            repair = f"{prefix}{outline.repair}" if outline.repair in own else outline.repair
            outlines.append(replace(outline, id=f"{prefix}{outline.id}", repair=repair))
        recorded |= {f"{prefix}{name}": judgement for name, judgement in load_record(folder).items()}
        failures += [LoadFailure(f"{prefix}{failure.file}", failure.reason) for failure in failed]
    return outlines, recorded, failures


def outline_file(file: Path) -> list[Outline]:
    """The heads of the claims of one file."""
    tree = ast.parse(file.read_bytes(), str(file))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    every = [call for call in calls if _name(call.func) == Claim.__name__]
    others = any(_name(call.func) in _MAKERS for call in calls)
    plain = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value in every]
    heads = [head for head in map(_literal_head, every) if head is not None]
    if every and len(heads) == len(plain) == len(every) and not others and _own_names(tree, plain):
        return heads
    return [Outline(c.id, c.source, c.title, c.repair) for c in load_file(file)]


def _own_names(tree: ast.Module, statements: Sequence[ast.stmt]) -> bool:
    """Whether nothing else at the top level gives something a name that one of these statements gives."""
    often = Counter(name for node in tree.body for name in _stored(node))
    return all(often[name] == 1 for statement in statements for name in _stored(statement))


def _stored(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return [node.id for node in names if not isinstance(node.ctx, ast.Load)]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literal_head(call: ast.Call) -> Outline | None:
    """The head in the arguments of one call; None where it is not written as literals."""
    given: dict[str, ast.expr] = dict(zip((f.name for f in fields(Claim)), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    if any(keyword.arg is None for keyword in call.keywords):  # Claim(**something)
        return None
    try:
        return Outline(**{name: ast.literal_eval(given[name]) for name in _WANTED if name in given})
    except (ValueError, TypeError):  # not literals, or id and source are missing
        return None
