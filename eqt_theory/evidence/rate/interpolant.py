"""A function of the class through the points of a certificate, to look at: its values in floating point, in a plane."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from eqt_theory.core.certificate import Certificate
from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.run_vectors import function_of
from eqt_theory.kernel.matrix import matrix, times
from eqt_theory.kernel.rates import follow, read

_ROUNDS = 400


@dataclass(frozen=True)
class Interpolant:
    """A function with given points, gradients and values, the minimum 0 at the origin, and its class.

    f(h) = m |h|^2/2 + min over weights w of (M - m)/2 |h - sum w_i y_i|^2 + sum w_i c_i (Taylor, Hendrickx and Glineur
    2017, Thm 4), for points of an exact certificate rounded to doubles.

    Args:
        points: where it is known, the minimum first, shape (n, d).
        gradients: there, shape (n, d).
        values: there, shape (n,).
        m: strong convexity.
        M: Lipschitz constant of its gradient.
        run: the states h_0, h_1, .. of the method, shape (k, d).
    """

    points: np.ndarray
    gradients: np.ndarray
    values: np.ndarray
    m: float
    M: float
    run: np.ndarray

    @property
    def axes(self) -> np.ndarray:
        """An orthonormal basis of the plane in which most of the run lies, shape (2, d); one axis where d = 1."""
        late = self.run[len(self.run) // 2 :]
        return np.linalg.svd(late, full_matrices=False)[2][:2]

    def value(self, h: np.ndarray) -> np.ndarray:
        """The function at states of shape (k, d), by an accelerated descent over the weights, to about three digits."""
        spread = self.M - self.m
        slopes = self.gradients - self.m * self.points
        y = self.points - slopes / spread
        c = self.values - self.m / 2 * (self.points**2).sum(1) - (slopes**2).sum(1) / (2 * spread)
        w = np.full((len(h), len(y)), 1 / len(y))
        ahead, step = w, 1 / (spread * np.linalg.norm(y @ y.T, 2) + 1e-300)
        for k in range(_ROUNDS):
            slope = -spread * (h - ahead @ y) @ y.T + c
            new = _on_simplex(ahead - step * slope)
            ahead, w = new + k / (k + 3) * (new - w), new
        return self.m / 2 * (h**2).sum(1) + spread / 2 * ((h - w @ y) ** 2).sum(1) + w @ c


def _on_simplex(x: np.ndarray) -> np.ndarray:
    """The nearest weights of sum 1, row by row."""
    ordered = np.sort(x, axis=1)[:, ::-1]
    excess = (np.cumsum(ordered, axis=1) - 1) / np.arange(1, x.shape[1] + 1)
    last = (ordered > excess).sum(1) - 1
    return np.maximum(x - excess[np.arange(len(x)), last][:, None], 0)


def interpolant(certificate: Certificate) -> Interpolant:
    """The function that a certificate of kind "cycle", or with a worst function, is about.

    Args:
        certificate: accepted by the kernel.

    Returns:
        The function and the run on it.

    Raises:
        UsageError: a certificate of another kind.
    """
    data: dict[str, Any] = dict(certificate.data)
    if certificate.kind == "cycle":
        d, method = len(data["start"]), read(data["method"])
        start, u = [[Fraction(x) for x in data["start"]]], matrix(data["gradients"], None, d)
        first = [*start, *u[: len(method.opened)]]
        queries, states = follow(method, times(method.start, first, d), u[len(method.opened) :], d)
        at = [*times(method.opening, first, d), *(y for y, _ in queries)]
        states = [times(method.H, xi, d)[0] for xi in states]
        points, gradients, run = (np.array([[float(x) for x in row] for row in rows]) for rows in (at, u, states))
        values = np.array([float(Fraction(x)) for x in data["values"]])
    elif data.get("below"):
        points, gradients, values = function_of(data)
        run = points
    else:
        raise UsageError(f"certificate must be a cycle or a worst function, got a {certificate.kind}")
    zero = np.zeros((1, points.shape[1]))
    return Interpolant(
        np.vstack([zero, points]), np.vstack([zero, gradients]), np.concatenate([[0.0], values]),
        float(Fraction(data["m"])), float(Fraction(data["M"])), run,
    )  # fmt: skip
