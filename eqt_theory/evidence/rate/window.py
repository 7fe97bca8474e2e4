"""A method over a few steps, in floating point: the vectors, points and forms among which a potential is looked for.

In units of M = 1: gradients and values are divided by M.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from eqt_theory.evidence.rate.realisation import Recurrence


def floats(rows: list[list[Fraction]], columns: int) -> np.ndarray:
    """A matrix of fractions as floats, shape (len(rows), columns)."""
    return np.array([[float(x) for x in row] for row in rows]).reshape(len(rows), columns)


def unit_of(measure: str, M: Fraction) -> Fraction:
    """What is measured, "distance", "value" or "gradient", in units of M = 1."""
    return {"distance": Fraction(1), "value": M, "gradient": M**2}[measure]


@dataclass(frozen=True)
class Window:
    """`length + 1` steps of a method.

    Args:
        method: its exact recurrence.
        m: strong convexity.
        M: Lipschitz constant of the gradient, above m.
        length: how many steps the potential looks back on.
    """

    method: Recurrence
    m: Fraction
    M: Fraction
    length: int = 1

    @property
    def early(self) -> int:
        """The gradients of all steps but the last."""
        return self.method.queries * self.length

    @cached_property
    def run(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Points and gradients, the minimum first, and the states before the first and second step, as rows."""
        s, q = self.method.states, self.method.queries
        n = s + q * (self.length + 1)
        return self._steps(np.eye(n)[:s], np.eye(n)[s:])

    @cached_property
    def beginning(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The same from h_0, with the queries of init before those of the steps."""
        r = 1 + len(self.method.opened)
        e = np.eye(r + self.early)
        scale = np.array([1.0] + [float(self.M)] * (r - 1))
        xi = (floats(self.method.start, r) * scale) @ e[:r]
        opening = (floats(self.method.opening, r) * scale) @ e[:r]
        X, G, now, after = self._steps(xi, e[r:])
        return np.vstack([X[:1], opening, X[1:]]), np.vstack([G[:1], e[1:r], G[1:]]), now, after

    def _steps(self, xi: np.ndarray, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        me, s, q, M = self.method, self.method.states, self.method.queries, float(self.M)
        A, C, B, D = floats(me.A, s), floats(me.C, s), floats(me.B, q) * M, floats(me.D, q) * M
        X, states = [np.zeros((1, xi.shape[1]))], [xi]
        for t in range(len(gradients) // q):
            u = gradients[q * t : q * (t + 1)]
            X.append(C @ xi + D @ u)
            xi = A @ xi + B @ u
            states.append(xi)
        G = np.vstack([np.zeros((1, xi.shape[1])), gradients])
        return np.vstack(X), G, states[0], states[min(1, len(states) - 1)]

    def kinds(self, opening: bool, steps: int) -> list[str]:
        """The kind of each point; "" of the minimum."""
        return ["", *(self.method.opened if opening else ()), *self.method.kinds * steps]


def pairs(kinds: list[str]) -> list[tuple[int, int]]:
    """All ordered pairs of points of one function."""
    count = range(len(kinds))
    return [(i, j) for i in count for j in count if i != j and len({kinds[i], kinds[j]} - {""}) == 1]


def inequality(X: np.ndarray, G: np.ndarray, i: int, j: int, k: float, smooth: bool) -> np.ndarray:
    """The form Q of `f_i - f_j + Q >= 0`, for M = 1 and m = k."""
    d, D = X[i] - X[j], G[i] - G[j]
    Q = -np.outer(G[j], d)
    if smooth:
        Q = Q - (np.outer(D, D) + k * np.outer(d, d) - 2 * k * np.outer(D, d)) / (2 * (1 - k))
    return (Q + Q.T) / 2
