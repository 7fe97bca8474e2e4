"""Statements about all functions of a class, in every dimension, through inner products.

A step of a first-order method is a linear combination of a few vectors (differences of points and of gradients).
All that a squared norm can see of them is their Gram matrix, which is positive semidefinite whatever the dimension;
all that the function class can say about them is its interpolation inequalities (Taylor, Hendrickx, Glineur 2017,
Thm 4; Rotaru, Glineur, Patrinos 2022 for mu < 0). What follows from both holds for every function of the class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive


@dataclass(frozen=True)
class Vector:
    """A linear combination of the basis vectors of a Space, with SymPy coefficients."""

    space: "Space"
    coefficients: tuple[sp.Expr, ...]

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.space, tuple(a + b for a, b in zip(self.coefficients, other.coefficients, strict=True)))

    def __sub__(self, other: "Vector") -> "Vector":
        return self + (-1) * other

    def __neg__(self) -> "Vector":
        return (-1) * self

    def __rmul__(self, factor: sp.Expr | int) -> "Vector":
        return Vector(self.space, tuple(factor * a for a in self.coefficients))

    def __truediv__(self, divisor: sp.Expr | int) -> "Vector":
        return Vector(self.space, tuple(a / divisor for a in self.coefficients))

    def __matmul__(self, other: "Vector") -> sp.Expr:
        """The inner product, in the Gram symbols."""
        gram = self.space.gram
        return sp.Add(
            *(
                a * b * gram[i, j]
                for i, a in enumerate(self.coefficients)
                for j, b in enumerate(other.coefficients)
                if a != 0 and b != 0
            )
        )

    @property
    def norm2(self) -> sp.Expr:
        """The squared Euclidean norm, in the Gram symbols."""
        return self @ self


@dataclass(frozen=True)
class Space:
    """A few vectors of a Euclidean space of unknown dimension.

    Args:
        names: the names of the basis vectors; the symbol of `<u, v>` is `u_v`, that of `|u|^2` is `u_u`.
    """

    names: tuple[str, ...]

    @property
    def gram(self) -> sp.Matrix:
        """The Gram matrix, symmetric, of real symbols."""

        def entry(i: int, j: int) -> sp.Symbol:
            return sp.Symbol(f"{self.names[min(i, j)]}_{self.names[max(i, j)]}", real=True)

        return sp.Matrix(len(self.names), len(self.names), entry)

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """The basis vectors."""
        unit = sp.eye(len(self.names))
        return tuple(Vector(self, tuple(unit.row(i))) for i in range(len(self.names)))

    @property
    def positive_semidefinite(self) -> list[Boolean]:
        """That the Gram matrix is positive semidefinite: every principal minor is >= 0."""
        return [minor >= 0 for minor in _principal_minors(self.gram)]


def _principal_minors(matrix: sp.Matrix) -> list[sp.Expr]:
    n = matrix.rows
    subsets = [list(s) for size in range(1, n + 1) for s in combinations(range(n), size)]
    return [matrix.extract(s, s).det(method="berkowitz") for s in subsets]


@dataclass(frozen=True)
class Point:
    """A point with the gradient and the value of the function there."""

    x: Vector
    gradient: Vector
    value: sp.Expr


@dataclass(frozen=True)
class SmoothClass:
    """Functions with `mu |d|^2 <= <D, d> <= L |d|^2` for all pairs; d and D differ points and gradients.

    Args:
        mu: lower curvature; may be negative (weakly convex).
        L: upper curvature, at least mu.
    """

    mu: sp.Expr
    L: sp.Expr

    def gradients(self, d: Vector, D: Vector) -> Boolean:  # noqa: N803  the usual name of a gradient difference
        """`<D - mu d, L d - D> >= 0`, which holds for every pair of the class."""
        return (D - self.mu * d) @ (self.L * d - D) >= 0

    def values(self, i: Point, j: Point) -> Boolean:
        """The interpolation inequality with function values, multiplied by 2 (L - mu), as `... >= 0`."""
        d, D = i.x - j.x, i.gradient - j.gradient
        gap = i.value - j.value - j.gradient @ d
        return 2 * (self.L - self.mu) * gap - D.norm2 - self.mu * self.L * d.norm2 + 2 * self.mu * (D @ d) >= 0


def interpolation() -> Finding:
    """The inequalities of SmoothClass, derived from its two defining bounds.

    For a function f with `mu <= curvature <= L`: convexity of f - mu|.|^2/2 at x, and the descent lemma for
    L|.|^2/2 - f at y, both taken at z = y - (D - mu d)/(L - mu), add up to the inequality with values; the
    inequality with gradients is its sum over both orders of the pair (Nesterov 2018, Thms 2.1.5 and 2.1.12).

    Returns:
        PROVED, symbolically, where mu < L.
    """
    mu, L = sp.symbols("mu L", real=True)
    fx, fy, fz = sp.symbols("fx fy fz", real=True)
    d, gx, D = Space(("d", "gx", "D")).vectors
    family, gy = SmoothClass(mu, L), gx + D
    s = (D - mu * d) / (L - mu)
    convexity = fz - fx - gx @ (d - s) - mu * (d - s).norm2 / 2
    descent = fy - gy @ s + L * s.norm2 / 2 - fz
    x, y = Point(0 * d, gx, fx), Point(d, gy, fy)
    values = family.values(y, x).lhs
    both = values + family.values(x, y).lhs
    return derive(
        [
            ("convexity at x plus the descent lemma at y", 2 * (L - mu) * (convexity + descent), values),
            ("the inequality with gradients, twice", both, 2 * family.gradients(d, D).lhs),
        ],
        "both inequalities of the class follow from its lower and upper curvature bound",
    )


def gradient_step(d: Vector, D: Vector, alpha: sp.Expr) -> Vector:  # noqa: N803
    """The difference of two states after a gradient step on a function with gradient difference D (Eq. 8)."""
    return d - alpha * D


def proximal_gradient_step(d: Vector, D: Vector, alpha: sp.Expr, g: sp.Expr) -> Vector:  # noqa: N803
    """Likewise after a proximal gradient step: gradient of the energy, then the proximal map of g|h - f|^2/2."""
    return (d - alpha * D) / (1 + alpha * g)


def combine(
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    uses: Sequence[tuple[sp.Expr, Boolean]],
    space: Space,
    *,
    timeout: float = 10,
    detail: str = "",
) -> Finding:
    """Prove `conclusion` as a nonnegative combination of class inequalities plus a positive semidefinite form.

    The multipliers are a certificate that anybody may have found in any way; everything about them is
    proved here: each is >= 0, function values cancel, and what is left is a form `tr(S G)` whose
    matrix S is positive semidefinite (every principal minor is >= 0).

    Args:
        hypotheses: what is assumed of the parameters.
        conclusion: `left >= 0`, linear in function values and Gram symbols.
        uses: `(multiplier, inequality)` pairs; each inequality reads `left >= 0`.
        space: the vectors whose Gram symbols occur.
        timeout: seconds for each prover on each obligation.
        detail: what the statement says, for the finding.

    Returns:
        PROVED, or INCONCLUSIVE or REFUTED as `prove` says of the certificate; a failing certificate
        refutes the certificate, not the conclusion, and is reported as INCONCLUSIVE.

    Raises:
        UsageError: a relation does not read `left >= 0`.
    """
    rest = _left(conclusion)
    for multiplier, inequality in uses:
        rest -= multiplier * _left(inequality)
    rest = sp.expand(rest)
    matrix = sp.zeros(len(space.names), len(space.names))
    remainder = rest
    for i in range(len(space.names)):
        for j in range(i, len(space.names)):
            symbol = space.gram[i, j]
            coefficient = rest.coeff(symbol, 1)
            remainder -= coefficient * symbol
            matrix[i, j] = matrix[j, i] = coefficient if i == j else coefficient / 2
    remainder = sp.simplify(sp.expand(remainder))
    nonnegative = [sp.sympify(multiplier) >= 0 for multiplier, _ in uses]
    minors = [sp.factor(minor) >= 0 for minor in _principal_minors(matrix.applyfunc(sp.factor))]
    open_ones = [relation for relation in (*nonnegative, *minors) if relation != sp.true]
    values = sp.Eq(remainder, 0, evaluate=False)  # the function values cancel
    finding = prove(hypotheses, [values, *open_ones], timeout, detail=detail)
    return finding if finding.witness is None else _not_a_certificate(finding)


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
    here, there = Point(x, g0, before), Point(x - alpha * g0, g1, after)
    star = Point(0 * x, 0 * x, least)
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


def _left(relation: Boolean) -> sp.Expr:
    if not isinstance(relation, sp.Ge) or relation.rhs != 0:
        raise UsageError(f"expected a relation of the form `left >= 0`, got {relation}")
    return relation.lhs


def _not_a_certificate(finding: Finding) -> Finding:
    return replace(
        finding,
        verdict=Verdict.INCONCLUSIVE,
        detail=f"these multipliers are no certificate: {finding.detail}",
        witness=None,
        replay=None,
    )
