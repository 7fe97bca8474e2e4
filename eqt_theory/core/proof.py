"""Proof: what a PROVED finding rests on, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eqt_theory.core.certificate import Certificate, collection
from eqt_theory.core.errors import UnsupportedEvidence


@dataclass(frozen=True)
class Obligation:
    """One formula that has to be unsatisfiable, as the provers read it.

    Args:
        name: what it is for ("conclusion", "denominator gamma > 0").
        smtlib: the SMT-LIB 2 text that every prover read.
        answers: what each prover said, `{"z3": "unsat", ...}`.
        normalised: which positive symbols were scaled to 1 to close it; empty where none was.
        certificate: from which the kernel sees that the text is unsatisfiable, or (of kind "point") that it is not;
            None where there is none.

    Raises:
        UnsupportedEvidence: the kernel rejects the certificate, or it is about another text.
    """

    name: str
    smtlib: str
    answers: Mapping[str, str]
    normalised: str = ""
    certificate: Certificate | None = None

    def __post_init__(self) -> None:
        about = None if self.certificate is None else self.certificate.data.get("text")
        _require(self.certificate, ("contradiction", "point"), about == self.smtlib, f"obligation {self.name!r}")

    @property
    def closed(self) -> bool:
        """Whether the kernel saw it, or at least two provers answered and all said `unsat`."""
        if self.certificate is not None:
            return self.certificate.kind == "contradiction" and "sat" not in self.answers.values()
        return len(self.answers) >= 2 and set(self.answers.values()) == {"unsat"}


@dataclass(frozen=True)
class Identity:
    """One exact step of a symbolic derivation, checked by computer algebra.

    Args:
        text: what was shown, readable.
        residual: what is left of it after exact simplification; the step stands when it is "0".
        certificate: from which the kernel sees the identity; None where there is none.
        formula: both sides as they were given, `left = right`; may be empty.

    Raises:
        UnsupportedEvidence: the kernel rejects the certificate.
    """

    text: str
    residual: str
    certificate: Certificate | None = None
    formula: str = ""

    def __post_init__(self) -> None:
        _require(self.certificate, ("identity",), True, f"step {self.text!r}")


@dataclass(frozen=True)
class Proof:
    """Closed obligations or exact identities, and a point where the hypotheses hold.

    Args:
        obligations: formulas shown unsatisfiable by the kernel or by every prover.
        identities: steps shown exactly by the kernel or by computer algebra.
        satisfied_at: a point at which all hypotheses hold, replayed exactly, so that the proof is
            not vacuous; empty only where the statement has no free symbol.
        point: from which the kernel sees that the hypotheses hold somewhere; None where there is none.

    Raises:
        UnsupportedEvidence: the kernel rejects the point.
    """

    obligations: tuple[Obligation, ...] = ()
    identities: tuple[Identity, ...] = ()
    satisfied_at: Mapping[Any, Any] | None = None
    point: Certificate | None = None

    def __post_init__(self) -> None:
        _require(self.point, ("point",), True, "the point where the hypotheses hold")

    @cached_property
    def certificate(self) -> Certificate | None:
        """What the kernel needs to see every step by itself; None where a step has no certificate."""
        found = [step.certificate for step in (*self.obligations, *self.identities)]
        if not found or None in found:
            return None
        return collection([c for c in (*found, self.point) if c is not None])

    def defect(self) -> str:
        """Why this is no proof; empty when it is one."""
        if not self.obligations and not self.identities:
            return "it holds neither a closed obligation nor an identity"
        for obligation in self.obligations:
            if not obligation.closed:
                said = ", ".join(f"{k}: {v}" for k, v in obligation.answers.items()) or "nobody answered"
                return f"obligation {obligation.name!r} is closed neither by the kernel nor by two provers ({said})"
        for identity in self.identities:
            if identity.residual != "0":
                return f"step {identity.text!r} leaves {identity.residual}"
        if self.obligations and self.satisfied_at is None:
            return "no point is known at which the hypotheses hold, so it may be vacuous"
        return ""


def _require(certificate: Certificate | None, kinds: tuple[str, ...], about_it: bool, what: str) -> None:
    """Refuse a certificate of another kind, about another text, or one that the kernel rejects."""
    if certificate is None:
        return
    if certificate.kind not in kinds or not about_it:
        raise UnsupportedEvidence(f"the certificate of {what} is about something else")
    if certificate.defect:
        raise UnsupportedEvidence(f"{what}: {certificate.defect}")
