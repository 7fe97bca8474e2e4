"""The notebooks' pages without what each would carry or fetch: one style sheet for all, no MathJax, no Mermaid."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

STYLE = "assets/notebook.css"
_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)
_WORDS = re.compile(r"mathjax|mermaid", re.IGNORECASE)
_sheets: list[str] = []


def on_pre_build(config: MkDocsConfig) -> None:
    """Forget the styles of an earlier build of the same process."""
    _sheets.clear()


def on_page_content(content: str, page: Page, **_: object) -> str:
    """Called with the HTML of each page."""
    if not page.file.src_uri.startswith("notebooks/"):
        return content
    sheets = _SHEET.findall(content)
    _sheets.extend(sheet for sheet in sheets if sheet not in _sheets and not _WORDS.search(sheet))
    bare = _SHEET.sub("", _SCRIPT.sub(_script, content))
    return f'<link rel="stylesheet" href="../{STYLE}">\n{bare}'


def on_post_build(config: MkDocsConfig) -> None:
    """Write the style sheet that the pages share."""
    Path(config.site_dir, STYLE).write_text("\n".join(_sheets), "utf-8")


def _script(match: re.Match[str]) -> str:
    """Scripts that would fetch something go, empty ones too; the one that copies code stays."""
    script = match.group()
    return "" if _WORDS.search(script) or 'src=""' in script else script
