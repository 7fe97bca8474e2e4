"""What the claims share: symbols, steps on parabolas and around a kink, and the step of accelerated methods.

Sources are named, not numbered: no section or theorem of theirs was looked up.
"""

from collections.abc import Callable

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, prove
from eqt_theory.engines.gram import Convex, Space, Vector
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive

L, mu, alpha, a, n, R, q, P = sp.symbols("L mu alpha a n R q P", positive=True)
A = sp.Symbol("A", nonnegative=True)
"""The weight of the gap in a potential A (f - f*) + C |z - x*|^2; a step adds a to it. R is |x_0 - x*|, q is mu/L."""
BOOK = "d'Aspremont, Scieur, Taylor 2021, chapter 4"
TIGHT, SLOW = ("bound", "attained"), ("bound", "a slow function")
rho = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
F0, F1, f0, f1, h0, h1 = sp.symbols("F F_1 f f_1 h h_1", real=True)
N, gap, far, gap0 = (sp.Symbol(s, nonnegative=True) for s in ("N", "f(x_N) - f*", "|x_N - x*|", "f(x_0) - f*"))
"""What the usual wrong versions speak of: the number of steps, and what these reach."""


def step(x: sp.Expr, slope: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """Of gradient descent, 1/L, on the line."""
    return x - slope(x) / L


def kink() -> Finding:
    """f' = q L h + (1 - q) L min(h, T) on the line, where a method from R ends on the outer slope q L (h + c) with
    h + c = P (R + c): the gap is q L R^2/(2 (1/P^2 - 1 + q)), for a T with which h >= T.

    A gradient step 1/L from T + c ends at c, so one that ends at h >= 0 began on the outer slope.
    """
    T = q * P**2 * R / (1 - (1 - q) * P**2)
    c = (1 - q) * T / q
    h, f = P * (R + c) - c, q * L * P**2 * R**2 / (2 * (1 - (1 - q) * P**2))
    slope, step = ("slope", q * L * (h + c), q * L * h + (1 - q) * L * T), ("step", (1 - q) * (T + c), c)
    gap = "gap", q * L * h**2 / 2 + (1 - q) * L * (T * h - T**2 / 2), f
    ends = prove([P <= 1], h >= T)
    return together({"function": derive([slope, step, gap], "the gap"), "outside": ends}, "q L R^2/(2 (1/P^2 - 1 + q))")


def accelerated_step(
    mu: sp.Expr | int = 0, *, composite: bool = False, factor: sp.Expr | int = 1
) -> tuple[tuple[sp.Expr, Vector], tuple[sp.Expr, Vector], list[Boolean]]:
    """A step of Nesterov's method on F = f + h from q between y and z, with F* and x* 0.

    y' = q - (g + s)/L', g = grad f(q), s a subgradient of h at y', which has passed the test of the descent lemma with
    L'; z' = ((1 + mu A) z + mu a q - a (g + s))/(1 + mu A'), A' = A + a and a^2 L' = A' (1 + mu A'). Written without
    denominators: e = (z - y)/(A' + 2 mu A A' - mu A^2) and u = (g + s)/(A' (1 + mu A')).

    Args:
        mu: strong convexity of f.
        composite: whether there is an h.
        factor: of a^2 in the step from q to y'; with another one than 1 there is no proof.

    Returns:
        The gap and z - x* before and after a step, and what is known.
    """
    q, e, u, *subgradients = Space(("q", "e", "u", "g_y", "s", "s_y", "g*")).vectors
    at_y, s, s_y, star = (v if composite or i == 0 else 0 * v for i, v in enumerate(subgradients))
    b, c, origin = 1 + mu * A, 1 + mu * (A + a), 0 * q
    g, y, z, p = (A + a) * c * u - s, q - a * b * e, q + A * c * e, q - factor * a**2 * u
    fy, fq, fp, hy, hp = sp.symbols("f_y f_q f_p h_y h_p", real=True)
    test = fp <= fq + g @ (p - q) + (A + a) * c * (factor * a) ** 2 / 2 * u.norm2
    known = [*Convex(mu).says((y, at_y, fy), (q, g, fq), (origin, star, 0)), test]
    after = q + b * A * e - a * (A + a) * u
    if not composite:
        return (fy, z), (fp, after), known
    return (fy + hy, z), (fp + hp, after), [*known, *Convex(0).says((y, s_y, hy), (p, s, hp), (origin, -star, 0))]


def accelerated(mu: sp.Expr | int = 0, *, composite: bool = False, factor: sp.Expr | int = 1) -> Finding:
    """A (F - F*) + (1 + mu A)/2 |z - x*|^2 does not grow in the step above."""
    (gap, z), (following, moved), known = accelerated_step(mu, composite=composite, factor=factor)
    b, c = 1 + mu * A, 1 + mu * (A + a)
    return prove(known, A * gap + b / 2 * z.norm2 >= (A + a) * following + c / 2 * moved.norm2)
