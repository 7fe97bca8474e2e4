"""A run as JSON: claims, judgements, findings, summary, environment. Times stand in fields named `seconds` only."""

import platform
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from eqt_theory import __version__
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.finding import Finding, Replay, ReplayLine
from eqt_theory.core.judge import Result
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.plain_text import json_text
from eqt_theory.core.store import certificates_of
from eqt_theory.core.symbols import assumed, undeclared
from eqt_theory.core.symbols import assumptions as assumptions_of
from eqt_theory.core.verdict import Judgement, ShownBy, Verdict
from eqt_theory.report.earlier import kept
from eqt_theory.report.smtlib import obligations_of

_TOOLS = ("cvc5", "hypothesis", "numpy", "python-flint", "scipy", "sympy", "torch", "z3-solver")


def to_json(ledger: Ledger, run: Run) -> str:
    """The run as JSON text, the same for the same seed apart from `seconds`."""
    return json_text(document(ledger, run))


def document(ledger: Ledger, run: Run) -> dict[str, Any]:
    """The run as plain lists, dictionaries, texts and numbers."""
    return {
        "claims": [_claim(entry, run) for entry in ledger.entries],
        "begun": [
            {"id": claim.id, "findings": [_finding(claim, result, run) for result in results]}
            for claim, results in ledger.begun
        ],
        "certificates": _certificates(ledger),
        "summary": _summary(ledger),
        "environment": environment(run),
    }


def _certificates(ledger: Ledger) -> dict[str, Any]:
    """Every certificate whole, `{digest: data}`, as the kernel reads it: of findings, and of what no finding has."""
    found: dict[str, Any] = {}
    results = [*(entry.results for entry in ledger.entries), *(results for _, results in ledger.begun)]
    for finding in (result.finding for each in results for result in each):
        for certificate in [finding.certificate] if finding.certificate is not None else certificates_of(finding):
            found[certificate.digest] = certificate.data
    return dict(sorted(found.items()))


def environment(run: Run) -> dict[str, Any]:
    """What the run ran on: its own settings, Python, the platform, and the versions of the tools."""
    return {
        "eqt_theory": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in _TOOLS},
        "seed": run.seed,
        "examples": run.examples,
        "device": run.device,
        "quick": run.quick,
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _summary(ledger: Ledger) -> dict[str, Any]:
    judgements = Counter(entry.shown for entry in ledger.entries)
    verdicts = Counter(result.finding.verdict for entry in ledger.entries for result in entry.results)
    shown = Counter(result.finding.shown_by for entry in ledger.entries for result in entry.results)
    return {
        "claims": len(ledger.entries),
        "checks": sum(verdicts.values()),
        "judgements": {str(judgement): judgements[judgement] for judgement in Judgement},
        "verdicts": {str(verdict): verdicts[verdict] for verdict in Verdict},
        "shown_by": {str(kind): shown[kind] for kind in ShownBy},
        "problems": ledger.problems(),
        "not_loaded": [{"file": failure.file, "reason": failure.reason} for failure in ledger.failures],
        "interrupted": ledger.interrupted,
        "seconds": ledger.seconds,
    }


def _claim(entry: Entry, run: Run) -> dict[str, Any]:
    claim = entry.claim
    return {
        "id": claim.id,
        "title": claim.title,
        "source": claim.source,
        "statement": claim.statement,
        "readings": [
            {"name": r.name, "statement": r.statement, "relation": str(r.relation), "parts": list(r.parts)}
            for r in claim.readings
        ],
        "judgement": str(entry.shown),
        "judgement_from": "record" if entry.from_record else "run",
        "not_run": entry.not_run,
        "cases": list(entry.assessment.ground.cases),
        "cites": list(entry.assessment.ground.cites),
        "missing": list(entry.assessment.ground.lacks),
        "repair": claim.repair,
        "remark": claim.remark,
        "rocq": list(claim.rocq),
        "symbols": {symbol.name: assumptions_of(symbol) for symbol in claim.symbols},
        "assumes": [str(relation) for relation in claim.assumes],
        "closed": claim.closed,
        "findings": [_finding(claim, result, run) for result in entry.results],
    }


def _finding(claim: Claim, result: Result, run: Run) -> dict[str, Any]:
    finding = result.finding
    told = {
        "check": result.check.name,
        "reading": result.check.reading,
        "part": result.check.part,
        "scope": result.check.scope,
        "role": str(result.check.role),
        "cases": result.check.cases,
        "cites": list(result.check.cites),
        "uses": list(result.check.uses),
        "method": str(finding.method),
        "verdict": str(finding.verdict),
        "detail": finding.detail,
        "statement": finding.formal,
        "note": finding.note,
        "assumes": assumed(finding),
        "undeclared": undeclared(claim, finding),
        "witness": None if finding.witness is None else _texts(finding.witness),
        "replay": None if finding.replay is None else _replay(finding.replay),
        "provers": dict(sorted(finding.provers.items())),
        "shown_by": None if finding.shown_by is None else str(finding.shown_by),
        "certificate": None if finding.certificate is None else finding.certificate.digest,
        "obligations": _obligations(finding),
        "enclosures": _texts(finding.enclosures),
        "examples": finding.examples,
        "seconds": finding.seconds,
    }
    return {**told, "kept": kept(claim, result, run, told)}


def _obligations(finding: Finding) -> list[dict[str, Any]]:
    return [
        {
            "name": o.name,
            "answers": dict(sorted(o.answers.items())),
            "normalised": o.normalised,
            "certificate": None if o.certificate is None else o.certificate.digest,
        }
        for o in obligations_of(finding)
    ]


def _replay(replay: Replay) -> dict[str, Any]:
    def lines(of: tuple[ReplayLine, ...]) -> list[dict[str, Any]]:
        return [{"text": line.text, "holds": line.holds, "margin": line.margin} for line in of]

    return {
        "arithmetic": str(replay.arithmetic),
        "hypotheses": lines(replay.hypotheses),
        "conclusions": lines(replay.conclusions),
    }


def _texts(values: Mapping[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in sorted((str(k), str(v)) for k, v in values.items())}
