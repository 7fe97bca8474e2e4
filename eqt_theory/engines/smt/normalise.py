"""Normal forms of an obligation that are satisfiable exactly when it is, and easier to decide.

Inversion: a symbol that is assumed positive and stands mostly in denominators is replaced by its inverse.

Scaling: a weight w assigns each symbol a rational w_i such that every atom is quasi-homogeneous: x_i -> t**w_i x_i
multiplies it by a power of t, so no sign changes, for any t > 0. If x_k > 0 is assumed and w_k != 0, then
t = x_k**(-1/w_k) maps any solution to one with x_k = 1, so x_k may be set to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from eqt_theory.engines.smt.formula import All, Atom, Formula, No, Some, atoms, substitute


@dataclass(frozen=True)
class Normalised:
    """A normal form.

    Args:
        formulas: the conjunction, equisatisfiable with the original one.
        inverse: `{original symbol: the symbol of its inverse}`.
        ones: the symbols (original or inverse) that were set to 1.
    """

    formulas: list[Formula]
    inverse: dict[sp.Symbol, sp.Symbol]
    ones: list[sp.Symbol]

    def __str__(self) -> str:
        said = [f"{new} = 1/{old}" for old, new in self.inverse.items()]
        return ", ".join([*said, *(f"{symbol} scaled to 1" for symbol in self.ones)])

    def original(self, values: dict[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
        """A solution of the original obligation, from one of the normal form."""
        values = {**values, **dict.fromkeys(self.ones, sp.Integer(1))}
        for old, new in self.inverse.items():
            values[old] = 1 / values.pop(new)
        return values


def normalise(formulas: Sequence[Formula], symbols: Sequence[sp.Symbol]) -> Normalised:
    """The normal form of a conjunction.

    Args:
        formulas: a conjunction; `x > 0` counts as assumed when it stands there as an atom of its own.
        symbols: the symbols, in order of preference for scaling.

    Returns:
        The normal form; the conjunction itself where no symbol can be inverted or scaled.
    """
    formulas, symbols = list(formulas), list(symbols)
    inverse: dict[sp.Symbol, sp.Symbol] = {}
    for symbol in [s for f in formulas if (s := _positive_symbol(f)) is not None]:
        new = _fresh(symbol, symbols)
        inverted = [_invert(f, symbol, new) for f in formulas]
        if _degree(inverted) < _degree(formulas):
            formulas, inverse[symbol] = inverted, new
            symbols[symbols.index(symbol)] = new
    ones: list[sp.Symbol] = []
    while True:
        positive = {_positive_symbol(f) for f in formulas}
        weights = _weights(formulas, [s for s in symbols if s not in ones])
        choice = next((s for s in symbols if s in positive and any(w.get(s, 0) != 0 for w in weights)), None)
        if choice is None:
            return Normalised(formulas, inverse, ones)
        formulas = [substitute(f, {choice: sp.Integer(1)}) for f in formulas]
        ones.append(choice)


def _fresh(symbol: sp.Symbol, others: Sequence[sp.Symbol]) -> sp.Symbol:
    """A positive symbol for the inverse, with a name that none of the others has."""
    name = f"inv_{symbol.name}"
    while any(other.name == name for other in others):
        name += "_"
    return sp.Symbol(name, positive=True)


def _positive_symbol(formula: Formula) -> sp.Symbol | None:
    """The symbol x where the formula is the atom `-x < 0`."""
    if isinstance(formula, Atom) and formula.op == "<" and (-formula.expr).is_Symbol:
        return -formula.expr
    return None


def _invert(formula: Formula, old: sp.Symbol, new: sp.Symbol) -> Formula:
    """The formula in terms of new = 1/old > 0; each atom is multiplied by the power of `new` that clears it."""
    match formula:
        case Atom(expr, op):
            if _positive_symbol(formula) == old:
                return Atom(-new, "<")
            if not expr.has(old):
                return formula
            expanded = sp.expand(expr)  # in which the symbol may cancel
            degree = sp.degree(expanded, old) if expanded.has(old) else 0
            return Atom(sp.expand(expanded.subs(old, 1 / new) * new**degree), op)
        case No(part):
            return No(_invert(part, old, new))
        case All(parts):
            return All(tuple(_invert(part, old, new) for part in parts))
        case Some(parts):
            return Some(tuple(_invert(part, old, new) for part in parts))


def _degree(formulas: Sequence[Formula]) -> int:
    expressions = [atom.expr for formula in formulas for atom in atoms(formula)]
    return sum(max(0, sp.Poly(e, *e.free_symbols).total_degree()) for e in expressions if e.free_symbols)


def _weights(formulas: Sequence[Formula], symbols: Sequence[sp.Symbol]) -> list[dict[sp.Symbol, sp.Rational]]:
    """A basis of the weights under which every atom is quasi-homogeneous."""
    if not symbols:
        return []
    rows = []
    for formula in formulas:
        for atom in atoms(formula):
            if atom.expr.free_symbols:
                first, *others = sp.Poly(atom.expr, *symbols).monoms()
                rows += [[a - b for a, b in zip(other, first, strict=True)] for other in others]
    matrix = sp.Matrix(rows) if rows else sp.zeros(1, len(symbols))
    return [dict(zip(symbols, vector, strict=True)) for vector in matrix.nullspace()]
