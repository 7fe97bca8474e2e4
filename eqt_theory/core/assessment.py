"""What findings say of a reading and of a claim: the words in which `eqt_theory.core.judge` answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from eqt_theory.core.claim import Check
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Judgement


@dataclass(frozen=True)
class Result:
    """A check and what it found."""

    check: Check
    finding: Finding


class Standing(Enum):
    """What the findings say of one reading."""

    ESTABLISHED = auto()
    IN_CASES = auto()
    REFUTED = auto()
    CONTRADICTORY = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Ground:
    """What a check, a reading or a claim stands on.

    Args:
        lacks: why it is not established; empty where it is.
        cases: the cases to which that is limited; none: all that is said.
        cites: the theorems used and not proved here.
    """

    lacks: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()

    @classmethod
    def all_of(cls, grounds: Iterable["Ground"]) -> "Ground":
        """What stands on all of these."""
        each = list(grounds)
        return cls(
            once(text for g in each for text in g.lacks),
            once(text for g in each for text in g.cases),
            once(text for g in each for text in g.cites),
        )


@dataclass(frozen=True)
class Stand:
    """A reading and what the findings say of it.

    Args:
        standing: the short of it.
        ground: what it stands on.
    """

    standing: Standing
    ground: Ground = field(default_factory=Ground)

    @property
    def established(self) -> bool:
        """Whether it is established, in cases at least."""
        return self.standing in (Standing.ESTABLISHED, Standing.IN_CASES)


@dataclass(frozen=True)
class Assessment:
    """What the findings say of a claim.

    Args:
        judgement: the word for it.
        readings: how each of its readings stands, by name.
        ground: what the judgement stands on; for OPEN, what is missing.
        told: what a reader must know of single checks: a lemma that is refuted, a symbol of which more is assumed.
        contradictions: readings that are both established and refuted, a sentence each. That is a bug in a check or in
            this tool, never a result: the claim is OPEN then.
    """

    judgement: Judgement
    readings: Mapping[str, Stand]
    ground: Ground = field(default_factory=Ground)
    told: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()


def once(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts in order, each once."""
    return tuple(dict.fromkeys(texts))
