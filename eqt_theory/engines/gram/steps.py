"""Steps of first-order methods as combinations of vectors, and what one gradient step does to the gap."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram.combine import combine
from eqt_theory.engines.gram.smooth import SmoothClass
from eqt_theory.engines.gram.space import Space, Vector


def gradient_step(d: Vector, D: Vector, alpha: sp.Expr) -> Vector:  # noqa: N803
    """The difference of two states after a gradient step on a function with gradient difference D (Eq. 8)."""
    return d - alpha * D


def proximal_gradient_step(d: Vector, D: Vector, alpha: sp.Expr, g: sp.Expr) -> Vector:  # noqa: N803
    """Likewise after a proximal gradient step: gradient of the energy, then the proximal map of g|h - f|^2/2."""
    return (d - alpha * D) / (1 + alpha * g)


def gap_after_step(m: sp.Expr, M: sp.Expr, alpha: sp.Expr, rho: sp.Expr, steps: Sequence[Boolean]) -> Finding:  # noqa: N803
    """Phi(h+) - Phi* <= rho^2 (Phi(h) - Phi*) for one gradient step on Phi of the class (m, M), 0 < m < M.

    From the interpolation inequalities between h, h+ and the minimiser, with the multipliers rho, rho (1 - rho) and
    1 - rho (Taylor, Hendrickx, Glineur 2018).

    Args:
        m: lower curvature of Phi, a positive symbol.
        M: upper curvature, likewise.
        alpha: step size, likewise.
        rho: the rate: 1 - alpha m up to alpha = 2/(m + M), alpha M - 1 beyond.
        steps: the range of alpha.

    Returns:
        PROVED where the multipliers are a certificate on all of the range, in every dimension.
    """
    space = Space(("x", "g0", "g1"))
    x, g0, g1 = space.vectors
    before, after, least = sp.symbols("Phi0 Phi1 Phibest", real=True)
    phi = SmoothClass(m, M).member()
    here, there = phi.at(x, g0, before), phi.at(x - alpha * g0, g1, after)
    star = phi.at(0 * x, 0 * x, least)
    inequality, scale = SmoothClass(m, M).values, 1 / (2 * (M - m))
    return combine(
        [m < M, *steps],
        rho**2 * (before - least) - (after - least) >= 0,
        [
            (rho * scale, inequality(here, there)),
            ((1 - rho) * rho * scale, inequality(star, here)),
            ((1 - rho) * scale, inequality(star, there)),
        ],
        space,
        detail=f"Phi(h+) - Phi* <= ({rho})^2 (Phi(h) - Phi*)",
    )
