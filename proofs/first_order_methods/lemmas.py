"""What the claims share: sums of class inequalities, rates from potentials, and the step of accelerated methods."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, prove
from eqt_theory.engines.gram import Convex, Point, SmoothClass, Space, Vector, combine
from eqt_theory.engines.induction import Quantity, by_induction, induction, together

L, mu, alpha, a, n = sp.symbols("L mu alpha a n", positive=True)
A = sp.Symbol("A", nonnegative=True)
"""The weight of the gap in a potential A (f - f*) + C |z - x*|^2; a is what a step adds to it."""
ALL = "every function of the class, every dimension, start and N"
BOOK = "d'Aspremont, Scieur, Taylor 2021"


@dataclass
class Sum:
    """A nonnegative combination of inequalities of SmoothClass(mu, L) and others; minimiser and least value are 0."""

    mu: sp.Expr | int = 0
    L: sp.Expr = L
    uses: list[tuple[sp.Expr, Boolean]] = field(default_factory=list)
    squares: list[tuple[sp.Expr, Vector]] = field(default_factory=list)

    def exact(self, weight: sp.Expr | int, i: Point, j: Point) -> "Sum":
        """The interpolation inequality of i against j."""
        inequality = SmoothClass(self.mu, self.L).values(i, j)
        return self.also(sp.sympify(weight) / (2 * (self.L - self.mu)), inequality)

    def subgradient(self, weight: sp.Expr | int, i: Point, j: Point, mu: sp.Expr | int = 0) -> "Sum":
        """`h_i >= h_j + <s_j, x_i - x_j> + mu/2 |x_i - x_j|^2` of a convex function that need not be smooth."""
        return self.also(weight, Convex(mu).inequalities([i, j])[0])

    def also(self, weight: sp.Expr | int, inequality: Boolean) -> "Sum":
        """Any other inequality that is given."""
        self.uses.append((sp.sympify(weight), inequality))
        return self

    def shows(self, space: Space, left: sp.Expr, given: list[Boolean], detail: str) -> Finding:
        """PROVED where `left` is this sum plus a positive semidefinite form."""
        return combine(given, left >= 0, self.uses, space, squares=self.squares, detail=detail)


def by_potential(step: Finding, weight: sp.Expr, gain: sp.Expr, detail: str, each: Sequence[Boolean] = ()) -> Finding:
    """gap_N <= R^2/(2 weight(N)), R = |x_0 - x*|, by induction over A_n gap_n + C_n |z_n - x*|^2 <= R^2/2.

    Args:
        step: that the potential does not grow while A grows by the gain.
        weight: of n; A_n is at least that, from A_0 = 0.
        gain: what a step adds to A.
        detail: what is shown.
        each: what is given of the gain.

    Returns:
        The finding; C_0 = 1/2 in all of these methods.
    """
    gap, C, Z, R = sp.symbols("gap C Z R", nonnegative=True)
    bounded, heavy = A * gap + C * Z <= R**2 / 2, weight <= A
    growth = by_induction(heavy, n, quantities=[Quantity(A, sp.Integer(0), A + gain)], each=each)
    start = prove([sp.Eq(A, 0), sp.Eq(C, sp.Rational(1, 2)), sp.Eq(Z, R**2)], bounded)
    end = prove([bounded, heavy], gap <= R**2 / (2 * weight))
    goes_on = together({"potential": step, "weight": growth}, "the step")
    return induction(start, goes_on, end, given=[bounded, heavy], detail=detail)


def accelerated(mu: sp.Expr | int = 0, *, composite: bool = False, factor: sp.Expr | int = 1) -> Finding:
    """A step of Nesterov's method on F = f + h from q between y and z: A (F - F*) + (1 + mu A)/2 |z - x*|^2 falls.

    y' = q - (g + s)/L', g = grad f(q), s a subgradient of h at y', which has passed the test of the descent lemma with
    L'; z' = ((1 + mu A) z + mu a q - a (g + s))/(1 + mu A'), A' = A + a and a^2 L' = A' (1 + mu A'). Written without
    denominators: e = (z - y)/(A' + 2 mu A A' - mu A^2) and u = (g + s)/(A' (1 + mu A')).

    Args:
        mu: strong convexity of f.
        composite: whether there is an h.
        factor: of a^2 in the step from q to y'; with another one than 1 there is no proof.

    Returns:
        The finding.
    """
    space = Space(("q", "e", "u", "s"))
    q, e, u, s = space.vectors
    s, more, b = (s if composite else 0 * s), A + a, 1 + mu * A
    c = 1 + mu * more
    g, y, z, p = more * c * u - s, q - a * b * e, q + A * c * e, q - factor * a**2 * u
    fy, fq, fp, hy, hp = sp.symbols("f_y f_q f_p h_y h_p", real=True)
    here, there, star = Point(q, g, fq), Point(p, s, hp), Point(0 * q, 0 * q, 0)
    test = fq + g @ (p - q) + more * c * (factor * a) ** 2 / 2 * u.norm2 - fp >= 0
    total = Sum(mu).subgradient(A, Point(y, 0 * q, fy), here, mu).subgradient(a, star, here, mu).also(more, test)
    if composite:
        total.subgradient(A, Point(y, 0 * q, hy), there).subgradient(a, star, there)
    total.squares.append((a * b * A * mu * (more + 2 * mu * A * more - mu * A**2) / 2, e))
    old, new = (fy + hy, fp + hp) if composite else (fy, fp)
    fall = A * old + b / 2 * z.norm2 - more * new - c / 2 * (q + b * A * e - a * more * u).norm2
    return total.shows(space, fall, [], "A (F - F*) + (1 + mu A)/2 |z - x*|^2 does not grow")
