"""The public names as griffe should see them, and docstrings that mean what they say in plain text."""

import importlib
import re
from typing import Any

import griffe

_CODE = re.compile(r"(`+).+?\1", re.DOTALL)
_SPECIAL = re.compile(r"[\\*_<>{}\[\]|$]")


class PublicNames(griffe.Extension):
    """Adds the names that a package loads when first used, and escapes the text of every docstring.

    The formulas of the docstrings are plain ASCII: `h*` and `|h - f|^2` are no Markdown.
    """

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Called once the package is loaded; a name is an alias of what its home module defines."""
        for package in ("eqt_theory", "eqt_theory.testing"):
            if pkg.name != "eqt_theory":
                continue
            home = importlib.import_module(package)._HOME
            module = pkg if package == pkg.name else pkg[package.removeprefix("eqt_theory.")]
            for origin, names in home.items():
                for name in names:
                    module.set_member(name, griffe.Alias(name, _definition(pkg, f"{origin}.{name}")))
        _escape_below(pkg)


def _definition(pkg: griffe.Module, path: str) -> str:
    """The path of a name, or of what a module of that name defines under its own: `smt.prove` is `smt.prove.prove`."""
    if pkg[path.removeprefix(f"{pkg.name}.")].is_module:
        return f"{path}.{path.rpartition('.')[2]}"
    return path


def _escape_below(item: griffe.Object) -> None:
    if item.docstring is not None:
        for section in item.docstring.parsed:
            _escape_section(section)
    for member in item.members.values():
        if not member.is_alias:
            _escape_below(member)  # type: ignore[arg-type]


def _escape_section(section: griffe.DocstringSection) -> None:
    if isinstance(section, griffe.DocstringSectionText):
        section.value = plain(section.value)
    elif isinstance(section, griffe.DocstringSectionAdmonition):
        section.value.description = plain(section.value.description)
    elif isinstance(section.value, list):
        for item in section.value:
            if hasattr(item, "description"):
                item.description = plain(item.description)


def plain(text: str) -> str:
    """Markdown that shows the text as it is written; code in backticks, paragraphs and lists keep their meaning."""
    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [_escaped(text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    def escape(match: re.Match[str]) -> str:
        sign = match.group()
        return {"<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}.get(sign, "\\" + sign)

    # A list's own marks are the only special signs that stand at the beginning of a line.
    return re.sub(r"(?m)^( *)\\\*(?= )", r"\1*", _SPECIAL.sub(escape, text))
