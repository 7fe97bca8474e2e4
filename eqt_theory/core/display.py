"""How results look in a notebook: a small table, every text escaped and its formulas set.

A class shows itself by a method `_repr_html_` that returns one of these tables. It shows what `str` says, one fact a
line, and nothing that changes from run to run, such as a time.
"""

from collections.abc import Mapping, Sequence
from html import escape

from eqt_theory.core.typeset import typeset

_LEFT = ' style="text-align:left;vertical-align:top"'
_MOST = 100
_WRAP = ' style="text-align:left;vertical-align:top;white-space:normal"'


def table(rows: Mapping[str, str]) -> str:
    """An HTML table of names and texts; empty texts are left out.

    Args:
        rows: name -> text, both plain.

    Returns:
        The HTML.
    """
    body = "".join(
        f"<tr><th{_LEFT}>{escape(name)}</th><td{_WRAP}>{typeset(text)}</td></tr>" for name, text in rows.items() if text
    )
    return f"<table>{body}</table>"


def folded(title: str, lines: Sequence[tuple[int, str]], unfolded: bool = False) -> str:
    """Lines that a reader unfolds, each as far to the right as it lies within others; empty for none.

    Args:
        title: what stays in sight.
        lines: `(depth, text)`, plain; after the first hundred only their number is said.
        unfolded: whether they are in sight at first.

    Returns:
        The HTML.
    """
    if not lines:
        return ""
    more = f"<div>... and {len(lines) - _MOST} lines more</div>" if len(lines) > _MOST else ""
    body = "".join(f'<div style="margin-left:{1.5 * depth:g}em">{typeset(text)}</div>' for depth, text in lines[:_MOST])
    return f"<details{' open' if unfolded else ''}><summary>{typeset(title)}</summary>{body}{more}</details>"


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """An HTML table with a heading for each column; the first cell of a row names it.

    Args:
        headings: one per column.
        rows: a plain text per column.
        caption: above the table.

    Returns:
        The HTML.
    """
    head = "".join(f"<th{_LEFT}>{escape(name)}</th>" for name in headings)
    body = "".join(
        f"<tr><th{_LEFT}>{escape(first)}</th>{''.join(f'<td{_WRAP}>{typeset(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    title = f'<caption style="text-align:left;caption-side:top">{typeset(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def span(values: Sequence[float], digits: int = 4) -> str:
    """Numbers in short: the number itself where there is one, else the least and the greatest; empty for none."""
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:.{digits}g}" if low == high else f"{low:.{digits}g} to {high:.{digits}g}"
