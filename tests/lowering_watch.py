"""Holds every statement that is lowered against its text, both evaluated at random exact points."""

import random
import re
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp
from smt_oracle import Irrational, Undefined, formula_truth, root, truth_or_none, value

from eqt_theory.engines.smt.formula import atoms
from eqt_theory.engines.smt.lower import Lowered, Lowering
from eqt_theory.engines.smt.script import names_of, script

POINTS = 6


def disagreements(lowering: Lowering, boolean: Any, lowered: Lowered) -> list[str]:
    """Points where the text of a lowered statement says something else than the statement.

    Args:
        lowering: that lowered it, and knows its roots.
        boolean: the statement.
        lowered: what it was lowered to.

    Returns:
        A sentence for each point at which the statement's needed steps hold and the two differ.
    """
    symbols = getattr(boolean, "free_symbols", set()) | {s for a in atoms(lowered.formula) for s in a.expr.free_symbols}
    order = sorted(symbols, key=lambda s: (s.name, s.sort_key()))
    text, names = script([("the statement", lowered.formula)], order, "a test"), names_of(order)
    asserted = re.search(r"\(assert (.*)\)\n\(check-sat\)", text)
    assert asserted is not None
    wrong = []
    for at in _points(lowering, boolean):
        try:
            if not all(formula_truth(step.formula, at) for step in lowered.steps if step.needed):
                continue
            said, meant = evaluate(asserted.group(1), {names[s]: at[s] for s in order}), truth_or_none(boolean, at)
        except (Irrational, KeyError):  # a root that is no rational number, or of another statement
            continue
        if said is not meant:
            wrong.append(f"{boolean} is {meant} and its text {said} at {at}")
    return wrong


def evaluate(text: str, at: dict[str, Fraction]) -> Any:
    """The value of an SMT-LIB term: a Fraction, or True or False."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            operator, *values = stack.pop()
            stack[-1].append(_applied(operator, values))
        else:
            known = {"true": True, "false": False, **at}
            number = re.fullmatch(r"\d+", token)
            stack[-1].append(known.get(token, token) if number is None else Fraction(token))
    return stack[0][0]


def _applied(operator: str, values: list[Any]) -> Any:
    match operator, values:
        case "and", _:
            return all(values)
        case "or", _:
            return any(values)
        case "not", [a]:
            return not a
        case "+", _:
            return sum(values, Fraction(0))
        case "-", [a]:
            return -a
        case "*", _:
            product = Fraction(1)
            for factor in values:
                product *= factor
            return product
        case "/", [a, b]:
            return a / b
        case "=", [a, b]:
            return a == b
        case "<", [a, b]:
            return a < b
        case "<=", [a, b]:
            return a <= b
    raise ValueError(operator)


def _points(lowering: Lowering, boolean: Any) -> Iterator[dict[Any, Fraction]]:
    """Points that keep the declared signs, the same in every run, with the values of roots."""
    drawn = random.Random(zlib.crc32(str(boolean).encode()))
    symbols = sorted(getattr(boolean, "free_symbols", set()), key=lambda s: s.name)
    for _ in range(POINTS):
        at: dict[Any, Fraction] = {s: _value(drawn, s) for s in symbols}
        try:
            for (base, order), symbol in lowering._roots.items():
                if base.free_symbols <= set(at):
                    at[symbol] = root(value(base, at), order)
        except (Undefined, Irrational):
            continue
        yield at


def _value(drawn: random.Random, symbol: sp.Symbol) -> Fraction:
    size = Fraction(drawn.randint(0, 12), 1 if symbol.is_integer else drawn.choice((1, 2, 3, 4)))
    if symbol.is_nonnegative or symbol.is_nonpositive:
        size += 1 if size == 0 and symbol.is_nonzero else 0
        return -size if symbol.is_nonpositive and not symbol.is_zero else size
    signed = size * drawn.choice((1, -1))
    return signed if signed or not symbol.is_nonzero else Fraction(1)
