"""How results look in a notebook: a small table, every text escaped."""

from collections.abc import Mapping
from html import escape


def table(rows: Mapping[str, str]) -> str:
    """An HTML table of names and texts; empty texts are left out.

    Args:
        rows: name -> text, both plain.

    Returns:
        The HTML.
    """
    cell = '<td style="text-align:left;white-space:normal">'
    body = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>{cell}{escape(text)}</td></tr>'
        for name, text in rows.items()
        if text
    )
    return f"<table>{body}</table>"
