"""The table of judgements in Markdown, for a README or a pull request."""

from collections.abc import Mapping, Sequence

from eqt_theory.core.outline import Outline
from eqt_theory.core.plain_text import visible

_ESCAPED = str.maketrans({"|": r"\|", "<": "&lt;", ">": "&gt;", "\n": " "})


def judgement_table(outlines: Sequence[Outline], judgements: Mapping[str, str]) -> str:
    """A row per statement, with the judgement of the statement that repairs it.

    Args:
        outlines: the heads of the claims, in order.
        judgements: `{claim id: judgement}`; a claim without one is shown as `not judged`.

    Returns:
        A Markdown table, ending in a line break.
    """
    repairs = {outline.repair for outline in outlines if outline.repair}
    lines = ["| claim | what it is about | source | judgement | repaired statement |", "|---|---|---|---|---|"]
    for outline in outlines:
        if outline.id in repairs:
            continue
        repaired = ""
        if outline.repair:
            repaired = f"{judgements.get(outline.repair, 'not judged')} (`{outline.repair}`)"
        judgement = f"**{judgements.get(outline.id, 'not judged')}**"
        cells = (f"`{outline.id}`", outline.title, outline.source, judgement, repaired)
        lines.append("| " + " | ".join(visible(cell).translate(_ESCAPED) for cell in cells) + " |")
    return "\n".join([*lines, ""])
