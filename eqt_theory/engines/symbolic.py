"""Exact derivations by computer algebra: a chain of identities, each of which must leave nothing."""

import itertools
from collections.abc import Sequence

import sympy as sp

from eqt_theory.core.finding import Arithmetic, Finding, Identity, Proof, Replay, ReplayLine, inconclusive
from eqt_theory.core.symbols import assumptions
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.engines.work import WorkSpent, within

_DIGITS = 60
_WORK = 40_000_000


def derive(steps: Sequence[tuple[str, sp.Expr, sp.Expr]], detail: str, *, work: int = _WORK) -> Finding:
    """Show that the two sides of every step are the same expression.

    What the kernel sees needs no computer algebra. Other rational identities are decided by cancellation. Where
    other functions occur, the difference must simplify to 0 and, besides, vanish numerically at several points, since
    a simplifier can err.

    Args:
        steps: `(text, left, right)`.
        detail: what the steps show together.
        work: calls that computer algebra may make; the default takes about a quarter of a minute.

    Returns:
        PROVED; REFUTED with exact values at which the sides of a rational step differ; else INCONCLUSIVE.
    """
    try:
        return within(work, lambda: _derived(steps, detail))
    except WorkSpent as spent:
        return inconclusive(Method.SYMBOLIC, f"{detail}: too hard for computer algebra, {spent}")


def _derived(steps: Sequence[tuple[str, sp.Expr, sp.Expr]], detail: str) -> Finding:
    identities = []
    for text, left, right in steps:
        certificate = certify_identity(left, right)
        failed = None if certificate else _failed(text, sp.sympify(left), sp.sympify(right), detail)
        if failed is not None:
            return failed
        identities.append(Identity(text, "0", certificate, f"{left} = {right}"))
    assumes = {s.name: assumptions(s) for s in _ordered(*(sp.sympify(side) for step in steps for side in step[1:]))}
    proof = Proof(identities=tuple(identities))
    return Finding(Verdict.PROVED, Method.SYMBOLIC, detail, proof=proof, assumes=assumes)


def _failed(text: str, left: sp.Expr, right: sp.Expr, detail: str) -> Finding | None:
    """What is found of a step in which computer algebra does not see the same on both sides; None where it does."""
    difference = left - right
    if difference.is_rational_function():
        residual = sp.expand(sp.cancel(sp.together(difference)))  # cancel may leave constants unevaluated
        return None if residual == 0 else _refuted(text, left, right, detail)
    residual = sp.simplify(difference)
    if residual == 0 and _vanishes(difference):
        return None
    return inconclusive(Method.SYMBOLIC, f"{detail}: the step {text!r} leaves {residual}")


def _points(symbols: Sequence[sp.Symbol]) -> list[dict[sp.Symbol, sp.Rational]]:
    """A few exact points that respect the declared signs of the symbols."""
    values = [sp.Rational(k, 7) for k in (9, 4, 16, 3, 25, 11)]
    points = []
    for shift in range(4):
        cycle = itertools.islice(itertools.cycle(values), shift, None)
        points.append({s: (-v if s.is_negative else v) for s, v in zip(symbols, cycle, strict=False)})
    return points


def _ordered(*sides: sp.Expr) -> list[sp.Symbol]:
    return sorted({symbol for side in sides for symbol in side.free_symbols}, key=lambda s: s.name)


def _vanishes(expr: sp.Expr) -> bool:
    values = [expr.subs(point).evalf(_DIGITS, chop=False) for point in _points(_ordered(expr))]
    return all(value.is_number and abs(value) < sp.Float(10) ** (20 - _DIGITS) for value in values)


def _refuted(text: str, left: sp.Expr, right: sp.Expr, detail: str) -> Finding:
    for point in _points(_ordered(left, right)):  # of both sides, also what cancels in their difference
        one, other = left.subs(point), right.subs(point)
        if one.is_Rational and other.is_Rational and one != other:
            line = ReplayLine(text, False, f"{one} against {other}")
            return Finding(
                Verdict.REFUTED,
                Method.SYMBOLIC,
                f"{detail}: the step {text!r} is wrong",
                witness=point,
                replay=Replay(Arithmetic.EXACT, (), (line,)),
            )
    return inconclusive(Method.SYMBOLIC, f"{detail}: the sides of {text!r} differ as expressions")
