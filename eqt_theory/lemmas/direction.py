"""The memory term: energies of the direction h/|h|, their exact curvature outside a ball, and where it is attained.

With u = h/|h| and a unit tangent t, the Hessian of `F(h/|h|)` times |h|^2 on span(u, t) is
`[[0, -g.t], [-g.t, t^T F'' t - g.u]]`, g = grad F(u). For `F = -log sum exp(u.z_i/tau)`, |z_i| = 1, with c and m the
means of z.u and z.t under the weights and s the variance of z.t: `g.u = -c/tau`, `g.t = -m/tau`, `t^T F'' t =
-s/tau^2`, and `c^2 + m^2 + s <= 1`. Every direction of R^d lies in such a plane.
"""

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

c, m, v1, v2 = sp.symbols("c m v1 v2", real=True)
s, q = sp.symbols("s q", nonnegative=True)
y, k, W = sp.symbols("y k W", positive=True)  # 1/tau; 2/sqrt 3; the bound times |h|^2
root = sp.Eq(k**2, sp.Rational(4, 3))
moments = [c**2 + m**2 + s <= 1]
curvature = 2 * m * y * v1 * v2 + (c * y - s * y**2) * v2**2
"""`|h|^2 v^T hess v` for v = v1 u + v2 t."""


def show_direction_hessian() -> Finding:
    """`h . grad = 0`, `h^T hess h = 0`, and the Hessian on span(u, t), for every smooth F.

    The second derivatives at a point depend on F through its first two derivatives there only, so F may be taken as a
    quadratic with arbitrary coefficients; u is turned to the first axis, t to the second.

    Returns:
        The finding.
    """
    x1, x2 = sp.symbols("x1 x2", real=True)
    r = sp.Symbol("r", positive=True)
    b1, b2, B11, B12, B22 = sp.symbols("b1 b2 B11 B12 B22", real=True)
    length = sp.sqrt(x1**2 + x2**2)
    u1, u2 = x1 / length, x2 / length
    value = b1 * u1 + b2 * u2 + (B11 * u1**2 + 2 * B12 * u1 * u2 + B22 * u2**2) / 2
    here = {x1: r, x2: 0}

    def at(*variables: sp.Symbol) -> sp.Expr:
        return sp.simplify(sp.diff(value, *variables).subs(here))

    g1, g2 = b1 + B11, b2 + B12  # grad F at u = (1, 0)
    return derive(
        [
            ("u . grad = 0", at(x1), sp.Integer(0)),
            ("t . grad = g.t/|h|", at(x2), g2 / r),
            ("u^T hess u = 0", at(x1, x1), sp.Integer(0)),
            ("u^T hess t = -g.t/|h|^2", at(x1, x2), -g2 / r**2),
            ("t^T hess t = (t^T F'' t - g.u)/|h|^2", at(x2, x2), (B22 - g1) / r**2),
        ],
        "for every F(h/|h|): h . grad = 0, h^T hess h = 0, and the other second derivatives",
    )


def show_score_derivatives() -> Finding:
    """Along t, `-log sum exp(y u.z_i)` has slope `-y m` and second derivative `-y^2 s`, for every number of memories.

    With S the sum of exp(y (c_i + x a_i)) at x = 0: `S' = y mean(a) S` and `S'' = y^2 mean(a^2) S`.

    Returns:
        The finding.
    """
    x, mean, square = sp.symbols("x mean mean_square", real=True)
    S = sp.Symbol("S", positive=True)
    series = S * (1 + y * mean * x + y**2 * square * x**2 / 2)  # as far as two derivatives at 0 see
    score = -sp.log(series)
    return derive(
        [
            ("(-log S)' = -y mean(a)", sp.diff(score, x).subs(x, 0), -y * mean),
            ("(-log S)'' = -y^2 var(a)", sp.diff(score, x, 2).subs(x, 0), -(y**2) * (square - mean**2)),
        ],
        "the slope and the second derivative of the log-sum-exp along a tangent are a mean and a variance",
    )


def show_moments() -> Finding:
    """`c^2 + m^2 + s <= 1`: u.z and t.z have the means c and m, their squares c2 and t2, and `c2 + t2 <= 1` as |z| = 1.

    Returns:
        The finding, for every number of memories; s = t2 - m^2 is the variance of t.z.
    """
    c2, t2 = sp.symbols("c2 t2", nonnegative=True)
    return prove(
        [c2 >= c**2, c2 + t2 <= 1, sp.Eq(s, t2 - m**2)],
        c**2 + m**2 + s <= 1,
        detail="the means and the variance of the coordinates of unit vectors obey c^2 + m^2 + s <= 1",
    )


def show_upper_curvature() -> Finding:
    """Curvature <= 2/(sqrt 3 tau |h|^2), for all memories, weights and tau."""
    return prove(
        [root, *moments],
        k * y * (k * y - c * y + s * y**2) - (m * y) ** 2 >= 0,
        detail="k y I - |h|^2 hess is positive semidefinite on span(u, t), k = 2/sqrt 3, y = 1/tau",
    )


def show_weak_convexity_cold() -> Finding:
    """Curvature >= -(1/tau^2 + 1/4)/|h|^2 for tau <= 2/sqrt 3, for all memories and weights."""
    return prove(
        [c**2 + q + s <= 1, 4 * y**2 >= 3, sp.Eq(W, y**2 + sp.Rational(1, 4))],
        [
            sp.Eq(
                W * (W + c * y - s * y**2) - q * y**2,
                W * ((sp.Rational(1, 2) + c * y) ** 2 + (1 - c**2 - q - s) * y**2) + q * y**2 * (W - 1),
            ),
            W >= 1,
            (1 - c**2 - q - s) >= 0,
        ],
        detail=(
            "W I + |h|^2 hess is positive semidefinite on span(u, t), W = 1/tau^2 + 1/4, tau <= 2/sqrt 3: its "
            "determinant is a sum of terms that are not negative, with q = m^2"
        ),
    )


def show_weak_convexity_warm() -> Finding:
    """Curvature >= -2/(sqrt 3 tau |h|^2) for tau >= 2/sqrt 3, for all memories and weights."""
    rest = 1 - c**2 - q  # s is at most this
    return prove(
        [root, c**2 + q + s <= 1, y * k <= 1],
        [
            k * y * s <= rest,  # as k y <= 1
            sp.Eq(k**2 + k * c - rest - q, (c + k / 2) ** 2),
            sp.Eq(k * y * (k * y + c * y - s * y**2) - q * y**2, y**2 * (k**2 + k * c - k * y * s - q)),
        ],
        detail=(
            "k y I + |h|^2 hess is positive semidefinite on span(u, t), k = 2/sqrt 3, tau >= 2/sqrt 3: its determinant "
            "is at least y^2 (c + k/2)^2, with q = m^2"
        ),
    )


def show_slope() -> Finding:
    """|grad| <= 1/(tau |h|): the tangent part of a mean of unit vectors, over tau |h|."""
    r = sp.Symbol("r", positive=True)
    return prove(
        moments, (m * y / r) ** 2 <= (y / r) ** 2, detail="|grad| = |m|/(tau |h|) <= 1/(tau |h|) along every tangent"
    )


def show_bounds_attained() -> Finding:
    """The three bounds are reached, already for d = 2: one memory at u.z = +-1/sqrt 3, or two placed symmetrically.

    One memory z = c u + sqrt(1 - c^2) t: s = 0, `m^2 = 1 - c^2`. Two, `c u +- sqrt(1 - c^2) t`, equally weighted at h
    = |h| u: m = 0, s = 1 - c^2, with c = -tau/2.

    Returns:
        The finding.
    """
    cold = {m: 0, v1: 0, v2: 1, c: -1 / (2 * y), s: 1 - 1 / (4 * y**2)}
    half = 1 / sp.sqrt(3)

    def least_and_most(cosine: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        trace, product = cosine * y, -(1 - cosine**2) * y**2
        spread = sp.sqrt(sp.simplify(trace**2 - 4 * product))
        return (trace - spread) / 2, (trace + spread) / 2

    return derive(
        [
            (
                "two memories, c = -tau/2 <= 1/sqrt 3: curvature -(1/tau^2 + 1/4)",
                curvature.subs(cold),
                -(y**2) - sp.Rational(1, 4),
            ),
            (
                "one memory, c = 1/sqrt 3: greatest curvature 2/(sqrt 3 tau)",
                least_and_most(half)[1],
                2 * y / sp.sqrt(3),
            ),
            (
                "one memory, c = -1/sqrt 3: least curvature -2/(sqrt 3 tau)",
                least_and_most(-half)[0],
                -2 * y / sp.sqrt(3),
            ),
        ],
        "the weak convexity and the upper curvature are attained, times 1/|h|^2, for every d >= 2",
    )
