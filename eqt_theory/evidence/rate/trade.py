"""The constant in front of a rate, traded against it: at a given rate, the potential that is smallest at the start."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eqt_theory.engines.sdp import minimise, packed
from eqt_theory.evidence.rate.forms import Forms
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.window import Window, inequality, pairs

MARGINS = (1e-8, 1e-6)
"""By how much forms and multipliers are to exceed what they must, so that fractions near them do so too."""


@dataclass(frozen=True)
class Opening:
    """What is known at the start, in units of M = 1: the forms of a window's states, gradients and inequalities.

    Args:
        window: the method over a few steps.
        measure: "distance", "value" or "gradient".
    """

    window: Window
    measure: str

    @property
    def known(self) -> int:
        """The vectors before the first step: h_0 and the gradients of init."""
        return 1 + len(self.window.method.opened)

    def potential(self, entries: list[tuple[int, int]]) -> np.ndarray:
        """The form of each entry of P at the start, shape (entries, n, n)."""
        _, G, xi, _ = self.window.beginning
        w = np.vstack([xi, np.eye(G.shape[1])[self.known :]])
        return np.stack([(np.outer(w[i], w[j]) + np.outer(w[j], w[i])) / (2 if i == j else 1) for i, j in entries])

    def inequalities(self) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
        """The pairs of points, their forms packed, and how values enter, shape (points, pairs)."""
        X, G, *_ = self.window.beginning
        kinds, k = self.window.kinds(True, self.window.length), float(self.window.m / self.window.M)
        arcs = pairs(kinds)
        values = np.zeros((len(kinds), len(arcs)))
        for column, (i, j) in enumerate(arcs):
            values[i, column] -= 1
            values[j, column] += 1
        uses = [packed(inequality(X, G, i, j, k, "convex" not in (kinds[i], kinds[j]))) for i, j in arcs]
        size = X.shape[1] * (X.shape[1] + 1) // 2
        return arcs, np.reshape(uses, (len(arcs), size)), values[1:]

    def measured(self) -> tuple[np.ndarray, np.ndarray] | None:
        """What is measured at h_0, as a form and as weights of values; None where it is not known there."""
        n, count = self.window.beginning[0].shape[1], len(self.window.kinds(True, self.window.length)) - 1
        form, values, first = np.zeros((n, n)), np.zeros(count), first_query(self.window.method)
        if self.measure == "distance":
            form[0, 0] = 1
        elif first is None:
            return None
        elif self.measure == "gradient":
            form[1 + first, 1 + first] = 1
        else:
            values[first] = 1
        return form, values


def least_constant(forms: Forms, opening: Opening, square: float, margin: float) -> tuple[np.ndarray, float] | None:
    """The unknowns of a potential that shrinks by `square` and is smallest at the start, and the scale 2.

    Args:
        forms: of the window.
        opening: of the same window.
        square: of the rate.
        margin: of all forms and multipliers.

    Returns:
        Both; None where the solver gave no numbers.
    """
    measured = opening.measured()
    if measured is None:
        return None
    count, weights = forms.grown.shape[0], len(forms.entries)
    arcs, uses, incidence = opening.inequalities()
    total = count + len(arcs) + 1
    start = np.zeros((uses.shape[1], total))
    start[:, :weights] = -packed(opening.potential(forms.entries)).T
    start[:, count:-1] = -uses.T
    start[:, -1] = packed(measured[0])

    def wide(rows: np.ndarray) -> np.ndarray:
        return np.hstack([rows, np.zeros((len(rows), total - rows.shape[1]))])

    values = np.zeros((len(incidence), total))
    values[opening.known - 1 :, weights : weights + forms.weights] = -np.eye(forms.weights)
    values[:, count:-1], values[:, -1] = incidence, measured[1]
    equal = np.vstack([wide(square * forms.grown_values + forms.rest_values), wide(forms.lower_values), values])
    zeros = np.concatenate([np.zeros(len(forms.grown_values)), forms.measured_values, np.zeros(len(values))])
    signed = np.eye(total)[weights + forms.weights :]
    decrease = square * forms.grown + forms.rest
    cones = [
        _at_least(wide(decrease.T), np.zeros(decrease.shape[1]), margin),
        _at_least(wide(forms.lower.T), forms.measured, margin),
        _at_least(start, np.zeros(len(start)), margin),
    ]
    answer = minimise(np.eye(total)[-1], (equal, zeros), (-signed, -margin * np.ones(len(signed))), cones)
    return (answer.x[:count], 2.0) if answer.usable else None


def _at_least(rows: np.ndarray, form: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray, int]:
    """That `rows x` exceeds a packed form by a little."""
    n = (int(np.sqrt(8 * len(form) + 1)) - 1) // 2
    return -rows, -form - margin * packed(np.eye(n)), n


def first_query(method: Recurrence) -> int | None:
    """The query at h_0 among those of init and of the first steps."""
    for i, row in enumerate(method.opening):
        if row[0] == 1 and not any(row[1:]) and method.opened[i] == "smooth":
            return i
    for j, (c, d) in enumerate(zip(method.C, method.D, strict=True)):
        at = [
            sum((a * row[k] for a, row in zip(c, method.start, strict=True)), Fraction(0))
            for k in range(len(method.start[0]))
        ]
        if at[0] == 1 and not any(at[1:]) and not any(d) and method.kinds[j] == "smooth":
            return len(method.opened) + j
    return None
