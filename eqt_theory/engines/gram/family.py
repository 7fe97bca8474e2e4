"""Classes of functions and operators, as what they say of any points: inequalities of all pairs.

A class (`Family`) knows its inequalities; a `Member` is one unknown function or operator of it and collects its points,
so that nobody forgets a pair. Where the inequalities are interpolation conditions, points that satisfy them are points
of a member, which `attained` writes down.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import combinations
from numbers import Real
from typing import Any, ClassVar

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import ReplayLine
from eqt_theory.engines.gram.coordinates import Frame
from eqt_theory.engines.gram.realise import Located, Origin
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.smt.replay import sign_of
from eqt_theory.engines.smt.structure import Realised
from eqt_theory.engines.values import real_number


@dataclass(frozen=True)
class Point:
    """A point with what a function or operator has there.

    Args:
        x: the point.
        gradient: the gradient, a subgradient, or the image under an operator.
        value: the value of the function; None for operators.
    """

    x: Vector
    gradient: Vector
    value: Any = None

    def __post_init__(self) -> None:
        self.x._same_space(self.gradient)
        if self.value is None:
            return
        if not isinstance(self.value, sp.Expr | Real):
            raise UsageError(f"value must be a number or an expression, got {type(self.value).__name__}: {self.value}")
        self.x.space.values.setdefault(sp.sympify(self.value))


class Family(ABC):
    """A class of functions or operators."""

    source: ClassVar[str]
    """Where the inequalities are shown, and shown to be complete where they are."""
    by_pairs: ClassVar[bool] = False
    """Whether a member is an operator and all that is asked of it is one form of each two points and their images."""

    def __post_init__(self) -> None:
        """Require that the parameters are real numbers at which the class has members, as far as they tell."""
        for part in fields(self) if is_dataclass(self) else ():
            if part.type in _NUMBERS:
                real_number(part.name, getattr(self, part.name))
        for failing in (limit for limit in self.limits if limit.func(*limit.args) == sp.false):
            raise UsageError(f"expected a class that has members, got {self}: {failing} does not hold")

    @property
    def limits(self) -> tuple[Boolean, ...]:
        """What the parameters must satisfy, which its inequalities do not say, lest it have no members."""
        return ()

    def inequalities(self, points: Sequence[Point]) -> list[Boolean]:
        """All that the class says of these points of one member, as relations.

        They are remembered as those of this class, so that a counterexample is held to it: a member of the class is
        built through the points, or nothing is refuted. Points of several members are told apart by `member`.

        Args:
            points: of one member.

        Returns:
            The relations.
        """
        return [r if r == sp.true else self._stated(r, *points) for r in self.relations(points)]

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """The same, not remembered; what a class of one's own defines.

        Args:
            points: of one member.

        Returns:
            The relations.
        """
        if type(self).inequalities is Family.inequalities:
            # One of the two is to be defined, which abc cannot ask for.
            raise NotImplementedError(f"{type(self).__name__} must define relations")
        return self.inequalities(points)  # a class that defines those instead

    def on_the_edge(self, points: Sequence[Point]) -> list[Boolean]:
        """What the class says besides `relations`, from which it follows unless a parameter is at the end of its range.

        Args:
            points: of one member.

        Returns:
            Relations that hold of every member; none where `relations` says everything.
        """
        return []

    def linear_ones(self, points: Sequence[Point]) -> list[Boolean]:
        """What follows from `relations` and is linear in inner products, of a class whose relations are not all so.

        Args:
            points: of one member.

        Returns:
            Relations `left >= 0` that hold of every member.
        """
        return []

    @abstractmethod
    def incomplete(self, points: Sequence[Point]) -> str:
        """Why points that satisfy the inequalities need not be those of a member; empty where they are."""

    @abstractmethod
    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """A member of the class through the points, checked exactly at each."""

    @property
    def kind(self) -> "Family":
        """The class of which a member is built; another one where this is that class seen in another way."""
        return self

    def differences(self, points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
        """What the class sees of points: by how much two of them, and their images, are apart."""
        return [(i.x - j.x, i.gradient - j.gradient) for i, j in combinations(points, 2)]

    def member(self) -> "Member":
        """An unknown member, which collects its points."""
        return Member(self)

    def says(self, *points: "Point | tuple[Any, ...] | int") -> list[Boolean]:
        """All that the class says of points of one member, as hypotheses: `prove(f.says((x, g, f_x), 0), ...)`.

        Args:
            points: each a Point, or its parts `(x, gradient, value)`, of an operator `(x, image)`; 0 is the origin with
                image and value 0, as a minimiser, a zero or a fixed point.

        Returns:
            The relations, of a member of its own, which a counterexample is held to.

        Raises:
            UsageError: something that is no point, or 0 alone.
        """
        every = [p if isinstance(p, Point) or type(p) is int and p == 0 else _point(p) for p in points]
        like = next((p for p in every if isinstance(p, Point)), None)
        if like is None:
            raise UsageError(f"expected points of a member of {self}, (x, gradient, value) each, got {points}")
        member = self.member()
        member.points += [p if isinstance(p, Point) else _origin(like) for p in every]
        for point in member.points:
            like.x._same_space(point.x)
        return member.inequalities

    def weighted(self, weight: sp.Expr | int, i: Point, j: Point | None = None) -> tuple[sp.Expr, Boolean]:
        """What the class says of i against j, times a number, for `adds_up`.

        Args:
            weight: the multiplier of `f_i >= f_j + <g_j, x_i - x_j> + ...`, or of the inequality of the pair.
            i: a point.
            j: another; None: the origin, with image and value 0, as a minimiser, a zero or a fixed point.

        Returns:
            The multiplier and the inequality.
        """
        pair = [i, _origin(i) if j is None else j]
        inequality = self.relations(pair)[0]
        return sp.sympify(weight), inequality if inequality == sp.true else self._stated(inequality, *pair)

    def _stated(self, relation: Boolean, *points: Point) -> Boolean:
        """The relation, remembered as one of this class, so that a counterexample can be held to the others."""
        return Origin(self, points, relation=relation).remembered(points[0].x.space)


_NUMBERS = (sp.Expr, sp.Expr | int)
"""Annotations of parameters of classes."""


def require_values(points: Sequence[Point]) -> None:
    """Require that each point has a value, for classes of functions."""
    for point in points:
        if point.value is None:
            raise UsageError(f"expected the value of the function at {point.x} beside its gradient there, got none")


def _point(parts: Any) -> Point:
    """The point that has these parts."""
    vectors = parts[:2] if isinstance(parts, tuple) else ()
    if not isinstance(parts, tuple) or len(parts) not in (2, 3) or not all(isinstance(v, Vector) for v in vectors):
        raise UsageError(f"expected a point (x, gradient, value), (x, image) or 0, got {parts!r}")
    return Point(*parts)


def _origin(like: Point) -> Point:
    """The point 0 with image 0 and, of a function, value 0."""
    return Point(0 * like.x, 0 * like.x, None if like.value is None else sp.Integer(0))


@dataclass(eq=False)
class Member:
    """One unknown function or operator of a class, with its points."""

    family: Family
    points: list[Point] = field(default_factory=list)

    def at(self, x: Vector, gradient: Vector, value: sp.Expr | None = None) -> Point:
        """Take a point in.

        Args:
            x: the point.
            gradient: the gradient, subgradient or image there; of the zero vector at a minimiser.
            value: the value of the function; None for operators.

        Returns:
            The point.

        Raises:
            UsageError: it lies in another space than the points so far.
        """
        point = Point(x, gradient, value)
        if self.points:
            self.points[0].x._same_space(x)
        self.points.append(point)
        return point

    @property
    def whole(self) -> tuple[Family, tuple[Point, ...]]:
        """The class that all points taken in so far are of, and those points."""
        return self.family, tuple(self.points)

    @property
    def inequalities(self) -> list[Boolean]:
        """All that the class says of the points taken in so far.

        Raises:
            UsageError: there is no point yet.
        """
        family, points = self.whole
        if not points:
            raise UsageError(f"expected points of a member of {self.family} (`at`), got none")
        relations = [r for r in family.relations(points) if r != sp.true]
        return [Origin(family, points, self, r).remembered(points[0].x.space) for r in relations]


def pairs(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """All pairs of points, each in one order."""
    return list(combinations(points, 2))


def both_orders(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """All pairs of points, in both orders."""
    return [pair for i, j in combinations(points, 2) for pair in ((i, j), (j, i))]


def checked(text: str, lines: Sequence[tuple[str, sp.Expr]]) -> Realised:
    """What was found, where every number is at least 0; else the reason.

    Args:
        text: the object, in words.
        lines: `(what is >= 0, its value)`.

    Returns:
        The object with its checks, or the first one that fails.
    """
    done = tuple(ReplayLine(f"{name} >= 0", sign_of(value) >= 0, str(value)) for name, value in lines)
    failing = next((line for line in done if not line.holds), None)
    if failing is not None:
        return Realised(reason=f"{failing.text} fails of {text}: {failing.margin}")
    return Realised(text, done)
