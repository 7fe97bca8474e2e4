"""A rate from a sequence of errors: robust, above the rounding floor, and none where too little is left."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.display import span, table

FEWEST = 5
"""Errors above the floor that a rate takes at least."""
_LAST_SHARE = 3  # the rate is that of the last third
_WINDOW = 12
_PEAKS = 3
_SHORT, _JITTER = 8, 3  # with rises longer than this share of the run, or number of states, its peaks must be seen
_TURNS = 4
_FLAT = 1e-9  # changes of the logarithm below this are none
_PAIRS = 160  # states at most that enter the pairwise slopes
_REST = 8
_NEAR_FLOOR = 1e3
_CLEAR = 32  # single ratios are read only this far above the floor


@checked
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
        oscillates: whether the errors go up and down, over the whole run; the rate is then that of their peaks.
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
    worst = math.exp(float(clear.max())) if len(clear) else math.nan
    turned = _settled_since(steps, gaps)
    oscillates = turned is None
    if turned is not None:
        first = min(count - FEWEST, max(first, turned))
        slope = _slope(steps[first:], logs[first:])
    else:
        peaks, rising = _peaks(logs), _longest_rise(gaps)
        if len(peaks) < _PEAKS and rising > min(_JITTER, max(1, count // _SHORT)):
            reason = (
                f"the error rises for {rising} recorded states in a row and shows {len(peaks)} peaks; {_PEAKS} are "
            )
            reason += "needed to tell a slow oscillation from its envelope: record more steps"
            return RateEstimate(math.nan, worst, int(steps[0]), int(steps[-1]), floor, True, reason)
        first, slope = _envelope(steps, logs, first)
    reason = "the error does not shrink" if slope > -1e-9 else ""
    return RateEstimate(math.exp(slope), worst, int(steps[first]), int(steps[-1]), floor, oscillates, reason)


def _resting(errors: np.ndarray, floor: float) -> float:
    """The level of a plateau at the end that lies near the floor; 0 where there is none."""
    if len(errors) < 2 * _REST:
        return 0.0
    tail, before = errors[-_REST:], errors[-2 * _REST : -_REST]
    rests = bool((np.diff(tail) >= 0).any()) and float(np.median(tail)) >= 0.5 * float(np.median(before))
    return 2 * float(tail.max()) if rests and float(tail.max()) <= _NEAR_FLOOR * floor else 0.0


def _settled_since(steps: np.ndarray, gaps: np.ndarray) -> int | None:
    """Whether the errors go one way only at the end, for so long that it is no part of an oscillation.

    Args:
        steps: shape (n,).
        gaps: change of the logarithm per step, shape (n - 1,).

    Returns:
        The state since which they do, for twice as long as the longest of the last rises and falls; else None.
    """
    sure = np.flatnonzero(np.abs(gaps) > _FLAT)
    if not len(sure):
        return 0
    turns = sure[1:][np.diff(np.sign(gaps[sure])) != 0]
    if not len(turns):
        return 0
    last = int(turns[-1])
    longest = np.diff(steps[np.concatenate([[0], turns])])[-_TURNS:].max()
    return last if steps[-1] - steps[last] > 2 * longest else None


def _peaks(logs: np.ndarray) -> np.ndarray:
    return np.flatnonzero((logs[1:-1] >= logs[:-2]) & (logs[1:-1] > logs[2:])) + 1


def _longest_rise(gaps: np.ndarray) -> int:
    longest = here = 0
    for gap in gaps:
        here = here + 1 if gap > _FLAT else 0
        longest = max(longest, here)
    return longest


def _envelope(steps: np.ndarray, logs: np.ndarray, first: int) -> tuple[int, float]:
    """The slope of the peaks, on as much of the run as shows enough of them; else between the tops of its halves."""
    for begin in (first, first // 2, 0):
        s, y = steps[begin:], logs[begin:]
        peaks = _peaks(y)
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
