"""Linear operators with their adjoints, and skew ones, through what they do to a few vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement, product

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import ReplayLine
from eqt_theory.engines.gram.coordinates import Frame, factored
from eqt_theory.engines.gram.family import Family, Member, Point
from eqt_theory.engines.gram.realise import Located
from eqt_theory.engines.gram.space import Vector, principal_minors
from eqt_theory.engines.smt.structure import Realised

_SOURCE = "Bousselmi, Hendrickx, Glineur 2024, Thms 3.1 and 3.3"


@dataclass(frozen=True)
class Linear(Family):
    """Linear operators A with |A| <= L; `Adjointed` also takes in what the adjoint does.

    Args:
        L: a bound of the spectral norm.
    """

    L: sp.Expr | int

    source = _SOURCE

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return (sp.Ge(self.L, 0, evaluate=False),)

    def differences(self, points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
        return _from_zero(points)

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """That L^2 X^T X - Y^T Y is positive semidefinite, X the points and Y the images."""
        return [minor >= 0 for minor in principal_minors(_excess(points, self.L))]

    def linear_ones(self, points: Sequence[Point]) -> list[Boolean]:
        """The bound of the norm at sums and differences of two points."""
        return _bounds(points, self.L)

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The operator on the span of the points, 0 on the complement."""
        return _within(points, frame, sp.sympify(self.L).subs(values), f"{self} with")

    def member(self) -> "Adjointed":
        return Adjointed(self)


@dataclass(frozen=True)
class Skew(Family):
    """Skew operators, A^T = -A, with |A| <= L.

    Args:
        L: a bound of the spectral norm.
    """

    L: sp.Expr | int

    source = _SOURCE

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return (sp.Ge(self.L, 0, evaluate=False),)

    def differences(self, points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
        return _from_zero(points)

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """`<x_i, A x_j> = -<x_j, A x_i>` for all pairs, also of a point with itself, and the bound of the norm."""
        skew = [sp.Eq(i.x @ j.gradient + j.x @ i.gradient, 0) for i, j in combinations_with_replacement(points, 2)]
        return [*skew, *(minor >= 0 for minor in principal_minors(_excess(points, self.L)))]

    def linear_ones(self, points: Sequence[Point]) -> list[Boolean]:
        """The bound of the norm at sums and differences of two points."""
        return _bounds(points, self.L)

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The operator on these points, which extends to a skew one of this norm."""
        for p, q in combinations_with_replacement(points, 2):
            if sp.expand(frame.inner(p.x, q.image) + frame.inner(q.x, p.image)) != 0:
                return Realised(reason="the images are not those of a skew operator")
        return _within(points, frame, sp.sympify(self.L).subs(values), f"{self} with")


@dataclass(eq=False)
class Adjointed(Member):
    """A linear operator with points of its own (x, A x) and points of its adjoint (u, A^T u)."""

    adjoint: list[Point] = field(default_factory=list)

    def adjoint_at(self, u: Vector, image: Vector) -> Point:
        """Take in a point of the adjoint: `image` is A^T u."""
        point = Point(u, image)
        if self.points:
            self.points[0].x._same_space(u)
        self.adjoint.append(point)
        return point

    @property
    def whole(self) -> tuple[Family, tuple[Point, ...]]:
        """The bound of the norm for A and for A^T, and `<A x, u> = <x, A^T u>` for all x and u, with their points."""
        if not self.adjoint:
            return super().whole
        consistent = [sp.Eq(p.gradient @ u.x - p.x @ u.gradient, 0) for p, u in product(self.points, self.adjoint)]
        both = _BothWays(self.family.L, tuple(consistent), len(self.points))  # pyright: ignore
        return both, (*self.points, *self.adjoint)


@dataclass(frozen=True)
class _BothWays(Family):
    """Linear for a fixed list of points, the first few of A and the others of its adjoint."""

    L: sp.Expr | int
    consistent: tuple[Boolean, ...]
    own: int

    source = _SOURCE

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return Linear(self.L).limits

    def differences(self, points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
        return _from_zero(points[: self.own])

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        linear = Linear(self.L)
        halves = points[: self.own], points[self.own :]
        return [*self.consistent, *(r for half in halves if half for r in linear.relations(half))]

    def linear_ones(self, points: Sequence[Point]) -> list[Boolean]:
        """Those of the operator and of its adjoint."""
        return [*_bounds(points[: self.own], self.L), *_bounds(points[self.own :], self.L)]

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The operator and its adjoint on these points, which extend (the source shows how)."""
        bound = sp.sympify(self.L).subs(values)
        own, adjoint = points[: self.own], points[self.own :]
        for p, u in product(own, adjoint):
            if sp.expand(frame.inner(p.image, u.x) - frame.inner(p.x, u.image)) != 0:
                return Realised(reason="the images are not those of an operator and its adjoint")
        parts = [_within(half, frame, bound, name) for half, name in ((own, "A with"), (adjoint, "A^T with")) if half]
        reason = next((p.reason for p in parts if p.reason), "")
        return Realised("; ".join(p.shown for p in parts), tuple(line for p in parts for line in p.lines), reason)


def _from_zero(points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
    """Differences of points and images, from 0 to 0 and from each other."""
    zero = Point(0 * points[0].x, 0 * points[0].x) if points else None
    every = [*points, *([zero] if zero else [])]
    return [(i.x - j.x, i.gradient - j.gradient) for i, j in combinations(every, 2)]


def _bounds(points: Sequence[Point], L: sp.Expr | int) -> list[Boolean]:  # noqa: N803
    """`L^2 |x|^2 >= |A x|^2` at the sum and the difference of each two points; the minors say it in degree 2."""
    apart = [(i.x + sign * j.x, i.gradient + sign * j.gradient) for i, j in combinations(points, 2) for sign in (1, -1)]
    return [sp.Ge(L**2 * x.norm2 - y.norm2, 0, evaluate=False) for x, y in apart]


def _excess(points: Sequence[Point], L: sp.Expr | int) -> sp.Matrix:  # noqa: N803
    n = len(points)
    return sp.Matrix(n, n, lambda i, j: L**2 * (points[i].x @ points[j].x) - points[i].gradient @ points[j].gradient)


def _within(points: Sequence[Located], frame: Frame, L: sp.Expr, text: str) -> Realised:  # noqa: N803
    n = len(points)

    def entry(i: int, j: int) -> sp.Expr:
        p, q = points[i], points[j]
        return sp.expand(L**2 * frame.inner(p.x, q.x) - frame.inner(p.image, q.image))

    if factored(sp.Matrix(n, n, entry)) is None:
        return Realised(reason=f"the images are longer than {L} allows")
    graph = ", ".join(f"{frame.shown(p.x)} -> {frame.shown(p.image)}" for p in points)
    line = ReplayLine(f"L^2 X^T X - Y^T Y is positive semidefinite for {graph}", True)
    return Realised(f"{text} {graph}, of norm at most {L} ({_SOURCE})", (line,))
