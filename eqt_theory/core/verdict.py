"""The words of the ledger: methods, verdicts, judgements, and which method can support which verdict."""

from enum import StrEnum


class Verdict(StrEnum):
    """What one check found out about one reading of a statement."""

    PROVED = "PROVED"
    CERTIFIED = "CERTIFIED"
    SUPPORTED = "SUPPORTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    REFUTED = "REFUTED"


class Method(StrEnum):
    """How a check came to know what it reports."""

    SYMBOLIC = "SYMBOLIC"
    SMT = "SMT"
    INTERVAL = "INTERVAL"
    EXACT = "EXACT"
    SAMPLING = "SAMPLING"
    PROPERTY = "PROPERTY"
    EXPERIMENT = "EXPERIMENT"


class ShownBy(StrEnum):
    """What a reader has to trust in order to believe a finding, from the least to the most."""

    KERNEL = "kernel"
    PROVERS = "provers"
    ALGEBRA = "algebra"
    ARITHMETIC = "arithmetic"
    SAMPLES = "samples"


class Judgement(StrEnum):
    """What the ledger derives about a whole claim from its findings."""

    HOLDS = "holds"
    HOLDS_IN_CASES = "holds_in_cases"
    HOLDS_LOOSELY = "holds_loosely"
    NEEDS_CONDITION = "needs_condition"
    FALSE = "false"
    INCONSISTENT = "inconsistent"
    NOT_CHECKABLE = "not_checkable"
    OPEN = "open"


class Role(StrEnum):
    """What a check is to its claim.

    SHOWS: it is the reading, or a part of it, that the check shows.
    LEMMA: a step that other checks use; by itself it establishes nothing.
    SAMPLES: evidence that can refute and support, never establish.
    """

    SHOWS = "shows"
    LEMMA = "lemma"
    SAMPLES = "samples"


class Relation(StrEnum):
    """How a reading stands to the statement in the source.

    STATED: the statement as written; one of the readings that its words allow.
    COMPLETED: the statement plus a hypothesis about something on which it is silent. Narrowing a
        range or constant that the statement itself gives is no completion but a repair.
    SHARPER: a strictly stronger statement; when it holds too, the statement is loose.
    CONTRADICTION: two things that the source says cannot both be so.
    UNDETERMINED: the words leave open what decides the truth of the statement.
    """

    STATED = "stated"
    COMPLETED = "completed"
    SHARPER = "sharper"
    CONTRADICTION = "contradiction"
    UNDETERMINED = "undetermined"


_SAMPLED = frozenset({Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE})
_ENCLOSED = frozenset({Verdict.CERTIFIED, Verdict.REFUTED, Verdict.INCONCLUSIVE})
_DERIVED = frozenset({Verdict.PROVED, Verdict.REFUTED, Verdict.INCONCLUSIVE})

SUPPORTABLE: dict[Method, frozenset[Verdict]] = {
    Method.SYMBOLIC: _DERIVED,
    Method.SMT: _DERIVED,
    Method.INTERVAL: _ENCLOSED,
    Method.EXACT: _ENCLOSED,
    Method.SAMPLING: _SAMPLED,
    Method.PROPERTY: _SAMPLED,
    Method.EXPERIMENT: _SAMPLED,
}
"""The verdicts that each method can support; a Finding with any other pair cannot be constructed."""
