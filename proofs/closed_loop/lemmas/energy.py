"""The paper's energy as a whole: why no instance with positive weights has global curvature bounds of either kind.

Two facts are enough. The gradient of every term but the memory is bounded by some G (near the origin and along rays):
a mean of differences of rows of Lipschitz heads. The memory term is a function of the direction h/|h| alone, so on a
ray its gradient is `grad(u)/r`, and is orthogonal to the ray.
"""

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram import Space
from eqt_theory.engines.smt import prove

lambda_mem, slope, r, L, mu = sp.symbols("lambda_mem slope r L mu", positive=True)
G = sp.Symbol("G", nonnegative=True)
"""Twice G bounds the change of the gradient of the other terms between any two states, kinks included."""


def no_lipschitz_constant(others: sp.Expr = G, near: sp.Expr = r) -> Finding:
    """For every L, the gradients at r u and 2 r u differ by more than L r once r is small.

    The memory's part of the difference is `lambda_mem slope/(2 r)`, slope = |grad L_mem(u)| > 0 at some unit vector
    u: it is zero everywhere only where L_mem is constant, as for d = 1. The others' part is at most 2 G.

    Args:
        others: the bound G of the other terms.
        near: r, the distance from the origin.

    Returns:
        The finding, for all weights, slopes, G and L.
    """
    return prove(
        [8 * others * near <= lambda_mem * slope, 4 * L * near**2 < lambda_mem * slope],
        lambda_mem * slope / (2 * near) - 2 * others > L * near,
        detail="for every L there is r with |grad energy(2 r u) - grad energy(r u)| > L r, whatever the other terms",
    )


def no_strong_convexity(memory_along_ray: sp.Expr | int = 0) -> Finding:
    """For every mu > 0, states r u and r' u on a ray with r' - r > 2 G/mu violate strong convexity.

    The memory's part of `<grad(r' u) - grad(r u), u>` is 0 as both gradients are orthogonal to u; the others' part is
    at most 2 G.

    Args:
        memory_along_ray: the memory's part.

    Returns:
        The finding, for all G and mu.
    """
    far, others = sp.Symbol("distance", positive=True), sp.Symbol("others", real=True)
    return prove(
        [others <= 2 * G, far > 2 * G / mu],
        (others + memory_along_ray) * far < mu * far**2,
        detail="for every mu > 0 two states on a ray, further apart than 2 G/mu, violate the lower bound mu |d|^2",
    )


def bounded_gradients() -> Finding:
    """The gradients of the terms with linear heads: two vectors no longer than G differ by at most 2 G."""
    space = Space(("a", "b"))
    a, b = space.vectors
    return prove(
        [*space.positive_semidefinite, a.norm2 <= G**2, b.norm2 <= G**2],
        (a - b).norm2 <= 4 * G**2,
        detail="|grad(h) - grad(h')| <= 2 G where |grad| <= G everywhere",
    )


def sums_of_bounds() -> Finding:
    """Curvature bounds add up with the weights, term by term, and the proximal term adds g: m = g - w, M = g + L.

    Returns:
        The finding: one more term with its weight, and the proximal term, on top of any sum so far.
    """
    weight = sp.Symbol("weight", nonnegative=True)
    g, size = sp.symbols("g size", positive=True)  # size = |d|^2
    total, term, low, high, total_low, total_high = sp.symbols("total term low high total_low total_high", real=True)
    return prove(
        [total_low * size <= total, total <= total_high * size, low * size <= term, term <= high * size],
        [
            total + weight * term >= (total_low + weight * low) * size,
            total + weight * term <= (total_high + weight * high) * size,
            total + g * size >= (g + total_low) * size,
            total + g * size <= (g + total_high) * size,
        ],
        detail="<grad Phi(h) - grad Phi(h'), d> lies between (g - w) |d|^2 and (g + L) |d|^2, w and L weighted sums",
    )
