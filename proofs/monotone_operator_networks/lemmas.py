"""What the claims share: differences of points and of their images, and sums that leave nothing."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Claim, Finding
from eqt_theory.engines.gram import Lipschitz, Monotone, Point, Space, Vector, combine

m, L, alpha = sp.symbols("m L alpha", positive=True)
d, F, G = Space(("d", "F", "G")).vectors
"""A difference of two points, of the images under F, and of elements of the images under G."""
ZERO = Point(0 * d, 0 * d)
EVERY = "every W, dimension, start and activation that is a proximal operator"


def monotone(x: Vector, image: Vector, mu: sp.Expr | int = 0) -> Boolean:
    return Monotone(mu).inequalities([Point(x, image), ZERO])[0]


def bounded(x: Vector, image: Vector, bound: sp.Expr = L) -> Boolean:
    return Lipschitz(bound).inequalities([Point(x, image), ZERO])[0]


def adds_up(left: sp.Expr, *uses: tuple[sp.Expr | int, Boolean], given: Sequence[Boolean] = (), about: str) -> Finding:
    """PROVED where `left` is the sum of these inequalities, each times its multiplier, and of a form that is >= 0."""
    return combine(list(given), left >= 0, [(sp.sympify(w), r) for w, r in uses], d.space, detail=about)


PROX = "z is prox_f(x) exactly if x - z is in the subdifferential of f at z"


def claimed(name: str, source: str, statement: str, **more: object) -> Claim:
    return Claim(name, source, statement, **more)  # pyright: ignore[reportArgumentType]
