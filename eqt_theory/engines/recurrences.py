"""What depends on a whole number n, as quantities that follow a recurrence: powers, sums, products, sequences."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import sympy as sp
from sympy.core.function import AppliedUndef

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.first_steps import unused

E = TypeVar("E", bound=sp.Basic)


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


@dataclass
class _Replacing:
    """Puts symbols in the place of what depends on n.

    Args:
        n: the number of the induction.
        start: where it begins.
        taken: names that other symbols have.
    """

    n: sp.Symbol
    start: int
    taken: set[str]


@dataclass
class Recurrences(_Replacing):
    """Replaces powers, factorials, sums and products by symbols that follow a recurrence.

    Args:
        moving: further symbols that are another number at each n; no power is of one, and no sum adds up one.
    """

    moving: set[sp.Symbol] = field(default_factory=set)
    _found: dict[sp.Expr, Quantity] = field(default_factory=dict, init=False)
    bases: dict[sp.Symbol, sp.Expr] = field(default_factory=dict, init=False)
    """The base b of each symbol that stands for b**n."""

    @property
    def found(self) -> list[Quantity]:
        """The quantities that stand for what was replaced."""
        return list(self._found.values())

    @property
    def meaning(self) -> dict[sp.Basic, sp.Basic]:
        """What each of their symbols stands for."""
        return {quantity.symbol: what for what, quantity in self._found.items()}

    def replaced(self, expr: E) -> E:
        """Replace powers, factorials, sums and products that depend on n.

        Args:
            expr: an expression or relation.

        Returns:
            The same without them.

        Raises:
            UsageError: one is of a form that follows no recurrence, or empty before it begins.
        """
        for kind, put in ((sp.Sum, self._total), (sp.Product, self._total), (sp.factorial, self._factorial)):
            parts = sorted(expr.atoms(kind), key=sp.default_sort_key)
            outer = [
                p for p in parts if self.n in p.free_symbols and not any(p in q.args[0].atoms(kind) for q in parts)
            ]
            expr = expr.xreplace({part: put(part) for part in outer})
        while powers := [p for p in expr.atoms(sp.Pow) if self.n in p.exp.free_symbols]:
            inner = {p for power in powers for p in power.exp.atoms(sp.Pow)}  # which may stand for itself, too
            outer = sorted((p for p in powers if p not in inner), key=sp.default_sort_key)
            expr = expr.xreplace({power: self._power(power) for power in outer})
        return expr

    def _moves(self, expr: sp.Expr) -> bool:
        return bool(expr.free_symbols & {self.n, *self.moving})

    def _power(self, power: sp.Pow) -> sp.Expr:
        base, exponent = power.args
        within = {p for p in exponent.atoms(sp.Pow) if self.n in p.exp.free_symbols}
        if within and not self._moves(base):
            return self._power_of_power(power, within)
        rate = exponent.coeff(self.n, 1)
        rest = sp.expand(exponent - rate * self.n)
        if not (rate.is_Integer and rest.is_Integer) or self._moves(base):
            raise UsageError(
                f"powers must be of the form b**(a {self.n} + c) with whole a and c, or b**(a k**{self.n} + c) with"
                f" a whole k >= 2 besides, and of one b for every {self.n}, got {power}"
            )
        self._require_value(power, rate, rest)
        what = base**self.n
        if what not in self._found:
            symbol = self._symbol("power", base)
            self._found[what] = Quantity(symbol, base**self.start, base * symbol)
            self.bases[symbol] = base
        return self._found[what].symbol ** rate * base**rest

    def _power_of_power(self, power: sp.Pow, within: set[sp.Pow]) -> sp.Expr:
        """b**(a k**n + c), where the next b**(k**n) is its k-th power."""
        base, exponent = power.args
        k = min(within, key=sp.default_sort_key).base
        tower = k**self.n
        exponent = sp.expand(exponent)
        rate = exponent.coeff(tower, 1)
        rest = sp.expand(exponent - rate * tower)
        if not (k.is_Integer and k >= 2 and rate.is_Integer and rest.is_Integer and self.start >= 0):
            raise UsageError(
                f"powers of powers must be of the form b**(a k**{self.n} + c) with whole k >= 2, a and c, and start"
                f" at 0 or later, got {power}"
            )
        self._require_value(power, rate, rest)
        what = base**tower
        if what not in self._found:
            symbol = self._symbol("power", base)
            self._found[what] = Quantity(symbol, base ** (k**self.start), symbol**k)
        return self._found[what].symbol ** rate * base**rest

    def _require_value(self, power: sp.Pow, rate: sp.Expr, rest: sp.Expr) -> None:
        """Refuse what splits into 0 and 1/0, as 0**(2 - n)."""
        if power.base.is_zero and (rate < 0 or rest < 0):
            raise UsageError(f"powers of 0 must be of the form 0**(a {self.n} + c) with a and c >= 0, got {power}")

    def _factorial(self, factorial: sp.factorial) -> sp.Expr:
        shift = factorial.args[0] - self.n
        if not shift.is_Integer or self.start < 0:
            raise UsageError(f"factorials must be of {self.n} + c with whole c, from 0 on, got {factorial}")
        what = sp.factorial(self.n)
        if what not in self._found:
            symbol = self._symbol("factorial", sp.Integer(1))
            self._found[what] = Quantity(symbol, sp.factorial(self.start), (self.n + 1) * symbol)
        above = sp.Mul(*(self.n + j for j in range(1, int(shift) + 1)))
        below = sp.Mul(*(self.n - j for j in range(-int(shift))))
        return self._found[what].symbol * above / below

    def _total(self, total: sp.Sum | sp.Product) -> sp.Expr:
        name = "sum" if isinstance(total, sp.Sum) else "product"
        term, *limits = total.args
        index, low, high = limits[0]
        whole = low.is_Integer and (high - self.n).is_Integer
        if len(limits) != 1 or not whole or self._moves(term):
            raise UsageError(
                f"{name}s must run over one index from a whole number to {self.n} + c, c whole, and be of terms that"
                f" do not depend on {self.n}, got {total}"
            )
        if high.subs(self.n, self.start) < low - 1:  # SymPy would give it a value that is not 0
            raise UsageError(f"the {name} {total} must not end before it begins at {self.n} = {self.start}")
        if total not in self._found:
            symbol = self._symbol(name, sp.Integer(-1))
            first = total.subs(self.n, self.start).doit()
            following = self.replaced(term.subs(index, high + 1))
            self._found[total] = Quantity(symbol, first, symbol + following if name == "sum" else symbol * following)
        return self._found[total].symbol

    def _symbol(self, kind: str, sign_of: sp.Expr) -> sp.Symbol:
        """A symbol, positive or nonnegative where that is."""
        sign = {"positive": True} if sign_of.is_positive else {"nonnegative": True} if sign_of.is_nonnegative else {}
        return sp.Symbol(unused(f"{kind}_{len(self._found)}", self.taken), real=True, **sign)


@dataclass
class Sequences(_Replacing):
    """Replaces a(n), a(n + 1), .. of functions `a = sp.Function("a")` by symbols, each the next of that before it."""

    _last: dict[sp.Basic, int] = field(default_factory=dict, init=False)
    _symbols: dict[tuple[sp.Basic, sp.Expr], sp.Symbol] = field(default_factory=dict, init=False)

    def look(self, parts: Iterable[sp.Basic], further: int = 0) -> None:
        """Look how far beyond n the sequences in these parts are spoken of, and so many numbers further."""
        for applied in set().union(*(part.atoms(AppliedUndef) for part in parts)):
            offset = self._offset(applied)
            reach = 1 if offset is None else offset + further
            self._last[applied.func] = max(1, reach, self._last.get(applied.func, 1))

    def _offset(self, applied: AppliedUndef) -> int | None:
        """By how much the argument exceeds n; None where it is a number."""
        argument = applied.args[0]
        shift = argument - self.n
        if len(applied.args) == 1 and shift.is_Integer and shift >= 0:
            return int(shift)
        if len(applied.args) == 1 and argument.is_Integer:
            return None
        raise UsageError(
            f"a sequence must be spoken of as {applied.func}({self.n}), {applied.func}({self.n} + 1), .. or by its"
            f" first values, as {applied.func}({self.start}), got {applied}"
        )

    def replaced(self, expr: E) -> E:
        """Replace the values of sequences.

        Args:
            expr: an expression or relation.

        Returns:
            The same with symbols in their place.

        Raises:
            UsageError: a sequence is spoken of otherwise than as said above.
        """
        return expr.xreplace({applied: self._at(applied) for applied in expr.atoms(AppliedUndef)})

    def _at(self, applied: AppliedUndef) -> sp.Symbol:
        offset = self._offset(applied)
        if offset is None and not 0 <= applied.args[0] - self.start < self._last[applied.func]:
            raise UsageError(f"of a sequence only the first values can be spoken of, got {applied}; give it by each=")
        return self._symbol(applied.func, applied.args[0])

    def _symbol(self, function: sp.Basic, argument: sp.Expr) -> sp.Symbol:
        if (function, argument) not in self._symbols:
            declared = {k: v for k, v in getattr(function, "_kwargs", {}).items() if k != "commutative"}
            name = unused(f"{function}({argument})", self.taken)
            self._symbols[function, argument] = sp.Symbol(name, **{"real": True, **declared})
        return self._symbols[function, argument]

    @property
    def quantities(self) -> list[Quantity]:
        """Each value but the last that is spoken of, with the next one as what follows."""
        return [
            Quantity(
                self._symbol(function, self.n + j),
                self._symbol(function, sp.Integer(self.start + j)),
                self._symbol(function, self.n + j + 1),
            )
            for function, last in sorted(self._last.items(), key=lambda item: str(item[0]))
            for j in range(last)
        ]
