"""Pace: in a word, how a run that did not arrive went wrong."""

import numpy as np

_FEW = 16


def pace(errors: np.ndarray) -> str:
    """Why a run does not arrive, from its distances to the solution, shape (steps + 1,).

    Returns:
        "diverges"; "stops early", where the last states are the same; "hovers", where they move and come no nearer;
        "sublinear", where every doubling of the steps gains no more than the one before, as with k^-p; "slow", where
        it gets on at a steady factor; "too short to tell".
    """
    if not np.isfinite(errors).all() or errors[-1] > 10 * errors[0] > 0:
        return "diverges"
    n = len(errors) - 1
    tail = errors[-max(4, n // 8) :]
    if len(tail) >= 4 and np.ptp(tail) <= 1e-12 * tail[-1]:
        return "stops early"
    if n < _FEW:
        return "too short to tell"
    # The largest of a window: steps that go to and fro do not count twice.
    window = max(2, n // 16)
    quarter, half, end = (float(errors[k - window : k + 1].max()) for k in (n // 4, n // 2, n))
    if not end < 0.9 * half:
        return "hovers"
    early, late = np.log(quarter / half), np.log(half / end)
    return "sublinear" if late < 1.5 * early else "slow"
