"""Squares that proofs of first-order methods leave over: differences of points, gradients and states."""

from typing import Any

import numpy as np

from eqt_theory.engines.gram import Vector
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.window import Window

Name = tuple[str, int, int]
"""What is squared: of points i and j `x`, `g`, `M x - g` or `m x - g` of their differences; or states before, after.

A class inequality that is weakened, as to convexity or to the descent lemma, lets such a square go.
"""

_OF_POINTS = ("x", "g", "M x - g", "m x - g")
_SAME = 1e-9


def squares_of(window: Window) -> dict[Name, np.ndarray]:
    """The vectors of a method over one step that are not 0, one of each direction, of length 1, in units of M = 1."""
    X, G, now, after = window.run
    ratio = float(window.m / window.M)
    found: dict[Name, np.ndarray] = {}
    for name in _names(len(X), len(now)):
        kind, i, j = name
        states = {"before": now, "after": after}.get(kind)
        vector = _of(kind, X[i] - X[j], G[i] - G[j], ratio, 1.0) if states is None else states[i] - states[j]
        length = float(np.linalg.norm(vector))
        if length > _SAME:
            unit = vector / length
            if not any(min(np.abs(unit - v).max(), np.abs(unit + v).max()) < _SAME for v in found.values()):
                found[name] = unit
    return found


def vector_of(steps: Steps, name: Name) -> Vector:
    """The same vector with symbols in it.

    Args:
        steps: the method over one step.
        name: of the vector.

    Returns:
        It, of no particular length.
    """
    points, history = steps.run
    kind, i, j = name
    if kind in ("before", "after"):
        states = history[int(kind == "after")]
        return states[i] - states[j]
    return _of(kind, points[i].x - points[j].x, points[i].gradient - points[j].gradient, steps.m, steps.M)


def _names(points: int, states: int) -> list[Name]:
    made = [(kind, i, j) for i in range(points) for j in range(i) for kind in _OF_POINTS]
    return made + [(kind, i, j) for i in range(states) for j in range(i) for kind in ("before", "after")]


def _of(kind: str, x: Any, g: Any, m: Any, M: Any) -> Any:
    if kind == "x":
        return x
    return g if kind == "g" else (M if kind[0] == "M" else m) * x - g
