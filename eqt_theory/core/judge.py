"""How a judgement follows from findings. The only place where one is made."""

from collections.abc import Iterable, Mapping, Sequence

from eqt_theory.core.assessment import Assessment as Assessment
from eqt_theory.core.assessment import Ground as Ground
from eqt_theory.core.assessment import Result as Result
from eqt_theory.core.assessment import Stand as Stand
from eqt_theory.core.assessment import Standing as Standing
from eqt_theory.core.assessment import once
from eqt_theory.core.claim import Check, Claim, Reading
from eqt_theory.core.errors import ContradictoryFindings
from eqt_theory.core.nearest import nearest
from eqt_theory.core.symbols import excess, outside
from eqt_theory.core.verdict import Judgement, Relation, Role, Verdict

_ESTABLISH = (Verdict.PROVED, Verdict.CERTIFIED)
_SOUND = (Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.HOLDS_LOOSELY)


def judge(claim: Claim, results: Sequence[Result]) -> Judgement:
    """The judgement that the findings of a claim allow, and nothing more; see `Court.assess`.

    Returns:
        The word.

    Raises:
        ContradictoryFindings: a reading is both established and refuted, of which a word alone could not tell.
    """
    found = assess(claim, results)
    if found.contradictions:
        raise ContradictoryFindings(f"{claim.id}, {'; '.join(found.contradictions)}")
    return found.judgement


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
            OPEN, too, where a reading is both established and refuted; `contradictions` says by what.
        """
        if claim_id not in self._assessments:
            self._assessments[claim_id] = None
            claim, results = self._cases[claim_id]
            readings = {reading.name: self._stand(claim, reading) for reading in claim.readings}
            judgement, grounds = _judgement(claim, readings)
            told = once(text for result in results.values() for text in self._told(claim, result))
            clashes = once(t for s in readings.values() if s.standing is Standing.CONTRADICTORY for t in s.ground.lacks)
            if clashes:
                judgement, grounds = Judgement.OPEN, [Ground(clashes)]
            self._assessments[claim_id] = Assessment(judgement, readings, Ground.all_of(grounds), told, clashes)
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
        if self._against(claim, reading.name):
            clash = self._clash(claim, reading)
            return Stand(Standing.CONTRADICTORY, Ground((clash,))) if clash else Stand(Standing.REFUTED)
        shows = self._shows(claim, reading)
        grounds = {result.check.name: self._ground(claim, result) for result in shows}
        parts = []
        for part in reading.parts or (None,):
            these = [grounds[r.check.name] for r in shows if r.check.part in (part, None)]
            name = f"part {part!r} of {reading.name!r}" if part is not None else f"reading {reading.name!r}"
            parts.append(Ground.all_of(these) if these else Ground((f"nothing shows {name}",)))
        ground = Ground.all_of(parts)
        if ground.lacks:
            return Stand(Standing.UNKNOWN, ground)
        return Stand(Standing.IN_CASES if ground.cases else Standing.ESTABLISHED, ground)

    def _told(self, claim: Claim, result: Result) -> list[str]:
        """What a reader must know of a check."""
        missing = ((name, self._missing(claim, name)) for name in result.check.uses)
        return [*_told(claim, result), *(f"{result.check.name} uses {name}: {why}" for name, why in missing if why)]

    def _shows(self, claim: Claim, reading: Reading) -> list[Result]:
        every = self._cases[claim.id][1].values()
        return [r for r in every if r.check.reading == reading.name and r.check.role is Role.SHOWS]

    def _against(self, claim: Claim, reading: str) -> list[Result]:
        """The results that refute a reading or a part of it."""
        own = [r for r in self._cases[claim.id][1].values() if r.check.reading == reading]
        refuted = [r for r in own if r.check.role is not Role.LEMMA and r.finding.verdict is Verdict.REFUTED]
        return [r for r in refuted if not outside(claim, r.finding)]

    def _clash(self, claim: Claim, reading: Reading) -> str:
        """By what a part of a reading is both established, in all cases, and refuted; empty where none is."""
        no = self._against(claim, reading.name)
        grounds = [(r, self._ground(claim, r)) for r in self._shows(claim, reading)]
        yes = [r for r, ground in grounds if not ground.lacks and not ground.cases]
        clashes = [([y], [n]) for y in yes for n in no if _contradicts(n.check, y.check)]
        whole = [n for n in no if n.check.part is None]  # a refuted part refutes the whole, but not the other way round
        if reading.parts and whole and {y.check.part for y in yes} >= set(reading.parts):
            clashes.append((yes, whole))
        if not clashes:
            return ""
        named = [", ".join(once(r.check.name for pair in clashes for r in pair[side])) for side in (0, 1)]
        return f"reading {reading.name!r}: established by {named[0]} and refuted by {named[1]}"

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
        if not cases and (more := excess(claim, result.finding)):
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
            return self._used_check(claim, results[name])
        if any(check.name == name for check in claim.checks):
            return Ground(("it was not run",))
        if name in self._cases:
            return self._of_claim(name)
        if missing := self._missing(claim, name):
            return Ground((missing,))
        other, _, check = name.rpartition(":")
        if check not in self._cases[other][1]:
            return Ground(("it was not run",))
        return self._used_check(self._cases[other][0], self._cases[other][1][check])

    def _missing(self, claim: Claim, name: str) -> str:
        """Why a name that a check uses is none in this run, with what may be meant; empty where it is one."""
        other, _, check = name.rpartition(":")
        own = [c.name for c in claim.checks]
        if name in own or name in self._cases:
            return ""
        if other not in self._cases:
            wanted, known = (other, self._cases) if other else (name, [*self._cases, *own])
            return f"this run has no claim {wanted!r}{nearest(wanted, known)}"
        checks = [c.name for c in self._cases[other][0].checks]
        return "" if check in checks else f"{other} has no check {check!r}{nearest(check, checks)}"

    def _used_check(self, claim: Claim, result: Result) -> Ground:
        """The ground of a check that another uses: of no use where something refutes what it shows."""
        ground, check = self._ground(claim, result), result.check
        against = self._against(claim, check.reading) if check.role is Role.SHOWS and not ground.cases else []
        refuting = [n.check.name for n in against if n is not result and _contradicts(n.check, check)]
        if ground.lacks or not refuting:
            return ground
        return Ground((f"{', '.join(refuting)} refutes what it shows",))

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
    if check.cases is None and finding.verdict in _ESTABLISH and (more := excess(claim, finding)):
        yield f"{check.name} assumes more than the claim does: {', '.join(more)}"
    if finding.verdict is Verdict.REFUTED and (beyond := outside(claim, finding)):
        yield f"{check.name} refutes outside of what the claim speaks about: {', '.join(beyond)}"


def _contradicts(refuting: Check, showing: Check) -> bool:
    """Whether a refutation by the one leaves nothing of what the other shows."""
    return showing.part is None or refuting.part == showing.part
