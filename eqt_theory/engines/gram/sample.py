"""Multipliers at numbers: few of them, by small semidefinite programs in floating point. Proposals, all of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.engines.gram.goal import Numbers
from eqt_theory.engines.sdp import minimise, packed

_PRICE = 1e-7
_USED = 1e-6
_LARGE = 1e4
_LOOSE = 1e-9
_OFF = 1e-9
_TOLERANCES = (1e-12, 1e-9)
"""Of a program; the second where the first is not reached."""
_NULL = 1e-4
"""Relative to the largest, which eigenvalues of a form count as 0."""


@dataclass(frozen=True)
class Sample:
    """A goal at some values of its parameters, scaled.

    Args:
        numbers: the goal there.
        size: how many vectors the space has.
    """

    numbers: Numbers
    size: int

    @cached_property
    def lengths(self) -> np.ndarray:
        """By what each vector is scaled, a power of 2."""
        diagonals = np.abs(np.einsum("kii->ki", self.numbers.matrices(self.size))).max(0)
        return np.exp2(np.round(np.log2(np.where(diagonals == 0, 1, diagonals)) / 2))

    @cached_property
    def scaled(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Forms, values, and the size of each relation; vectors are scaled, too, so that no diagonal is large."""
        S = self.numbers.matrices(self.size)
        values = np.array([[float(x) for x in row] for row in self.numbers.values])
        S = S / self.lengths[:, None] / self.lengths[None, :]
        sizes = np.maximum(np.abs(S).max((1, 2)), np.abs(values).max(1, initial=0))
        sizes[sizes == 0] = 1
        return S / sizes[:, None, None], values / sizes[:, None], sizes

    def kernel(self, weights: dict[int, float]) -> tuple[np.ndarray, list[int]]:
        """Vectors on which the form that is left is 0, in reduced echelon form, with the places of their ones."""
        S, _, sizes = self.scaled
        left = S[0] - sum(w * sizes[1 + i] / sizes[0] * S[1 + i] for i, w in weights.items())
        values, vectors = np.linalg.eigh(left)
        return _echelon(vectors[:, values < _NULL * max(values[-1], _NULL)].T / self.lengths)

    @cached_property
    def best(self) -> tuple[dict[int, float], float]:
        """What `solve` makes of all inequalities."""
        return self.solve(range(len(self.numbers.forms) - 1))

    def solve(self, allowed: Sequence[int]) -> tuple[dict[int, float], float]:
        """Multipliers of some of the inequalities, and by how much the form that is left fails to be semidefinite."""
        S, values, sizes = self.scaled
        used = [1 + i for i in allowed]
        columns = np.hstack([packed(S[used]).T, -packed(np.eye(self.size))[:, None]])
        equal = np.hstack([values[used].T, np.zeros((values.shape[1], 1))])
        count = len(used)
        for tolerance in _TOLERANCES:
            answer = minimise(
                np.append(np.full(count, _PRICE), 1.0),
                (equal, values[0]),
                (-np.eye(count + 1), np.zeros(count + 1)),
                [(columns, packed(S[0]), self.size)],
                tolerance=tolerance,
            )
            if answer.usable and "olved" in answer.status:
                break
        else:
            return {}, float("inf")
        scale = sizes[0] / sizes[used]
        found = {i: max(0.0, float(x * c)) for i, x, c in zip(allowed, answer.x[:count], scale, strict=True)}
        return found, float(answer.x[count])

    def does(self, weights: Mapping[int, float]) -> bool:
        """Whether multipliers leave a semidefinite form and no function value, as far as floating point can tell."""
        S, values, sizes = self.scaled
        taken = [(1 + i, x * sizes[1 + i] / sizes[0]) for i, x in weights.items()]
        size = max(1.0, *(abs(x) for _, x in taken)) if taken else 1.0
        form, height = S[0] - sum(x * S[k] for k, x in taken), values[0] - sum(x * values[k] for k, x in taken)
        least = float(np.linalg.eigvalsh(form)[0])
        cancels = bool(np.abs(height).max(initial=0) <= _OFF * size)
        return min((x for _, x in taken), default=0.0) >= 0 and least >= -_OFF * size and cancels

    def ends(self, open_: Sequence[int], fixed: Mapping[int, float]) -> tuple[float, float] | None:
        """Between which numbers the first of some multipliers lies, where the conclusion holds by them.

        Args:
            open_: places of inequalities.
            fixed: multipliers that are known, of others.

        Returns:
            The least and the largest, the latter perhaps infinite; None where there are no such multipliers.
        """
        S, values, sizes = self.scaled
        taken = [(1 + i, x * sizes[1 + i] / sizes[0]) for i, x in fixed.items()]
        form, height = S[0] - sum(x * S[k] for k, x in taken), values[0] - sum(x * values[k] for k, x in taken)
        used = [1 + i for i in open_]
        count, scale = len(used), sizes[0] / sizes[used[0]]
        found = []
        for sign in (1.0, -1.0):
            answer = minimise(
                sign * np.eye(count)[0],
                (values[used].T, height),
                (np.vstack([-np.eye(count), np.eye(count)[:1]]), np.append(np.zeros(count), _LARGE)),
                [(packed(S[used]).T, packed(form), self.size)],
                tolerance=_LOOSE,
            )
            if not answer.usable or "olved" not in answer.status:
                return None
            found.append(max(0.0, float(answer.x[0])))
        low, high = found
        return low * scale, (math.inf if high > _LARGE / 2 else high * scale)


def few(samples: Sequence[Sample], count: int, short: float) -> list[dict[int, float]] | None:
    """Multipliers of the same few inequalities at every sample.

    Args:
        samples: a goal at several values of its parameters.
        count: how many inequalities there are.
        short: by how much a form may fail to be semidefinite in floating point, and still be called so.

    Returns:
        Them, by the place of the inequality; None where not all samples have any.
    """
    use = list(range(count))
    solved = [sample.best for sample in samples]
    if any(off >= short for _, off in solved):
        return None
    weight = {i: max(found[i] for found, _ in solved) for i in use}
    slight = [i for i in use if weight[i] > _USED]
    if all(sample.solve(slight)[1] < short for sample in samples):
        use = slight
    for i in sorted(use, key=lambda i: (round(weight[i], 4), i)):  # rounded, so that it is the same on every machine
        tick()
        fewer = [k for k in use if k != i]
        if all(sample.solve(fewer)[1] < short for sample in samples):
            use = fewer
    return [sample.solve(use)[0] for sample in samples]


def _echelon(rows: np.ndarray) -> tuple[np.ndarray, list[int]]:
    rows, pivots = rows.copy(), []
    for column in range(rows.shape[1]):
        done = len(pivots)
        if done == len(rows):
            break
        best = done + int(np.abs(rows[done:, column]).argmax())
        if abs(rows[best, column]) > 1e-3 * np.abs(rows[done:]).max():
            rows[[done, best]] = rows[[best, done]]
            rows[done] /= rows[done, column]
            others = np.arange(len(rows)) != done
            rows[others] -= np.outer(rows[others, column], rows[done])
            pivots.append(column)
    return rows, pivots
