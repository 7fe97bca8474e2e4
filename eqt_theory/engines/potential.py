"""Rates from potentials: what one step does to a quantity, and what follows of N steps."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.engines.induction import Quantity, by_induction, induction, together
from eqt_theory.engines.smt import prove


def by_potential(
    step: Finding,
    A: sp.Symbol,  # noqa: N803  the usual name
    gain: sp.Expr,
    weight: sp.Expr,
    n: sp.Symbol,
    *,
    each: Sequence[Boolean] = (),
    first: sp.Expr | None = None,
    detail: str,
) -> Finding:
    """gap_N <= R^2/(2 weight(N)) for all N >= 1, R = |x_0 - x*|, from a potential that does not grow.

    The potential is A_n gap_n + C_n |z_n - x*|^2 with A_0 = 0, C_0 = 1/2 and z_0 = x_0.

    Args:
        step: that a step does not let the potential grow while A grows by the gain.
        A: the weight of the gap, a nonnegative symbol.
        gain: what a step adds to A.
        weight: of n; A_n is at least that.
        n: the number of steps.
        each: what is given of the gain, as `Eq(L * a**2, A + a)`.
        first: A_1, where the bound of the weights does not hold at n = 0; that it is the first gain is shown.
        detail: what is shown.

    Returns:
        PROVED where the step and the growth of the weights are; else INCONCLUSIVE.
    """
    gap, C, Z, R = sp.symbols("gap C Z R", nonnegative=True)
    bounded, heavy = A * gap + C * Z <= R**2 / 2, weight <= A
    opening = (
        {} if first is None else {"first weight": prove([r.subs(A, 0) for r in each], sp.Eq(gain.subs(A, 0), first))}
    )
    began, zero = (1, first) if first is not None else (0, sp.Integer(0))
    growth = by_induction(heavy, n, start=began, quantities=[Quantity(A, zero, A + gain)], each=each)
    start = prove([sp.Eq(A, 0), sp.Eq(C, sp.Rational(1, 2)), sp.Eq(Z, R**2)], bounded)
    end = prove([bounded, heavy], gap <= R**2 / (2 * weight))
    both = together({"potential": step, **opening, "weight": growth}, "the step")
    return induction(start, both, end, given=[bounded, heavy], detail=detail)


def by_factor(
    step: Finding,
    factor: sp.Expr,
    n: sp.Symbol,
    *,
    given: Sequence[Boolean] = (),
    noise: sp.Expr | int = 0,
    detail: str,
    **parts: Finding,
) -> Finding:
    """phi_N <= factor^N phi_0 for all N, from phi' <= factor phi in every step.

    With noise, from phi' <= factor phi + noise, phi_N <= factor^N phi_0 + noise (1 - factor^N)/(1 - factor).

    Args:
        step: that one step does so to a quantity phi >= 0.
        factor: of a step; nonnegative under what is given.
        n: the number of steps.
        given: of the parameters of the factor.
        noise: what a step adds at most.
        detail: what is shown.
        parts: what else the argument needs, by name.

    Returns:
        PROVED where all of it is; else INCONCLUSIVE.
    """
    phi, after, first = sp.symbols("phi after first", nonnegative=True)
    power = factor**n
    bound = first * power + (noise * (1 - power) / (1 - factor) if noise != 0 else 0)
    quantity = Quantity(phi, first, after)
    powers = by_induction(phi <= bound, n, given, quantities=[quantity], each=[after <= factor * phi + noise])
    return together({"step": step, "powers": powers, **parts}, detail)
