"""Lowering: SymPy booleans to polynomial formulas, with what must hold for them to mean anything.

Division, roots, Max, Min, Abs and Piecewise are removed. Each removal that is valid only under a condition
(a denominator is not zero, a radicand is not negative, a Piecewise covers the case) leaves that condition behind
as an obligation of its own; nothing is assumed. The conditions are read off the two sides as they were written,
before anything cancels: `1/x + y <= 1/x + z` needs x != 0.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import sympy as sp
from sympy.logic.boolalg import ITE, And, Boolean, BooleanTrue, Equivalent, Implies, Not, Or, Xor

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.smt.constants import exact, exactly
from eqt_theory.engines.smt.formula import All, Atom, Formula, No, Some

_HIGHEST = 1000  # the text spells powers out as products
_SPLIT = (sp.Max, sp.Min, sp.Abs, sp.Piecewise)
_OTHERWISE = (
    "; on a box show_on_box takes such functions, and for all numbers a symbol may stand for the term, with what is"
    " known of it among the hypotheses, as E >= 1 + x and E > 0 of E = exp(x)"
)
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
    """Lowers booleans of one statement; they share the symbols introduced for equal roots.

    Args:
        taken: names that no introduced symbol may have.
    """

    taken: frozenset[str] = frozenset()
    _roots: dict[tuple[sp.Expr, int], sp.Symbol] = field(default_factory=dict)
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
        self._require(expr, ())
        formula = self._boolean(expr)
        return Lowered(str(expr), formula, tuple(dict.fromkeys(self._steps)))

    def _require(self, expr: Boolean | bool, path: tuple[Formula, ...]) -> None:
        """Collect what a boolean needs in order to mean something; `path` is what is known where it matters.

        The order of the parts of And and Or says nothing, but a part that always means something guards the
        others: `x <= 0 or 1/x > 0` is true at 0, whatever 1/0 may be.

        Raises:
            UsageError: a part is no relation, or a term in it has no real value that can be lowered.
        """
        match expr:
            case And() | Or():
                total = [a for a in _ordered(expr) if not _partial(a)]
                guard = [self._boolean(a) if isinstance(expr, And) else No(self._boolean(a)) for a in total]
                for part in _ordered(expr):
                    self._require(part, path if part in total else (*path, *guard))
            case Implies():
                self._require(expr.args[0], path)
                self._require(expr.args[1], (*path, self._boolean(expr.args[0])))
            case ITE():
                self._require(expr.args[0], path)
                test = self._boolean(expr.args[0])
                self._require(expr.args[1], (*path, test))
                self._require(expr.args[2], (*path, No(test)))
            case Not() | Equivalent() | Xor():
                for part in _ordered(expr):
                    self._require(part, path)
            case sp.Rel() if all(isinstance(side, sp.Expr) and not side.is_Matrix for side in expr.args):
                for side in expr.args:
                    self._require_value(side, path)
            case _ if expr not in (sp.true, sp.false):
                kind = "an expression, not a relation" if isinstance(expr, sp.Expr) else type(expr).__name__
                raise UsageError(f"expected a relation or a boolean combination of relations, got {kind}: {expr}")

    def _require_value(self, expr: sp.Expr, path: tuple[Formula, ...]) -> None:
        """Collect what an expression needs in order to have a real value."""
        _check_term(expr)
        if isinstance(expr, sp.Piecewise):
            before: list[Formula] = []
            for value, condition in expr.args:
                self._require(condition, (*path, *before))
                test = self._boolean(condition)
                self._require_value(value, (*path, *before, test))
                before.append(No(test))
            if test != All():
                self._need(f"a case of {expr} applies", No(All(tuple(before))), path)
            return
        for part in expr.args:
            self._require_value(part, path)
        if isinstance(expr, sp.Pow) and not _plainly_positive(expr.base):
            base, exponent = expr.base, exactly(expr.exp)
            if not exponent.is_integer:
                self._need(f"radicand {base} >= 0", self._compare(-exactly(base), "<="), path)
            if exponent.is_negative:
                self._need(f"denominator {base} != 0", No(self._compare(exactly(base), "=")), path)

    def _boolean(self, expr: Boolean | bool) -> Formula:
        match expr:
            case BooleanTrue() | True:
                return All()
            case And():
                return All(tuple(self._boolean(a) for a in _ordered(expr)))
            case Or():
                return Some(tuple(self._boolean(a) for a in _ordered(expr)))
            case Not():
                return No(self._boolean(expr.args[0]))
            case Implies():
                return Some((No(self._boolean(expr.args[0])), self._boolean(expr.args[1])))
            case Equivalent():
                parts = tuple(self._boolean(a) for a in _ordered(expr))
                return Some((All(parts), All(tuple(No(p) for p in parts))))
            case Xor():
                odd: Formula = Some()
                for part in map(self._boolean, _ordered(expr)):
                    odd = Some((All((odd, No(part))), All((No(odd), part))))
                return odd
            case ITE():
                test, yes, no = map(self._boolean, expr.args)
                return Some((All((test, yes)), All((No(test), no))))
            case sp.Ne():
                return No(self._compare(exactly(expr.lhs) - exactly(expr.rhs), "="))
            case sp.Gt() | sp.Ge():
                return self._compare(exactly(expr.rhs) - exactly(expr.lhs), _OPS[type(expr)])
            case sp.Eq() | sp.Lt() | sp.Le():
                return self._compare(exactly(expr.lhs) - exactly(expr.rhs), _OPS[type(expr)])
        return Some()  # false; anything else was refused before

    def _compare(self, expr: sp.Expr, op: str) -> Formula:
        """The formula of `expr op 0`, wherever the expression means something."""
        expr = self._without_roots(expr)
        split = _next_split(expr)
        if split is not None:
            before: list[Formula] = []
            branches: list[Formula] = []
            for value, test in self._branches(split):
                branches.append(All((*before, test, self._compare(_with(expr, split, value), op))))
                before.append(No(test))
            return Some(tuple(branches))
        if expr.has(sp.zoo, sp.nan, sp.oo, -sp.oo):  # a case that divides by 0, which the conditions rule out
            return Some()
        numerator, denominator = _fraction(expr)
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

    def _branches(self, split: sp.Expr) -> list[tuple[sp.Expr, Formula]]:
        """The values of a Max, Min, Abs or Piecewise, each with its test; the first test that holds decides."""
        if isinstance(split, sp.Abs):
            return [(split.args[0], self._compare(-split.args[0], "<=")), (-split.args[0], All())]
        if isinstance(split, sp.Piecewise):
            return [(value, self._boolean(condition)) for value, condition in split.args]
        *arguments, last = sorted(split.args, key=sp.default_sort_key)
        sign = 1 if isinstance(split, sp.Max) else -1
        tests = [
            All(tuple(self._compare(sign * (b - a), "<=") for b in (*arguments, last) if b is not a)) for a in arguments
        ]
        return [*zip(arguments, tests, strict=True), (last, All())]

    def _without_roots(self, expr: sp.Expr) -> sp.Expr:
        """Replace `base**(p/q)` by `r**p`; where base >= 0, r is its root, and elsewhere r may be anything.

        Returns:
            The expression without roots. The definitions of the symbols in it are among the steps; they say
            nothing about the base, which may be negative where a condition around the root fails.
        """
        while roots := [p for p in expr.atoms(sp.Pow) if _is_root(p)]:
            power = min((p for p in roots if not any(map(_is_root, p.base.atoms(sp.Pow)))), key=sp.default_sort_key)
            base, p, q = power.base, power.exp.p, power.exp.q
            if (base, q) not in self._roots:
                number = len(self._roots) + 1
                while f"root{number}" in self.taken or any(r.name == f"root{number}" for r in self._roots.values()):
                    number += 1
                self._roots[base, q] = sp.Dummy(f"root{number}", real=True)
            root = self._roots[base, q]
            radicand = self._compare(-base, "<=")
            defined: Formula = All((Atom(-root, "<="), self._compare(root**q - base, "=")))
            if not _plainly_positive(base) and not any(s.needed and s.formula == radicand for s in self._steps):
                defined = Some((No(radicand), defined))
            self._steps.append(Step(f"{root} is the root of {base} of order {q}", defined, needed=False))
            expr = expr.xreplace({power: root**p})
        return expr

    def _need(self, name: str, formula: Formula, path: tuple[Formula, ...]) -> None:
        if Step(name, formula, needed=True) not in self._steps:
            given = Some((*(No(p) for p in path), formula)) if path else formula
            self._steps.append(Step(name, given, needed=True))


def _ordered(expr: Boolean) -> list[Boolean]:
    return sorted(expr.args, key=sp.default_sort_key)


def _partial(expr: Boolean | bool) -> bool:
    """Whether the boolean might mean nothing at some point."""
    if isinstance(expr, bool):
        return False
    return expr.has(sp.Piecewise) or any(not (p.exp.is_Integer and p.exp > 0) for p in expr.atoms(sp.Pow))


def _is_root(power: sp.Pow) -> bool:
    return isinstance(power.exp, sp.Rational) and not power.exp.is_integer


def _plainly_positive(expr: sp.Expr) -> bool:
    return isinstance(expr, sp.Rational) and expr.is_positive is True


def _next_split(expr: sp.Expr) -> sp.Expr | None:
    """The outermost Piecewise, for what it does not select need not mean anything; then the innermost of the others."""
    outer = expr
    while not isinstance(outer, sp.Piecewise) and outer.has(sp.Piecewise):
        outer = min((a for a in outer.args if a.has(sp.Piecewise)), key=sp.default_sort_key)
    if isinstance(outer, sp.Piecewise):
        return outer
    found = [e for e in sp.preorder_traversal(expr) if isinstance(e, _SPLIT)]
    inner = [e for e in found if not any(a.has(*_SPLIT) for a in e.args)]
    return min(inner, key=sp.default_sort_key) if inner else None


@lru_cache(maxsize=10_000)  # the checks of a claim share most of their hypotheses, and this is half of the lowering
def _fraction(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Numerator and denominator."""
    return sp.fraction(sp.together(expr))


def _with(expr: sp.Expr, part: sp.Expr, value: sp.Expr) -> sp.Expr:
    """The expression with a value in place of a part; zoo where SymPy refuses, as it does to compare 1/0."""
    try:
        return expr.xreplace({part: value})
    except (TypeError, ValueError):
        return sp.zoo


def _positive(polynomial: sp.Expr) -> bool:
    """Whether the polynomial is plainly positive: a sum of positive multiples of products of positive symbols."""
    strict = False
    for term in sp.Add.make_args(sp.expand(polynomial)):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient > 0 or not all(s.is_nonnegative for s in rest.free_symbols):
            return False
        strict = strict or all(s.is_positive for s in rest.free_symbols)
    return strict


def _check_term(expr: sp.Expr) -> None:
    match expr:
        case sp.Float() if exact(expr) is None:
            raise UsageError(f"constant {_short(expr)} is a rounded number; write it exactly, as Rational('p/q')")
        case sp.Symbol() | sp.Rational() | sp.Float() | sp.Add() | sp.Mul() | sp.Max() | sp.Min() | sp.Abs():
            return
        case sp.Piecewise():
            return
        case sp.Pow() if isinstance(expr.exp, sp.Rational | sp.Float):
            p, q = sp.Rational(expr.exp).as_numer_denom()
            if max(abs(p), q) > _HIGHEST:
                raise UsageError(f"the exponent of {_short(expr)} is too high: at most {_HIGHEST}, also as a root")
            return
    hint = _OTHERWISE if isinstance(expr, sp.Function) else ""
    raise UsageError(f"the term {expr} is not polynomial or rational in real symbols{hint}")


def _short(number: sp.Expr) -> str:
    text = str(number)
    return text if len(text) <= 40 else f"{text[:20]}... ({len(text)} characters)"


def _check_polynomial(expr: sp.Expr) -> None:
    for node in sp.preorder_traversal(expr):
        match node:
            case sp.Symbol() | sp.Rational() | sp.Add() | sp.Mul():
                continue
            case sp.Pow() if node.exp.is_Integer and node.exp >= 0:
                continue
        raise UsageError(f"the term {node} is not polynomial or rational in real symbols (in {expr})")
