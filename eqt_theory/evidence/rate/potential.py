"""The search for a potential that shrinks by rate^2 per step: found in floating point, shown in fractions.

V_k is a quadratic form in the states and gradients of a window of steps, plus multiples of function values there. That
it shrinks, and that it is not below what is measured, are nonnegative combinations of class inequalities plus positive
semidefinite forms: a semidefinite program at each rate.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from eqt_theory.evidence.rate.sdp import minimise
from eqt_theory.evidence.rate.window import Window, inequality, packed, pairs
from eqt_theory.kernel import Rejected
from eqt_theory.kernel.rates import Rate

Arc = tuple[int, int]
_BITS = 40
_MARGIN = 0.01
"""The margin of multipliers and of the lower bound, relative to that of the decrease."""


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Args:
        window: the method over a few steps.
        measure: "distance", "value" or "gradient".
        reported: the query of the first step that is made at h; needed but for "distance".
        itself: whether the potential is what is measured, so that it shrinks in every single step.
    """

    window: Window
    measure: str = "distance"
    reported: int | None = None
    itself: bool = False

    @cached_property
    def _forms(self) -> "_Forms":
        return _Forms.of(self)

    def at(self, rate: Fraction, compact: bool = False) -> dict[str, Any] | None:
        """A certificate for this rate, but for what is said of the start; None where none was found.

        Args:
            rate: factor per step, exact.
            compact: whether to look for a potential that is small at the start, instead of one with a large margin.

        Returns:
            Its decrease and its bound from below have been checked by the kernel.
        """
        forms = self._forms
        if compact and not self.itself:
            proposal = forms.compact(float(rate) ** 2)
        else:
            proposal = forms.propose(float(rate) ** 2, forms.itself(self) if self.itself else None)
        if proposal is None:
            return None
        certificate = self._rounded(rate, *proposal)
        return certificate if certificate is not None and shows(certificate) else None

    def _rounded(self, rate: Fraction, x: np.ndarray, scale: float) -> dict[str, Any] | None:
        """Exact numbers near x whose function values cancel exactly."""
        w, forms = self.window, self._forms
        level = math.floor(math.log2(scale)) - 1 if scale > 0 else -_BITS
        if level <= -_BITS:
            return None
        # V is divided by 2^level, so that the bound from below has factor 1.
        level = 0 if self.itself else level
        exact = [Fraction(round(math.ldexp(float(v), _BITS)), 2**_BITS) / Fraction(2) ** level for v in x]
        parts = forms.split(exact)
        P, p, lam, mu = parts
        if self.itself:
            P, p, mu = self._measured(P, p, mu)
        early, q = w.early, w.method.queries
        demand = {i: Fraction(0) for i in range(1, early + q + 1)}
        for k, weight in enumerate(p):
            demand[1 + k] += rate**2 * weight
            demand[1 + q + k] -= weight
        lower = {1 + k: weight for k, weight in enumerate(p)}
        if self.measure == "value":
            assert self.reported is not None
            lower[1 + self.reported] -= 1
        decrease, positive = balanced(lam, demand), balanced(mu, lower)
        if decrease is None or positive is None:
            return None
        # Back to the user's units: gradients and values were divided by M.
        unit = {"distance": Fraction(1), "value": w.M, "gradient": w.M**2}[self.measure]
        s = w.method.states
        return {
            "kind": "rate",
            "m": str(w.m),
            "M": str(w.M),
            "method": described(w.method),
            "measure": self.measure,
            "rate": str(rate),
            "constant": "0",
            "window": w.length,
            "P": [[i, j, str(unit * v / w.M ** ((i >= s) + (j >= s)))] for (i, j), v in P.items() if v],
            "p": [str(unit * v / w.M) for v in p],
            "reported": [] if self.measure == "distance" else [self.reported],
            "first": [],
            "decrease": listed(decrease, unit / w.M),
            "positive": listed(positive, unit / w.M),
            "initial": [],
        }

    def _measured(self, P: dict[Arc, Fraction], p: list[Fraction], mu: dict[Arc, Fraction]) -> Any:
        """P and p of the potential that is what is measured."""
        row = self.window.method.H[0]
        s, zero = self.window.method.states, Fraction(0)
        if self.measure == "distance":
            P = {(i, j): row[i] * row[j] if i < s else zero for i, j in P}
        elif self.measure == "gradient":
            P = {(i, j): Fraction(int(i == j == s + (self.reported or 0))) for i, j in P}
        else:
            P = dict.fromkeys(P, zero)
        p = [Fraction(int(self.measure == "value" and k == self.reported)) for k in range(len(p))]
        return P, p, dict.fromkeys(mu, zero)


def described(method: Any) -> dict[str, Any]:
    """A recurrence as a certificate holds it."""
    tables = {name: [[str(x) for x in row] for row in getattr(method, name)] for name in ("A", "B", "C", "D", "H")}
    more = {name: [[str(x) for x in row] for row in getattr(method, name)] for name in ("start", "opening")}
    return {**tables, **more, "kinds": list(method.kinds), "opened": list(method.opened)}


def listed(arcs: Mapping[Arc, Fraction], unit: Fraction) -> list[list[Any]]:
    """Multipliers as a certificate holds them."""
    return [[i, j, str(unit * v)] for (i, j), v in sorted(arcs.items()) if v]


def shows(certificate: dict[str, Any]) -> bool:
    """Whether the kernel accepts the decrease and the bound from below."""
    claim = Rate(certificate)
    try:
        claim.check_decrease()
        claim.check_positive()
    except Rejected:
        return False
    return True


def balanced(arcs: Mapping[Arc, Fraction], demand: Mapping[int, Fraction]) -> dict[Arc, Fraction] | None:
    """Multipliers near these with `sum_j x_ij - sum_j x_ji = demand_i` for every point but the minimum, 0.

    The arcs of a spanning tree, the largest there are, take up what is missing.

    Args:
        arcs: multipliers of pairs of points.
        demand: for each point but 0.

    Returns:
        The multipliers; None where one would become negative.
    """
    made = {arc: max(Fraction(0), value) for arc, value in arcs.items()}
    tree: list[tuple[int, Arc]] = []
    reached = {0}
    while len(reached) <= len(demand):
        over = [(v, a) for a, v in made.items() if (a[0] in reached) != (a[1] in reached)]
        if not over:
            return None
        arc = max(over)[1]
        new = arc[1] if arc[0] in reached else arc[0]
        reached.add(new)
        tree.append((new, arc))
    for point, arc in reversed(tree):
        out = sum((v for a, v in made.items() if a[0] == point), Fraction(0))
        back = sum((v for a, v in made.items() if a[1] == point), Fraction(0))
        missing = demand[point] - out + back
        made[arc] += missing if arc[0] == point else -missing
    return made if all(v >= 0 for v in made.values()) else None


@dataclass(frozen=True)
class _Forms:
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
    def of(search: Search) -> "_Forms":
        w = search.window
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
        H = np.array([[float(x) for x in search.window.method.H[0]]])
        measured, measured_values = np.zeros((keep, keep)), np.zeros(early)
        if search.measure == "distance":
            h = (H @ now)[0][:keep]
            measured = np.outer(h, h)
        elif search.measure == "gradient":
            measured[s + search.reported, s + search.reported] = 1  # type: ignore[operator]
        else:
            measured_values[search.reported] = 1
        return _Forms(
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

    def itself(self, search: Search) -> np.ndarray:
        """P and p of the potential that is what is measured."""
        H = [float(x) for x in search.window.method.H[0]]
        s, at = len(H), search.reported
        if search.measure == "distance":
            P = [H[i] * H[j] if i < s else 0.0 for i, j in self.entries]
        else:
            P = [float(search.measure == "gradient" and i == j == s + (at or 0)) for i, j in self.entries]
        return np.array([*P, *(float(search.measure == "value" and k == at) for k in range(self.weights))])

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
