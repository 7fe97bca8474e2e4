"""What prove_rate knows of the proximal point method: its inexact steps are no recurrence, and have another proof."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import assumptions
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.rational import factored
from eqt_theory.engines.region import Point, Region, cases
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.parametric_factor import conditions, square_of
from eqt_theory.evidence.rate.trace import AnySolver
from eqt_theory.evidence.rate.trace_symbols import solver_at
from eqt_theory.evidence.rate.tracing.parameter import Parameter, Symbols
from eqt_theory.evidence.rate.tracing.tape import Refused
from eqt_theory.lemmas import step_rules
from eqt_theory.solvers.proximal_point import ProximalPoint


@dataclass(frozen=True)
class Implicit:
    """An inexact proximal point step, in the symbols of a region.

    Args:
        step_size: its length.
        accuracy: of the inner solve, relative.
        assumed: relations that its making took for granted.
    """

    step_size: sp.Expr
    accuracy: sp.Expr
    assumed: tuple[sp.Basic, ...]

    def rate(self, m: sp.Expr) -> sp.Expr:
        """The factor per step that is shown."""
        return (1 + self.accuracy) / (1 + self.step_size * m - self.accuracy)

    def exact(self, m: sp.Expr) -> sp.Expr:
        """The factor of an exact step on the quadratic of curvature m."""
        return factored(1 / (1 + self.step_size * m))

    def slower(self, rate: sp.Expr, m: sp.Expr, region: Region, timeout: float) -> Finding | None:
        """REFUTED where a rate is below that factor somewhere in the region.

        Args:
            rate: what is claimed, in the symbols.
            m: strong convexity, likewise.
            region: of the symbols.
            timeout: of each prover.

        Returns:
            The finding; None where no such place was found.
        """
        exact = self.exact(m)
        about = f"on the quadratic of curvature {m} an exact step shrinks distances by {exact}, and by no less"
        for case, value in cases(region.expression(rate)):
            given = [r for r in (*region.given, *case, *conditions(value), *self.wanted(m)) if r is not sp.true]
            if sp.false in given:
                continue
            found = prove(given, sp.Ge(square_of(value), exact**2, evaluate=False), timeout, detail=about)
            if found.verdict is Verdict.REFUTED:
                return found
        return None

    def not_shown(self, rate: sp.Expr, m: sp.Expr) -> str:
        """Why a rate is neither shown nor refuted."""
        return (
            f"the proximal point method, whose inner solve misses by its accuracy, shrinks distances by {self.rate(m)},"
            f" and {rate} was not shown to be as large; {self.exact(m)} is the rate of exact steps"
        )

    def wanted(self, m: sp.Expr) -> list[Boolean]:
        """What must hold for that."""
        return [m > 0, self.step_size > 0, self.accuracy > 0, self.accuracy < 1, *self.assumed]  # pyright: ignore

    @staticmethod
    def proof(symbols: Sequence[sp.Symbol]) -> Finding:
        """That of the rate, whose own symbols stand for any numbers that are as wanted; it assumes what these do."""
        return replace(step_rules.proximal_point(), assumes={s.name: assumptions(s) for s in symbols})


def implicit(solver_of: Callable[..., AnySolver], region: Region, point: Point) -> Implicit | None:
    """The proximal point method with symbols for its numbers.

    Args:
        solver_of: makes a solver of one number per symbol of the region.
        region: the symbols.
        point: of it.

    Returns:
        What it makes; None where that is another solver, or the trace has to say what is wrong.
    """
    symbols = Symbols(region.field, tuple(point[s] for s in region.free))
    try:
        made = solver_at(solver_of, [symbols.parameter(region.expression(s)) for s in region.symbols])
    except (Refused, UsageError):
        return None
    if not isinstance(made, ProximalPoint):
        return None
    numbers = [_expression(x) for x in (made.step_size, made.accuracy)]
    return None if None in numbers else Implicit(*numbers, tuple(symbols.assumed))  # pyright: ignore


def _expression(number: Any) -> sp.Expr | None:
    if type(number) is Parameter:
        return number.exact.element.as_expr()
    return sp.Rational(Fraction(number)) if isinstance(number, int | float) else None
