"""The worst case of a run as a semidefinite program, in floating point.

In units of M = 1. Unknown are the Gram matrix of h_0 - h* and all gradients, and the values; each is counted in the
size that it has on the worst function of one variable.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eqt_theory.engines.sdp import minimise, packed, unpacked
from eqt_theory.evidence.rate.on_a_line import Bent, worst_on_a_line
from eqt_theory.evidence.rate.window import inequality, pairs

_SHORT, _CLOSE = 1e-3, 0.1


@dataclass(frozen=True)
class Solved:
    """A proposal in floating point: Gram matrix, values and multipliers, all scaled, and what is measured."""

    gram: np.ndarray
    values: np.ndarray
    multipliers: np.ndarray
    measured: float


@dataclass(frozen=True)
class Program:
    """What is measured at the last query of a run, at most, relative to |h_0 - h*|^2, for M = 1.

    Args:
        moves: query i is made at `h_0 + moves_i gradients`, shape (size, size).
        rules: the same, as coefficients of the queries and gradients before, those of gradients times M.
        k: m/M.
        measure: "distance", "value" or "gradient".
    """

    moves: np.ndarray
    rules: list[np.ndarray]
    k: float
    measure: str

    @property
    def size(self) -> int:
        """The number of queries."""
        return len(self.moves)

    @cached_property
    def line(self) -> tuple[Bent, float, np.ndarray]:
        """The worst function of one variable, what is measured there, and how far each query still is."""
        function = worst_on_a_line(self.moves, self.k, self.measure)
        value, queries = function.measured(self.moves, self.measure)
        sizes = np.maximum.accumulate(np.abs(queries[::-1, 0]))[::-1]
        sizes = np.clip(sizes, 1e-12, 1e12)
        return function, float(value[0]), sizes if sizes.min() < _CLOSE else np.ones(self.size)

    @cached_property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """The minimum, then all queries, and their gradients, as rows.

        Unknown are h_0 and the gradients, or the queries themselves where each determines the gradient before it: so
        nothing cancels where the run comes close to h*. With momentum that is dear, and done for no other run.
        """
        n, sizes = self.size + 1, self.line[2]
        themselves = sizes.min() < _CLOSE or self.k > 0 and all(len(rule) == 2 for rule in self.rules)
        e, X, G = np.eye(n), np.zeros((n, n)), np.zeros((n, n))
        X[1] = e[0]
        for i, rule in enumerate(self.rules, 1):
            at, along = rule[::2], rule[1::2]
            partly = at @ X[i : i - len(at) : -1] + along[1:] @ G[i - 1 : i - len(along) : -1]
            if themselves and abs(along[0]) > _SHORT * np.abs(along).max():
                X[i + 1], G[i] = sizes[i] * e[i], (sizes[i] * e[i] - partly) / along[0]
            else:
                G[i] = sizes[i - 1] * e[i]
                X[i + 1] = partly + along[0] * G[i]
        G[self.size] = sizes[-1] * e[-1]
        return X, G

    @cached_property
    def arcs(self) -> list[tuple[int, int]]:
        return pairs(["", *["smooth"] * self.size])

    @cached_property
    def weights(self) -> np.ndarray:
        """The size of each inequality."""
        sizes = np.concatenate([[0.0], self.line[2]]) ** 2
        return np.array([max(sizes[i], sizes[j]) for i, j in self.arcs])

    @cached_property
    def inequalities(self) -> np.ndarray:
        X, G = self.points
        rows = np.stack([packed(inequality(X, G, i, j, self.k, True)) for i, j in self.arcs])
        incidence = np.zeros((len(rows), self.size + 1))
        for row, (i, j) in zip(incidence, self.arcs, strict=True):
            row[i] += 1
            row[j] -= 1
        return np.hstack([rows, incidence[:, 1:] * self.line[2] ** 2]) / self.weights[:, None]

    @cached_property
    def gain(self) -> tuple[np.ndarray, np.ndarray]:
        """What is measured: a form in the Gram matrix, and weights of the values; scaled to be about 1."""
        n, last = self.size + 1, self.size
        X, G = self.points
        row = {"distance": X[last], "gradient": G[last], "value": np.zeros(n)}[self.measure]
        values = np.zeros(self.size)
        values[-1] = self.line[2][-1] ** 2 * (self.measure == "value")
        return np.outer(row, row) / self.reference, values / self.reference

    @property
    def reference(self) -> float:
        return max(self.line[1], 1e-300)

    def solve(self, margin: float, shift: float | np.ndarray, used: np.ndarray | None = None) -> Solved | None:
        """A proposal; `margin` is that of the dual form, `shift` that, or those, of the inequalities `used`, or all."""
        kept = np.arange(len(self.arcs)) if used is None else used
        n = self.size + 1
        gain, values = self.gain
        split = n * (n + 1) // 2
        first = np.zeros((1, split + self.size))
        first[0, 0] = 1
        cone = np.hstack([-np.eye(split), np.zeros((split, self.size))])
        answer = minimise(
            -np.concatenate([packed(gain + margin * np.eye(n)), values]),
            (np.zeros((0, split + self.size)), np.zeros(0)),
            (
                np.vstack([-self.inequalities[kept], first]),
                np.concatenate([-shift * np.ones(len(kept)), [1.0]]),
            ),
            [(cone, np.zeros(len(cone)), n)],
            tolerance=1e-11,
        )
        if not answer.usable:
            return None
        multipliers = np.zeros(len(self.arcs))
        multipliers[kept] = answer.z[: len(kept)]
        gram, f = unpacked(answer.x[:split], n), answer.x[split:]
        return Solved(gram, f, multipliers, self.measured_on(gram, f))

    def within(self, basis: np.ndarray, shift: float) -> Solved | None:
        """A proposal among functions of few dimensions, with some room in all inequalities.

        Args:
            basis: the Gram matrix is `basis Z basis'`, shape (size + 1, r).
            shift: the room.

        Returns:
            It, without multipliers.
        """
        (n, r), (gain, values) = basis.shape, self.gain
        split, small = n * (n + 1) // 2, r * (r + 1) // 2
        forms = np.stack([basis.T @ unpacked(row[:split], n) @ basis for row in self.inequalities])
        start, free = packed(np.outer(basis[0], basis[0])), np.zeros(self.size)
        answer = minimise(
            -np.concatenate([packed(basis.T @ gain @ basis), values]),
            (np.zeros((0, small + self.size)), np.zeros(0)),
            (
                np.vstack([-np.hstack([packed(forms), self.inequalities[:, split:]]), np.concatenate([start, free])]),
                np.concatenate([-shift * np.ones(len(forms)), [1.0]]),
            ),
            [(np.hstack([-np.eye(small), np.zeros((small, self.size))]), np.zeros(small), r)],
            tolerance=1e-11,
        )
        if not answer.usable:
            return None
        gram, f = basis @ unpacked(answer.x[:small], r) @ basis.T, answer.x[small:]
        return Solved(gram, f, np.zeros(0), self.measured_on(gram, f))

    def measured_on(self, gram: np.ndarray, values: np.ndarray) -> float:
        form, weights = self.gain
        return self.reference * float((form * gram).sum() + weights @ values)

    def slack(self, gram: np.ndarray, values: np.ndarray) -> np.ndarray:
        """What is left of each inequality."""
        return self.inequalities @ np.concatenate([packed(gram), values])
