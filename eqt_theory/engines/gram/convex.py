"""Convex functions that need not be smooth: values and subgradients, proximal steps, indicators of convex sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.coordinates import Frame
from eqt_theory.engines.gram.family import Family, Member, Point, both_orders, checked, require_values
from eqt_theory.engines.gram.realise import Located
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.smt.structure import Realised


@dataclass(frozen=True)
class Convex(Family):
    """Functions f with f - mu |.|^2/2 convex, through values and subgradients.

    Args:
        mu: 0 for convex, positive for strongly, negative for weakly convex functions.
    """

    mu: sp.Expr | int = 0

    source = "Taylor, Hendrickx, Glineur 2017, Thm 4, with L infinite"

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """`f_i >= f_j + <g_j, x_i - x_j> + mu/2 |x_i - x_j|^2`, all pairs."""
        require_values(points)
        return [
            i.value - j.value - j.gradient @ (i.x - j.x) - self.mu * (i.x - j.x).norm2 / 2 >= 0
            for i, j in both_orders(points)
        ]

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The greatest of the pieces f_i + <g_i, h - x_i> + mu/2 |h - x_i|^2; at x_i the i-th is the greatest."""
        mu = sp.sympify(self.mu).subs(values)
        lines = []
        for p in points:
            for q in points:
                if p is not q:
                    d = tuple(a - b for a, b in zip(p.x, q.x, strict=True))
                    gap = p.value - q.value - frame.inner(q.image, d) - mu / 2 * frame.inner(d, d)
                    lines.append((f"the piece of {frame.shown(p.x)} above that of {frame.shown(q.x)}", sp.expand(gap)))
        square = "" if mu == 0 else f" + {mu / 2}*|h - x_i|^2"
        pieces = ", ".join(f"({frame.shown(p.x)}, {frame.shown(p.image)}, {p.value})" for p in points)
        return checked(f"f(h) = max of f_i + <g_i, h - x_i>{square} with (x_i, g_i, f_i) = {pieces}", lines)


def proximal_step(member: Member, x: Vector, subgradient: Vector, step: sp.Expr, value: sp.Expr) -> Point:
    """The proximal map of `step * f` at x, as the new point y = x - step s with s a subgradient of f at y.

    Args:
        member: f, of a class of convex functions.
        x: the point before.
        subgradient: s.
        step: the step size, positive.
        value: f(y).

    Returns:
        The point y, taken into the member.
    """
    return member.at(x - step * subgradient, subgradient, value)


@dataclass(frozen=True)
class Indicator(Family):
    """Indicators of closed convex sets: 0 on the set; each Point lies in it, and its gradient is a normal there.

    The projection of x is the proximal step: y = x - s with s a normal at y.
    """

    source = "Taylor, Hendrickx, Glineur 2017 (exact worst-case performance, composite), Thm 3.6"

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """`<s_i, x_j - x_i> <= 0`, all pairs, and that values are 0 where there are any."""
        zero = [sp.Eq(p.value, 0) for p in points if p.value is not None]
        return zero + [-(i.gradient @ (j.x - i.x)) >= 0 for i, j in both_orders(points)]

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """The convex hull of the points."""
        lines = []
        for p in points:
            for q in points:
                if p is not q:
                    d = tuple(a - b for a, b in zip(p.x, q.x, strict=True))
                    lines.append((f"<normal, x - y> at {frame.shown(p.x)}", sp.expand(frame.inner(p.image, d))))
        hull = ", ".join(frame.shown(p.x) for p in points)
        normals = ", ".join(frame.shown(p.image) for p in points)
        return checked(f"the convex hull of {hull} with the normals {normals}", lines)
