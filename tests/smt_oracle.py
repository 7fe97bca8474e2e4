"""An oracle for SymPy statements: their truth at rational points, in Fractions, and strategies that draw them.

It shares no code with the package. A root that is not rational raises Irrational, and the caller skips the point.
"""

from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from sympy.logic.boolalg import ITE, And, Equivalent, Implies, Not, Or, Xor

from eqt_theory.engines.smt.formula import All, Atom, Formula, No, Some

x, y, z = sp.symbols("x y z", real=True)

GRID = [
    {x: a, y: b}
    for a in (Fraction(n, 4) for n in (-16, -4, -2, 0, 1, 2, 4, 8, 16))
    for b in (Fraction(n, 2) for n in (-4, -1, 0, 1, 2, 8))
]


class Undefined(Exception):
    """The expression has no value here: a division by zero, a root of a negative number, no case of a Piecewise."""


class Irrational(Exception):
    """The value is no rational number, so this oracle has nothing to say."""


def root(value: Fraction, order: int) -> Fraction:
    if value < 0:
        raise Undefined

    def of(n: int) -> int:
        near = round(n ** (1 / order))
        for k in (near - 1, near, near + 1):
            if k >= 0 and k**order == n:
                return k
        raise Irrational

    return Fraction(of(value.numerator), of(value.denominator))


def value(e: Any, at: dict) -> Fraction:
    match e:
        case sp.Symbol():
            return at[e]
        case sp.Rational():
            return Fraction(int(e.p), int(e.q))
        case sp.Float():
            return Fraction(float(e))
        case sp.Add():
            return sum((value(a, at) for a in e.args), Fraction(0))
        case sp.Mul():
            product = Fraction(1)
            for factor in [value(a, at) for a in e.args]:
                product *= factor
            return product
        case sp.Pow():
            base, power = value(e.base, at), value(e.exp, at)
            if base == 0 and power < 0:
                raise Undefined
            return (root(base, power.denominator) if power.denominator > 1 else base) ** power.numerator
        case sp.Max():
            return max(value(a, at) for a in e.args)
        case sp.Min():
            return min(value(a, at) for a in e.args)
        case sp.Abs():
            return abs(value(e.args[0], at))
        case sp.Piecewise():
            for case, condition in e.args:
                if truth(condition, at):
                    return value(case, at)
            raise Undefined
    raise TypeError(e)


def truth(b: Any, at: dict) -> bool:
    match b:
        case sp.logic.boolalg.BooleanTrue():
            return True
        case sp.logic.boolalg.BooleanFalse():
            return False
        case And() | Or():
            truths = [truth_or_none(a, at) for a in b.args]
            if isinstance(b, Or) in truths:
                return isinstance(b, Or)
            if None in truths:
                raise Undefined
            return isinstance(b, And)
        case Not():
            return not truth(b.args[0], at)
        case Implies():
            return not truth(b.args[0], at) or truth(b.args[1], at)
        case Equivalent():
            return len({truth(a, at) for a in b.args}) == 1
        case Xor():
            return sum(truth(a, at) for a in b.args) % 2 == 1
        case ITE():
            return truth(b.args[1], at) if truth(b.args[0], at) else truth(b.args[2], at)
    left, right = value(b.lhs, at), value(b.rhs, at)
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[b.rel_op]


def truth_or_none(b: Any, at: dict) -> bool | None:
    """The truth of a boolean; None where it means nothing."""
    try:
        return truth(b, at)
    except Undefined:
        return None


def formula_truth(f: Formula, at: dict) -> bool:
    match f:
        case Atom(expr, op):
            v = value(expr, at)
            return {"=": v == 0, "<": v < 0, "<=": v <= 0}[op]
        case No(part):
            return not formula_truth(part, at)
        case All(parts):
            return all(formula_truth(p, at) for p in parts)
        case Some(parts):
            return any(formula_truth(p, at) for p in parts)


_RELATIONS = [sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.Eq, sp.Ne]
_HALVES = [sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(-3, 2), sp.Rational(3, 2)]
_LEAVES = [x, y, x, y, *map(sp.Integer, (0, 1, -1, 2, 3)), sp.Rational(1, 2)]


def _term(draw: st.DrawFn, depth: int) -> sp.Expr:
    if depth == 0:
        return draw(st.sampled_from(_LEAVES))
    a = _term(draw, depth - 1)
    match draw(st.sampled_from(["leaf", "+", "+", "*", "*", "-", "/", "^", "max", "min", "abs", "root", "case"])):
        case "leaf":
            return draw(st.sampled_from(_LEAVES))
        case "+":
            return a + _term(draw, depth - 1)
        case "*":
            return a * _term(draw, depth - 1)
        case "-":
            return a - _term(draw, depth - 1)
        case "/":
            return a / _term(draw, depth - 1)
        case "^":
            return a ** draw(st.sampled_from([2, 3, -1, -2]))
        case "max":
            return sp.Max(a, *(_term(draw, depth - 1) for _ in range(draw(st.integers(1, 2)))))
        case "min":
            return sp.Min(a, *(_term(draw, depth - 1) for _ in range(draw(st.integers(1, 2)))))
        case "abs":
            return sp.Abs(a)
        case "root":
            return a ** draw(st.sampled_from(_HALVES))
    cases: list[Any] = [(a, _relation(draw, 0))]
    if draw(st.booleans()):
        cases.append((_term(draw, depth - 1), _relation(draw, 0)))
    if draw(st.integers(0, 3)):
        cases.append((_term(draw, depth - 1), True))
    return sp.Piecewise(*cases)


def _relation(draw: st.DrawFn, depth: int) -> Any:
    return draw(st.sampled_from(_RELATIONS))(_term(draw, depth), _term(draw, depth))


def _boolean(draw: st.DrawFn, depth: int, terms: int) -> Any:
    kind = draw(st.sampled_from([None, None, And, Or, Not, Implies, Xor, ITE, Equivalent])) if depth else None
    if kind is None:
        return _relation(draw, terms)
    return kind(*(_boolean(draw, depth - 1, terms) for _ in range({Not: 1, ITE: 3}.get(kind, 2))))


@st.composite
def booleans(draw: st.DrawFn, depth: int = 2, terms: int = 2) -> Any:
    """A small statement over x and y, or None where SymPy refuses to build it (1/0, an imaginary number)."""
    try:
        built = _boolean(draw, depth, terms)
    except (TypeError, ValueError, NotImplementedError):  # SymPy's refusals; the callers draw another
        return None
    return None if built.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I, sp.sign, sp.arg) else built
