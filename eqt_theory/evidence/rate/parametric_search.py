"""Multipliers at sampled parameters, the same few at each: small programs in floating point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.engines.sdp import minimise
from eqt_theory.evidence.rate.forms import Arc, Forms
from eqt_theory.evidence.rate.window import Window, unit_of

_SHORT = 1e-7
"""By what share, of 1 or of a larger square, a decrease may be missed in floating point, and still be called met."""


@dataclass(frozen=True)
class Sample:
    """One point of the region.

    Args:
        window: the method there, over a few steps.
        measure: "distance", "value" or "gradient".
        reported: the query at h.
        claimed: the square of the rate that is claimed there.
    """

    window: Window
    measure: str
    reported: int | None
    claimed: float

    def multipliers(self, allowed: Sequence[Arc] | None) -> tuple[dict[Arc, float], float]:
        """Multipliers with which what is measured shrinks most in one step.

        Where that is less than what is claimed, they show the claim too.

        Args:
            allowed: pairs of points that may be used; None: all.

        Returns:
            Them, in true units, and the least square of a factor that they show.
        """
        forms = Forms.of(self.window, self.measure, self.reported)
        fixed = forms.itself(self.window, self.measure, self.reported)
        known = len(fixed)
        arcs = forms.arcs if allowed is None else [a for a in forms.arcs if a in allowed]
        columns = [known + forms.arcs.index(a) for a in arcs]
        grown, rest = fixed @ forms.grown[:known], fixed @ forms.rest[:known]
        n = self.window.method.states + self.window.method.queries * (self.window.length + 1)
        count = len(columns)
        equal = np.hstack([forms.rest_values[:, columns], (forms.grown_values[:, :known] @ fixed)[:, None]])
        cone = np.hstack([-forms.rest[columns].T, -grown[:, None]])
        cost = np.append(np.full(count, 1e-9), 1.0)
        answer = minimise(
            cost,
            (equal, -forms.rest_values[:, :known] @ fixed),
            (-np.eye(count + 1), np.zeros(count + 1)),
            [(cone, rest, n)],
        )
        if not answer.usable or "Solved" not in answer.status:
            return {}, float("inf")
        unit = float(unit_of(self.measure, self.window.M))
        found = {a: max(0.0, float(x)) * unit / float(self.window.M) for a, x in zip(arcs, answer.x, strict=False)}
        return found, float(answer.x[count])

    def shown(self, square: float) -> bool:
        """Whether a square of a factor is no more than is claimed, but for rounding."""
        return _met(square, self.claimed)


def sparse(samples: Sequence[Sample]) -> tuple[list[Arc], list[dict[Arc, float]]] | None:
    """Pairs that suffice at every sample, and their multipliers; None where no multipliers show the rate.

    Args:
        samples: points of the region.

    Returns:
        The pairs, as few as were found to do, and the multipliers of each sample.
    """
    everything = [s.multipliers(None) for s in samples]
    if not all(s.shown(square) for s, (_, square) in zip(samples, everything, strict=True)):
        return None
    first = everything[0][0]
    use = sorted(first, key=lambda a: (first[a] > 1e-4, 0 in a, a))
    for arc in list(use):
        tick()
        fewer = [a for a in use if a != arc]
        if all(_met(s.multipliers(fewer)[1], e[1]) for s, e in zip(samples, everything, strict=True)):
            use = fewer
    return use, [s.multipliers(use)[0] for s in samples]


def _met(square: float, wanted: float) -> bool:
    return square <= wanted + _SHORT * max(1.0, wanted)
