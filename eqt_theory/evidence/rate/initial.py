"""The constant in front of a rate: how large a potential can be at the start, relative to what is measured there."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from eqt_theory.engines.sdp import minimise, packed
from eqt_theory.evidence.rate.potential import balanced, listed
from eqt_theory.evidence.rate.trade import first_query
from eqt_theory.evidence.rate.window import Window, inequality, pairs, unit_of
from eqt_theory.kernel import Rejected
from eqt_theory.kernel.rates import Rate

_BITS = 40
_MARGINS = (0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)


def with_constant(certificate: dict[str, Any], window: Window) -> dict[str, Any] | None:
    """A certificate completed by the smallest constant that could be shown.

    Args:
        certificate: its decrease and its bound from below hold.
        window: what it was found on.

    Returns:
        The whole certificate, accepted by the kernel; None where no constant was found.
    """
    problem = _Start(certificate, window)
    made = problem.completed(Fraction(1), [])  # a potential that is what is measured
    if made is not None:
        return made
    for margin in _MARGINS:
        for rounds in (0, 1):
            made = problem.attempt(margin, rounds)
            if made is not None:
                return made
    return None


class _Start:
    """`constant * measured(h_0) - V_0 - inequalities` as a form in h_0, the first gradients and values; M = 1."""

    def __init__(self, certificate: dict[str, Any], window: Window) -> None:
        self.certificate, self.window = certificate, window
        me, M = window.method, window.M
        self.r = 1 + len(me.opened)
        self.first = first_query(window.method) if certificate["measure"] != "distance" else None
        self.unit = unit_of(certificate["measure"], M)
        s = me.states
        X, G, xi, _ = window.beginning
        n = X.shape[1]
        kinds = window.kinds(True, window.length)
        w = np.vstack([xi, np.eye(n)[self.r :]])
        V = np.zeros((n, n))
        for i, j, x in certificate["P"]:
            factor = float(Fraction(x) * M ** ((i >= s) + (j >= s)) / self.unit) * (1 if i == j else 2)
            V += factor * (np.outer(w[i], w[j]) + np.outer(w[j], w[i])) / 2
        self.exact_weights = [Fraction(x) * M / self.unit for x in certificate["p"]]
        self.values = np.zeros(len(kinds) - 1)
        self.values[self.r - 1 :] = [float(x) for x in self.exact_weights]
        largest = max(float(np.abs(V).max()), float(np.abs(self.values).max(initial=0.0)), 1e-300)
        self.size = Fraction(2) ** math.ceil(math.log2(largest))  # V is divided by it for the program
        V /= float(self.size)
        self.values /= float(self.size)
        self.V, self.arcs, k = V, pairs(kinds), float(window.m / window.M)
        self.uses = [packed(inequality(X, G, i, j, k, "convex" not in (kinds[i], kinds[j]))) for i, j in self.arcs]
        self.measured, self.measured_values = np.zeros((n, n)), np.zeros(len(kinds) - 1)
        if certificate["measure"] == "distance":
            self.measured[0, 0] = 1
        elif certificate["measure"] == "gradient" and self.first is not None:
            self.measured[1 + self.first, 1 + self.first] = 1
        elif self.first is not None:
            self.measured_values[self.first] = 1

    def attempt(self, margin: float, rounds: int) -> dict[str, Any] | None:
        """A certificate whose form has at least this margin, relative to the size of V; None where it is rejected."""
        if self.certificate["measure"] != "distance" and self.first is None:
            return None
        count, n = 1 + len(self.arcs), len(self.V)
        equal = np.zeros((len(self.values), count))
        equal[:, 0] = self.measured_values
        for column, (i, j) in enumerate(self.arcs, 1):
            if i:
                equal[i - 1, column] -= 1
            if j:
                equal[j - 1, column] += 1
        form = np.stack([packed(self.measured), *(-use for use in self.uses)], axis=1)
        answer = minimise(
            np.eye(count)[0],
            (equal, self.values),
            (-np.eye(count), np.zeros(count)),
            [(-form, -packed(self.V) - margin * packed(np.eye(n)), n)],
        )
        if not answer.usable:
            return None
        # A constant near a whole number is tried as that number, at first.
        exact = [self.size * Fraction(round(float(x) * 2**_BITS), 2**_BITS) for x in answer.x]
        constant = exact[0] * (1 + Fraction(1, 2**30)) + self.size / 2**_BITS
        if rounds == 0:
            constant, near = Fraction(round(exact[0])), exact[0]
            if abs(constant - near) > abs(near) / 10**6:
                return None
        demand = {i: Fraction(0) for i in range(1, len(self.values) + 1)}
        for k, weight in enumerate(self.exact_weights):
            demand[self.r + k] -= weight
        if self.certificate["measure"] == "value":
            demand[1 + (self.first or 0)] += constant
        initial = balanced(dict(zip(self.arcs, exact[1:], strict=True)), demand)
        if initial is None:
            return None
        return self.completed(constant, listed(initial, self.unit / self.window.M))

    def completed(self, constant: Fraction, initial: list[Any]) -> dict[str, Any] | None:
        """The certificate with this constant and these multipliers, where the kernel accepts them."""
        first = [] if self.first is None else [self.first]
        made = {**self.certificate, "constant": str(constant), "first": first, "initial": initial}
        try:
            Rate(made).check_initial()
        except Rejected:
            return None
        return made
