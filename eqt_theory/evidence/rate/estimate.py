"""A rate from a sequence of errors: robust, above the rounding floor, and none where too little is left."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.display import span, table

FEWEST = 5
"""Errors above the floor that a rate takes at least."""
_LAST_SHARE = 3  # the rate is that of the last third
_WINDOW = 12
_PEAKS = 3
_PAIRS = 160  # states at most that enter the pairwise slopes
_REST = 8
_NEAR_FLOOR = 1e3
_CLEAR = 32  # single ratios are read only this far above the floor


@dataclass(frozen=True)
class RateEstimate:
    """Observed contraction per step; a measurement, never a bound.

    Args:
        rate: factor per step over the last part of the run, from a robust slope of log errors; nan where too few
            errors lie above the floor. For a batch the slowest of the states that have one.
        worst: the largest factor per step between two recorded states in a row, transients included; nan where no
            error lies well above the floor.
        first_step: first step that `rate` rests on.
        last_step: last one.
        floor: errors at or below it were ignored, as rounding may make them up.
        oscillates: whether the errors go up and down; the rate is then that of their peaks.
        reason: why there is no rate, or what to know about it.
        states: for a batch, the estimate of each state, flat.
        shape: the batch shape.
    """

    rate: float
    worst: float
    first_step: int
    last_step: int
    floor: float
    oscillates: bool = False
    reason: str = ""
    states: tuple["RateEstimate", ...] = ()
    shape: tuple[int, ...] = ()

    @property
    def rates(self) -> Tensor:
        """The rate of each state, float64, in the batch shape; nan where there is none."""
        values = [state.rate for state in self.states] if self.shape else [self.rate]
        return torch.tensor(values, dtype=torch.float64).reshape(self.shape)

    def __str__(self) -> str:
        if math.isnan(self.rate):
            return f"no rate: {self.reason}"
        kind = "envelope " if self.oscillates else ""
        text = f"{kind}rate {self.rate:.6g} per step over steps {self.first_step} to {self.last_step}"
        return f"{text}, floor {self.floor:.1e}" + (f"; {self.reason}" if self.reason else "")

    def _repr_html_(self) -> str:
        """For notebooks."""
        known = [] if math.isnan(self.rate) else [state.rate for state in self.states] or [self.rate]
        kind = "of the peaks of an oscillating error" if self.oscillates else "of the error"
        return table(
            {
                "measured factor": f"{self.rate:.6g} per step, {kind}" if known else "none",
                "over steps": f"{self.first_step} to {self.last_step}" if known else "",
                "worst single step": "" if math.isnan(self.worst) else f"{self.worst:.6g}",
                "of each state": span([r for r in known if not math.isnan(r)]) if self.states else "",
                "rounding floor": f"{self.floor:.1e}",
                "note": self.reason,
            }
        )


def estimate(steps: np.ndarray, errors: np.ndarray, floor: float) -> RateEstimate:
    """The rate of one sequence of errors.

    Only errors before the first one at the floor count. Where a run comes to rest a little above the floor that was
    foreseen, the floor is where it rests.

    Args:
        steps: step numbers, increasing, shape (n,).
        errors: distances to the solution, shape (n,).
        floor: the largest error that rounding can make up.

    Returns:
        The estimate.
    """
    finite = np.isfinite(errors)
    cut = len(errors) if finite.all() else int(np.argmin(finite))
    steps, errors = steps[:cut], errors[:cut]
    floor = max(floor, _resting(errors, floor))
    low = errors <= floor
    count = len(errors) if not low.any() else int(np.argmax(low))
    if count < FEWEST:
        if count == 0:
            reason = "the run starts at the rounding floor" if cut else "no finite error was recorded"
        else:
            reason = f"only {count} recorded errors lie above the rounding floor {floor:.1e}; {FEWEST} are needed"
        last = int(steps[count - 1]) if count else 0
        return RateEstimate(math.nan, math.nan, int(steps[0]) if cut else 0, last, floor, reason=reason)
    steps, logs = steps[:count], np.log(errors[:count])
    gaps = np.diff(logs) / np.diff(steps)
    clear = gaps[errors[1:count] > _CLEAR * floor]
    first = min(count - FEWEST, max(0, count - max(_WINDOW, count // _LAST_SHARE)))
    oscillates = bool((gaps[first:] > 1e-9).any() and (gaps[first:] < -1e-9).any())
    if oscillates:
        first, slope = _envelope(steps, logs, first)
    else:
        slope = _slope(steps[first:], logs[first:])
    reason = "the error does not shrink" if slope > -1e-9 else ""
    worst = math.exp(float(clear.max())) if len(clear) else math.nan
    return RateEstimate(math.exp(slope), worst, int(steps[first]), int(steps[-1]), floor, oscillates, reason)


def _resting(errors: np.ndarray, floor: float) -> float:
    """The level of a plateau at the end that lies near the floor; 0 where there is none."""
    if len(errors) < 2 * _REST:
        return 0.0
    tail, before = errors[-_REST:], errors[-2 * _REST : -_REST]
    rests = bool((np.diff(tail) >= 0).any()) and float(np.median(tail)) >= 0.5 * float(np.median(before))
    return 2 * float(tail.max()) if rests and float(tail.max()) <= _NEAR_FLOOR * floor else 0.0


def _envelope(steps: np.ndarray, logs: np.ndarray, first: int) -> tuple[int, float]:
    """The slope of the peaks, on as much of the run as shows enough of them; else between the tops of its halves."""
    for begin in (first, first // 2, 0):
        s, y = steps[begin:], logs[begin:]
        peaks = np.flatnonzero((y[1:-1] >= y[:-2]) & (y[1:-1] > y[2:])) + 1
        if len(peaks) >= _PEAKS:
            return begin, _slope(s[peaks], y[peaks])
    s, y = steps[first:], logs[first:]
    half = len(y) // 2
    a, b = int(np.argmax(y[:half])), half + int(np.argmax(y[half:]))
    return first, float((y[b] - y[a]) / (s[b] - s[a]))


def _slope(steps: np.ndarray, logs: np.ndarray) -> float:
    """The median of the slopes of all pairs (Theil 1950)."""
    if len(steps) > _PAIRS:
        pick = np.unique(np.linspace(0, len(steps) - 1, _PAIRS).astype(int))
        steps, logs = steps[pick], logs[pick]
    i, j = np.triu_indices(len(steps), 1)
    return float(np.median((logs[j] - logs[i]) / (steps[j] - steps[i])))
