"""Ledger: runs the checks of a folder of claims and keeps what each one found."""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from eqt_theory.core.claim import Check, Claim, Run
from eqt_theory.core.display import grid
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.folder import LoadFailure as LoadFailure
from eqt_theory.core.judge import Assessment, Court, Result
from eqt_theory.core.nearest import nearest
from eqt_theory.core.record import Record, digest
from eqt_theory.core.runner import Workers, run_here
from eqt_theory.core.verdict import Judgement

_FAILED = (Judgement.FALSE, Judgement.NEEDS_CONDITION)
_SOUND = (Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.HOLDS_LOOSELY)


@dataclass(frozen=True)
class Entry:
    """One claim with its findings and the judgement derived from them.

    Args:
        claim: the claim.
        results: its checks with their findings.
        assessment: what follows from the findings.
        left_out: number of its checks that a quick run left out; the assessment then speaks of the rest only.
        recorded: the judgement on record for this very statement, or None.
    """

    claim: Claim
    results: tuple[Result, ...]
    assessment: Assessment
    left_out: int = 0
    recorded: str | None = None

    @property
    def judgement(self) -> Judgement:
        """What follows from the findings, in a word."""
        return self.assessment.judgement

    @property
    def from_record(self) -> bool:
        """Whether the judgement to show is the one on record: checks were left out, and the others overturn nothing."""
        overturned = self.judgement in _FAILED and self.recorded in _SOUND or self.assessment.contradictions
        return self.left_out > 0 and self.recorded in list(Judgement) and not overturned

    @property
    def shown(self) -> Judgement:
        """The judgement to show: of this run, or on record where this run was too short to tell."""
        return Judgement(self.recorded or "") if self.from_record else self.judgement

    @property
    def not_run(self) -> list[str]:
        """The names of the checks that were left out."""
        ran = {result.check.name for result in self.results}
        return [check.name for check in self.claim.checks if check.name not in ran]


@dataclass(frozen=True)
class Ledger:
    """What a run found out.

    Args:
        entries: finished claims, in order.
        failures: claims files that could not be loaded.
        recorded: judgements on record, `{claim id: judgement}`; empty where there is no record.
        interrupted: whether the run was stopped before its end.
        seconds: wall-clock time of the run.
        stale: where the record is not about these claims, a sentence each.
        begun: where it was stopped, claims of which some checks had not ended, with what the others found.
    """

    entries: tuple[Entry, ...]
    failures: tuple[LoadFailure, ...] = ()
    recorded: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0
    stale: tuple[str, ...] = ()
    begun: tuple[tuple[Claim, tuple[Result, ...]], ...] = ()

    def entry(self, claim_id: str) -> Entry | None:
        """The entry of that claim, or None where it was not run."""
        return next((entry for entry in self.entries if entry.claim.id == claim_id), None)

    def problems(self) -> list[str]:
        """Returns everything that keeps this run from being clean, a sentence each.

        A claims file that did not load, a check that found nothing out, a reading that is both established and refuted,
        a lemma that is refuted, a check that assumes more than its claim, a judgement that differs from the one on
        record, a record of other statements, a claim that fails without a repaired statement that holds, and a
        slip that holds.
        """
        found = [f"{failure.file} could not be loaded: {failure.reason}" for failure in self.failures]
        for entry in self.entries:
            for result in entry.results:
                if not result.finding.conclusive:
                    found.append(f"{entry.claim.id}: {result.check.name} is inconclusive: {result.finding.detail}")
            clashes = entry.assessment.contradictions
            found += [f"{entry.claim.id}: CONTRADICTION, a bug in a check, in {clash}" for clash in clashes]
            found += [f"{entry.claim.id}: {told}" for told in entry.assessment.told]
            recorded = self.recorded.get(entry.claim.id)
            if entry.left_out and not (entry.judgement in _FAILED and recorded in _SOUND):
                continue  # what is missing may be among the checks left out; a refutation stands without them
            if recorded is not None and recorded != entry.judgement:
                found.append(f"{entry.claim.id}: judged {entry.judgement}, on record as {recorded}")
            if entry.judgement is Judgement.OPEN and not clashes:
                why = "; ".join(entry.assessment.ground.lacks)
                found.append(f"{entry.claim.id}: open, its findings neither establish nor refute it: {why}")
            unfinished = self._unfinished(entry)
            if unfinished:
                found.append(f"{entry.claim.id}: unfinished, {unfinished}")
        return [*found, *self.stale]

    def joined(self, other: "Ledger") -> "Ledger":
        """The ledger of both runs."""
        return Ledger(
            (*self.entries, *other.entries),
            (*self.failures, *other.failures),
            {**self.recorded, **other.recorded},
            self.interrupted or other.interrupted,
            self.seconds + other.seconds,
            (*self.stale, *other.stale),
            (*self.begun, *other.begun),
        )

    def _repr_html_(self) -> str:
        """For notebooks: the judgements, and what keeps the run from being clean."""
        rows = [
            (entry.claim.id, entry.claim.title, str(entry.shown).replace("_", " "), str(len(entry.results)))
            for entry in self.entries
        ]
        problems = "; ".join(self.problems()) or "no problems"
        return grid(("claim", "what it is about", "judgement", "checks"), rows, problems)

    def _unfinished(self, entry: Entry) -> str:
        repair = None if entry.claim.repair is None else self.entry(entry.claim.repair)
        if entry.judgement in _SOUND and repair is not None and entry.claim in repair.claim.slips:
            return f"it is called a slip of {repair.claim.id}, and {entry.judgement}"
        if entry.judgement not in _FAILED:
            return ""
        if entry.claim.repair is None:
            return "it fails and names no repaired statement"
        if repair is None:
            near = nearest(entry.claim.repair, (e.claim.id for e in self.entries if e is not entry))
            return f"its repaired statement {entry.claim.repair} was not run{near}"
        if repair.judgement in _SOUND or (repair.left_out and repair.judgement is Judgement.OPEN):
            return ""
        return f"its repaired statement {repair.claim.id} is {repair.judgement}"


def select(claims: Sequence[Claim], ids: Iterable[str]) -> list[Claim]:
    """Returns the claims of these ids, what repairs them and what they use, in order; all where no id is given.

    Raises:
        UsageError: an unknown id; the message names the nearest known ones.
    """
    known = {claim.id: claim for claim in claims}
    wanted: set[str] = set()
    for claim_id in ids:
        if claim_id not in known:
            hint = nearest(claim_id, known) or f"; known: {', '.join(sorted(known))}"
            raise UsageError(f"unknown claim id {claim_id!r}{hint}")
        wanted |= {claim_id, known[claim_id].repair or claim_id}
    todo = list(wanted)
    while todo:
        claim = known.get(todo.pop())
        used = {} if claim is None else {u: u.rpartition(":")[0] for check in claim.checks for u in check.uses}
        more = {u if u in known else claim_id for u, claim_id in used.items()} & set(known) - wanted
        wanted |= more
        todo += more
    return [claim for claim in claims if not wanted or claim.id in wanted]


def run_ledger(
    claims: Sequence[Claim],
    run: Run,
    *,
    failures: Sequence[LoadFailure] = (),
    recorded: Mapping[str, str] | Record | None = None,
    complete: bool = False,
    beside: Sequence[Entry] = (),
    jobs: int = 1,
    executor: Callable[[int], Executor] | None = None,
    workers: Workers | None = None,
    known: Mapping[tuple[str, str], Finding] | None = None,
    on_start: Callable[[Claim, Check], None] = lambda claim, check: None,
    on_finding: Callable[[Claim, Finding], None] = lambda claim, finding: None,
) -> Ledger:
    """Run every check of the claims.

    A check that raises, or ends its process, is INCONCLUSIVE and the rest still runs. An interrupt ends the run and
    keeps the claims that were finished. Order and content do not depend on how many checks run at once.

    Args:
        claims: what to run.
        run: seed, examples, device, time limits.
        failures: claims files that could not be loaded, passed through.
        recorded: judgements on record, or the record with its digests, which are then compared, too.
        complete: whether these are all claims of their folder, so that the record should have no other.
        beside: claims of other texts that were run before, which these may use.
        jobs: how many checks run at once; 1: in this process.
        executor: makes the executor that runs them; default: processes of this machine.
        workers: run them, and go on; the default begins with `jobs` and `executor`, and ends with this run.
        known: findings of checks that need not run, `{(claim id, check name): finding}`.
        on_start: called before each check.
        on_finding: called after each check.

    Returns:
        The ledger.

    Raises:
        ProverDisagreement: two provers contradict each other.
    """
    begun = time.perf_counter()
    tasks = [(claim, check) for claim in claims for check in claim.checks if check.quick or not run.quick]
    known = known or {}
    found = {n: known[c.id, check.name] for n, (c, check) in enumerate(tasks) if (c.id, check.name) in known}
    for number, finding in found.items():
        on_finding(tasks[number][0], finding)
    left = [number for number in range(len(tasks)) if number not in found]
    interrupted = False
    here = workers is not None or (jobs == 1 and executor is None)
    with contextlib.nullcontext(workers) if here else Workers(jobs, executor) as at_work:
        each = run_here if at_work is None else at_work.run
        try:
            for place, finding in each([tasks[number] for number in left], run, on_start):
                found[left[place]] = finding
                on_finding(tasks[left[place]][0], finding)
        except KeyboardInterrupt:
            interrupted = True
    results: dict[str, list[Result]] = {claim.id: [] for claim in claims}
    for number, (claim, check) in enumerate(tasks):
        if number in found:
            results[claim.id].append(Result(check, found[number]))
    cut_short = {claim.id for number, (claim, _) in enumerate(tasks) if number not in found}
    if interrupted:  # a claim without checks is finished once the claims before it are
        last = next((n for n, claim in enumerate(claims) if claim.id in cut_short), len(claims))
        cut_short |= {claim.id for claim in claims[last:] if not results[claim.id]}
    done = [(claim, results[claim.id]) for claim in claims if claim.id not in cut_short]
    court = Court(
        [*((e.claim, e.results) for e in beside), *done]
    )  # after all have run, since claims may use each other
    plain = not isinstance(recorded, Record)
    record = Record(recorded or {}, {claim.id: digest(claim) for claim in claims}) if plain else recorded
    about = {c.id: record.judgements.get(c.id) if record.digests.get(c.id) == digest(c) else None for c in claims}
    entries = [Entry(c, tuple(rs), court.assess(c.id), len(c.checks) - len(rs), about[c.id]) for c, rs in done]
    stale = () if plain else tuple(record.problems(claims, complete=complete and not failures))
    seconds = time.perf_counter() - begun
    begun_claims = tuple((c, tuple(results[c.id])) for c in claims if c.id in cut_short and results[c.id])
    recorded = dict(record.judgements)
    return Ledger(tuple(entries), tuple(failures), recorded, interrupted, seconds, stale, begun_claims)
