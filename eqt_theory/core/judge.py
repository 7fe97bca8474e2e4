"""How a judgement follows from findings. The only place where one is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from eqt_theory.core.claim import Check, Claim, Reading
from eqt_theory.core.errors import ContradictoryFindings
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Judgement, Relation, Verdict


@dataclass(frozen=True)
class Result:
    """A check and what it found."""

    check: Check
    finding: Finding


class Standing(Enum):
    """What the findings say of one reading."""

    ESTABLISHED = auto()
    REFUTED = auto()
    UNKNOWN = auto()


_ESTABLISH = (Verdict.PROVED, Verdict.CERTIFIED)


def standing(claim: Claim, reading: Reading, results: Sequence[Result]) -> Standing:
    """What the findings say of one reading.

    A reading is established when one finding proves or certifies the whole, or when every part has
    such a finding; it is refuted when the whole or any part is. Samples establish nothing.

    Args:
        claim: the claim, for messages.
        reading: the reading.
        results: checks with their findings; those of other readings are ignored.

    Returns:
        The standing.

    Raises:
        ContradictoryFindings: the reading, or a part of it, is both established and refuted.
    """
    own = [r for r in results if r.check.reading == reading.name]

    def by(part: str | None, verdicts: tuple[Verdict, ...]) -> list[str]:
        return [r.check.name for r in own if r.check.part == part and r.finding.verdict in verdicts]

    whole_yes, whole_no = by(None, _ESTABLISH), by(None, (Verdict.REFUTED,))
    part_yes = {part: by(part, _ESTABLISH) for part in reading.parts}
    part_no = {part: by(part, (Verdict.REFUTED,)) for part in reading.parts}
    all_parts = bool(reading.parts) and all(part_yes.values())
    refuted = whole_no + [name for names in part_no.values() for name in names]

    clashes = [(part_yes[part], part_no[part]) for part in reading.parts if part_yes[part] and part_no[part]]
    if whole_yes and refuted:
        clashes.append((whole_yes, refuted))
    if all_parts and whole_no:
        clashes.append((sum(part_yes.values(), []), whole_no))
    if clashes:
        yes, no = clashes[0]
        raise ContradictoryFindings(
            f"{claim.id}, reading {reading.name!r}: established by {', '.join(yes)} and refuted by {', '.join(no)}"
        )
    if refuted:
        return Standing.REFUTED
    return Standing.ESTABLISHED if whole_yes or all_parts else Standing.UNKNOWN


def judge(claim: Claim, results: Sequence[Result]) -> Judgement:
    """The judgement that the findings allow, and nothing more.

    Args:
        claim: the claim.
        results: its checks with their findings.

    Returns:
        FALSE when every STATED reading is refuted, or NEEDS_CONDITION when a completed reading is
        established besides, or when some STATED readings hold and the rest fail; HOLDS when every
        STATED reading is established, HOLDS_LOOSELY when a SHARPER one is too; INCONSISTENT or
        NOT_CHECKABLE when a reading of that kind is established; else OPEN.

    Raises:
        ContradictoryFindings: a reading is both established and refuted.
    """
    standings = [(reading.relation, standing(claim, reading, results)) for reading in claim.readings]
    stated = [s for relation, s in standings if relation is Relation.STATED]

    def established(relation: Relation) -> bool:
        return any(r is relation and s is Standing.ESTABLISHED for r, s in standings)

    if stated and all(s is Standing.REFUTED for s in stated):
        return Judgement.NEEDS_CONDITION if established(Relation.COMPLETED) else Judgement.FALSE
    if stated and all(s is Standing.ESTABLISHED for s in stated):
        return Judgement.HOLDS_LOOSELY if established(Relation.SHARPER) else Judgement.HOLDS
    if stated and Standing.UNKNOWN not in stated:
        return Judgement.NEEDS_CONDITION
    if established(Relation.CONTRADICTION):
        return Judgement.INCONSISTENT
    if established(Relation.UNDETERMINED):
        return Judgement.NOT_CHECKABLE
    return Judgement.OPEN
