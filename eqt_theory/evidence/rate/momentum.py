"""Rates of momentum methods on all strongly convex functions: potentials found numerically, checked in fractions.

V = (x, x-)^T P (x, x-) + c (Phi(x) - Phi*), x measured from h*, x- the state before; y is where the gradient g is
taken: x for the heavy ball, x + momentum (x - x-) for Nesterov's method, and x+ = x + momentum (x - x-) - step_size g
for both. V+ <= rate^2 V follows where a quadratic form in (x, x-, g) is positive semidefinite: what is left of
rate^2 V - V+ once the descent lemma from y to x+, the lower curvature bounds from y to x and to h*, and a multiple of
the sector condition (g - m y)^T (M y - g) >= 0 are taken off. Where V is positive definite too, the errors fall like
rate^k (Lessard, Recht and Packard 2016; with function values, Taylor, Van Scoy and Lessard 2018).
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy.optimize import linprog

from eqt_theory.engines.exact.matrix import positive_semidefinite

_CUTS = 400
_MARGIN = 1e-9  # of the least eigenvalue at which a numerical solution is handed to the exact check
_DENOMINATOR = 10**12
_BISECTIONS = 20
_SYMMETRIC = ((0, 0), (0, 1), (1, 1))

Row = tuple[Fraction, Fraction, Fraction]
Form = list[list[Fraction]]


@dataclass(frozen=True)
class Momentum:
    """A momentum method on functions with constants m and 1, exact.

    Args:
        alpha: step size, times M.
        beta: momentum.
        m: strong convexity, over M.
        extrapolates: whether the gradient is taken at x + beta (x - x-), not at x.
    """

    alpha: Fraction
    beta: Fraction
    m: Fraction
    extrapolates: bool


@dataclass(frozen=True)
class Potential:
    """V and the multiplier, in units where M = 1; exact.

    Args:
        P: its entries (0, 0), (0, 1) and (1, 1).
        c: weight of the function value, not negative.
        sector: multiplier of the sector condition, not negative.
    """

    P: Row
    c: Fraction
    sector: Fraction


def holds(method: Momentum, rate: Fraction, potential: Potential) -> bool:
    """Whether the potential shows the rate: all three conditions decided in fractions.

    Args:
        method: the method and the class.
        rate: factor per step of the errors, in the limit.
        potential: V and the multiplier.

    Returns:
        Whether V is positive definite and V+ <= rate^2 V for every function of the class.
    """
    weights = [*potential.P, potential.c, potential.sector]
    # The bound from y to h* has the weight 1 - rate^2.
    if not 0 < rate <= 1 or potential.c < 0 or potential.sector < 0:
        return False
    a, b, d = potential.P
    a = a + potential.c * method.m / 2  # Phi(x) - Phi* >= m/2 |x|^2
    if not (a > 0 and a * d - b * b > 0):
        return False
    total = _sum(weights, _forms(method, rate))
    return positive_semidefinite(sp.Matrix([[sp.Rational(x.numerator, x.denominator) for x in row] for row in total]))


def find_potential(method: Momentum, rate: Fraction) -> Potential | None:
    """Look for a potential that shows a rate.

    The least eigenvalue of both forms is concave in the five unknowns; it is maximised by cutting planes, and what
    is found is rounded and checked by `holds`.

    Args:
        method: the method and the class.
        rate: factor per step, positive.

    Returns:
        A potential for which `holds` is true; None where none was found.
    """
    if not 0 < rate <= 1:
        return None
    decrease = np.array([[[float(x) for x in row] for row in form] for form in _forms(method, rate)])
    positive = np.zeros((5, 2, 2))
    for k, (i, j) in enumerate(_SYMMETRIC):
        positive[k, i, j] = positive[k, j, i] = 1.0
    positive[3, 0, 0] = float(method.m) / 2
    bounds = [(-1, 1)] * 3 + [(0, 1), (0, 1), (None, 1)]
    cuts: list[np.ndarray] = []
    for family, size in ((decrease, 3), (positive, 2)):
        cuts += [_cut(family, v) for v in np.eye(size)]
    for _ in range(_CUTS):
        table = np.array(cuts)
        solved = linprog([0, 0, 0, 0, 0, -1], A_ub=table, b_ub=np.zeros(len(table)), bounds=bounds, method="highs")
        if solved.status != 0 or solved.x[5] < _MARGIN:
            return None
        z, least = solved.x[:5], np.inf
        for family in (decrease, positive):
            values, vectors = np.linalg.eigh(np.tensordot(z, family, 1))
            least = min(least, values[0])
            cuts += [_cut(family, vectors[:, i]) for i in range(len(values)) if values[i] < solved.x[5]]
        if least > 0.2 * solved.x[5]:
            exact = [Fraction(float(x)).limit_denominator(_DENOMINATOR) for x in z]
            found = Potential((exact[0], exact[1], exact[2]), max(exact[3], Fraction(0)), max(exact[4], Fraction(0)))
            return found if holds(method, rate, found) else None
    return None


def best_rate(method: Momentum, low: Fraction) -> tuple[Fraction, Potential] | None:
    """The smallest rate below 1 that a potential was found for, by bisection.

    Args:
        method: the method and the class.
        low: a rate that no certificate can be below, at least 0.

    Returns:
        The rate, dyadic, and its potential; None where none was found below 1.
    """
    high = Fraction(1) - Fraction(1, 2**_BISECTIONS)
    best = find_potential(method, high)
    if best is None:
        return None
    for _ in range(_BISECTIONS):
        middle = Fraction(float((low + high) / 2))
        found = find_potential(method, middle)
        if found is None:
            low = middle
        else:
            high, best = middle, found
    return high, best


def _forms(method: Momentum, rate: Fraction) -> list[Form]:
    """What each unknown contributes to the form in (x, x-, g): the entries of P, c, and the multiplier."""
    one, zero, square = Fraction(1), Fraction(0), rate**2
    x, back, g = (one, zero, zero), (zero, one, zero), (zero, zero, one)
    ahead = (1 + method.beta, -method.beta, zero)
    y = ahead if method.extrapolates else x
    new = _plus(ahead, -method.alpha, g)
    forms = []
    before, after = (x, back), (new, x)
    for i, j in _SYMMETRIC:
        twice = 1 if i == j else 2
        forms.append(_total([(square * twice, before[i], before[j]), (-one * twice, after[i], after[j])]))
    moved, over = _plus(new, -one, y), _plus(y, -one, x)
    forms.append(
        _total(
            [
                # Phi(x+) <= Phi(y) + <g, x+ - y> + |x+ - y|^2/2
                (-one, g, moved),
                (-one / 2, moved, moved),
                # Phi(y) - Phi(x) <= <g, y - x> - m/2 |y - x|^2, and the same for h*
                (-square, g, over),
                (square * method.m / 2, over, over),
                (-(1 - square), g, y),
                ((1 - square) * method.m / 2, y, y),
            ]
        )
    )
    slow, fast = _plus(g, -method.m, y), _plus(y, -one, g)
    forms.append(_total([(-one, slow, fast)]))
    return forms


def _total(terms: list[tuple[Fraction, Row, Row]]) -> Form:
    def entry(i: int, j: int) -> Fraction:
        return sum((f * (u[i] * v[j] + u[j] * v[i]) / 2 for f, u, v in terms), Fraction(0))

    return [[entry(i, j) for j in range(3)] for i in range(3)]


def _sum(weights: list[Fraction], forms: list[Form]) -> Form:
    pairs = list(zip(weights, forms, strict=True))
    return [[sum((w * f[i][j] for w, f in pairs), Fraction(0)) for j in range(3)] for i in range(3)]


def _cut(family: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The row that says v^T form v >= t |v|^2."""
    return np.append(-np.einsum("i,kij,j->k", v, family, v), float(v @ v))


def _plus(u: Row, factor: Fraction, v: Row) -> Row:
    return (u[0] + factor * v[0], u[1] + factor * v[1], u[2] + factor * v[2])
