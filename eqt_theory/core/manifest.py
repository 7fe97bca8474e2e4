"""The manifest of a folder of claims: what text they are about, and where such folders are."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.nearest import nearest

MANIFEST = "manifest.toml"


@dataclass(frozen=True)
class Manifest:
    """What a folder of claims says of its text.

    Args:
        title: of the text.
        authors: in order.
        identifier: a DOI, an arXiv number, an ISBN.
        link: where it can be read.
        sections: their names, in order.
        symbols: those of claims that declare none, `{name: [assumption, ...]}`, as `mu = ["positive"]`.
    """

    title: str = ""
    authors: Sequence[str] = ()
    identifier: str = ""
    link: str = ""
    sections: Sequence[str] = ()
    symbols: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        by = ", ".join(self.authors)
        return ". ".join(text for text in (self.title, by, self.identifier) if text)

    def make_symbols(self) -> tuple[Any, ...]:
        """The symbols, as SymPy's."""
        if not self.symbols:
            return ()
        import sympy  # slow to load, and seldom needed

        return tuple(sympy.Symbol(name, **dict.fromkeys(held, True)) for name, held in sorted(self.symbols.items()))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder; an empty one where it has none.

    Args:
        folder: of claims.

    Returns:
        The manifest.

    Raises:
        UsageError: it is not TOML, or holds something else than a Manifest does.
    """
    file = folder / MANIFEST
    if not file.is_file():
        return Manifest()
    try:
        given = tomllib.loads(file.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the manifest {file} is not TOML: {error}") from None
    known = {f.name: _KINDS[f.name] for f in fields(Manifest)}
    for name, value in given.items():
        if name not in known:
            raise UsageError(
                f"the manifest {file} has an unknown entry {name!r}{nearest(name, known)}; known: {', '.join(known)}"
            )
        said, fits = known[name]
        if not fits(value):
            raise UsageError(f"{name} in the manifest {file} must be {said}, got {value!r:.80}")
    return Manifest(**given)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_KINDS = {
    "title": ("a text", lambda value: isinstance(value, str)),
    "authors": ("a list of texts", _texts),
    "identifier": ("a text", lambda value: isinstance(value, str)),
    "link": ("an address that begins with http:// or https://", lambda v: isinstance(v, str) and _is_link(v)),
    "sections": ("a list of texts", _texts),
    "symbols": ("a table of lists of assumptions", lambda v: isinstance(v, dict) and all(map(_texts, v.values()))),
}


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def folders_in(place: Path) -> list[Path]:
    """The folders of claims that a folder names: itself, or those in it.

    Args:
        place: a folder of claims, or a folder of such folders.

    Returns:
        Itself where it holds a manifest or a Python file; else every folder in it that does, in order of name.

    Raises:
        UsageError: it does not exist, or holds no claims.
    """
    if not place.is_dir():
        raise UsageError(
            f"the claims folder {place} {'is no folder' if place.exists() else 'does not exist'}{_near(place)}"
        )
    if _holds_claims(place):
        return [place]
    found = sorted(inner for inner in place.iterdir() if inner.is_dir() and inner.name[0] not in "._")
    found = [inner for inner in found if _holds_claims(inner)]
    if not found:
        raise UsageError(f"the claims folder {place} holds no claims file (*.py), nor does a folder in it")
    return found


def _near(place: Path) -> str:
    """The folders beside a place that may be meant."""
    if place.exists() or not place.parent.is_dir():
        return ""
    return nearest(place.name, (beside.name for beside in place.parent.iterdir() if beside.is_dir()))


def _holds_claims(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or any(not file.name.startswith("_") for file in folder.glob("*.py"))
