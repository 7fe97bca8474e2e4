"""Findings of an earlier run, read back from its JSON: what the kernel sees again, of code that has not changed."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.check import Check, Run
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UnsupportedEvidence, UsageError
from eqt_theory.core.files import read_json
from eqt_theory.core.finding import Finding, Identity, Obligation, Proof
from eqt_theory.core.judge import Result
from eqt_theory.core.origin import origin
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.report.smtlib import obligations_of

_RATIONAL = re.compile(r"-?[0-9]+(/[1-9][0-9]*)?", re.ASCII)
_SAID = ("check", "method", "verdict", "detail", "note", "certificate", "obligations", "examples")
"""The fields of a finding in the JSON from which it is built again."""


def kept(claim: Claim, result: Result, run: Run, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the JSON says of a finding besides, so that a later run can read it back.

    Args:
        claim: the claim.
        result: a check with its finding.
        run: its settings.
        told: what the JSON says of the finding.

    Returns:
        Texts; None for a finding that has to be made again, as it is no proof of which the kernel sees every step.
    """
    finding, proof = result.finding, result.finding.proof
    came_from = origin(claim, result.check, run)
    if finding.verdict is not Verdict.PROVED or finding.certificate is None or proof is None or came_from is None:
        return None
    asked = obligations_of(finding)
    if any(o.certificate is None for o in asked) or finding.enclosures or finding.replay is not None:
        return None
    at = proof.satisfied_at
    if at and proof.point is None:
        return None
    more: dict[str, Any] = {
        "assumes": {name: dict(signs) for name, signs in finding.assumes.items()},
        "hypotheses": list(finding.hypotheses),
        "speaks_of": [list(names) for names in finding.speaks_of],
        "conclusions": list(finding.conclusions),
        "context": list(finding.context),
        "asked": len(finding.obligations),
        "rests_on": [asked.index(o) for o in proof.obligations],
        "identities": [
            [i.text, i.residual, i.certificate.digest if i.certificate else None, i.formula] for i in proof.identities
        ],
        "satisfied_at": None if at is None else [[str(name), str(value)] for name, value in at.items()],
        "point": None if proof.point is None else proof.point.digest,
    }
    return {**more, "origin": _seal(came_from, told, more)}


def _seal(came_from: str, told: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    """A digest of what a finding came from and of what it says, to tell when either changed."""
    content = [came_from, {name: told[name] for name in _SAID}, {k: v for k, v in more.items() if k != "origin"}]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Earlier:
    """An earlier run.

    The kernel sees every certificate again; that a certificate is of this check and not of another one, the file is
    believed. Its seal tells what was altered or is out of date, and keeps nobody out who sets out to forge one.

    Args:
        file: what `verify --json` wrote, interrupted or not.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, file: Path) -> None:
        try:
            told = read_json(file, "the run in --resume")
            self._findings = {
                (claim["id"], finding["check"]): finding
                for claim in [*told["claims"], *told["begun"]]
                for finding in claim["findings"]
            }
            self._certificates = _parts(told["certificates"])
        except OSError as error:
            raise UsageError(f"--resume must name a file that can be read, got {file}: {error.strerror}") from None
        except (KeyError, TypeError, AttributeError):
            raise UsageError(f"--resume must name a file that verify --json wrote, got {file}") from None

    def read_back(self, claims: Sequence[Claim], run: Run) -> dict[tuple[str, str], Finding]:
        """Its findings for these claims, those that the kernel sees again and of which nothing has changed.

        Args:
            claims: as they are now.
            run: the settings of now.

        Returns:
            `{(claim id, check name): finding}`; what is missing in it has to run.
        """
        found: dict[tuple[str, str], Finding] = {}
        for claim in claims:
            for check in claim.checks if claim.file is not None else ():
                told = self._findings.get((claim.id, check.name))
                finding = None if told is None else self._finding(told, claim, check, run)
                if finding is not None:
                    found[claim.id, check.name] = finding
        return found

    def _finding(self, told: Any, claim: Claim, check: Check, run: Run) -> Finding | None:
        try:
            more = told["kept"]
            if more is None or more["origin"] != _seal(origin(claim, check, run) or "", told, more):
                return None
            finding = self._built(told, more, check)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, CertificateRejected, UnsupportedEvidence):
            return None  # damaged: it is made again
        return finding if finding.certificate and finding.certificate.digest == told["certificate"] else None

    def _built(self, told: Mapping[str, Any], more: Mapping[str, Any], check: Check) -> Finding:
        """The finding, whose constructor has the kernel check every certificate."""
        asked = []
        for o in told["obligations"]:
            certificate = self._certificates[o["certificate"]]
            asked.append(Obligation(o["name"], certificate.data["text"], o["answers"], o["normalised"], certificate))
        at = more["satisfied_at"]
        if at and more["point"] is None:
            raise ValueError("the kernel does not see that the hypotheses hold anywhere")
        proof = Proof(
            tuple(asked[i] for i in more["rests_on"]),
            tuple(Identity(text, left, self._certificates[of], said) for text, left, of, said in more["identities"]),
            None if at is None else {name: Fraction(v) if _RATIONAL.fullmatch(v) else v for name, v in at},
            None if more["point"] is None else self._certificates[more["point"]],
        )
        return Finding(
            Verdict(told["verdict"]),
            Method(told["method"]),
            told["detail"],
            check=check.name,
            proof=proof,
            examples=told["examples"],
            seconds=float(told["seconds"]),
            obligations=tuple(asked[: more["asked"]]),
            note=told["note"],
            assumes=more["assumes"],
            hypotheses=tuple(more["hypotheses"]),
            speaks_of=tuple(tuple(names) for names in more["speaks_of"]),
            conclusions=tuple(more["conclusions"]),
            context=tuple(more["context"]),
        )


def _parts(certificates: Mapping[str, Any]) -> dict[str, Certificate]:
    """Every certificate of the file by its digest, and every part of one."""
    found: dict[str, Certificate] = {}
    for data in certificates.values():
        parts = [data, *(data["certificates"] if data.get("kind") == "collection" else [])]
        try:
            found |= {c.digest: c for c in map(Certificate, parts)}
        except CertificateRejected:
            continue
    return found
