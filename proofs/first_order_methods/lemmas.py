"""What the claims share.

Sources are named, not numbered: no section or theorem of theirs was looked up.
"""

import sympy as sp

L, mu, alpha, a, c, n, R, q, P = sp.symbols("L mu alpha a c n R q P", positive=True)
A = sp.Symbol("A", nonnegative=True)
"""The weight of the gap in a potential A (f - f*) + C |z - x*|^2; a step adds a to it. R is |x_0 - x*|, q is mu/L."""
BOOK = "d'Aspremont, Scieur, Taylor 2021, chapter 4"
TIGHT, SLOW = ("bound", "attained"), ("bound", "a slow function")
rho = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
F0, F1, f0, f1, h0, h1 = sp.symbols("F F_1 f f_1 h h_1", real=True)
N = sp.Symbol("N", positive=True)


def reached(*names: str) -> tuple[sp.Symbol, ...]:
    """What a wrong version bounds, as it writes it."""
    return tuple(sp.Symbol(name, nonnegative=True) for name in names)


gap, gap0, far = reached("f(x_N) - f*", "f(x_0) - f*", "|x_N - x*|")
