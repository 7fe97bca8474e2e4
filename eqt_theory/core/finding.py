"""Finding: what one check found, with the evidence that its verdict needs."""

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from eqt_theory.core.annotated import checked
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.display import folded, table
from eqt_theory.core.errors import UnsupportedEvidence, UsageError
from eqt_theory.core.files import existing_file, writable_file, write_text
from eqt_theory.core.finding_file import from_file, to_data
from eqt_theory.core.plain_text import json_text
from eqt_theory.core.proof import Identity as Identity
from eqt_theory.core.proof import Obligation as Obligation
from eqt_theory.core.proof import Proof as Proof
from eqt_theory.core.proof_text import lines_of
from eqt_theory.core.replay import Arithmetic as Arithmetic
from eqt_theory.core.replay import Replay as Replay
from eqt_theory.core.replay import ReplayLine as ReplayLine
from eqt_theory.core.verdict import SUPPORTABLE, Method, ShownBy, Verdict

_NUMBERS = itertools.count(1)
"""Numbers of findings, in the order in which this process makes them."""


@checked
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
        proof: for PROVED; for REFUTED where it is the denial that is proved.
        enclosures: for CERTIFIED, `{quantity: exact value or enclosure}`.
        examples: number of cases tried, for sampled evidence.
        seconds: wall-clock time.
        obligations: every formula asked about, also where the verdict is not PROVED.
        note: anything a reader should know besides (a counterexample found but not confirmed, ...).
        certificate: from which the kernel sees what the finding says; taken from the proof where that has one.
        assumes: what was taken for granted of each symbol, `{name: {assumption: bool}}`; see `eqt_theory.core.symbols`.
        hypotheses: the relations that were taken for granted besides, as texts; see `eqt_theory.core.symbols.said`.
        speaks_of: the names of the symbols in each of them.
        conclusions: what was put to the provers, as texts likewise.
        context: those of the hypotheses that speak of vectors, or belong to the argument; no claim can declare them.
        read_from: the file that it was read from by `load`; empty where it was found here.

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
    certificate: Certificate | None = None
    assumes: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    hypotheses: tuple[str, ...] = ()
    speaks_of: tuple[tuple[str, ...], ...] = ()
    conclusions: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    read_from: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        # A finding that was read from a file is older than every check that runs here.
        object.__setattr__(self, "_made", (os.getpid(), 0 if self.read_from else next(_NUMBERS)))
        # By name, since they are made from sets of symbols, whose order is another one in each process.
        object.__setattr__(self, "assumes", dict(sorted(self.assumes.items())))
        if self.verdict is Verdict.PROVED and self.proof is not None and self.certificate is None:
            object.__setattr__(self, "certificate", self.proof.certificate)
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
        return self._verdict_defect() or self._certificate_defect()

    def _verdict_defect(self) -> str:
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

    def _certificate_defect(self) -> str:
        if self.certificate is None:
            return ""
        if self.verdict in (Verdict.SUPPORTED, Verdict.INCONCLUSIVE):
            return "a certificate shows more than this verdict says"
        if self.proof is not None and self.certificate != self.proof.certificate:
            return "the certificate is not the one of the proof"
        says_rate = self.certificate.kind == "rate" and self.verdict is Verdict.CERTIFIED and "rate" in self.enclosures
        if says_rate and not self._rate_follows(self.certificate.data.get("rate")):
            return self.certificate.defect or "the certificate is of another rate"
        return self.certificate.defect

    def _rate_follows(self, certified: object) -> bool:
        """Whether the rate is the certified one; of steps that repeat after a period, its root or more."""
        period, rate = self.enclosures.get("period", 1), self.rate
        if period == 1:
            return str(rate) == certified
        whole = self.enclosures.get("rate_per_period")
        good = isinstance(rate, Fraction) and isinstance(period, int) and isinstance(whole, Fraction)
        return good and str(whole) == certified and rate**period >= whole  # type: ignore[operator]

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
        return "" if self.proof is None else self.proof.defect()

    def __str__(self) -> str:
        said = f"{self.verdict} by {self.method}: {self.detail}"
        if self._hearsay:
            return f"{said} (so says {self.read_from}, and nothing in it shows it)"
        if self.read_from and self.certificate is not None:
            return f"{said} (so says {self.read_from}; what the kernel sees is that {self.certificate.shows})"
        return said

    @property
    def _hearsay(self) -> bool:
        """Whether only a file says so."""
        return bool(self.read_from) and self.conclusive and self.certificate is None

    @property
    def conclusive(self) -> bool:
        """Whether the check found anything out."""
        return self.verdict is not Verdict.INCONCLUSIVE

    @property
    def rate(self) -> Fraction | None:
        """The factor per step that was certified, exact; None where the finding is about something else."""
        rate = self.enclosures.get("rate") if self.verdict is Verdict.CERTIFIED else None
        return Fraction(rate) if isinstance(rate, int | Fraction) else None

    @property
    def shown_by(self) -> ShownBy | None:
        """What has to be trusted to believe it; None where nothing was found out, or only a file says so."""
        if self.verdict is Verdict.INCONCLUSIVE or self._hearsay:
            return None
        if self.certificate is not None:
            return ShownBy.KERNEL
        if self.proof is not None:
            told = any(o.certificate is None for o in self.proof.obligations)
            return ShownBy.PROVERS if told else ShownBy.ALGEBRA
        floating = self.replay is not None and self.replay.arithmetic is Arithmetic.FLOAT
        return ShownBy.SAMPLES if self.verdict is Verdict.SUPPORTED or floating else ShownBy.ARITHMETIC

    @property
    def formal(self) -> str:
        """What was put to the provers, as "d <= N  implies  d**2 <= N**2"; empty where nothing was."""
        given = "; ".join((*self.hypotheses, *self.context))
        concluded = "; ".join(self.conclusions)
        return f"{given}  implies  {concluded}" if given and concluded else concluded

    def made_after(self, number: int) -> bool:
        """Whether it was made in this process after `numbered` gave that number, or in another process."""
        process, own = getattr(self, "_made", (0, 0))
        return process != os.getpid() or own > number

    def save(self, path: str | Path) -> None:
        """Write it to a JSON file, every number exact.

        Args:
            path: the file.

        Raises:
            UsageError: a value of its witness or enclosures has no exact form, or no file can be written there.
            OSError: it cannot be written.
        """
        write_text(writable_file(path), json_text(to_data(self)))

    @classmethod
    def load(cls, path: str | Path) -> "Finding":
        """Read it from a JSON file.

        The kernel checks every certificate again, and the constructor rejects what the evidence cannot support. What no
        certificate shows stays what the file says, and no check can return it as its own: `shown_by` is None and its
        text names the file. The words are the file's in any case, so the text ends with what the kernel sees.

        Args:
            path: the file.

        Returns:
            The finding, equal to the one that was saved.

        Raises:
            UsageError: there is no such file, or it holds no finding, or one that cannot stand.
            OSError: it cannot be read.
        """
        arguments = from_file(existing_file(path, "a finding"))
        try:
            return cls(**arguments, read_from=str(path))
        except ValueError as error:  # an argument of another kind, or evidence that does not support the verdict
            raise UsageError(f"{path} holds no finding: {error}") from None

    @property
    def provers(self) -> dict[str, str]:
        """What each prover said about the obligation that decides: `{"z3": "unsat", "cvc5": "unsat"}`."""
        return dict(self.obligations[-1].answers) if self.obligations else {}

    @property
    def smtlib(self) -> str:
        """The SMT-LIB 2 text of the deciding obligation, empty where no prover was asked."""
        return self.obligations[-1].smtlib if self.obligations else ""

    def _repr_html_(self) -> str:
        """For notebooks: everything but the time; what the provers were asked is folded away."""
        witness = sorted((str(name), str(value)) for name, value in (self.witness or {}).items())
        failed = [line for line in self.replay.conclusions if not line.holds] if self.replay else []
        lines = [(line.depth, line.text) for line in lines_of(self.proof)] if self.proof else []
        rows = table(
            {
                "verdict": str(self.verdict),
                "method": str(self.method),
                "shown by": str(self.shown_by or ""),
                "what": self.detail,
                "provers": ", ".join(f"{name}: {said}" for name, said in sorted(self.provers.items())),
                "witness": ", ".join(f"{name} = {value}" for name, value in witness),
                "fails there": "; ".join(
                    f"{line.text} ({line.margin})" if line.margin else line.text for line in failed
                ),
                "enclosures": ", ".join(f"{name}: {value}" for name, value in self.enclosures.items()),
                "cases tried": str(self.examples or ""),
                "note": self.note,
                "read from": self.read_from,
            }
        )
        return rows + folded("the proof", lines, unfolded=not self.obligations)


def numbered() -> int:
    """A number that every finding made later is above; see `Finding.made_after`."""
    return next(_NUMBERS)


def inconclusive(method: Method, reason: str, **fields: Any) -> Finding:
    """A Finding that found nothing out, with its reason."""
    return Finding(Verdict.INCONCLUSIVE, method, reason, **fields)
