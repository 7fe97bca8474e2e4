"""Looking for a case that shows a fault: Hypothesis draws and shrinks it, within a budget, and it is replayed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.claim import Run
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.engines.property import property_check

Case = TypeVar("Case")


@dataclass(frozen=True)
class Line:
    """One thing that a case must show.

    Args:
        text: the relation, readable.
        holds: whether it does.
        margin: the numbers.
    """

    text: str
    holds: bool
    margin: str = ""


def at_most(text: str, value: float, limit: float) -> Line:
    """`value <= limit`; nan never is."""
    return Line(f"{text} <= {limit:.3g}", bool(value <= limit), f"{value:.3g}")


def search(
    strategy: SearchStrategy[Case],
    judge: Callable[[Case], tuple[Line, ...]],
    *,
    seed: int,
    examples: int,
    shrinks: int,
    detail: str,
    describe: Callable[[Case], Mapping[str, Any]],
    hypotheses: Callable[[Case], tuple[Line, ...]],
) -> Finding:
    """Draw cases, look for one on which a line fails, shrink it, and judge it once more.

    Args:
        strategy: draws hashable cases.
        judge: runs the solver on a case and compares with what does not depend on the solver; no lines: the case
            says nothing.
        seed: of the drawing.
        examples: cases to draw.
        shrinks: further cases tried, once one fails, to make it smaller.
        detail: what is checked, in a few words.
        describe: the witness, `{name: value}`.
        hypotheses: that a case is one on which the solver must be right, from code that did not draw it.

    Returns:
        SUPPORTED, REFUTED with the smallest failing case, or INCONCLUSIVE where the replay does not show the fault.
    """

    def quietly(case: Case) -> tuple[Line, ...]:
        # A solver that diverges overflows; its numbers are judged, not warned about.
        with np.errstate(all="ignore"):
            return judge(case)

    known: dict[Case, bool] = {}
    failed = 0

    def violation(case: Case) -> bool | None:
        # Hypothesis runs its last case again, and it must fail again although the budget is spent.
        nonlocal failed
        if case in known:
            return known[case]
        if failed > shrinks:
            return False
        lines = quietly(case)
        if not lines:
            return None
        bad = not all(line.holds for line in lines)
        known[case] = bad
        failed += bool(failed or bad)
        return bad

    def replay(case: Case) -> Replay:
        return Replay(Arithmetic.FLOAT, _lines(hypotheses(case)), _lines(quietly(case)))

    run = Run(seed=seed, examples=examples)
    return property_check(
        strategy, violation, replay=replay, run=run, describe=describe, detail=detail, shrink=shrinks > 0
    )


def _lines(lines: tuple[Line, ...]) -> tuple[ReplayLine, ...]:
    return tuple(ReplayLine(line.text, line.holds, line.margin) for line in lines)
