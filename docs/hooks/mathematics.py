"""LaTeX of the notebooks as MathML, which browsers draw by themselves: no script, no font, nothing to fetch."""

import html
import logging
import re
from collections.abc import Iterable, Iterator

from latex2mathml.converter import convert
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

_LOG = logging.getLogger("mkdocs.hooks.mathematics")
_TAGS = re.compile(
    r"(<(?:pre|code|script|style|svg)\b.*?</(?:pre|code|script|style|svg)>"
    r'|<div class="clipboard-copy-txt".*?</div>'  # what the button of a code cell copies
    r"|<[^>]*>)",
    re.DOTALL,
)
_FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$]+?)\$", re.DOTALL)
_MACROS = {r"\arg": r"\operatorname{arg}"}
"""What the converter does not know."""
_TAG = re.compile(r"\\tag\{([^{}]*)\}")
_SPACING = (
    # A prime of a text font stands high enough as it is.
    (r"<msup>(<mi>[^<]*</mi>)<mi>(&#x0203[23];)</mi></msup>", r'<mrow>\1<mtext class="prime">\2</mtext></mrow>'),
    (r'<mo stretchy="false">&#x0007C;</mo>', r'<mo stretchy="false" lspace="0" rspace="0">&#x0007C;</mo>'),
    (r"<m[io]>(&#x0(?:27F[89A]|21D2);)</m[io]>", r'<mo lspace="0.5em" rspace="0.5em">\1</mo>'),
    (r"(?<=[^(]</m.>)(<mi>(?:cos|exp|ln|log|sin|tanh)</mi>)", r'<mspace width="0.17em"/>\1'),
    (r"(<mi>(?:cos|exp|ln|log|sin|tanh)</mi>)(?=<m(?!o|space))", r'\1<mspace width="0.17em"/>'),
)
"""Where the converter leaves the space around a sign to the browser, and that guesses wrong."""


def on_page_content(content: str, page: Page, **_: object) -> str:
    """Called with the HTML of each page; formulas are set on the notebooks' pages."""
    if not page.file.src_uri.startswith("notebooks/"):
        return content
    try:
        for item in _all(page.toc):
            item.title = typeset(item.title)
        return typeset(content)
    except ValueError as error:
        _LOG.warning("%s: %s", page.file.src_uri, error)
        return content


def _all(items: Iterable[AnchorLink]) -> Iterator[AnchorLink]:
    for item in items:
        yield item
        yield from _all(item.children)


def typeset(content: str) -> str:
    """The HTML with every formula between dollar signs as MathML.

    Args:
        content: HTML; formulas stand within one text node each, code is left alone.

    Returns:
        HTML.

    Raises:
        ValueError: a formula that the converter does not know, or a dollar sign without its partner.
    """
    parts = _TAGS.split(content)
    parts[::2] = [_text(part) for part in parts[::2]]
    return "".join(parts)


def _text(text: str) -> str:
    done = _FORMULA.sub(_formula, text)
    rest = _FORMULA.sub("", text)
    if "$" in rest.replace(r"\$", "") or r"\begin" in rest:
        raise ValueError(f"a formula that does not end: {rest.strip()[:80]}")
    return done


def _formula(match: re.Match[str]) -> str:
    tex = html.unescape(match["block"] or match["inline"]).strip()
    known = _TAG.sub(r"\\qquad (\1)", tex)
    for name, meaning in _MACROS.items():
        known = re.sub(re.escape(name) + r"(?![A-Za-z])", lambda _, x=meaning: x, known)
    try:
        mathml = convert(known, display="block" if match["block"] else "inline")
    except Exception as error:  # the converter raises many kinds
        raise ValueError(f"{type(error).__name__} in {tex[:80]}: {error}") from error
    left = re.search(r"\\[A-Za-z]+", mathml)
    if left:
        raise ValueError(f"{left.group()} is not known in {tex[:80]}")
    for given, wanted in _SPACING:
        mathml = re.sub(given, wanted, mathml)
    return mathml
