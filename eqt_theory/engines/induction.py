"""Induction as an object: a base, a step and what follows, each a finding, and one verdict derived from them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.proof import Proof
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.early import fails_early
from eqt_theory.engines.first_steps import at, of_the_whole, put, signs
from eqt_theory.engines.for_every_n import ForEveryN
from eqt_theory.engines.going_on import goes_on
from eqt_theory.engines.invariants import kept
from eqt_theory.engines.recurrences import Quantity
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat

_SHOWN = (Verdict.PROVED, Verdict.CERTIFIED)
_ROUNDS = 4


@dataclass(frozen=True)
class Induction:
    """P(start); P(n) implies P(n + 1); and what P(n) for every n implies.

    Args:
        base: the finding about P(start).
        step: the finding about P(n) => P(n + 1), for every whole n >= start.
        conclude: the finding about what follows; None where P(n) is itself what is to be shown.
        detail: what is shown.
        given: P(n), as the step and the conclusion are given it, and what else holds of each n; all other hypotheses
            that they have are hypotheses of the whole.
    """

    base: Finding
    step: Finding
    conclude: Finding | None = None
    detail: str = "by induction"
    given: Collection[Boolean] = ()

    @property
    def parts(self) -> dict[str, Finding]:
        """The findings by name."""
        parts = {"base": self.base, "step": self.step}
        return parts if self.conclude is None else {**parts, "conclusion": self.conclude}

    @property
    def finding(self) -> Finding:
        """PROVED (CERTIFIED) where every part is; REFUTED where the base fails and is itself part of what is claimed.

        A step that fails refutes nothing, since a stronger P may pass on: the finding is INCONCLUSIVE, and says so.
        """
        if self.conclude is None and self.base.verdict is Verdict.REFUTED:
            return replace(self.base, detail=f"{self.detail}: the base fails: {self.base.detail}")
        passed_on = {said(part) for relation in self.given for part in sp.And.make_args(relation)}
        return _joined(self.parts, self.detail, passed_on)


def together(parts: Mapping[str, Finding], detail: str) -> Finding:
    """One finding of an argument whose steps were found separately and are all needed.

    Args:
        parts: the steps by name, as a potential that falls, its weights that grow, and the bound that follows.
        detail: what they show together.

    Returns:
        PROVED (CERTIFIED) where every part is, with all that they rest on and assume; else INCONCLUSIVE, and why: a
        step that fails refutes the argument, not what it was to show. INCONCLUSIVE, too, where one part declares a
        symbol as what another part excludes, as positive and as negative: they do not speak of the same number. What a
        part is given is a hypothesis of the whole, too, unless a part before it was put to the provers with just that.
    """
    return _joined(parts, detail)


def _joined(parts: Mapping[str, Finding], detail: str, passed_on: Collection[str] = ()) -> Finding:
    """As `together`, where what is passed on from n to n + 1 belongs to the argument; no base is given it."""
    failed = {name: part for name, part in parts.items() if part.verdict not in _SHOWN}
    said = "; ".join(f"{name} {part.verdict}" for name, part in parts.items())
    obligations = tuple(o for part in parts.values() for o in part.obligations)
    assumes: dict[str, dict[str, bool]] = {}
    clashes: dict[str, str] = {}
    for part in parts.values():
        for name, words in part.assumes.items():  # all that any part assumes of a symbol of this name
            known_of = assumes.setdefault(name, {})
            for word, is_so in words.items():
                if known_of.get(word, is_so) is not is_so:
                    clashes[name] = word
            known_of.update(words)
    given: dict[str, tuple[str, ...]] = {}
    concluded: set[str] = set()
    for name, part in parts.items():
        known_here = concluded if name == "base" else {*concluded, *passed_on}
        each = zip_longest(part.hypotheses, part.speaks_of, fillvalue=())
        given |= {str(text): of for text, of in each if text not in known_here}
        concluded.update(part.conclusions)
    every = dict.fromkeys(text for part in parts.values() for text in (*part.hypotheses, *part.context))
    known: dict[str, Any] = {
        "assumes": assumes,
        "hypotheses": tuple(given),
        "speaks_of": tuple(given.values()),
        "context": tuple(text for text in every if text not in given),
        "note": said,
    }
    if failed:
        why = "; ".join(f"{_the(name)} is {part.verdict}: {part.detail}" for name, part in failed.items())
        method = next(iter(failed.values())).method
        return inconclusive(method, f"{detail}: {why}", obligations=obligations, **known)
    if clashes:
        why = ", ".join(f"{name} is {word} in one part and not in another" for name, word in clashes.items())
        return inconclusive(Method.SYMBOLIC, f"{detail}: {why}", obligations=obligations, **known)
    if any(part.verdict is Verdict.CERTIFIED for part in parts.values()):
        values = {f"{name}: {key}": v for name, part in parts.items() for key, v in part.enclosures.items()}
        return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=values, **known)
    proofs = [part.proof for part in parts.values() if part.proof is not None]
    proof = Proof(
        tuple(o for p in proofs for o in p.obligations),
        tuple(i for p in proofs for i in p.identities),
        satisfied_at=next((p.satisfied_at for p in proofs if p.satisfied_at is not None), None),
        point=next((p.point for p in proofs if p.point is not None), None),
    )
    method = Method.SMT if proof.obligations else Method.SYMBOLIC
    return Finding(Verdict.PROVED, method, detail, proof=proof, obligations=obligations, **known)


def _the(name: str) -> str:
    """The name of a part in a sentence."""
    return name if name.split()[0] in ("the", "no", "each", "every", "what", "that") else f"the {name}"


def induction(
    base: Finding,
    step: Finding,
    conclude: Finding | None = None,
    *,
    given: Iterable[Boolean] = (),
    detail: str = "by induction",
) -> Finding:
    """One finding of an induction whose parts were found separately; see `Induction`.

    Args:
        base: about P(start).
        step: about P(n) => P(n + 1).
        conclude: about what follows; None where P(n) for every n is what is to be shown.
        given: P(n), as the step and the conclusion are given it, and what else holds of each n; all other hypotheses
            that they have are hypotheses of the whole, to which a claim that declares their symbols is held.
        detail: what is shown.

    Returns:
        The finding.
    """
    return Induction(base, step, conclude, detail, tuple(given)).finding


@checked
def by_induction(
    statement: Boolean | bool,
    n: sp.Symbol,
    hypotheses: Iterable[Boolean | bool] = (),
    *,
    start: int = 0,
    quantities: Sequence[Quantity] = (),
    each: Iterable[Boolean | bool] = (),
    detail: str = "",
) -> Finding:
    """Prove a statement for every whole n >= start, its base and its step put to the provers.

    Powers `b**(a n + c)` and `b**(a k**n + c)` with whole a, c and k >= 2, factorials of n + c, and sums and products
    whose upper limit is n + c are replaced by quantities that follow their recurrences, `b^0 = 1, b^(n + 1) = b b^n`.
    Sequences may be written as such: of `a = sp.Function("a", nonnegative=True)` the values a(n), a(n + 1), .. and the
    first ones, with what is given of them under `each`, as `a(n + 1) <= q * a(n)`.

    A step that fails is tried again with what the quantities keep by inductions of their own, as q^n <= 1 for
    0 <= q <= 1 and Bernoulli's inequality; the finding says with what. Where P(n) needs more, state more: And(P, Q).

    Args:
        statement: P(n), a relation or several joined by And.
        n: stands for every whole number from `start` on, and is declared as no other; only that it is real is used.
        hypotheses: what is given of the parameters; n and the quantities do not occur in them.
        start: the first n.
        quantities: further numbers that depend on n.
        each: what is given besides for each n, of n, of quantities, or of what only `Quantity.after` speaks of; a
            relation of nothing but parameters is a hypothesis. That some sequence is so for ever is shown, too, or it
            is said that it was not; where none can be, the finding is INCONCLUSIVE.
        detail: what is shown.

    Returns:
        The finding; see `Induction`. REFUTED where it fails at the start, or at one of the next few n, of a sequence
        that goes on from there for ever as given.

    Raises:
        UsageError: what is given is no relation or has no value at the start, a hypothesis speaks about n, n is
            declared as more than a whole number, quantities are given twice or begin with one another, a power, a
            sum or a sequence is none of these, or a sum is empty.
    """
    if not isinstance(statement, Boolean):
        raise UsageError(f"statement must be a SymPy relation over {n}, got {type(statement).__name__}: {statement!r}")
    given = flat(hypotheses, "a hypothesis")
    asked = ForEveryN.of(statement, n, given, start, quantities, flat(each, "what is given for each n"))
    return _found(asked, detail or f"{statement} for every whole {n} >= {start}")


def _found(asked: ForEveryN, name: str) -> Finding:
    """What is found of it; `name` says what is shown."""
    base = _at(asked, asked.statement, asked.first, asked.given, f"{name}: {asked.n} = {asked.start}")
    step = _onward(asked, asked.statement, name)
    if base.verdict is Verdict.REFUTED and asked.known:  # what is given for each n is given at the start, too
        there = [r for relation in asked.each if (r := at(relation, asked.first)) not in (None, sp.true)]
        known = [*asked.always, *there]
        base = of_the_whole(
            _at(asked, asked.statement, asked.first, known, f"{name}: {asked.n} = {asked.start}"), asked.always
        )
    statement, besides = asked.statement, []
    if step.verdict not in _SHOWN or base.verdict is Verdict.REFUTED:
        early = fails_early(asked, name)
        if early is not None:
            return early
        if base.verdict is Verdict.REFUTED:  # a quantity may only not begin with the sign that it is declared with
            why = "no counterexample is known at which every quantity has the sign that it is declared with"
            base = inconclusive(base.method, f"{base.detail}; {why}", obligations=base.obligations)
        if base.verdict in _SHOWN:
            besides, step = _with_what_is_kept(asked, step, name)
    if besides and step.verdict in _SHOWN:
        statement = sp.And(statement, *besides)
        base = _at(asked, statement, asked.first, asked.given, base.detail)
        name += ", with " + " and ".join(str(relation.xreplace(asked.recurrences.meaning)) for relation in besides)
    fixed = {relation: of for relation in asked.each if (of := asked.fixed_by(relation))}
    given = [statement, asked.n >= asked.start, *(relation for relation in asked.each if relation not in fixed)]
    found = _of_parameters(induction(base, step, given=given, detail=name), fixed, asked.recurrences.meaning)
    return found if found.proof is None or step.proof is None else _going_on(asked, statement, found, step.proof)


def _of_parameters(
    found: Finding, fixed: Mapping[Boolean, set[sp.Symbol]], meaning: Mapping[sp.Basic, sp.Basic]
) -> Finding:
    """The finding with what is given for each n, where parameters alone decide it, as hypotheses about these."""
    texts = {said(r): (said(r.xreplace(meaning)), tuple(sorted(s.name for s in of))) for r, of in fixed.items()}
    pairs = [texts.get(pair[0], pair) for pair in zip(found.hypotheses, found.speaks_of, strict=True)]
    return replace(found, hypotheses=tuple(text for text, _ in pairs), speaks_of=tuple(of for _, of in pairs))


def _onward(asked: ForEveryN, statement: Boolean, name: str) -> Finding:
    """The step of a statement."""
    given = [*asked.given, asked.n >= asked.start, *asked.known, *sp.And.make_args(statement)]
    return _at(asked, statement, asked.after, given, f"{name}: from {asked.n} to {asked.n} + 1")


def _with_what_is_kept(asked: ForEveryN, step: Finding, name: str) -> tuple[list[Boolean], Finding]:
    """What rules out, by inductions of its own, where the step fails; and the step with it."""
    besides: list[Boolean] = []
    for _ in range(_ROUNDS):
        more = kept(asked, besides, step.witness)
        if not more:
            break
        besides += more
        step = _onward(asked, sp.And(asked.statement, *besides), name)
        if step.verdict is not Verdict.REFUTED:
            break
    return besides, step


def _going_on(asked: ForEveryN, statement: Boolean, found: Finding, step: Proof) -> Finding:
    """What was shown, with that some sequence is as given for each n; nothing where none is."""
    if not asked.each or found.proof is None:
        return found
    onward = goes_on(asked, statement, {**(step.satisfied_at or {})})
    if onward.impossible:
        said = {"assumes": found.assumes, "hypotheses": found.hypotheses, "speaks_of": found.speaks_of}
        why = "what is given for each n contradicts itself after some steps, so anything follows from it"
        return inconclusive(Method.SMT, f"{found.detail}: {why}", obligations=found.obligations, **said)
    if onward.shown is None:
        return replace(found, note=f"{found.note}; {onward.note}") if onward.note else found
    more = onward.shown.obligations
    proof = replace(found.proof, obligations=(*found.proof.obligations, *more))
    return replace(found, proof=proof, certificate=None, obligations=(*found.obligations, *more))


def _at(
    asked: ForEveryN, statement: Boolean, values: Mapping[sp.Symbol, sp.Expr], given: list[Boolean], detail: str
) -> Finding:
    """Prove P at other values of its symbols, that these exist, and have the signs that symbols are declared with."""
    there, more = put(statement, values, given)
    declared = [relation for symbol, value in values.items() for relation in signs(symbol, value)]
    own = (value for symbol, value in values.items() if symbol not in asked.recurrences.meaning)
    declared += [sp.Eq(value, value, evaluate=False) for value in own if not value.is_polynomial()]
    goals = [there, *(relation for relation in declared if relation is not sp.true)]
    found = prove([*given, *more], goals, detail=detail)
    return of_the_whole(found, given) if more else found
