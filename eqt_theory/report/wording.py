"""The sentences and colours with which a report speaks of judgements, readings, methods and verdicts."""

import shlex
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from eqt_theory.core.check import Check
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Obligation
from eqt_theory.core.folder import default_folders
from eqt_theory.core.judge import Result, Standing
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.symbols import assumed, undeclared
from eqt_theory.core.verdict import Judgement, Method, Relation, Role, ShownBy, Verdict

JUDGEMENT = {
    Judgement.HOLDS: "Every reading of the statement as written is established.",
    Judgement.HOLDS_IN_CASES: "Every reading of the statement as written is established, in the cases named.",
    Judgement.HOLDS_LOOSELY: "The statement as written is established, and a strictly stronger one too.",
    Judgement.NEEDS_CONDITION: "The statement fails as written; it holds under a condition that it does not state.",
    Judgement.FALSE: "Every reading of the statement as written is refuted.",
    Judgement.INCONSISTENT: "The source says two things here that cannot both be so.",
    Judgement.NOT_CHECKABLE: "The words leave open what decides whether the statement is true.",
    Judgement.OPEN: "The findings neither establish nor refute the statement.",
}

RELATION = {
    Relation.STATED: "as written",
    Relation.COMPLETED: "with a hypothesis added on which the statement is silent",
    Relation.SHARPER: "strictly stronger than the statement",
    Relation.CONTRADICTION: "two things that the source says cannot both be so",
    Relation.UNDETERMINED: "the words leave open what decides it",
}

STANDING = {
    Standing.ESTABLISHED: "established",
    Standing.IN_CASES: "established in cases",
    Standing.REFUTED: "refuted",
    Standing.CONTRADICTORY: "both established and refuted, which is a bug in a check",
    Standing.UNKNOWN: "neither established nor refuted",
}

METHOD = {
    Method.SYMBOLIC: "exact computer algebra",
    Method.SMT: "SMT",
    Method.INTERVAL: "interval arithmetic",
    Method.EXACT: "exact arithmetic",
    Method.SAMPLING: "samples",
    Method.PROPERTY: "property-based search",
    Method.EXPERIMENT: "experiment",
}

SHOWN_BY = {
    ShownBy.KERNEL: "the kernel, from a certificate",
    ShownBy.PROVERS: "two provers that agree",
    ShownBy.ALGEBRA: "computer algebra",
    ShownBy.ARITHMETIC: "exact or interval arithmetic",
    ShownBy.SAMPLES: "samples",
}

ROLE = {
    Role.SHOWS: "shows it",
    Role.LEMMA: "a lemma, establishes nothing by itself",
    Role.SAMPLES: "samples, can refute and support",
}

JUDGEMENT_STYLE = {
    Judgement.HOLDS: "green",
    Judgement.HOLDS_IN_CASES: "green",
    Judgement.HOLDS_LOOSELY: "green",
    Judgement.NEEDS_CONDITION: "yellow",
    Judgement.FALSE: "red",
    Judgement.INCONSISTENT: "red",
    Judgement.NOT_CHECKABLE: "yellow",
    Judgement.OPEN: "magenta",
}

VERDICT_STYLE = {
    Verdict.PROVED: "green",
    Verdict.CERTIFIED: "green",
    Verdict.SUPPORTED: "cyan",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.REFUTED: "red",
}


def said_of(obligation: Obligation) -> list[str]:
    """Who said what of an obligation: the kernel where it has a certificate, and the provers that were asked."""
    kernel = {"contradiction": ["kernel: unsat"], "point": ["kernel: sat"]}
    said = kernel[obligation.certificate.kind] if obligation.certificate is not None else []
    return [*said, *(f"{prover}: {answer}" for prover, answer in sorted(obligation.answers.items()))]


def shares(ledger: Ledger) -> str:
    """By what the findings of a run are shown, as `171 kernel, 46 algebra`; empty where nothing is."""
    counts = Counter(result.finding.shown_by for entry in ledger.entries for result in entry.results)
    return ", ".join(f"{counts[kind]} {kind}" for kind in ShownBy if counts[kind])


def grounds(entry: Entry) -> str:
    """What a judgement is limited to and rests on, or what was not run, a sentence or two; empty for a plain one."""
    ground = entry.assessment.ground
    if entry.left_out:
        what = "This is on record. " if entry.from_record else "So far: "
        names = ", ".join(name.replace("_", " ") for name in entry.not_run)
        return f"{what}{counted(entry.left_out, 'check')} of it did not run: {names}."
    cases = f"In these cases: {'; '.join(ground.cases)}. " if ground.cases else ""
    cites = f"Citing, not proved here: {'; '.join(ground.cites)}. " if ground.cites else ""
    return f"{cases}{cites}".strip()


def rests_on(check: Check) -> list[tuple[str, str]]:
    """What a check covers and rests on, `(name, text)`, where that is not plain."""
    facts = [
        ("role", "" if check.role is Role.SHOWS else ROLE[check.role]),
        ("in cases", check.cases or ""),
        ("uses", ", ".join(check.uses)),
        ("cites", "; ".join(check.cites)),
    ]
    return [(name, text) for name, text in facts if text]


def assumptions(claim: Claim, result: Result) -> str:
    """What a finding takes for granted, what of it the statement does not declare, and what belongs to the argument."""
    every, inside = assumed(result.finding), len(result.finding.context)
    taken, context = every[: len(every) - inside], every[len(every) - inside :]
    more = [text for text in undeclared(claim, result.finding) if text not in context]
    told = "; ".join(taken)
    if taken and not claim.symbols and not claim.assumes and not claim.closed:
        told += " (the statement declares no symbols)"
    elif more:
        told += f" (which the statement does not declare: {'; '.join(more)})"
    return "; ".join(filter(None, [told, f"in the argument: {'; '.join(context)}" if context else ""]))


def used_by(ledger: Ledger) -> dict[str, list[str]]:
    """Which claims of a run rest on which, `{claim: [those that use it]}`, by what their checks say they use."""
    ids = {entry.claim.id for entry in ledger.entries}
    found: dict[str, list[str]] = {}
    for entry in ledger.entries:
        for used in used_claims(entry, ids):
            found.setdefault(used, []).append(entry.claim.id)
    return found


def used_claims(entry: Entry, ids: Collection[str]) -> list[str]:
    """The other claims that the checks of a claim use, as a whole or a check of them."""
    own = {check.name for check in entry.claim.checks}
    names = [used for check in entry.claim.checks for used in check.uses if used not in own]
    claims = [name if name in ids else name.rpartition(":")[0] for name in names]
    return [name for name in dict.fromkeys(claims) if name in ids and name != entry.claim.id]


def verify_again(ledger: Ledger, claim_id: str) -> str:
    """The command that judges a claim anew, with the folders that its id needs."""
    folders = list(dict.fromkeys(e.claim.file.parent for e in ledger.entries if e.claim.file is not None))
    try:
        own = [folder.resolve() for folder in default_folders()]
    except UsageError:
        own = []
    # ids stand alone in the first folder of a run; those of this project are found by themselves where it begins so
    known = not folders or (folders[0] == own[0] if own else False) and set(folders) <= set(own)
    options = "" if known else "".join(f" --proofs {shlex.quote(_near(folder))}" for folder in folders)
    return f"eqt-theory verify {claim_id}{options}"


def _near(folder: Path) -> str:
    """A folder as it is named from here, where it lies below."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 check`, `2 checks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def quantity(value: Any) -> str:
    """An exact value as text, with its decimal value beside it where that is not plain."""
    text = str(value)
    if isinstance(value, str | bool) or _is_decimal(text):
        return text
    try:
        return f"{text} (about {float(value):.6g})"
    except (TypeError, ValueError, OverflowError):
        return text


def _is_decimal(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
