"""rate: what a claim says of a method on a class of functions, in one line."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import Told
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import declared
from eqt_theory.engines.gram import SmoothClass
from eqt_theory.evidence.rate.prove_rate import prove_rate
from eqt_theory.evidence.rate.trace import AnySolver


@checked
def rate(
    method: Callable[..., AnySolver],
    problem_class: SmoothClass,
    factor: sp.Expr | int | None = None,
    *,
    where: Sequence[Boolean] = (),
    measure: str = "distance",
    at: Mapping[str, sp.Expr | int] | None = None,
    timeout: float = 10,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Decide whether a method shrinks its errors by a factor in every step, on every function of a class.

    `rate(lambda mu, L: GradientDescent(2 / (mu + L)), SmoothClass(mu, L), (L - mu) / (L + mu), where=[mu < L])` is the
    whole of such a check; see `prove_rate` for what is shown, and how.

    Args:
        method: gives a Solver or a step function (objective, h) -> h. Its parameters are named as the symbols of which
            it takes the values.
        problem_class: the functions; their curvature may hold symbols.
        factor: by which |h - h*|, |grad Phi| or the square root of the gap falls; None: the one that quadratics force.
        where: what is assumed of the symbols; it must imply mu <= L.
        measure: "distance", "value" or "gradient".
        at: what those of its parameters are that are no symbols: `{"step_size": 2 / (mu + L)}` with the method
            `GradientDescent`; rational in the symbols.
        timeout: the budget of each prover for each obligation, as for `prove`.
        seconds: as for `prove_rate`, likewise progress.
        progress: is told how far it is.

    Returns:
        PROVED for all values of the symbols; REFUTED at values of them, with a function; INCONCLUSIVE with why.

    Raises:
        UsageError: a parameter of the method that no symbol is named as, two symbols of one name; or as `prove_rate`
            says.
    """
    every, made = by_name(method, problem_class, factor, where, at)
    low, high = sp.sympify(problem_class.mu), sp.sympify(problem_class.L)
    return prove_rate(
        made, every, factor, m=low, M=high, where=where, measure=measure, timeout=timeout,
        seconds=seconds, progress=progress,
    )  # fmt: skip


def by_name(
    method: Callable[..., AnySolver],
    problem_class: SmoothClass,
    factor: sp.Expr | int | None,
    where: Sequence[Boolean],
    at: Mapping[str, sp.Expr | int] | None,
) -> tuple[tuple[sp.Symbol, ...], Callable[..., AnySolver]]:
    """The symbols of a claim, and the method as a function of numbers for all of them.

    Args:
        method: as for `rate`, likewise the others.
        problem_class: the functions.
        factor: the rate.
        where: what is assumed.
        at: what parameters are that are no symbols.

    Returns:
        Both; the numbers are in the order of the symbols.

    Raises:
        UsageError: a parameter of the method that no symbol is named as and `at` does not give, one that `at` gives and
            the method does not take, or that is not rational in the symbols; or two symbols of one name.
    """
    given = {name: sp.sympify(value) for name, value in (at or {}).items()}
    known = [problem_class.mu, problem_class.L, *([] if factor is None else [factor]), *where, *given.values()]
    expressions = map(sp.sympify, known)
    every = declared(dict.fromkeys(s for e in expressions for s in sorted(e.free_symbols, key=str)))
    values = {s.name: s for s in every} | given
    try:
        wanted = [*inspect.signature(method).parameters]
    except (TypeError, ValueError):  # of something written in C
        raise UsageError(f"method must say what its parameters are, got {method!r}") from None
    if missing := [name for name in wanted if name not in values]:
        names = ", ".join(sorted(values))
        raise UsageError(
            f"method must take symbols by name, of {names}, or what at= gives; it takes {', '.join(missing)}"
        )
    if spare := [name for name in given if name not in wanted]:
        raise UsageError(f"at must name parameters of the method, of {wanted}, got {spare}")
    if odd := [name for name in given if not _rational(given[name], every)]:
        raise UsageError(f"at must be rational in the symbols, got {odd[0]} = {given[odd[0]]}")

    def made(*numbers: float) -> AnySolver:
        return method(**{name: _value(values[name], every, numbers) for name in wanted})

    return every, made


def _rational(of: sp.Basic, symbols: Sequence[sp.Symbol]) -> bool:
    """Whether it is a rational function with rational coefficients: sqrt(2)/L and pi/L are none."""
    if not isinstance(of, sp.Expr) or not of.is_rational_function(*symbols):
        return False
    return all(c.is_Integer for part in _parts(of, symbols) for c in part.coeffs())


def _parts(of: sp.Expr, symbols: Sequence[sp.Symbol]) -> list[sp.Poly]:
    """Numerator and denominator, with whole coefficients where it has rational ones."""
    return [sp.Poly(part, *symbols, sp.Dummy()) for part in sp.fraction(sp.cancel(of))]


def _value(of: sp.Expr, symbols: Sequence[sp.Symbol], numbers: Sequence[Any]) -> Any:
    """A rational function of whatever stands for numbers, of which only whole ones are added to them."""
    if of in symbols:
        return numbers[symbols.index(of)]
    if of.is_Integer:
        return int(of)
    top, bottom = (
        sum(int(c) * math.prod(x**k for x, k in zip(numbers, powers, strict=False) if k) for powers, c in part.terms())
        for part in _parts(of, symbols)
    )
    return (top if of.free_symbols or not numbers else top + 0 * numbers[0]) / bottom  # exact, not rounded as 2/3 is
