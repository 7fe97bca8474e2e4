"""Rates from potentials: what one step does to a quantity, and what follows of N steps."""

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.engines.first_steps import unused
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.gram.sums import Use, adds_up
from eqt_theory.engines.induction import Quantity, by_induction, induction, together
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat

_Value = sp.Expr | int


@checked
def by_potential(
    old: tuple[_Value, Vector],
    new: tuple[_Value, Vector],
    *uses: Use,
    A: sp.Symbol,  # noqa: N803  the usual name
    gain: _Value,
    weight: _Value,
    n: sp.Symbol,
    squares: Sequence[tuple[_Value, Vector]] = (),
    each: Iterable[Boolean | bool] = (),
    first: _Value | None = None,
    detail: str,
) -> Finding:
    """gap_N <= R^2/(2 weight(N)) for all N >= 1, R = |x_0 - x*|, from a potential that does not grow.

    The potential is A_n gap_n + |z_n - x*|^2/2 with A_0 = 0 and z_0 = x_0. That a step does not let it grow while A
    grows by the gain is shown here, as the sum of the uses.

    Args:
        old: the gap and the vector z - x* before a step.
        new: likewise, after it.
        uses: `(multiplier, inequality)` each, and `squares` likewise, as for `adds_up`.
        A: the weight of the gap, a nonnegative symbol.
        gain: what a step adds to A.
        weight: of n; A_n is at least that.
        n: the number of steps, a positive symbol.
        squares: see `uses`.
        each: what is given of the gain, as `Eq(L * a**2, A + a)`.
        first: A_1, where the bound of the weights does not hold at n = 0; that it is the first gain is shown.
        detail: what is shown.

    Returns:
        PROVED where the step and the growth of the weights are; else INCONCLUSIVE.

    Raises:
        UsageError: n is not declared positive, or A not nonnegative; or as for `adds_up` and `by_induction`.
    """
    if not n.is_positive:
        raise UsageError(
            f"n must be declared positive, as the bound is for N >= 1: sp.Symbol({n.name!r}, positive=True)"
        )
    if not A.is_nonnegative or A.is_positive:
        raise UsageError(f"A must be declared nonnegative, as A_0 = 0: sp.Symbol({A.name!r}, nonnegative=True)")
    each, at_zero = flat(each, "what is given of the gain"), sp.sympify(gain).subs(A, 0)
    began, zero = (0, sp.Integer(0)) if first is None else (1, sp.sympify(first))
    (gap_here, here), (gap_there, there) = old, new
    falls = A * gap_here + here.norm2 / 2 - (A + gain) * gap_there - there.norm2 / 2
    step = adds_up(falls, *uses, squares=squares, about="the potential falls")
    gap, Z, R = _own("gap Z R", A, n, sp.sympify(gain), sp.sympify(weight), *each)
    bounded, heavy = A * gap + Z / 2 <= R**2 / 2, weight <= A
    opened = {} if first is None else {"first weight": prove([r.subs(A, 0) for r in each], sp.Eq(at_zero, first))}
    growth = by_induction(heavy, n, start=began, quantities=[Quantity(A, zero, A + gain)], each=each)
    start = prove([sp.Eq(A, 0), sp.Eq(Z, R**2)], bounded)
    end = prove([bounded, heavy], gap <= R**2 / (2 * weight))
    both = together({"potential": step, **opened, "weight": growth}, "the step")
    return induction(start, both, end, given=[bounded, heavy], detail=detail)


@checked
def by_factor(
    old: _Value,
    new: _Value,
    *uses: Use,
    factor: _Value,
    n: sp.Symbol,
    given: Iterable[Boolean | bool] = (),
    squares: Sequence[tuple[_Value, Vector]] = (),
    noise: _Value = 0,
    detail: str,
    **parts: Finding,
) -> Finding:
    """phi_N <= factor^N phi_0 for all N, from phi' <= factor phi in every step, which is shown here as a sum.

    With noise, from phi' <= factor phi + noise, phi_N <= factor^N phi_0 + noise (1 - factor^N)/(1 - factor).

    Args:
        old: phi before a step, a quantity that is not negative.
        new: phi after it.
        uses: `(multiplier, inequality)` each, and `squares` likewise, as for `adds_up`.
        factor: of a step; nonnegative under what is given.
        n: the number of steps.
        given: of the parameters.
        squares: see `uses`.
        noise: what a step adds at most.
        detail: what is shown.
        parts: what else the argument needs, by name.

    Returns:
        PROVED where all of it is; else INCONCLUSIVE.

    Raises:
        UsageError: as for `adds_up` and `by_induction`.
    """
    factor, noise, given = sp.sympify(factor), sp.sympify(noise), flat(given, "a hypothesis")
    step = adds_up(factor * old + noise - new, *uses, given=given, squares=squares, about="one step")
    phi, after, first = _own("phi after first", n, factor, noise, *given)
    power = factor**n
    bound = first * power + (noise * (1 - power) / (1 - factor) if noise != 0 else 0)
    quantity = Quantity(phi, first, after)
    powers = by_induction(phi <= bound, n, given, quantities=[quantity], each=[after <= factor * phi + noise])
    return together({"step": step, "powers": powers, **parts}, detail)


def _own(names: str, *said: sp.Basic) -> list[sp.Symbol]:
    """Nonnegative symbols of these names, or like them, that stand in nothing that was said."""
    taken = {symbol.name for part in said for symbol in part.free_symbols}
    return [sp.Symbol(unused(name, taken), nonnegative=True) for name in names.split()]
