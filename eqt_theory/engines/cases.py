"""Proof by cases as an object: what holds in each, and that there are no others."""

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import said
from eqt_theory.engines.induction import together
from eqt_theory.engines.smt import prove


def by_cases(cases: Sequence[tuple[Boolean, Finding]], given: Sequence[Boolean] = (), *, detail: str) -> Finding:
    """One finding of an argument that differs from case to case.

    Args:
        cases: each condition, with what was found where it is a hypothesis, or one by one those that And joins in it.
        given: what is assumed in every case; that some condition then holds is put to the provers.
        detail: what is shown in every case.

    Returns:
        PROVED where every case is and there are no others, under what they assume besides their conditions; else
        INCONCLUSIVE, and why.

    Raises:
        UsageError: there is no case, or a finding does not have its condition among its hypotheses.
    """
    if not cases:
        raise UsageError("cases must hold at least one condition with its finding, got none")
    found = {str(condition): _without(_parts(condition), finding) for condition, finding in cases}
    return together({"no other case": _covered([condition for condition, _ in cases], list(given)), **found}, detail)


def _covered(conditions: list[Boolean], given: list[Boolean]) -> Finding:
    """That one of the conditions holds."""
    *others, last = conditions
    about = "some condition holds"
    if sp.Or(*conditions) != sp.true:
        return prove(given, sp.Or(*conditions), detail=about)
    rest = [sp.Not(condition) for condition in others]  # SymPy has decided it; the provers are to see it, too
    return _without(rest, prove([*given, *rest], last, detail=about))


def _parts(condition: Boolean) -> list[Boolean]:
    return list(condition.args) if isinstance(condition, sp.And) else [condition]


def _without(conditions: Sequence[Boolean], finding: Finding) -> Finding:
    """The finding with its conditions among what belongs to the argument; what it concludes holds under them only."""
    own = {said(condition) for condition in conditions}
    if not own <= {*finding.hypotheses}:
        shown = "; ".join(finding.hypotheses) or "none"
        raise UsageError(f"a case must be found under its condition {sp.And(*conditions)}, its hypotheses are {shown}")
    kept = [(text, of) for text, of in zip(finding.hypotheses, finding.speaks_of, strict=True) if text not in own]
    return replace(
        finding,
        hypotheses=tuple(text for text, _ in kept),
        speaks_of=tuple(of for _, of in kept),
        conclusions=(),
        context=(*finding.context, *sorted(own)),
    )
