"""rate: what a claim says of a method on a class of functions, in one line."""

import inspect
from collections.abc import Callable, Sequence

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
        timeout: the budget of each prover for each obligation, as for `prove`.
        seconds: as for `prove_rate`, likewise progress.
        progress: is told how far it is.

    Returns:
        PROVED for all values of the symbols; REFUTED at values of them, with a function; INCONCLUSIVE with why.

    Raises:
        UsageError: a parameter of the method that no symbol is named as, two symbols of one name; or as `prove_rate`
            says.
    """
    every, made = by_name(method, problem_class, factor, where)
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
) -> tuple[tuple[sp.Symbol, ...], Callable[..., AnySolver]]:
    """The symbols of a claim, and the method as a function of numbers for all of them.

    Args:
        method: as for `rate`, likewise the others.
        problem_class: the functions.
        factor: the rate.
        where: what is assumed.

    Returns:
        Both; the numbers are in the order of the symbols.

    Raises:
        UsageError: a parameter of the method that no symbol is named as, or two symbols of one name.
    """
    known = [problem_class.mu, problem_class.L, *([] if factor is None else [factor]), *where]
    expressions = map(sp.sympify, known)
    every = declared(dict.fromkeys(s for e in expressions for s in sorted(e.free_symbols, key=str)))
    symbols = {s.name: s for s in every}
    try:
        wanted = list(inspect.signature(method).parameters)
    except (TypeError, ValueError):  # of something written in C
        raise UsageError(f"method must say what its parameters are, got {method!r}") from None
    missing = [name for name in wanted if name not in symbols]
    if missing:
        raise UsageError(f"method must take symbols by name, of {sorted(symbols)}, got {missing}")

    def made(*numbers: float) -> AnySolver:
        at = dict(zip(symbols, numbers, strict=True))
        return method(**{name: at[name] for name in wanted})

    return every, made
