"""A few steps of a method with symbols for its parameters: points, potentials and inequalities in inner products."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from eqt_theory.engines.gram import Point, SmoothClass, Space, Vector
from eqt_theory.engines.rational import factored
from eqt_theory.evidence.rate.trace_symbols import Parametric

Arc = tuple[int, int]


@dataclass(frozen=True)
class Steps:
    """`length + 1` steps from any state, h* being 0.

    Args:
        method: its recurrence; entries are SymPy expressions.
        m: lower curvature of the class.
        M: upper curvature.
        length: how many steps a potential looks back on.
    """

    method: Parametric
    m: sp.Expr
    M: sp.Expr
    length: int

    @property
    def early(self) -> int:
        """The gradients of all steps but the last."""
        return self.method.queries * self.length

    @cached_property
    def space(self) -> Space:
        """The states before the first step, then every gradient."""
        gradients = range(self.method.queries * (self.length + 1))
        return Space((*(f"x{i}" for i in range(self.method.states)), *(f"g{j}" for j in gradients)))

    @cached_property
    def run(self) -> tuple[list[Point], list[list[Vector]]]:
        """h* and the points of all queries, and the states before each step."""
        me, q = self.method, self.method.queries
        states, gradients = list(self.space.vectors[: me.states]), list(self.space.vectors[me.states :])
        points, history = [Point(0 * states[0], 0 * states[0], sp.Symbol("fbest", real=True))], [states]
        for t in range(self.length + 1):
            u = gradients[q * t : q * (t + 1)]
            for j in range(q):
                x = _sum([*me.C[j], *me.D[j]], [*states, *u])
                points.append(Point(x, u[j], sp.Symbol(f"f{q * t + j}", real=True)))
            states = [_sum([*a, *b], [*states, *u]) for a, b in zip(me.A, me.B, strict=True)]
            history.append(states)
        return points, history

    def reported(self, after: int) -> Vector:
        """H - h* before a step."""
        return _sum(self.method.H[0], self.run[1][after])

    def measured(self, measure: str, reported: int | None, after: int) -> sp.Expr:
        """What is measured before a step: |h - h*|^2, Phi(h) - Phi* or |grad Phi(h)|^2."""
        points, _ = self.run
        if measure == "distance":
            return self.reported(after).norm2
        point = points[1 + after * self.method.queries + (reported or 0)]
        return point.gradient.norm2 if measure == "gradient" else point.value - points[0].value

    def potential(self, P: dict[Arc, sp.Expr], p: list[sp.Expr], after: int) -> sp.Expr:
        """The form P in the states and early gradients, plus the weights p times Phi - Phi* at the early points."""
        points, history = self.run
        shift = after * self.method.queries
        window = points[1 + shift : 1 + shift + self.early]
        w = [*history[after], *(point.gradient for point in window)]
        square = sum(((1 if i == j else 2) * v * (w[i] @ w[j]) for (i, j), v in P.items()), sp.Integer(0))
        return square + sum((c * (at.value - points[0].value) for c, at in zip(p, window, strict=True)), sp.Integer(0))

    def uses(self, multipliers: dict[Arc, sp.Expr]) -> list[tuple[sp.Expr, Any]]:
        """Inequalities `f_i - f_j - .. >= 0` of the class with their multipliers, as `combine` takes them."""
        points, _ = self.run
        family = SmoothClass(self.m, self.M)
        scale = 2 * (self.M - self.m)
        return [(c / scale, family.values(points[i], points[j])) for (i, j), c in multipliers.items() if c != 0]


def _sum(coefficients: list[Any], vectors: list[Vector]) -> Vector:
    total = 0 * vectors[0]
    for c, v in zip(coefficients, vectors, strict=True):
        if c != 0:
            total = total + c * v
    return Vector(total.space, tuple(factored(x) for x in total.coefficients))
