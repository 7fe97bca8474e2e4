"""A finding as JSON data: what it says, word by word and number by number, and the certificates that show it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.errors import UnsupportedEvidence, UsageError
from eqt_theory.core.files import read_json
from eqt_theory.core.proof import Identity, Obligation, Proof
from eqt_theory.core.replay import Arithmetic, Replay, ReplayLine
from eqt_theory.core.saved import decoded, encoded
from eqt_theory.core.verdict import Method, Verdict

FORMAT = "eqt_theory finding 1"
_VALUES = (
    "witness",
    "enclosures",
    "assumes",
    "hypotheses",
    "speaks_of",
    "conclusions",
    "context",
    "examples",
    "seconds",
)
_TEXTS = ("detail", "check", "note")


def to_data(finding: Any) -> dict[str, Any]:
    """A finding as JSON data.

    Args:
        finding: a Finding.

    Returns:
        Dictionaries, lists, texts, numbers, booleans and None.

    Raises:
        UsageError: a value in it has no exact form.
    """
    proof, replay = finding.proof, finding.replay
    return {
        "format": FORMAT,
        "verdict": str(finding.verdict),
        "method": str(finding.method),
        **{name: getattr(finding, name) for name in _TEXTS},
        **{name: encoded(getattr(finding, name), name) for name in _VALUES},
        "replay": None if replay is None else {
            "arithmetic": str(replay.arithmetic),
            "hypotheses": [[line.text, line.holds, line.margin] for line in replay.hypotheses],
            "conclusions": [[line.text, line.holds, line.margin] for line in replay.conclusions],
        },
        "proof": None if proof is None else {
            "obligations": [_obligation(o) for o in proof.obligations],
            "identities": [[i.text, i.residual, _certificate(i.certificate), i.formula] for i in proof.identities],
            "satisfied_at": encoded(proof.satisfied_at, "satisfied_at"),
            "point": _certificate(proof.point),
        },
        "obligations": [_obligation(o) for o in finding.obligations],
        "certificate": None if proof is not None and finding.certificate == proof.certificate
                       else _certificate(finding.certificate),
    }  # fmt: skip


def from_file(path: Path) -> dict[str, Any]:
    """The arguments of the Finding that a file holds; its certificates are seen by the kernel on the way.

    Args:
        path: the file.

    Returns:
        Arguments of the constructor, which looks at all of it once more.

    Raises:
        UsageError: it holds no finding, or a certificate that the kernel rejects.
        OSError: it cannot be read.
    """
    data = read_json(path, "the finding")
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f"{path} holds no finding: expected the format {FORMAT!r}")
    try:
        return _arguments(data)
    except (KeyError, TypeError, ValueError, CertificateRejected, UnsupportedEvidence) as error:
        missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path} holds no finding: {missing}") from None


def _arguments(data: Mapping[str, Any]) -> dict[str, Any]:
    replay, proof = data["replay"], data["proof"]
    found: dict[str, Any] = {
        "verdict": Verdict(data["verdict"]),
        "method": Method(data["method"]),
        **{name: _text(data[name]) for name in _TEXTS},
        **{name: decoded(data[name]) for name in _VALUES},
        "obligations": tuple(_read_obligation(o) for o in data["obligations"]),
        "certificate": _read_certificate(data["certificate"]),
    }
    if replay is not None:
        given, concluded = (tuple(_line(line) for line in replay[part]) for part in ("hypotheses", "conclusions"))
        found["replay"] = Replay(Arithmetic(replay["arithmetic"]), given, concluded)
    if proof is not None:
        found["proof"] = Proof(
            tuple(_read_obligation(o) for o in proof["obligations"]),
            tuple(
                Identity(_text(t), _text(left), _read_certificate(c), _text(f)) for t, left, c, f in proof["identities"]
            ),
            decoded(proof["satisfied_at"]),
            _read_certificate(proof["point"]),
        )
    return found


def _obligation(o: Obligation) -> dict[str, Any]:
    return {
        "name": o.name,
        "smtlib": o.smtlib,
        "answers": dict(o.answers),
        "normalised": o.normalised,
        "certificate": _certificate(o.certificate),
    }


def _read_obligation(data: Mapping[str, Any]) -> Obligation:
    answers = {_text(prover): _text(said) for prover, said in dict(data["answers"]).items()}
    name, smtlib, normalised = (_text(data[key]) for key in ("name", "smtlib", "normalised"))
    return Obligation(name, smtlib, answers, normalised, _read_certificate(data["certificate"]))


def _certificate(certificate: Certificate | None) -> Any:
    return None if certificate is None else certificate.data


def _read_certificate(data: Any) -> Certificate | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise UsageError("a certificate must be an object")
    found = Certificate(data)
    if found.defect:
        raise UsageError(found.defect)
    return found


def _line(data: Any) -> ReplayLine:
    text, holds, margin = data
    if not isinstance(holds, bool):
        raise UsageError("a line of a replay says whether it holds, true or false")
    return ReplayLine(_text(text), holds, _text(margin))


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise UsageError(f"expected a text, got {data!r:.80}")
    return data
