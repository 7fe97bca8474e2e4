"""trace_symbols: the recurrence of a solver whose parameters are symbols, exact for all of their values at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

import sympy as sp
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.region import Point, Region
from eqt_theory.evidence.rate.realisation import Recurrence, reduced
from eqt_theory.evidence.rate.trace import AnySolver, in_all_shapes, refusal, trace
from eqt_theory.evidence.rate.tracing.at_rest import matrices
from eqt_theory.evidence.rate.tracing.carried import Rows, gradients_as_queries
from eqt_theory.evidence.rate.tracing.exact_float import Exact
from eqt_theory.evidence.rate.tracing.parameter import Coefficient, Symbols
from eqt_theory.evidence.rate.tracing.tape import Refused
from eqt_theory.solvers.base import Solver, StepRule


@dataclass(frozen=True)
class Parametric(Recurrence):
    """A Recurrence whose entries are rational functions of symbols: Coefficients, or SymPy expressions."""


_TABLES = ("A", "B", "C", "D", "H", "start", "opening")


def trace_symbols(
    solver_of: Callable[..., AnySolver], region: Region, gamma: sp.Expr, points: Sequence[Point]
) -> tuple[Parametric, list[sp.Basic]]:
    """Run a solver on a function of which nothing is known, with symbols for its parameters.

    Args:
        solver_of: makes the solver of one number per symbol of the region; it is given numbers that stand for them.
        region: the symbols and what is assumed of them.
        gamma: the damping, in the symbols.
        points: of the region; the trace at each, in fractions, must be what the symbols give there. What reads a
            symbol as a number (math.sqrt, a tensor of it) is refused before that.

    Returns:
        The recurrence, its entries Coefficients, and relations that the run took for granted, which are to be
        shown on the region.

    Raises:
        UsageError: it cannot be traced, or its steps are no rational functions of the symbols.
    """
    symbols = Symbols(region.field, tuple(points[0][s] for s in region.free))
    with torch.no_grad():
        try:
            made = solver_at(solver_of, [symbols.parameter(region.expression(s)) for s in region.symbols])
            found: Any = reduced(_at_rest(in_all_shapes(made, symbols.parameter(region.expression(gamma)))))
        except Refused as refused:
            raise UsageError(refusal(refused)) from None
    if found.period > 1:
        several = f"its steps repeat themselves after {found.period}"
        raise UsageError(f"{several}: give a rule that takes as many in one, or ask certify_rate at numbers")
    for point in points:
        # a relation that was assumed must hold where it was assumed and elsewhere alike; shown later, on all of it
        values = region.values(point)
        numbers = solver_at(solver_of, [Exact(values[s]) for s in region.symbols])
        there = trace(numbers, region.at(gamma, point))
        if there.mended or there != at_point(found, point, region):
            raise UsageError(
                f"the steps are no rational functions of the symbols: traced at {region.shown(point)} they differ from "
                "what they were with symbols; a root needs a symbol of its own, tied by an equation, and a rule with "
                "cases one call for each"
            )
    return found, list(symbols.assumed)


def solver_at(solver_of: Callable[..., AnySolver], values: list[Any]) -> Solver:
    """What makes solvers, called with numbers or with what stands for them.

    Args:
        solver_of: gives a Solver or a step function.
        values: its arguments.

    Returns:
        The solver.

    Raises:
        UsageError: it raises an error, or gives something else.
        Refused: it does with what stands for a number what has no exact rule.
    """
    try:
        made = solver_of(*values)
    except (Refused, UsageError):
        raise
    except Exception as error:  # anybody's code, as where torch is to make a tensor of a symbol
        raise UsageError(f"solver_of raised {type(error).__name__}: {error}") from None
    if isinstance(made, Solver):
        return made
    if not callable(made):
        raise UsageError(f"solver_of must give a Solver or a step function, got {type(made).__name__}")
    return StepRule(made)


def _at_rest(raw: Rows) -> Parametric:
    """The matrices of rows whose rest at h* holds identically in the symbols."""
    made = matrices(gradients_as_queries(raw), Parametric, without=False)
    rest = [row[0] for row in made.start]
    held = [(_dot(row, rest), want) for row, want in zip(made.A, rest, strict=True)]
    held += [(_dot(row, rest), Fraction(1)) for row in [*made.C, *made.H]] + [(r[0], Fraction(1)) for r in made.opening]
    if any(not a == b for a, b in held):
        raise Refused("h* is no fixed point of the step: with zero gradients the states do not stay there")
    return made


def _dot(a: Any, b: Any) -> Any:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def _each(recurrence: Any, change: Callable[[Any], Any]) -> Any:
    tables = {name: [[change(x) for x in row] for row in getattr(recurrence, name)] for name in _TABLES}
    return replace(recurrence, **tables)


def at_point(recurrence: Parametric, point: Point, region: Region) -> Recurrence:
    """The recurrence at a point, in fractions."""
    values = tuple(point[s] for s in region.free)
    symbols = Symbols(region.field, values)
    try:
        made = _each(recurrence, lambda x: symbols.value(x.element) if isinstance(x, Coefficient) else Fraction(x))
        return Recurrence(**{f.name: getattr(made, f.name) for f in fields(Recurrence)})
    except ZeroDivisionError:
        raise UsageError(f"a coefficient of the steps divides by 0 at {region.shown(point)}") from None


def expressions(recurrence: Parametric) -> Parametric:
    """The recurrence with SymPy expressions for entries."""
    return _each(
        recurrence,
        lambda x: x.element.as_expr() if isinstance(x, Coefficient) else sp.Rational(x.numerator, x.denominator),
    )
