"""The notebooks' pages: one style sheet for all, no MathJax, no Mermaid; cells folded; links to what the site has."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

STYLE = "assets/notebook.css"
_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)
_WORDS = re.compile(r"mathjax|mermaid", re.IGNORECASE)
_FOLDED = {"fold": "Code of the figure", "solution": "Solution"}
"""What one clicks on, by the tag of a cell."""
_CELL = re.compile(r'<div class="jp-Cell jp-CodeCell[^"]*\bcelltag_(fold|solution)\b[^"]*">')
_INPUT = re.compile(r'<div class="jp-Cell-inputWrapper"[^>]*>')
_DIV = re.compile(r"<(/?)div\b")
_TOOLBAR = re.compile(r'<div class="celltoolbar">.*?</div>\s*</div>\s*(?=<div class="CodeMirror)', re.DOTALL)
_NEIGHBOUR = re.compile(r'href="([0-9]{2}_\w+)\.ipynb(#[^"]*)?"')
_CLAIM = re.compile(r'<a href="\.\./proofs/(\w+)/\w+\.py">(?:<code>)?([\w.-]+)(?:</code>)?</a>')
_PAPER = "closed_loop"
"""The folder whose claims are named without it."""
_sheets: list[str] = []


def on_pre_build(config: MkDocsConfig) -> None:
    """Forget the styles of an earlier build of the same process."""
    _sheets.clear()


def on_page_content(content: str, page: Page, **_: object) -> str:
    """Called with the HTML of each page."""
    if not page.file.src_uri.startswith("notebooks/"):
        return content
    if not page.file.src_uri.endswith(".ipynb"):
        return _NEIGHBOUR.sub(r'href="\1.html\2"', content)
    sheets = _SHEET.findall(content)
    _sheets.extend(sheet for sheet in sheets if sheet not in _sheets and not _WORDS.search(sheet))
    bare = _folded(_SHEET.sub("", _SCRIPT.sub(_script, content)))
    bare = _NEIGHBOUR.sub(r'href="\1.html\2"', bare)
    bare = bare.replace('href="README.md', 'href="index.html')
    bare = _CLAIM.sub(_judged, bare)
    return f'<link rel="stylesheet" href="../{STYLE}">\n{bare}'


def on_post_build(config: MkDocsConfig) -> None:
    """Write the style sheet that the pages share."""
    Path(config.site_dir, STYLE).write_text("\n".join(_sheets), "utf-8")


def _judged(match: re.Match[str]) -> str:
    """A link to a claim's file as one to its line in the table of judgements."""
    folder, claim = match.groups()
    name = claim if folder == _PAPER else f"{folder}:{claim}"
    return f'<a href="../judgements.html#{name}"><code>{claim}</code></a>'


def _script(match: re.Match[str]) -> str:
    """Scripts that would fetch something go, empty ones too; the one that copies code stays."""
    script = match.group()
    return "" if _WORDS.search(script) or 'src=""' in script else script


def _folded(content: str) -> str:
    """The cells that are tagged so behind something to click on: their code, or the whole cell."""
    content = _TOOLBAR.sub("", content)
    for cell in reversed(list(_CELL.finditer(content))):
        begin = cell if cell[1] == "solution" else _INPUT.search(content, cell.end())
        if begin is None:
            raise ValueError("a cell of code without code")
        end = _end(content, begin.start())
        inside = content[begin.start() : end]
        text = f'<details class="{cell[1]}"><summary>{_FOLDED[cell[1]]}</summary>{inside}</details>'
        content = content[: begin.start()] + text + content[end:]
    return content


def _end(content: str, begin: int) -> int:
    """Where the element ends that begins here; code within is escaped, so every tag is one."""
    depth = 0
    for tag in _DIV.finditer(content, begin):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return content.index(">", tag.end()) + 1
    raise ValueError("an element that does not end")
