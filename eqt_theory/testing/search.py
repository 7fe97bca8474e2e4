"""Looking for a case that shows a fault: Hypothesis draws and shrinks it, within a budget, and it is replayed."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.claim import Run
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.property import Ended, property_check
from eqt_theory.testing.limits import Limits

Case = TypeVar("Case")


@dataclass(frozen=True)
class Line:
    """One thing that a case must show.

    Args:
        text: the relation, readable.
        holds: whether it does.
        margin: the numbers.
        cause: why it does not hold, in a word or two, where several checks may fail of the same; empty for nothing.
    """

    text: str
    holds: bool
    margin: str = ""
    cause: str = ""


def at_most(text: str, value: float, limit: float, cause: Callable[[], str] | None = None) -> Line:
    """`value <= limit`, and the cause where it is not; nan never is."""
    holds = bool(value <= limit)
    why = "" if holds or cause is None else cause()
    # As many digits as tell the two apart.
    digits = next((n for n in (3, 6, 9, 12) if holds or f"{value:.{n}g}" != f"{limit:.{n}g}"), 17)
    return Line(f"{text} <= {limit:.{digits}g}", holds, f"{value:.{digits}g}" + (f", {why}" if why else ""), why)


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
    limits: Limits | None = None,
    told: Mapping[str, str] | None = None,
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
        limits: no case is begun once their work is spent.
        told: causes that other checks have told; a case that fails of one of them is not made smaller.

    Returns:
        SUPPORTED, REFUTED with the smallest failing case, or INCONCLUSIVE where the replay does not show the fault.
    """

    def quietly(case: Case) -> tuple[Line, ...]:
        # A solver that diverges overflows; its numbers are judged, not warned about.
        with np.errstate(all="ignore"):
            return judge(case)

    limits, told = limits or Limits(), told or {}
    known: dict[Case, bool] = {}
    failed = 0
    limits.begin()

    def violation(case: Case) -> bool | None:
        # Hypothesis runs its last case again, and it must fail again although the budget is spent.
        nonlocal failed
        if case in known:
            return known[case]
        if failed > shrinks or (failed and limits.spent):
            return False
        if limits.spent:
            raise Ended
        lines = quietly(case)
        if not lines:
            return None
        bad = not all(line.holds for line in lines)
        known[case] = bad
        if bad and not failed:
            limits.begin()  # as much again to make it smaller
            if causes(lines) & set(told):
                failed = shrinks
        failed += bool(failed or bad)
        return bad

    def replay(case: Case) -> Replay:
        return Replay(Arithmetic.FLOAT, _lines(hypotheses(case)), _lines(quietly(case)))

    run = Run(seed=seed, examples=examples)
    finding = property_check(
        strategy, violation, replay=replay, run=run, describe=describe, detail=detail, shrink=shrinks > 0
    )
    if limits.spent and finding.verdict is Verdict.SUPPORTED and finding.examples < examples:
        text = f"{finding.detail}; no further one, as {limits.work} steps were spent"
        finding = dataclasses.replace(finding, detail=text)
    return finding


def causes(lines: Sequence[Line]) -> set[str]:
    """What the lines that do not hold give as causes."""
    return {line.cause for line in lines if not line.holds and line.cause}


def _lines(lines: tuple[Line, ...]) -> tuple[ReplayLine, ...]:
    return tuple(ReplayLine(line.text, line.holds, line.margin) for line in lines)
