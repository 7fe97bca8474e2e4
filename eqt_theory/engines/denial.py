"""Statements that something exists, refuted by a proof that nothing does."""

from collections.abc import Mapping
from typing import Any

from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict


def refuted_by(lemma: Finding, statement: str, witness: Mapping[str, Any]) -> Finding:
    """Refute "some s does it" by the lemma that every s fails.

    That the lemma denies the statement is not checked: the claim's author says so.

    Args:
        lemma: of `prove`, about every candidate.
        statement: what was claimed, in words.
        witness: where there is none, for the finding.

    Returns:
        REFUTED where the lemma is proved; else INCONCLUSIVE.
    """
    if lemma.verdict is not Verdict.PROVED:
        why = f"{statement}: its denial was not proved; {lemma.detail}"
        return inconclusive(Method.SMT, why, obligations=lemma.obligations)
    line = ReplayLine(statement, False, lemma.detail)
    return Finding(
        Verdict.REFUTED,
        Method.SMT,
        f"{statement}: fails, since {lemma.detail}",
        witness=witness,
        replay=Replay(Arithmetic.EXACT, (), (line,)),
        obligations=lemma.obligations,
    )
