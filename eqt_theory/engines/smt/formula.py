"""Formula: quantifier-free polynomial formulas over the reals, the form that provers read."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp


@dataclass(frozen=True)
class Atom:
    """`expr op 0`, with `expr` a polynomial over Q and `op` one of `<`, `<=`, `=`."""

    expr: sp.Expr
    op: str


@dataclass(frozen=True)
class All:
    """The conjunction of its parts; true when there is none."""

    parts: tuple["Formula", ...] = ()


@dataclass(frozen=True)
class Some:
    """The disjunction of its parts; false when there is none."""

    parts: tuple["Formula", ...] = ()


@dataclass(frozen=True)
class No:
    """The negation of its part."""

    part: "Formula"


Formula = Atom | All | Some | No


def atoms(formula: Formula) -> Iterator[Atom]:
    """The atoms of a formula, left to right."""
    match formula:
        case Atom():
            yield formula
        case No(part):
            yield from atoms(part)
        case All(parts) | Some(parts):
            for part in parts:
                yield from atoms(part)


def substitute(formula: Formula, values: dict[sp.Symbol, sp.Expr]) -> Formula:
    """The formula with symbols replaced by expressions."""
    match formula:
        case Atom(expr, op):
            return Atom(expr.subs(values), op)
        case No(part):
            return No(substitute(part, values))
        case All(parts):
            return All(tuple(substitute(part, values) for part in parts))
        case Some(parts):
            return Some(tuple(substitute(part, values) for part in parts))
