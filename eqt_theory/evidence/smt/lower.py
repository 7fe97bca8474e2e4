"""Lowering: SymPy booleans to polynomial formulas, with what must hold for them to mean anything.

Division, roots, Max, Min, Abs and Piecewise are removed. Each removal that is valid only under a condition
(a denominator is not zero, a radicand is not negative, a Piecewise covers the case) leaves that condition behind
as an obligation of its own; nothing is assumed.
"""

from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import ITE, And, Boolean, BooleanFalse, BooleanTrue, Equivalent, Implies, Not, Or, Xor

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.smt.formula import All, Atom, Formula, No, Some

_SPLIT = (sp.Max, sp.Min, sp.Abs, sp.Piecewise)
_OPS = {sp.Eq: "=", sp.Lt: "<", sp.Le: "<=", sp.Gt: "<", sp.Ge: "<="}


@dataclass(frozen=True)
class Step:
    """One thing that a lowered formula rests on, in the order in which they were met.

    Args:
        name: what it says, readable.
        formula: the condition or definition.
        needed: whether it has to be shown first; else it defines a symbol introduced for a root.
    """

    name: str
    formula: Formula
    needed: bool


@dataclass(frozen=True)
class Lowered:
    """A polynomial formula, equivalent to the boolean wherever its needed steps hold."""

    name: str
    formula: Formula
    steps: tuple[Step, ...]


@dataclass
class Lowering:
    """Lowers booleans of one statement; they share the symbols introduced for equal roots."""

    _roots: dict[sp.Expr, sp.Symbol] = field(default_factory=dict)
    _steps: list[Step] = field(default_factory=list)

    def lower(self, expr: Boolean | bool) -> Lowered:
        """The formula of a SymPy boolean, with the steps it rests on.

        Args:
            expr: relations joined by And, Or, Not, Implies, Equivalent, Xor, ITE.

        Returns:
            The lowered formula.

        Raises:
            UsageError: a part is not a polynomial or rational relation over the reals; it is named.
        """
        self._steps = []
        formula = self._boolean(expr, ())
        return Lowered(str(expr), formula, tuple(dict.fromkeys(self._steps)))

    def _boolean(self, expr: Boolean | bool, path: tuple[Formula, ...]) -> Formula:
        """The formula of a boolean; side conditions may use `path`, what is known where it matters."""
        match expr:
            case BooleanTrue() | True:
                return All()
            case BooleanFalse() | False:
                return Some()
            case And():
                return All(tuple(self._boolean(a, path) for a in _ordered(expr)))
            case Or():
                return Some(tuple(self._boolean(a, path) for a in _ordered(expr)))
            case Not():
                return No(self._boolean(expr.args[0], path))
            case Implies():
                left = self._boolean(expr.args[0], path)
                return Some((No(left), self._boolean(expr.args[1], (*path, left))))
            case Equivalent():
                parts = [self._boolean(a, path) for a in _ordered(expr)]
                return Some((All(tuple(parts)), All(tuple(No(p) for p in parts))))
            case Xor() | ITE():
                return self._boolean(expr.to_nnf(simplify=False), path)
            case sp.Ne():
                return No(self._relation(expr.lhs - expr.rhs, "=", path))
            case sp.Gt() | sp.Ge():
                return self._relation(expr.rhs - expr.lhs, _OPS[type(expr)], path)
            case sp.Eq() | sp.Lt() | sp.Le():
                return self._relation(expr.lhs - expr.rhs, _OPS[type(expr)], path)
        kind = "an expression, not a relation" if isinstance(expr, sp.Expr) else type(expr).__name__
        raise UsageError(f"expected a relation or a boolean combination of relations, got {kind}: {expr}")

    def _relation(self, expr: sp.Expr, op: str, path: tuple[Formula, ...]) -> Formula:
        split = _innermost(expr)
        if not expr.has(sp.Piecewise):  # what divides in every case is asked about once, not case by case
            self._require_denominators(expr, path)
        if split is not None:
            return self._cases(expr, op, split, path)
        expr = self._without_roots(expr, path)
        self._require_denominators(expr, path)
        numerator, denominator = sp.fraction(sp.together(expr))
        _check_polynomial(numerator)
        _check_polynomial(denominator)
        # The denominator is not zero wherever the collected conditions hold, so its sign decides the direction.
        if op == "=" or _positive(denominator):
            return Atom(numerator, op)
        if _positive(-denominator):
            return Atom(-numerator, op)
        return Some(
            (All((Atom(-denominator, "<"), Atom(numerator, op))), All((Atom(denominator, "<"), Atom(-numerator, op))))
        )

    def _cases(self, expr: sp.Expr, op: str, split: sp.Expr, path: tuple[Formula, ...]) -> Formula:
        branches: list[Formula] = []
        covered: list[Formula] = []
        for value, condition in _branches(split):
            test = self._boolean(condition, (*path, *(No(c) for c in covered)))
            here = All((*(No(c) for c in covered), test))
            branches.append(All((here, self._relation(expr.xreplace({split: value}), op, (*path, here)))))
            covered.append(test)
        if isinstance(split, sp.Piecewise) and covered[-1] != All():
            self._need(f"a case of {split} applies", Some(tuple(covered)), path)
        return Some(tuple(branches))

    def _without_roots(self, expr: sp.Expr, path: tuple[Formula, ...]) -> sp.Expr:
        """Replace `base**(p/q)` by `r**p`, with r >= 0 and r**q = base, which needs base >= 0."""
        while roots := [p for p in expr.atoms(sp.Pow) if _is_root(p)]:
            power = min((p for p in roots if not any(map(_is_root, p.base.atoms(sp.Pow)))), key=sp.default_sort_key)
            base, p, q = power.base, power.exp.p, power.exp.q
            self._need(f"radicand {base} >= 0", self._relation(-base, "<=", path), path)
            root = self._roots.setdefault(base ** sp.Rational(1, q), sp.Dummy(f"root{len(self._roots) + 1}", real=True))
            defined = All((Atom(-root, "<="), self._relation(root**q - base, "=", path)))
            self._steps.append(Step(f"{root} is the root of {base} of order {q}", defined, needed=False))
            expr = expr.xreplace({power: root**p})
        return expr

    def _require_denominators(self, expr: sp.Expr, path: tuple[Formula, ...]) -> None:
        for power in sorted((p for p in expr.atoms(sp.Pow) if p.exp.is_negative), key=sp.default_sort_key):
            numerator, _ = sp.fraction(sp.together(power.base))
            if not (numerator.is_number or numerator.has(*_SPLIT) or any(map(_is_root, numerator.atoms(sp.Pow)))):
                _check_polynomial(numerator)
                self._need(f"denominator {power.base} != 0", No(Atom(numerator, "=")), path)

    def _need(self, name: str, formula: Formula, path: tuple[Formula, ...]) -> None:
        if Step(name, formula, needed=True) in self._steps:
            return
        given = Some((*(No(p) for p in path), formula)) if path else formula
        self._steps.append(Step(name, given, needed=True))


def constraints_of(symbol: sp.Symbol) -> list[Formula]:
    """What a symbol's own assumptions say, as formulas.

    Raises:
        UsageError: the symbol is not declared real, or is declared to be more than a real number.
    """
    if not symbol.is_real:
        raise UsageError(f"symbol {symbol} must be declared real (real=True or positive=True), it is not")
    for extra in ("integer", "rational", "irrational", "algebraic", "transcendental", "prime", "even", "odd"):
        if symbol.assumptions0.get(extra) and not symbol.is_zero:
            raise UsageError(f"symbol {symbol} is declared {extra}; obligations are over all real numbers")
    if symbol.is_positive:
        return [Atom(-symbol, "<")]
    if symbol.is_negative:
        return [Atom(symbol, "<")]
    found: list[Formula] = [No(Atom(symbol, "="))] if symbol.is_nonzero else []
    if symbol.is_nonnegative:
        found.append(Atom(-symbol, "<="))
    if symbol.is_nonpositive:
        found.append(Atom(symbol, "<="))
    return found


def _ordered(expr: Boolean) -> list[Boolean]:
    return sorted(expr.args, key=sp.default_sort_key)


def _is_root(power: sp.Pow) -> bool:
    return isinstance(power.exp, sp.Rational) and not power.exp.is_integer


def _innermost(expr: sp.Expr) -> sp.Expr | None:
    found = [e for e in sp.preorder_traversal(expr) if isinstance(e, _SPLIT)]
    inner = [e for e in found if not any(a.has(*_SPLIT) for a in e.args)]
    return min(inner, key=sp.default_sort_key) if inner else None


def _branches(split: sp.Expr) -> list[tuple[sp.Expr, Boolean]]:
    if isinstance(split, sp.Abs):
        return [(split.args[0], split.args[0] >= 0), (-split.args[0], sp.true)]
    if isinstance(split, sp.Piecewise):
        return [(value, condition) for value, condition in split.args]
    arguments = sorted(split.args, key=sp.default_sort_key)
    larger = isinstance(split, sp.Max)
    tests = [
        And(*(((a >= b) if larger else (a <= b)) for b in arguments if b is not a), evaluate=False)
        for a in arguments[:-1]
    ]
    return [*zip(arguments, tests, strict=False), (arguments[-1], sp.true)]


def _positive(polynomial: sp.Expr) -> bool:
    """Whether the polynomial is plainly positive: a sum of positive multiples of products of positive symbols."""
    strict = False
    for term in sp.Add.make_args(sp.expand(polynomial)):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient > 0 or not all(s.is_nonnegative for s in rest.free_symbols):
            return False
        strict = strict or all(s.is_positive for s in rest.free_symbols)
    return strict


def exact(number: sp.Expr) -> Fraction | None:
    """The rational that a SymPy number stands for, or None where it is not one.

    A float counts when its shortest decimal text is its exact value, as 0.5; 0.1 does not.
    """
    if isinstance(number, sp.Rational):
        return Fraction(int(number.p), int(number.q))
    if isinstance(number, sp.Float):
        decimal, value = Fraction(repr(float(number))), Fraction(float(number))
        return value if decimal == value else None
    return None


def _check_polynomial(expr: sp.Expr) -> None:
    for node in sp.preorder_traversal(expr):
        match node:
            case sp.Float() if exact(node) is None:
                raise UsageError(f"constant {node} is a rounded number; write it exactly, as Rational('{node}')")
            case sp.Symbol() | sp.Rational() | sp.Float() | sp.Add() | sp.Mul():
                continue
            case sp.Pow() if node.exp.is_Integer and node.exp >= 0:
                continue
        raise UsageError(f"the term {node} is not polynomial or rational in real symbols (in {expr})")
