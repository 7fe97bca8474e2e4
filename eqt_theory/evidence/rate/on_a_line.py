"""Functions of one variable on which a run does badly: quadratics, and those whose slope bends on either side.

In units of M = 1, from h_0 = 1. Between -left and right the curvature is `near`, beyond it `far`. Gradient descent, OGM
and others have their worst cases among them (Drori and Teboulle 2014; Kim and Fessler 2016).
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eqt_theory.evidence.rate.run_vectors import Vector, Vectors, whole

_CORNERS, _CURVATURES, _ROUNDS, _SIDE = 36, 200, 26, 9


@dataclass(frozen=True)
class Bent:
    """One function, or many in arrays: the minimum is at 0.

    Args:
        near: curvature between -left and right.
        far: curvature beyond.
        left: 0 or more.
        right: likewise.
    """

    near: np.ndarray
    far: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def slope(self, x: np.ndarray) -> np.ndarray:
        """The derivative."""
        return self.far * x + (self.near - self.far) * np.clip(x, -self.left, self.right)

    def value(self, x: np.ndarray) -> np.ndarray:
        """The value."""
        inside = np.clip(x, -self.left, self.right)
        return self.far * x**2 / 2 + (self.near - self.far) * (inside * x - inside**2 / 2)

    def measured(self, moves: np.ndarray, measure: str) -> tuple[np.ndarray, np.ndarray]:
        """What is measured at the last query, relative to |h_0 - h*|^2, and all queries, one row each."""
        slopes, queries = (np.zeros((len(moves), len(self.left))) for _ in range(2))
        for i, row in enumerate(moves):
            x = queries[i] = 1 + row[:i] @ slopes[:i]
            slopes[i] = self.slope(x)
        last = {"distance": lambda: x**2, "value": lambda: self.value(x), "gradient": lambda: slopes[-1] ** 2}
        return np.nan_to_num(last[measure](), nan=-1.0), queries

    def pick(self, k: int) -> "Bent":
        """One of them."""
        return Bent(*(a[k : k + 1] for a in (self.near, self.far, self.left, self.right)))


def worst_on_a_line(moves: np.ndarray, k: float, measure: str) -> Bent:
    """The worst of a grid of functions, refined.

    Args:
        moves: in units of M = 1.
        k: m/M.
        measure: "distance", "value" or "gradient".

    Returns:
        One function of the class.
    """
    ends = np.concatenate([[0.0], np.geomspace(1e-4, 1, _CORNERS), [np.inf]])
    left, right = (a.ravel() for a in np.meshgrid(ends, ends))
    curvatures = np.concatenate([np.linspace(k, 1, _CURVATURES), np.geomspace(max(k, 1e-6), 1, _CURVATURES)])
    low, high, both = np.full(len(left), k), np.ones(len(left)), np.concatenate([left, left])
    plain = np.zeros(len(curvatures))
    best = _worst(
        Bent(
            np.concatenate([low, high, curvatures]), np.concatenate([high, low, curvatures]),
            np.concatenate([both, plain]), np.concatenate([right, right, plain]),
        ),
        moves, measure,
    )  # fmt: skip
    width = 0.3
    for _ in range(_ROUNDS):
        factors = np.exp(width * np.linspace(-1, 1, _SIDE))
        left, right = (a.ravel() for a in np.meshgrid(factors * best.left, factors * best.right))
        if best.near == best.far:
            curved = np.clip(factors * best.near, k, 1)
            tried = Bent(curved, curved, np.zeros(_SIDE), np.zeros(_SIDE))
        else:
            tried = Bent(np.full(len(left), best.near), np.full(len(left), best.far), left, right)
        best, width = _worst(tried, moves, measure), width / 2
    return best


def _worst(tried: Bent, moves: np.ndarray, measure: str) -> Bent:
    with np.errstate(all="ignore"):
        return tried.pick(int(tried.measured(moves, measure)[0].argmax()))


def run_exactly(
    function: Bent, vectors: Vectors, m: Fraction, inside: Fraction, bits: int
) -> tuple[list[list[int]], list[int]]:
    """Vectors and values of a run on a function of one variable, scaled to whole numbers.

    Args:
        function: of the class, in units of M = 1.
        vectors: of the run.
        m: of the class.
        inside: by how much of M - m curvatures stay away from m and M.
        bits: to which gradients are rounded, in units of M h_0.

    Returns:
        Both; the vectors are rounded, and the run follows them exactly.
    """
    M = vectors.M
    low, high = m + inside * (M - m), M - inside * (M - m)
    near, far = (min(max(Fraction(float(c[0])) * M, low), high) for c in (function.near, function.far))
    left, right = (None if np.isinf(c[0]) else Fraction(round(float(c[0]) * 2**40), 2**40) for c in
                   (function.left, function.right))  # fmt: skip

    def clipped(x: Fraction) -> Fraction:
        x = x if left is None else max(x, -left)
        return x if right is None else min(x, right)

    def slope(_: int, y: Vector) -> Vector:
        return [far * y[0] + (near - far) * clipped(y[0])]

    v, points = vectors.along([Fraction(1)], slope, vectors.unit / 2**bits)
    values = []
    for (x,), _ in points:
        values.append(far * x * x / 2 + (near - far) * (clipped(x) * x - clipped(x) ** 2 / 2))
    return whole(v, values)
