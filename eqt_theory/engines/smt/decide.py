"""Deciding one text: by a certificate that is kept, else by the provers and then by a certificate that is found."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from eqt_theory.core import store
from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.finding import Obligation
from eqt_theory.engines.certificate import Work, certify_point, find_contradiction, point_of
from eqt_theory.engines.smt import witness
from eqt_theory.engines.smt.formula import Formula, atoms
from eqt_theory.engines.smt.normalise import Normalised, normalise
from eqt_theory.engines.smt.provers import Answer, Panel
from eqt_theory.engines.smt.script import names_of, script

_SECONDS = 120.0  # of processor time, the last resort of a search for a certificate


@dataclass(frozen=True)
class Question:
    """Formulas that hold together or not, and the text that asks so.

    Args:
        name: what an answer is for.
        formulas: `(comment, formula)` pairs.
        normal: the normal form that they are of others; None where they are as they came.
    """

    name: str
    formulas: Sequence[tuple[str, Formula]]
    normal: Normalised | None = None

    @property
    def symbols(self) -> list[sp.Symbol]:
        """The symbols in the formulas, in the order of declaration."""
        return sorted(_symbols_of(self.formulas), key=lambda s: (s.name, s.sort_key()))

    @functools.cached_property
    def text(self) -> str:
        """The SMT-LIB text."""
        return script(self.formulas, self.symbols, self.name + (f" (with {self.normal})" if self.normal else ""))

    def normalised(self) -> "Question":
        """The question in normal form; itself where that is no other."""
        plain = [formula for _, formula in self.formulas]
        normal = normalise(plain, self.symbols)
        if normal.formulas == plain:
            return self
        comments = (comment for comment, _ in self.formulas)
        return Question(self.name, list(zip(comments, normal.formulas, strict=True)), normal)

    def pertinent(self) -> "Question":
        """The question with those formulas alone that speak of nothing but what the last one speaks of."""
        about = _symbols_of(self.formulas[-1:])
        return replace(self, formulas=[one for one in self.formulas if _symbols_of([one]) <= about])


def _symbols_of(formulas: Sequence[tuple[str, Formula]]) -> set[sp.Symbol]:
    return {s for _, formula in formulas for atom in atoms(formula) for s in atom.expr.free_symbols}


@dataclass(frozen=True)
class Decision:
    """What is known about a question.

    Args:
        question: it.
        answers: of the provers, where they were asked.
        certificate: from which the kernel sees it; None where there is none.
        points: where the formulas hold together, in the symbols of the question as it came, the best first.
    """

    question: Question
    answers: Mapping[str, Answer] = field(default_factory=dict)
    certificate: Certificate | None = None
    points: tuple[witness.Point, ...] = ()

    @property
    def obligation(self) -> Obligation:
        """The question with what was said of it."""
        said = {name: answer.said for name, answer in self.answers.items()}
        normal = str(self.question.normal or "")
        return Obligation(self.question.name, self.question.text, said, normal, self.certificate)

    @property
    def settled(self) -> bool:
        """Whether the formulas hold together at a point, or are known not to."""
        return bool(self.points) or self.obligation.closed


def recall(question: Question) -> Decision | None:
    """What a certificate that is kept says of a question.

    Args:
        question: of which the text is looked up, letter by letter.

    Returns:
        The decision; None where nothing is kept about this text.

    Raises:
        CertificateRejected: the kernel rejects what is kept.
    """
    kept = store.current()
    certificate = kept.find(question.text) if kept is not None else None
    if kept is None or certificate is None:
        return None
    if certificate.defect:
        raise CertificateRejected(f"a certificate in {kept.folder}: {certificate.defect}; `verify --anew` does without")
    if certificate.kind == "contradiction":
        return Decision(question, certificate=certificate)
    names, values = names_of(question.symbols), point_of(certificate)
    return Decision(question, {}, certificate, _originals(question, [{s: values[names[s]] for s in question.symbols}]))


def decide(question: Question, panel: Panel, seconds: float) -> Decision:
    """Put a question to the provers; where they give a point, look for its certificate.

    Args:
        question: it.
        panel: the provers.
        seconds: the budget of each prover.

    Returns:
        The decision.

    Raises:
        ProverDisagreement: the provers contradict each other.
    """
    symbols, text = question.symbols, question.text
    answers = panel.ask(text, seconds)
    points = [witness.point_of(a.model, symbols) for a in answers.values() if a.said == "sat"]
    names = names_of(symbols)
    for point in points:
        certificate = certify_point(text, {names[s]: value for s, value in point.items()})
        if certificate is not None:
            points = [point, *(other for other in points if other is not point)]
            return Decision(question, answers, certificate, _originals(question, points))
    return Decision(question, answers, None, _originals(question, points))


def certified(decision: Decision, plain: Question) -> Decision:
    """A decision of the provers with a certificate, where one is found.

    Args:
        decision: that the formulas cannot hold together.
        plain: the question as it came. Where it has a certificate, nobody has to trust the normal form.

    Returns:
        The decision, about one of the two questions, or about what of the plain one speaks of the same symbols.
    """
    if decision.question != plain and (found := _searched(plain.text, store.search_units())):
        return Decision(plain, certificate=found)
    found = _searched(decision.question.text, store.search_units())
    if found is None:  # what is beside the point may hide one
        small = plain.pertinent()
        if small.formulas != plain.formulas and (found := _searched(small.text, store.search_units())):
            return Decision(small, certificate=found)
    return decision if found is None else replace(decision, certificate=found)


@functools.lru_cache(maxsize=64)  # a question that stays open is searched again on a larger budget of the provers
def _searched(text: str, units: int) -> Certificate | None:
    return find_contradiction(text, Work(units, _SECONDS))


def _originals(question: Question, points: Sequence[witness.Point]) -> tuple[witness.Point, ...]:
    return tuple(question.normal.original(point) if question.normal else point for point in points)
