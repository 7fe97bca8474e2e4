"""Induction as an object: a base, a step and what follows, each a finding, and one verdict derived from them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.proof import Proof
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.first_steps import FIRST_STEPS, fails_early, of_the_whole, put, signs, unused
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat

_SHOWN = (Verdict.PROVED, Verdict.CERTIFIED)


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
        why = "; ".join(f"the {name} is {part.verdict}: {part.detail}" for name, part in failed.items())
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


@dataclass(frozen=True)
class Quantity:
    """A number for each whole n, known by its first value and by how the next follows.

    Args:
        symbol: stands for its value at n. Where it is declared with a sign, the first value and the step must show it.
        start: its value at the start of the induction.
        after: its value at n + 1, of its value at n, of n and of other quantities at n.
    """

    symbol: sp.Symbol
    start: sp.Expr
    after: sp.Expr


def by_induction(
    statement: Boolean,
    n: sp.Symbol,
    hypotheses: Iterable[Boolean] = (),
    *,
    start: int = 0,
    quantities: Sequence[Quantity] = (),
    each: Iterable[Boolean] = (),
    detail: str = "",
) -> Finding:
    """Prove a statement for every whole n >= start, its base and its step put to the provers.

    Powers `b**(a n + c)` with whole a and c, and sums whose upper limit is n + c, may stand in the statement: they are
    replaced by quantities that follow their recurrences, `b^0 = 1, b^(n + 1) = b b^n`.

    Args:
        statement: P(n), a relation or several joined by And.
        n: stands for a whole number; whatever it is declared as, only that it is real and at least `start` is used.
        hypotheses: what is given of the parameters; n and the quantities do not occur in them.
        start: the first n.
        quantities: further numbers that depend on n.
        each: what is given besides for each n, of n, of quantities, or of what only `Quantity.after` speaks of; a
            relation of nothing but parameters is a hypothesis.
        detail: what is shown.

    Returns:
        The finding; see `Induction`. REFUTED where it fails at the start, or at one of the next few n.

    Raises:
        UsageError: what is given is no relation, a hypothesis speaks about n, a power or a sum is none of these, or a
            sum is empty.
    """
    if not isinstance(statement, Boolean):
        raise UsageError(f"statement must be a SymPy relation over {n}, got {type(statement).__name__}: {statement!r}")
    given = flat(hypotheses, "a hypothesis")
    plain, quantities, known = _with_plain(n, statement, quantities, flat(each, "what is given for each n"))
    number = _plain(n)
    taken = {symbol.name for part in (plain, *given, *known) for symbol in part.free_symbols}
    plain, found = _Recurrences(number, start, taken).replaced(plain)
    every = [*quantities, *found]
    moving = {n, number, *(quantity.symbol for quantity in every)}
    for hypothesis in given:
        if moving & getattr(hypothesis, "free_symbols", set()):
            raise UsageError(f"hypotheses must not depend on {n}, got {hypothesis}; state it under each=, for each {n}")
    first: dict[sp.Symbol, sp.Expr] = {number: sp.Integer(start), **{q.symbol: sp.sympify(q.start) for q in every}}
    after: dict[sp.Symbol, sp.Expr] = {number: number + 1, **{q.symbol: sp.sympify(q.after) for q in every}}
    name = detail or f"{statement} for every whole {n} >= {start}"
    base = _at(plain, first, given, f"{name}: {n} = {start}")
    step = _at(plain, after, [*given, number >= start, *known, plain], f"{name}: from {n} to {n} + 1")
    parameters = set().union(*(relation.free_symbols for relation in (statement, *given)))
    changing = moving | set().union(*(after[q.symbol].free_symbols for q in every)) - parameters
    of_each_n = [relation for relation in known if changing & relation.free_symbols]
    always = [*given, *(relation for relation in known if relation not in of_each_n)]
    if base.verdict is Verdict.REFUTED and known:  # what is given for each n is given at the start, too
        there = [r for relation in of_each_n if (r := relation.subs(first, simultaneous=True)) is not sp.true]
        base = of_the_whole(_at(plain, first, [*always, *there], f"{name}: {n} = {start}"), always)
    if step.verdict is Verdict.REFUTED and base.verdict is not Verdict.REFUTED:
        about = [f"{name}: {n} = {start + k}" for k in range(1, 1 + FIRST_STEPS)]
        early = fails_early(plain, first, after, always, of_each_n, about)
        if early is not None:
            return early
    return induction(base, step, given=[plain, number >= start, *of_each_n], detail=name)


def _plain(n: sp.Symbol) -> sp.Symbol:
    """The same number with nothing assumed but that it is real: of a positive n the step from 0 would not be shown."""
    return sp.Symbol(n.name, real=True)


def _with_plain(
    n: sp.Symbol, statement: Boolean, quantities: Sequence[Quantity], each: list[Boolean]
) -> tuple[Boolean, list[Quantity], list[Boolean]]:
    change = {n: _plain(n)}
    moved = [Quantity(q.symbol, sp.sympify(q.start), sp.sympify(q.after).xreplace(change)) for q in quantities]
    return statement.xreplace(change), moved, [relation.xreplace(change) for relation in each]


def _at(plain: Boolean, values: Mapping[sp.Symbol, sp.Expr], given: list[Boolean], detail: str) -> Finding:
    """Prove P at other values of its symbols, and that they have the signs with which the symbols are declared."""
    there, more = put(plain, values, given)
    declared = [relation for symbol, value in values.items() for relation in signs(symbol, value)]
    known = [*given, *more]
    return prove(known, [there, *(relation for relation in declared if relation is not sp.true)], detail=detail)


class _Recurrences:
    """Replaces powers and sums by symbols that follow a recurrence.

    Args:
        n: the number of the induction.
        start: where it begins.
        taken: names that other symbols have.
    """

    def __init__(self, n: sp.Symbol, start: int, taken: set[str]) -> None:
        self._n, self._start, self._taken = n, start, taken
        self._found: dict[sp.Expr, Quantity] = {}

    def replaced(self, statement: Boolean) -> tuple[Boolean, list[Quantity]]:
        """The statement without powers and sums that depend on n, and the quantities in their place."""
        sums = sorted(statement.atoms(sp.Sum), key=sp.default_sort_key)
        statement = statement.xreplace({s: self._sum(s) for s in sums if self._n in s.free_symbols})
        powers = sorted(statement.atoms(sp.Pow), key=sp.default_sort_key)
        statement = statement.xreplace({p: self._power(p) for p in powers if self._n in p.exp.free_symbols})
        return statement, list(self._found.values())

    def _power(self, power: sp.Pow) -> sp.Expr:
        base, exponent = power.args
        rate = exponent.coeff(self._n, 1)
        rest = sp.expand(exponent - rate * self._n)
        if not (rate.is_Integer and rest.is_Integer) or self._n in base.free_symbols:
            raise UsageError(f"powers must be of the form b**(a {self._n} + c) with whole a and c, got {power}")
        if base not in self._found:
            sign = {"positive": True} if base.is_positive else {"nonnegative": True} if base.is_nonnegative else {}
            symbol = sp.Symbol(unused(f"power_{len(self._found)}", self._taken), real=True, **sign)
            self._found[base] = Quantity(symbol, base**self._start, base * symbol)
        return self._found[base].symbol ** rate * base**rest

    def _sum(self, total: sp.Sum) -> sp.Expr:
        term, *limits = total.args
        index, low, high = limits[0]
        whole = low.is_Integer and (high - self._n).is_Integer
        if len(limits) != 1 or not whole or self._n in term.free_symbols:
            raise UsageError(f"sums must run over one index from a whole number to {self._n} + c, c whole, got {total}")
        if high.subs(self._n, self._start) < low - 1:  # SymPy would give it a value that is not 0
            raise UsageError(f"the sum {total} must not end before it begins at {self._n} = {self._start}")
        if total not in self._found:
            first = total.subs(self._n, self._start).doit()
            symbol = sp.Symbol(unused(f"sum_{len(self._found)}", self._taken), real=True)
            self._found[total] = Quantity(symbol, first, symbol + self._power_free(term.subs(index, high + 1)))
        return self._found[total].symbol

    def _power_free(self, term: sp.Expr) -> sp.Expr:
        powers = [p for p in term.atoms(sp.Pow) if self._n in p.exp.free_symbols]
        return term.xreplace({p: self._power(p) for p in powers})
