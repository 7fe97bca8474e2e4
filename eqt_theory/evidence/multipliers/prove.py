"""prove_by_multipliers: `combine` without the multipliers, which are looked for."""

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import Told, budgeted_proof, stage
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.gram import Space
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.multipliers import Failure, find
from eqt_theory.engines.region import Region


@checked
@budgeted_proof
def prove_by_multipliers(
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    inequalities: Sequence[Boolean],
    space: Space,
    *,
    timeout: float = 10,
    detail: str = "",
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Prove a statement in Gram symbols from inequalities, for all values of its parameters.

    What follows from inequalities that are linear in inner products and function values is, as a rule, a nonnegative
    combination of them plus a positive semidefinite form. The multipliers are found by small semidefinite programs at
    rational values of the parameters, as few as will do, and closed forms are fitted to them (rational numbers where
    there are no parameters); `engines.gram.combine` then proves that they do. Nothing rests on what was found.

    Args:
        hypotheses: what is assumed of the parameters, that is, of the symbols that are neither products of the space
            nor values of its points.
        conclusion: an inequality, linear in products and values.
        inequalities: what may be used, likewise, or equations; `Member.inequalities` gives all that a class says.
        space: the vectors whose products occur.
        timeout: the budget of each prover for each obligation, as for `prove`.
        detail: what the statement says, for the finding.
        seconds: after which it gives up, once the program or the proof that it is at has ended; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        PROVED, the multipliers in the note; INCONCLUSIVE with why. Never REFUTED: other inequalities may do.

    Raises:
        UsageError: a relation that is not linear, or hypotheses that hold nowhere.
    """
    goal = Goal.of(conclusion, inequalities, space)
    if not goal.inequalities:
        raise UsageError("inequalities must hold at least one, got none")
    stage("looking for multipliers", len(goal.inequalities))
    found = find(goal, _region(goal, hypotheses))
    if isinstance(found, Failure):
        return inconclusive(Method.SMT, f"{detail}: {found.reason}" if detail else found.reason)
    stage("proving that they do")
    finding = found.shown(hypotheses, timeout, detail)
    return replace(finding, note=found.note) if finding.verdict is Verdict.PROVED else finding


def _region(goal: Goal, hypotheses: Sequence[Boolean]) -> Region | None:
    """The parameters and what is assumed of them; None where there are none."""
    for hypothesis in hypotheses:
        if hypothesis.free_symbols & set(goal.unknowns):
            raise UsageError(f"hypotheses must be about parameters alone, got {hypothesis}: it belongs to inequalities")
    every: set[sp.Symbol] = {*goal.parameters, *(s for h in hypotheses for s in h.free_symbols)}
    return Region(sorted(every, key=str), hypotheses) if every else None
