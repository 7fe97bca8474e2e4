"""Operators that need not be gradients: monotone, cocoercive, Lipschitz, averaged; a Point has the image for gradient.

Each class is that of all pairs of its inequality: points that satisfy it are points of an operator on the whole space
(maximal monotone: Zorn; Lipschitz: Kirszbraun-Valentine; the others by shifting and scaling these).
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.coordinates import Frame
from eqt_theory.engines.gram.family import Family, Point, checked, pairs
from eqt_theory.engines.gram.realise import Located
from eqt_theory.engines.smt.structure import Realised


class PairClass(Family):
    """Operators that are given by one quadratic inequality for every pair of points."""

    source = "Ryu, Taylor, Bergeling, Giselsson 2020, Facts 1 to 4"
    by_pairs = True

    @abstractmethod
    def form(self, dd: Any, dD: Any, DD: Any) -> Any:  # noqa: N803
        """What is >= 0, from |d|^2, <d, D> and |D|^2; d and D differ points and images."""

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """The form of every pair."""
        found = []
        for i, j in pairs(points):
            d, D = i.x - j.x, i.gradient - j.gradient
            found.append(self.form(d.norm2, d @ D, D.norm2) >= 0)
        return found

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The operator on these points, which extends to the whole space."""
        lines = []
        for k, p in enumerate(points):
            for q in points[:k]:
                d, D = (tuple(a - b for a, b in zip(u, v, strict=True)) for u, v in ((p.x, q.x), (p.image, q.image)))
                form = self.form(frame.inner(d, d), frame.inner(d, D), frame.inner(D, D))
                lines.append(
                    (f"{self} at {frame.shown(p.x)}, {frame.shown(q.x)}", sp.expand(sp.sympify(form).subs(values)))
                )
        graph = ", ".join(f"{frame.shown(p.x)} -> {frame.shown(p.image)}" for p in points)
        return checked(f"the operator {graph}, extended to the whole space ({self.source})", lines)


@dataclass(frozen=True)
class Monotone(PairClass):
    """Maximal monotone operators with `<D, d> >= mu |d|^2`; strongly monotone where mu > 0."""

    mu: sp.Expr | int = 0

    def form(self, dd: Any, dD: Any, DD: Any) -> Any:  # noqa: N803
        return dD - self.mu * dd


@dataclass(frozen=True)
class Cocoercive(PairClass):
    """Operators with `<D, d> >= beta |D|^2`, beta > 0."""

    beta: sp.Expr | int

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return (sp.Gt(self.beta, 0, evaluate=False),)

    def form(self, dd: Any, dD: Any, DD: Any) -> Any:  # noqa: N803
        return dD - self.beta * DD


@dataclass(frozen=True)
class Lipschitz(PairClass):
    """Operators with `|D| <= L |d|`; nonexpansive where L = 1, a contraction where L < 1."""

    L: sp.Expr | int = 1

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return (sp.Ge(self.L, 0, evaluate=False),)

    def form(self, dd: Any, dD: Any, DD: Any) -> Any:  # noqa: N803
        return self.L**2 * dd - DD


@dataclass(frozen=True)
class Averaged(PairClass):
    """Operators (1 - theta) I + theta N with N nonexpansive, 0 < theta < 1; theta = 1/2 is firmly nonexpansive."""

    theta: sp.Expr

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return sp.Gt(self.theta, 0, evaluate=False), sp.Lt(self.theta, 1, evaluate=False)

    def form(self, dd: Any, dD: Any, DD: Any) -> Any:  # noqa: N803
        # |D - (1 - theta) d|^2 <= theta^2 |d|^2
        return (2 * self.theta - 1) * dd + 2 * (1 - self.theta) * dD - DD
