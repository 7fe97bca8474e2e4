"""The figures of a claim's page, as SVG inside the page: nothing to fetch, and read out by its caption."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from eqt_theory.core.claim import Drawing
from eqt_theory.core.errors import describe
from eqt_theory.core.ledger import Entry

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_STATIC = {"role": "img", "stroke-linejoin": "round", "stroke-linecap": "butt", "preserveAspectRatio": "xMidYMid meet"}
_DROPPED = ("metadata", "style", "script", "foreignObject")
_PAPER = "fill: #ffffff"
"""How the backgrounds of a figure and its panels are painted: they have no outline."""


@dataclass(frozen=True)
class Picture:
    """A figure for a page.

    Args:
        name: different from those of the others on the page; a word.
        svg: the figure as an `<svg>` element.
        caption: below it; the element refers to it by the id `{name}-caption`.
    """

    name: str
    svg: Markup
    caption: str


def pictures_of(entry: Entry) -> tuple[list[Picture], list[str]]:
    """Draw the figures of a claim.

    Whatever a drawing raises is a problem of that figure alone: the functions may be anybody's.

    Args:
        entry: the claim with its findings.

    Returns:
        The figures, and a sentence for each that could not be drawn.
    """
    findings = {result.check.name: result.finding for result in entry.results}
    drawn: list[Picture] = []
    problems = []
    for drawing in entry.claim.drawings:
        if not drawing.applies(findings):
            continue
        try:
            drawn.append(_picture(drawing, drawing(findings)))
        except Exception as error:
            problems.append(f"{entry.claim.id}: the figure {drawing.name} could not be drawn: {describe(error)}")
    return drawn, problems


def _picture(drawing: Drawing, figure: Any) -> Picture:
    return picture(drawing.name.replace("_", "-"), drawing.caption, figure)


def picture(name: str, caption: str, figure: Any) -> Picture:
    """A Matplotlib figure made part of a page.

    Args:
        name: a word, for the ids.
        caption: what it shows.
        figure: the figure.

    Returns:
        The picture.

    Raises:
        TypeError: it is no Matplotlib figure.
    """
    # Only now: Matplotlib is slow to load and most pages have no figure.
    from matplotlib.figure import Figure

    from eqt_theory.report.plots.style import svg

    if not isinstance(figure, Figure):
        raise TypeError(f"a figure must be a matplotlib Figure, got {type(figure).__name__}")
    return Picture(name, inline(svg(figure), name), caption)


def inline(text: str, name: str) -> Markup:
    """An SVG document as an element of a page.

    Its ids get the name as their prefix, so that two figures can stand on one page. What would act on the whole page
    (style sheets) or is of no use in it (metadata, comments, the paper behind the figure) is left out.

    Args:
        text: the document.
        name: a word, for the ids.

    Returns:
        The element, labelled by the element with the id `{name}-caption`.
    """
    root = ElementTree.fromstring(text)  # noqa: S314  drawn by Matplotlib just now; comments are dropped
    _strip(root)
    used = set(_references(root.iter()))
    for element in root.iter():
        _localise(element, name, used)
    box = root.get("viewBox", "")
    root.attrib = {
        "viewBox": box,
        **_STATIC,
        "aria-labelledby": f"{name}-caption",
        "style": f"max-width: {_width(box)}",
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  serialised, so every text is escaped


def _strip(element: ElementTree.Element) -> None:
    for child in list(element):
        tag = child.tag.rpartition("}")[2]
        if tag in _DROPPED or child.get("style") == _PAPER:
            element.remove(child)
        else:
            _strip(child)


def _references(elements: Iterable[ElementTree.Element]) -> Iterable[str]:
    for element in elements:
        for name, value in element.attrib.items():
            yield from _REFERENCE.findall(value)
            if name.endswith("href") and value.startswith("#"):
                yield value[1:]


def _localise(element: ElementTree.Element, name: str, used: set[str]) -> None:
    """HTML knows no namespaces; an id stays only where something refers to it."""
    element.tag = element.tag.rpartition("}")[2]
    attributes = {}
    for key, value in element.attrib.items():
        key = key.rpartition("}")[2]
        if key == "id":
            if value in used:
                attributes["id"] = f"{name}-{value}"
        elif key == "href":
            # A link out of a figure is anybody's, and may run code.
            if value.startswith("#"):
                attributes["href"] = f"#{name}-{value[1:]}"
            elif element.tag == "image" and value.startswith("data:image/png;base64,"):
                attributes["href"] = value
        elif key.startswith("on"):
            continue
        else:
            attributes[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    element.attrib = attributes


def _width(box: str) -> str:
    """The figure's own width: it shrinks to fit a phone, and does not grow beyond its size."""
    return f"{float(box.split()[2]) * 4 / 3:.0f}px"
