"""Rates from potentials: what one step does to a quantity, and what follows of N steps."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.gram.sums import Use, adds_up
from eqt_theory.engines.induction import Quantity, by_induction, induction, together
from eqt_theory.engines.smt import prove


def by_potential(
    old: tuple[sp.Expr, Vector],
    new: tuple[sp.Expr, Vector],
    *uses: Use,
    A: sp.Symbol,  # noqa: N803  the usual name
    gain: sp.Expr,
    weight: sp.Expr,
    n: sp.Symbol,
    squares: Sequence[tuple[sp.Expr | int, Vector]] = (),
    each: Sequence[Boolean] = (),
    first: sp.Expr | None = None,
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
        UsageError: as for `adds_up` and `by_induction`.
    """
    (gap_here, here), (gap_there, there) = old, new
    falls = A * gap_here + here.norm2 / 2 - (A + gain) * gap_there - there.norm2 / 2
    step = adds_up(falls, *uses, squares=squares, about="the potential falls")
    gap, Z, R = sp.symbols("gap Z R", nonnegative=True)
    bounded, heavy = A * gap + Z / 2 <= R**2 / 2, weight <= A
    opening = (
        {} if first is None else {"first weight": prove([r.subs(A, 0) for r in each], sp.Eq(gain.subs(A, 0), first))}
    )
    began, zero = (1, first) if first is not None else (0, sp.Integer(0))
    growth = by_induction(heavy, n, start=began, quantities=[Quantity(A, zero, A + gain)], each=each)
    start = prove([sp.Eq(A, 0), sp.Eq(Z, R**2)], bounded)
    end = prove([bounded, heavy], gap <= R**2 / (2 * weight))
    both = together({"potential": step, **opening, "weight": growth}, "the step")
    return induction(start, both, end, given=[bounded, heavy], detail=detail)


def by_factor(
    old: sp.Expr,
    new: sp.Expr,
    *uses: Use,
    factor: sp.Expr,
    n: sp.Symbol,
    given: Sequence[Boolean] = (),
    squares: Sequence[tuple[sp.Expr | int, Vector]] = (),
    noise: sp.Expr | int = 0,
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
    step = adds_up(factor * old + noise - new, *uses, given=given, squares=squares, about="one step")
    phi, after, first = sp.symbols("phi after first", nonnegative=True)
    power = factor**n
    bound = first * power + (noise * (1 - power) / (1 - factor) if noise != 0 else 0)
    quantity = Quantity(phi, first, after)
    powers = by_induction(phi <= bound, n, given, quantities=[quantity], each=[after <= factor * phi + noise])
    return together({"step": step, "powers": powers, **parts}, detail)
