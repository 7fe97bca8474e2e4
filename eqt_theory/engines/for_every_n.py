"""A statement about every whole n, in plain symbols for what depends on n."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.first_steps import at
from eqt_theory.engines.recurrences import Quantity, Recurrences, Sequences


@dataclass(frozen=True)
class ForEveryN:
    """P(n) in plain symbols, and how they begin and follow.

    Args:
        statement: P(n).
        n: a real symbol.
        first: the values of n and of the quantities at the start.
        after: those at n + 1, of those at n.
        given: the hypotheses.
        known: what is given for each n, as it came.
        each: that of it which speaks of more than parameters.
        parameters: what the statement and the hypotheses speak of besides, the same for each n.
        recurrences: what some of the quantities stand for.
    """

    statement: Boolean
    n: sp.Symbol
    first: dict[sp.Symbol, sp.Expr]
    after: dict[sp.Symbol, sp.Expr]
    given: list[Boolean]
    known: list[Boolean]
    each: list[Boolean]
    parameters: set[sp.Symbol]
    recurrences: Recurrences

    @classmethod
    def of(
        cls,
        statement: Boolean,
        n: sp.Symbol,
        given: list[Boolean],
        start: int,
        quantities: Sequence[Quantity],
        known: list[Boolean],
    ) -> "ForEveryN":
        """What is asked, without powers, sums and sequences."""
        _check(n, start, quantities)
        for part in (statement, *given, *known):
            if part.has(sp.zoo, sp.nan):
                raise UsageError(f"relations must have values, got {part}, in which something is divided by 0")
        number = sp.Symbol(n.name, real=True)  # of a positive n the step from 0 would not be shown
        taken = {symbol.name for part in (statement, *given, *known) for symbol in part.free_symbols}
        spoken = {symbol for part in (statement, *given) for symbol in part.free_symbols}
        steps = {s for q in quantities for s in (q.symbol, sp.sympify(q.after)) if s.is_Symbol}
        recurrences, sequences = Recurrences(number, start, taken, steps), Sequences(number, start, taken)

        def plain(part: Any) -> Any:
            return recurrences.replaced(sp.sympify(part).xreplace({n: number}))

        said, statement = statement, plain(statement)
        if statement == sp.true:
            raise UsageError(f"{said} is true by the signs of what is in it, as SymPy sees: no induction is needed")
        known = [r for relation in known if (r := plain(relation)) != sp.true]
        own = [Quantity(q.symbol, sp.sympify(q.start), plain(q.after)) for q in quantities]
        every = [*own, *recurrences.found]
        spoken |= set().union(*(what.free_symbols for what in recurrences.meaning.values()))  # c of c**n is one c
        sequences.look([statement], further=1)
        sequences.look([*given, *known, *(value for q in every for value in (q.start, q.after))])
        statement, *rest = map(sequences.replaced, [statement, *given, *known])
        given, known = rest[: len(given)], rest[len(given) :]
        every = [Quantity(q.symbol, *map(sequences.replaced, (q.start, q.after))) for q in every]
        every += sequences.quantities
        moving = {n, number, *(quantity.symbol for quantity in every)}
        for hypothesis in given:
            if moving & hypothesis.free_symbols:
                raise UsageError(
                    f"hypotheses must not depend on {n}, got {hypothesis}; state it under each=, for each {n}"
                )
        spoken |= set().union(*(relation.free_symbols for relation in (statement, *given)))
        parameters = spoken - moving
        changing = (moving | set().union(*(q.after.free_symbols for q in every))) - parameters
        each = [relation for relation in known if changing & relation.free_symbols]
        first = {number: sp.Integer(start), **{q.symbol: q.start for q in every}}
        for relation in (statement, *each):
            if at(relation, first) is None:
                meant = relation.xreplace(recurrences.meaning)
                raise UsageError(
                    f"what is shown or given must have a value at the first {n}, got {meant} from {n} = {start} on;"
                    " begin later with start="
                )
        return cls(
            statement,
            number,
            first,
            {number: number + 1, **{q.symbol: q.after for q in every}},
            given,
            known,
            each,
            parameters,
            recurrences,
        )

    @property
    def start(self) -> int:
        """The first n."""
        return int(self.first[self.n])

    @property
    def constant(self) -> set[sp.Symbol]:
        """The parameters, n and the quantities: nothing that is another number at each step without being known."""
        return self.parameters | set(self.first)

    @property
    def always(self) -> list[Boolean]:
        """What is given of parameters, wherever it was said."""
        return [*self.given, *(relation for relation in self.known if relation not in self.each)]

    @property
    def changing(self) -> list[sp.Symbol]:
        """What only the next values speak of, and what is given for each n: another number at each."""
        fixed = (self.statement, *self.always, *self.first.values())
        spoken, of = (
            set().union(*(sp.sympify(part).free_symbols for part in parts)) for parts in (fixed, self.after.values())
        )
        return sorted(of - spoken - self.parameters - {*self.first}, key=str)

    def fixed_by(self, relation: Boolean) -> set[sp.Symbol]:
        """The parameters that decide whether a relation holds at each n; none where something is chosen on the way."""
        seen, todo = set(), set(relation.free_symbols)
        while todo:
            seen |= todo
            parts = (value[s] for s in todo & self.first.keys() for value in (self.first, self.after))
            todo = set().union(*(sp.sympify(part).free_symbols for part in parts)) - seen
        return set() if seen & {*self.changing} else seen - self.first.keys()


def _check(n: sp.Symbol, start: int, quantities: Sequence[Quantity]) -> None:
    """Refuse what says two things of one number, or makes SymPy simplify by what not every whole number is."""
    whole = sp.Symbol(n.name, integer=True, **({"positive": True} if start >= 0 else {})).assumptions0
    if more := [word for word, so in n.assumptions0.items() if word != "commutative" and whole.get(word) is not so]:
        raise UsageError(
            f"{n} stands for every whole number from {start} on, got one declared {more[0]}={n.assumptions0[more[0]]},"
            " by which SymPy simplifies"
        )
    symbols = [quantity.symbol for quantity in quantities]
    if others := [symbol for symbol in symbols if not isinstance(symbol, sp.Symbol)]:
        raise UsageError(f"a quantity must be named by a Symbol, got {type(others[0]).__name__}: {others[0]!r}")
    if twice := [symbol for symbol in (n, *symbols) if (n, *symbols).count(symbol) > 1]:
        raise UsageError(f"quantities must be one of each symbol, and none of them {n}, got several of {twice[0]}")
    for quantity in quantities:
        if depends := sorted(sp.sympify(quantity.start).free_symbols & {n, *symbols}, key=str):
            raise UsageError(
                f"the first value of {quantity.symbol} must not depend on {depends[0]}, got {quantity.start};"
                f" name what {depends[0]} is at the start"
            )
