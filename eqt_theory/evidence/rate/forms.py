"""The semidefinite program of a potential: the forms of all unknowns, and what is asked of their sums."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqt_theory.engines.sdp import minimise, packed
from eqt_theory.evidence.rate.window import Window, inequality, pairs

Arc = tuple[int, int]
_MARGIN = 0.01
"""The margin of multipliers and of the lower bound, relative to that of the decrease."""


@dataclass(frozen=True)
class Forms:
    """The forms of all unknowns: entries of P, weights p of values, multipliers of the decrease, of the lower bound."""

    grown: np.ndarray
    rest: np.ndarray
    lower: np.ndarray
    grown_values: np.ndarray
    rest_values: np.ndarray
    lower_values: np.ndarray
    measured: np.ndarray
    measured_values: np.ndarray
    entries: list[Arc]
    weights: int
    arcs: list[Arc]
    lower_arcs: list[Arc]

    @staticmethod
    def of(window: Window, measure: str, reported: int | None) -> "Forms":
        """The forms of a method over a few steps, and of what is measured."""
        w = window
        X, G, now, after = w.run
        s, q, early, n = w.method.states, w.method.queries, w.early, X.shape[1]
        keep = s + early
        k = float(w.m / w.M)
        kinds = w.kinds(False, w.length + 1)
        first, second = np.vstack([now, G[1 : 1 + early]]), np.vstack([after, G[1 + q : 1 + q + early]])
        entries = [(a, b) for a in range(keep) for b in range(a + 1)]
        arcs, lower_arcs = pairs(kinds), pairs(kinds[: 1 + early])
        count = len(entries) + early + len(arcs) + len(lower_arcs)
        grown, rest = np.zeros((count, n, n)), np.zeros((count, n, n))
        lower = np.zeros((count, keep, keep))
        grown_values, rest_values = np.zeros((early + q, count)), np.zeros((early + q, count))
        lower_values = np.zeros((early, count))
        at = 0
        for a, b in entries:
            factor = 1.0 if a == b else 2.0
            grown[at] = factor * _symmetric(first[a], first[b])
            rest[at] = -factor * _symmetric(second[a], second[b])
            lower[at] = grown[at][:keep, :keep]
            at += 1
        for j in range(early):
            grown_values[j, at], rest_values[q + j, at], lower_values[j, at] = 1, -1, 1
            at += 1
        for i, j in arcs:
            rest[at] = -inequality(X, G, i, j, k, "convex" not in (kinds[i], kinds[j]))
            _incidence(rest_values, at, i, j)
            at += 1
        for i, j in lower_arcs:
            lower[at] = -inequality(X, G, i, j, k, "convex" not in (kinds[i], kinds[j]))[:keep, :keep]
            _incidence(lower_values, at, i, j)
            at += 1
        H = np.array([[float(x) for x in window.method.H[0]]])
        measured, measured_values = np.zeros((keep, keep)), np.zeros(early)
        if measure == "distance":
            h = (H @ now)[0][:keep]
            measured = np.outer(h, h)
        elif measure == "gradient":
            measured[s + reported, s + reported] = 1  # type: ignore[operator]
        else:
            measured_values[reported] = 1
        return Forms(
            packed(grown), packed(rest), packed(lower), grown_values, rest_values, lower_values, packed(measured),
            measured_values, entries, early, arcs, lower_arcs,
        )  # fmt: skip

    def split(self, x: list[Any]) -> tuple[dict[Arc, Any], list[Any], dict[Arc, Any], dict[Arc, Any]]:
        """The unknowns by what they are."""
        a = len(self.entries)
        b, c = a + self.weights, a + self.weights + len(self.arcs)
        return (
            dict(zip(self.entries, x[:a], strict=True)),
            list(x[a:b]),
            dict(zip(self.arcs, x[b:c], strict=True)),
            dict(zip(self.lower_arcs, x[c:], strict=True)),
        )

    def itself(self, window: Window, measure: str, reported: int | None) -> np.ndarray:
        """P and p of the potential that is what is measured."""
        H = [float(x) for x in window.method.H[0]]
        s, at = len(H), reported
        if measure == "distance":
            P = [H[i] * H[j] if i < s else 0.0 for i, j in self.entries]
        else:
            P = [float(measure == "gradient" and i == j == s + (at or 0)) for i, j in self.entries]
        return np.array([*P, *(float(measure == "value" and k == at) for k in range(self.weights))])

    def propose(self, square: float, fixed: np.ndarray | None = None) -> tuple[np.ndarray, float] | None:
        """Unknowns in [-1, 1] with the largest margin, and the factor of the bound from below.

        Args:
            square: of the rate.
            fixed: P and p, where they are given; the multipliers then may be larger, and the margin of the decrease 0.

        Returns:
            Both; None where the solver gave no numbers.
        """
        count = self.grown.shape[0]
        decrease = square * self.grown + self.rest
        n, keep = _size(decrease.shape[1]), _size(self.lower.shape[1])
        equal = np.zeros((len(self.grown_values) + self.weights, count + 2))
        equal[: len(self.grown_values), :count] = square * self.grown_values + self.rest_values
        equal[len(self.grown_values) :, :count] = self.lower_values
        equal[len(self.grown_values) :, count + 1] = -self.measured_values
        signed = np.arange(len(self.entries) + self.weights, count)
        at_least = np.zeros((len(signed), count + 2))
        at_least[np.arange(len(signed)), signed] = -1
        at_least[:, count] = _MARGIN
        box = np.hstack([np.vstack([np.eye(count), -np.eye(count)]), np.zeros((2 * count, 2))])
        ends = np.zeros((2, count + 2))
        ends[0, count], ends[1, count], ends[1, count + 1] = 1, 1, -1  # margin <= 1, margin <= scale
        bounds = np.concatenate([np.zeros(len(signed)), np.ones(2 * count), [1.0, 0.0]])
        first = np.hstack([-decrease.T, packed(np.eye(n))[:, None], np.zeros((decrease.shape[1], 1))])
        second = np.hstack([-self.lower.T, _MARGIN * packed(np.eye(keep))[:, None], self.measured[:, None]])
        cost = np.zeros(count + 2)
        cost[count] = -1
        zeros = np.zeros(len(equal))
        cones = [(first, np.zeros(len(first)), n), (second, np.zeros(len(second)), keep)]
        if fixed is not None:
            known = np.eye(count + 2)[: len(fixed)]
            equal, zeros = (
                np.vstack([equal[: len(self.grown_values)], known]),
                np.concatenate([zeros[: len(self.grown_values)], fixed]),
            )
            bounds[len(signed) : -2] = 1e6
            cones = cones[:1]
        answer = minimise(cost, (equal, zeros), (np.vstack([at_least, box, ends]), bounds), cones)
        return (answer.x[:count], float(answer.x[count + 1])) if answer.usable else None

    def least_square(self, fixed: np.ndarray, margin: float) -> tuple[np.ndarray, float] | None:
        """Unknowns, P and p given, and the least square of a rate at which their decrease has a margin, or None."""
        known, first = slice(len(fixed)), len(fixed)
        arcs = slice(first, first + len(self.arcs))
        n, count = _size(self.rest.shape[1]), len(self.arcs)
        equal = np.hstack([self.rest_values[:, arcs], (self.grown_values[:, known] @ fixed)[:, None]])
        form = np.hstack([-self.rest[arcs].T, -(fixed @ self.grown[known])[:, None]])
        answer = minimise(
            np.eye(count + 1)[count],
            (equal, -self.rest_values[:, known] @ fixed),
            (-np.eye(count + 1), np.full(count + 1, -_MARGIN * margin)),
            [(form, fixed @ self.rest[known] - margin * packed(np.eye(n)), n)],
        )
        if not answer.usable:
            return None
        x = np.zeros(len(self.grown))
        x[known], x[arcs] = fixed, answer.x[:count]
        return x, float(answer.x[count])

    def compact(self, square: float) -> tuple[np.ndarray, float] | None:
        """Unknowns whose potential is not below what is measured, and has the smallest trace."""
        count = self.grown.shape[0]
        decrease = square * self.grown + self.rest
        n, keep = _size(decrease.shape[1]), _size(self.lower.shape[1])
        equal = np.vstack([square * self.grown_values + self.rest_values, self.lower_values])
        zeros = np.concatenate([np.zeros(len(self.grown_values)), self.measured_values])
        signed = np.arange(len(self.entries) + self.weights, count)
        at_least = np.zeros((len(signed), count))
        at_least[np.arange(len(signed)), signed] = -1
        cost = np.array([float(i == j) for i, j in self.entries] + [0.5] * self.weights + [0.0] * len(signed))
        small = 1e-9
        cones = [
            (-decrease.T, -small * packed(np.eye(n)), n),
            (-self.lower.T, -self.measured - small * packed(np.eye(keep)), keep),
        ]
        answer = minimise(cost, (equal, zeros), (at_least, -small * np.ones(len(signed))), cones)
        return (answer.x, 2.0) if answer.usable else None


def _symmetric(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (np.outer(u, v) + np.outer(v, u)) / 2


def _incidence(values: np.ndarray, column: int, i: int, j: int) -> None:
    if i:
        values[i - 1, column] -= 1
    if j:
        values[j - 1, column] += 1


def _size(packed_size: int) -> int:
    return (math.isqrt(8 * packed_size + 1) - 1) // 2
