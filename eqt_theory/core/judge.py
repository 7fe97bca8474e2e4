"""How a judgement follows from findings. The only place where one is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from eqt_theory.core.claim import Check, Claim, Reading
from eqt_theory.core.errors import ContradictoryFindings
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import excess, outside
from eqt_theory.core.verdict import Judgement, Relation, Role, Verdict


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
            _once(text for g in each for text in g.lacks),
            _once(text for g in each for text in g.cases),
            _once(text for g in each for text in g.cites),
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
    """

    judgement: Judgement
    readings: Mapping[str, Stand]
    ground: Ground = field(default_factory=Ground)
    told: tuple[str, ...] = ()


_ESTABLISH = (Verdict.PROVED, Verdict.CERTIFIED)
_SOUND = (Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.HOLDS_LOOSELY)


def judge(claim: Claim, results: Sequence[Result]) -> Judgement:
    """The judgement that the findings of a claim allow, and nothing more; see `Court.assess`."""
    return assess(claim, results).judgement


def assess(claim: Claim, results: Sequence[Result]) -> Assessment:
    """What the findings of one claim say of it, where it uses no other; see `Court.assess`."""
    return Court([(claim, results)]).assess(claim.id)


class Court:
    """Assesses claims that may use each other.

    Args:
        cases: claims with their checks and findings.
    """

    def __init__(self, cases: Iterable[tuple[Claim, Sequence[Result]]]) -> None:
        self._cases = {claim.id: (claim, {r.check.name: r for r in results}) for claim, results in cases}
        self._grounds: dict[tuple[str, str], Ground | None] = {}
        self._assessments: dict[str, Assessment | None] = {}  # None: in the making

    def assess(self, claim_id: str) -> Assessment:
        """What the findings say of a claim.

        Args:
            claim_id: one of the claims.

        Returns:
            The judgement: FALSE when every STATED reading is refuted, or NEEDS_CONDITION when a completed reading is
            established besides, or when some STATED readings hold and the rest fail; HOLDS when every STATED reading
            is established, HOLDS_IN_CASES when one only in the cases that its checks name, HOLDS_LOOSELY when a
            SHARPER one is too; INCONSISTENT or NOT_CHECKABLE when a reading of that kind is established; else OPEN.

        Raises:
            ContradictoryFindings: a reading is both established and refuted.
        """
        if claim_id not in self._assessments:
            self._assessments[claim_id] = None
            claim, results = self._cases[claim_id]
            readings = {reading.name: self._stand(claim, reading) for reading in claim.readings}
            judgement, grounds = _judgement(claim, readings)
            told = _once(text for result in results.values() for text in _told(claim, result))
            self._assessments[claim_id] = Assessment(judgement, readings, Ground.all_of(grounds), told)
        found = self._assessments[claim_id]
        assert found is not None
        return found

    def _stand(self, claim: Claim, reading: Reading) -> Stand:
        """What the findings say of one reading.

        A part is established when it has checks that show it, and all of them are PROVED or CERTIFIED and use nothing
        unestablished; the reading when every part is. It is refuted when a check that shows it, or samples, refute it
        or a part of it. Lemmas do neither.

        Returns:
            How it stands, and on what.
        """
        every = [result for result in self._cases[claim.id][1].values() if result.check.reading == reading.name]
        own = [result for result in every if result.check.role is not Role.LEMMA]
        shows = [result for result in own if result.check.role is Role.SHOWS]
        grounds = {result.check.name: self._ground(claim, result) for result in shows}
        _no_clash(claim, reading, own, grounds)
        refuted = [r for r in own if r.finding.verdict is Verdict.REFUTED and not outside(claim.symbols, r.finding)]
        if refuted:
            return Stand(Standing.REFUTED)
        parts = []
        for part in reading.parts or (None,):
            these = [grounds[r.check.name] for r in shows if r.check.part in (part, None)]
            name = f"part {part!r} of {reading.name!r}" if part is not None else f"reading {reading.name!r}"
            parts.append(Ground.all_of(these) if these else Ground((f"nothing shows {name}",)))
        ground = Ground.all_of(parts)
        if ground.lacks:
            return Stand(Standing.UNKNOWN, ground)
        return Stand(Standing.IN_CASES if ground.cases else Standing.ESTABLISHED, ground)

    def _ground(self, claim: Claim, result: Result) -> Ground:
        key = (claim.id, result.check.name)
        if key not in self._grounds:
            self._grounds[key] = None  # a check that is asked for while it is asked about rests on itself
            self._grounds[key] = self._find_ground(claim, result)
        return self._grounds[key] or Ground((f"{result.check.name} rests on itself",))

    def _find_ground(self, claim: Claim, result: Result) -> Ground:
        check, verdict = result.check, result.finding.verdict
        cases = () if check.cases is None else (check.cases,)
        if verdict not in _ESTABLISH:
            return Ground((f"{check.name} is {verdict}",))
        own = Ground(cases=cases, cites=check.cites)
        if not cases and (more := excess(claim.symbols, result.finding)):
            own = Ground((f"{check.name} assumes more: {', '.join(more)}",), cases, check.cites)
        if check.role is Role.SAMPLES:
            return Ground((f"{check.name} samples",))
        used = [(name, self._used(claim, name)) for name in check.uses]
        return Ground.all_of(
            [
                own,
                *(
                    Ground(tuple(f"{check.name} uses {name}: {t}" for t in g.lacks), g.cases, g.cites)
                    for name, g in used
                ),
            ]
        )

    def _used(self, claim: Claim, name: str) -> Ground:
        """What `uses=` names: a check of this claim, a check of another, or another."""
        results = self._cases[claim.id][1]
        if name in results:
            return self._ground(claim, results[name])
        if any(check.name == name for check in claim.checks):
            return Ground(("it was not run",))
        if name in self._cases:
            return self._of_claim(name)
        other, _, check = name.rpartition(":")
        if other not in self._cases:
            return Ground(("it was not run",))
        if check in self._cases[other][1]:
            return self._ground(self._cases[other][0], self._cases[other][1][check])
        return Ground((f"{other} has no check {check} that was run",))

    def _of_claim(self, claim_id: str) -> Ground:
        if claim_id in self._assessments and self._assessments[claim_id] is None:
            return Ground(("they rest on each other",))
        found = self.assess(claim_id)
        return found.ground if found.judgement in _SOUND else Ground((f"it is {found.judgement}",))


def _judgement(claim: Claim, readings: Mapping[str, Stand]) -> tuple[Judgement, list[Ground]]:
    """The word, and the grounds of the readings that decide it."""
    stands = [(reading.relation, readings[reading.name]) for reading in claim.readings]

    def of(relation: Relation) -> list[Ground]:
        return [stand.ground for r, stand in stands if r is relation and stand.established]

    stated = [stand for relation, stand in stands if relation is Relation.STATED]
    standings = {stand.standing for stand in stated}
    if stated and standings == {Standing.REFUTED}:
        completed = of(Relation.COMPLETED)
        return (Judgement.NEEDS_CONDITION if completed else Judgement.FALSE), completed
    if stated and standings == {Standing.ESTABLISHED}:
        sharper = [s.ground for r, s in stands if r is Relation.SHARPER and s.standing is Standing.ESTABLISHED]
        return (Judgement.HOLDS_LOOSELY if sharper else Judgement.HOLDS), [*of(Relation.STATED), *sharper]
    if stated and all(stand.established for stand in stated):
        return Judgement.HOLDS_IN_CASES, of(Relation.STATED)
    if stated and Standing.UNKNOWN not in standings:
        return Judgement.NEEDS_CONDITION, of(Relation.STATED)
    for relation, judgement in _BESIDE.items():
        if grounds := of(relation):
            return judgement, grounds
    return Judgement.OPEN, [s.ground for r, s in stands if s.standing is Standing.UNKNOWN and r in _DECIDES]


_BESIDE = {Relation.CONTRADICTION: Judgement.INCONSISTENT, Relation.UNDETERMINED: Judgement.NOT_CHECKABLE}
_DECIDES = (Relation.STATED, *_BESIDE)


def _told(claim: Claim, result: Result) -> Iterable[str]:
    check, finding = result.check, result.finding
    if check.role is Role.LEMMA and finding.verdict is Verdict.REFUTED:
        yield f"lemma {check.name} is refuted: {finding.detail}"
    if check.cases is None and finding.verdict in _ESTABLISH and (more := excess(claim.symbols, finding)):
        yield f"{check.name} assumes more than the claim does: {', '.join(more)}"
    if finding.verdict is Verdict.REFUTED and (beyond := outside(claim.symbols, finding)):
        yield f"{check.name} refutes outside of what the claim speaks about: {', '.join(beyond)}"


def _no_clash(claim: Claim, reading: Reading, own: Sequence[Result], grounds: Mapping[str, Ground]) -> None:
    """Raise where a part is both established, in all cases, and refuted."""
    yes = [r for r in own if r.check.name in grounds and not (g := grounds[r.check.name]).lacks and not g.cases]
    no = [r for r in own if r.finding.verdict is Verdict.REFUTED and not outside(claim.symbols, r.finding)]
    clashes = [
        ([y], [n]) for y in yes for n in no if y.check.part is None or n.check.part == y.check.part
    ]  # a refuted part refutes the whole
    whole = [n for n in no if n.check.part is None]
    if reading.parts and whole and {y.check.part for y in yes} >= set(reading.parts):
        clashes.append((yes, whole))
    if clashes:
        named = [", ".join(_once(r.check.name for pair in clashes for r in pair[side])) for side in (0, 1)]
        raise ContradictoryFindings(
            f"{claim.id}, reading {reading.name!r}: established by {named[0]} and refuted by {named[1]}"
        )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
