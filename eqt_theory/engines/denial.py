"""Statements that something exists, refuted by a proof that nothing does."""

from collections.abc import Mapping
from typing import Any

from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict

_UNCHECKED = "that the lemma denies the statement is what the claim says; it is not checked"


def refuted_by(lemma: Finding, statement: str, witness: Mapping[str, Any]) -> Finding:
    """Refute "some s does it" by the lemma that every s fails.

    That the lemma denies the statement is not checked: the claim's author says so, and the finding says that. It has
    all that the lemma rests on and assumes, and is shown by what shows the lemma.

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
        proof=lemma.proof,
        certificate=lemma.certificate,
        obligations=lemma.obligations,
        note="; ".join(filter(None, (lemma.note, _UNCHECKED))),
        assumes=lemma.assumes,
        hypotheses=lemma.hypotheses,
        speaks_of=lemma.speaks_of,
        conclusions=lemma.conclusions,
        context=lemma.context,
    )
