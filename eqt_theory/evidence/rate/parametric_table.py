"""The smallest rates that can be certified at a few points of a region, told where nothing is proved for all of it."""

from collections.abc import Callable, Sequence

from eqt_theory.engines.region import Point, Region
from eqt_theory.evidence.rate.certify_class import decide
from eqt_theory.evidence.rate.question import Question

_ROWS = 3


def table(points: Sequence[Point], region: Region, question_at: Callable[[Point], Question]) -> str:
    """The rates in words.

    Args:
        points: of the region; the first few are looked at.
        region: where they lie.
        question_at: what is asked at a point.

    Returns:
        "smallest rates found: ..".
    """
    rows = []
    for point in points[:_ROWS]:
        question = question_at(point)
        found = decide(question, None) if question.m >= 0 else None
        rate = None if found is None else found.enclosures.get("rate")
        rows.append(f"{region.shown(point)}: {'none found' if rate is None else f'{float(rate):.9g}'}")
    return "smallest rates found: " + "; ".join(rows)
