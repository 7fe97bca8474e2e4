"""Finding: what one check found, with the evidence that its verdict needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from eqt_theory.core.display import table
from eqt_theory.core.errors import UnsupportedEvidence
from eqt_theory.core.verdict import SUPPORTABLE, Method, Verdict


class Arithmetic(StrEnum):
    """In which arithmetic a witness was replayed."""

    EXACT = "exact arithmetic"
    BALL = "ball arithmetic"
    FLOAT = "float64, margin above the rounding error"


@dataclass(frozen=True)
class ReplayLine:
    """One hypothesis or conclusion at the witness.

    Args:
        text: the relation, readable.
        holds: whether it holds at the witness.
        margin: by how much it holds or fails, as text (exact, or an enclosure).
    """

    text: str
    holds: bool
    margin: str = ""


@dataclass(frozen=True)
class Replay:
    """A witness put back into a statement by code that did not find it."""

    arithmetic: Arithmetic
    hypotheses: tuple[ReplayLine, ...]
    conclusions: tuple[ReplayLine, ...]

    @property
    def confirms(self) -> bool:
        """Whether every hypothesis holds and at least one conclusion fails."""
        return (
            bool(self.conclusions)
            and all(line.holds for line in self.hypotheses)
            and not all(line.holds for line in self.conclusions)
        )


@dataclass(frozen=True)
class Obligation:
    """One formula that has to be unsatisfiable, as the provers read it.

    Args:
        name: what it is for ("conclusion", "denominator gamma > 0").
        smtlib: the SMT-LIB 2 text that every prover read.
        answers: what each prover said, `{"z3": "unsat", ...}`.
        normalised: which positive symbols were scaled to 1 to close it; empty where none was.
    """

    name: str
    smtlib: str
    answers: Mapping[str, str]
    normalised: str = ""

    @property
    def closed(self) -> bool:
        """Whether at least two provers answered and all said `unsat`."""
        return len(self.answers) >= 2 and set(self.answers.values()) == {"unsat"}


@dataclass(frozen=True)
class Identity:
    """One exact step of a symbolic derivation, checked by computer algebra.

    Args:
        text: what was shown, readable.
        residual: what is left of it after exact simplification; the step stands when it is "0".
    """

    text: str
    residual: str


@dataclass(frozen=True)
class Proof:
    """Closed obligations or exact identities, and a point where the hypotheses hold.

    Args:
        obligations: formulas shown unsatisfiable by every prover.
        identities: steps shown exactly by computer algebra.
        satisfied_at: a point at which all hypotheses hold, replayed exactly, so that the proof is
            not vacuous; empty only where the statement has no free symbol.
    """

    obligations: tuple[Obligation, ...] = ()
    identities: tuple[Identity, ...] = ()
    satisfied_at: Mapping[Any, Any] | None = None

    def defect(self) -> str:
        """Why this is no proof; empty when it is one."""
        if not self.obligations and not self.identities:
            return "it holds neither a closed obligation nor an identity"
        for obligation in self.obligations:
            if not obligation.closed:
                said = ", ".join(f"{k}: {v}" for k, v in obligation.answers.items()) or "nobody answered"
                return f"obligation {obligation.name!r} is not closed by two provers ({said})"
        for identity in self.identities:
            if identity.residual != "0":
                return f"step {identity.text!r} leaves {identity.residual}"
        if self.obligations and self.satisfied_at is None:
            return "no point is known at which the hypotheses hold, so it may be vacuous"
        return ""


@dataclass(frozen=True)
class Finding:
    """What one check found. The constructor rejects a verdict that the evidence cannot support.

    Args:
        verdict: see Verdict.
        method: how it was found; limits the verdict (see SUPPORTABLE).
        detail: one or two sentences for the reader: scope, numbers, or the reason for INCONCLUSIVE.
        check: the name of the check; a ledger sets it.
        witness: for REFUTED, `{symbol or name: exact value}`.
        replay: for REFUTED, the witness put back into the statement.
        proof: for PROVED.
        enclosures: for CERTIFIED, `{quantity: exact value or enclosure}`.
        examples: number of cases tried, for sampled evidence.
        seconds: wall-clock time.
        obligations: every formula asked about, also where the verdict is not PROVED.
        note: anything a reader should know besides (a counterexample found but not confirmed, ...).

    Raises:
        UnsupportedEvidence: the verdict is not one that this method and evidence can support.
    """

    verdict: Verdict
    method: Method
    detail: str
    check: str = ""
    witness: Mapping[Any, Any] | None = None
    replay: Replay | None = None
    proof: Proof | None = None
    enclosures: Mapping[str, Any] = field(default_factory=dict)
    examples: int = 0
    seconds: float = 0.0
    obligations: tuple[Obligation, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        defect = self._defect()
        if defect:
            raise UnsupportedEvidence(
                f"{self.verdict} by {self.method}{f' in {self.check}' if self.check else ''} cannot stand: {defect}"
            )

    def _defect(self) -> str:
        if self.verdict not in SUPPORTABLE[self.method]:
            allowed = ", ".join(v for v in Verdict if v in SUPPORTABLE[self.method])
            return f"this method supports only {allowed}"
        if not self.detail.strip():
            return "it says nothing (detail is empty)"
        if self.verdict is not Verdict.REFUTED and self.witness is not None:
            return "only REFUTED carries a witness"
        match self.verdict:
            case Verdict.PROVED:
                return "no proof is given" if self.proof is None else self.proof.defect() or self._method_defect()
            case Verdict.CERTIFIED:
                return "" if self.enclosures else "no enclosure or exact value is given"
            case Verdict.SUPPORTED:
                return "" if self.examples > 0 else "no example was tried"
            case Verdict.REFUTED:
                return self._refutation_defect()
            case _:
                return ""

    def _method_defect(self) -> str:
        assert self.proof is not None
        if self.method is Method.SMT and not self.proof.obligations:
            return "no obligation was given to the provers"
        if self.method is Method.SYMBOLIC and not self.proof.identities:
            return "no identity was checked"
        return ""

    def _refutation_defect(self) -> str:
        if self.witness is None:
            return "no witness is given"
        if self.replay is None:
            return "the witness was not replayed"
        if not self.replay.confirms:
            return "the replay does not confirm the witness"
        sampled = self.method in (Method.SAMPLING, Method.PROPERTY, Method.EXPERIMENT)
        if self.replay.arithmetic is Arithmetic.FLOAT and not sampled:
            return "the witness was replayed in floating point only"
        return ""

    def __str__(self) -> str:
        return f"{self.verdict} by {self.method}: {self.detail}"

    @property
    def conclusive(self) -> bool:
        """Whether the check found anything out."""
        return self.verdict is not Verdict.INCONCLUSIVE

    @property
    def provers(self) -> dict[str, str]:
        """What each prover said about the obligation that decides: `{"z3": "unsat", "cvc5": "unsat"}`."""
        return dict(self.obligations[-1].answers) if self.obligations else {}

    @property
    def smtlib(self) -> str:
        """The SMT-LIB 2 text of the deciding obligation, empty where no prover was asked."""
        return self.obligations[-1].smtlib if self.obligations else ""

    def _repr_html_(self) -> str:
        """For notebooks: everything but the obligations and the time."""
        witness = sorted((str(name), str(value)) for name, value in (self.witness or {}).items())
        failed = [line for line in self.replay.conclusions if not line.holds] if self.replay else []
        return table(
            {
                "verdict": str(self.verdict),
                "method": str(self.method),
                "what": self.detail,
                "provers": ", ".join(f"{name}: {said}" for name, said in sorted(self.provers.items())),
                "witness": ", ".join(f"{name} = {value}" for name, value in witness),
                "fails there": "; ".join(
                    f"{line.text} ({line.margin})" if line.margin else line.text for line in failed
                ),
                "enclosures": ", ".join(f"{name}: {value}" for name, value in self.enclosures.items()),
                "cases tried": str(self.examples or ""),
                "note": self.note,
            }
        )


def inconclusive(method: Method, reason: str, **fields: Any) -> Finding:
    """A Finding that found nothing out, with its reason."""
    return Finding(Verdict.INCONCLUSIVE, method, reason, **fields)
