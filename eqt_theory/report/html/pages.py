"""Pages: the templates, and what every page of a site has in common."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from eqt_theory import __version__
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.display import folded
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import write_text
from eqt_theory.core.proof_text import identity_text, proof_lines
from eqt_theory.core.typeset import typeset
from eqt_theory.report.smtlib import file_name
from eqt_theory.report.wording import JUDGEMENT, METHOD, SHOWN_BY, counted, quantity, said_of


@dataclass(frozen=True)
class Page:
    """A page that stands beside the table of judgements, or alone in a file.

    Args:
        file: its name in a site.
        name: a word or two, for the navigation.
        template: the template's name.
        values: what the template shows.
    """

    file: str
    name: str
    template: str
    values: Mapping[str, Any]


def render(page: Page, sections: Sequence[Page] = ()) -> str:
    """The text of a page.

    Args:
        page: the page.
        sections: the pages of the site's navigation, this one among them where it is; none: no navigation.

    Returns:
        HTML that needs no other file, apart from its links.
    """
    root = "../" * page.file.count("/")
    shown = {"page": page, "sections": sections, "root": root, **page.values}
    return _templates().get_template(page.template).render(shown)


def write_page(page: Page, path: Path) -> Path:
    """Write a page that stands alone.

    Args:
        page: the page.
        path: a file whose name ends in .html, or a folder, made where it does not exist.

    Returns:
        The file written.

    Raises:
        UsageError: the folder for it does not exist, or is a file.
    """
    file = path if path.suffix == ".html" else path / page.file
    if path.suffix != ".html":
        make_folder(path)
    elif not file.parent.is_dir() or file.is_dir():
        raise UsageError(f"the page needs a folder and a name that is free, got {path}")
    return write_text(file, render(page))


def make_folder(folder: Path) -> None:
    """Make the folder of a site, where it does not exist.

    Raises:
        UsageError: it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"the site needs a folder, got the file {folder}")
    folder.mkdir(parents=True, exist_ok=True)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("eqt_theory.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(typeset=_typeset, linked=_linked, quantity=quantity, counted=counted, page=file_name)
    templates.globals.update(
        version=__version__, judgement_text=JUDGEMENT, method_text=METHOD, shown_by_text=SHOWN_BY, said_of=said_of
    )
    templates.globals.update(derivation=_derivation, identity_text=identity_text)
    return templates


def _typeset(text: object) -> Markup:
    return Markup(typeset(str(text)))  # noqa: S704  typeset escapes


def _derivation(certificate: Certificate | None) -> Markup:
    """The certificate as mathematics, folded away; empty where there is none."""
    lines = proof_lines(certificate) if certificate else []
    shown = folded("The certificate as mathematics", [(line.depth, line.text) for line in lines])
    return Markup(shown)  # noqa: S704  folded escapes


_ID = re.compile(r"(?<![\w:.-])(?:[\w.]+:)?[a-z0-9]+(?:[-.][a-z0-9]+)+(?![\w-])")


def _linked(text: object, ids: Collection[str], own: str) -> Markup:
    """The text typeset, and the ids of other claims in it as links; a name of one word is not taken for an id."""
    html = typeset(str(text))

    def link(match: re.Match[str]) -> str:
        name = match.group()
        if name not in ids or name == own:
            return name
        return f'<a href="{file_name(name)}.html">{name}</a>'

    parts = re.split(r"(<[^>]*>)", html)  # what stands in tags is left alone
    return Markup("".join(part if part.startswith("<") else _ID.sub(link, part) for part in parts))  # noqa: S704
