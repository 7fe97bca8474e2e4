"""The smallest rate of a potential as doubles find it: where many gradients make more digits too slow."""

import math
import time
from fractions import Fraction
from typing import Any

from eqt_theory.core.budget import look, tick
from eqt_theory.evidence.rate.potential import Search, short

_MARGINS = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
_SHARES = (0.5, 0.1, 0.01, 1e-3, 1e-4)
"""Of what quadratics leave to 1: where a rate is looked for at first."""
_ROUNDS, _CLOSE = 20, 1e-5
_QUERIES = 6
"""Gradients in all steps of a potential, above which more digits take too long."""


def is_long(search: Search) -> bool:
    """Whether doubles are to find its rate."""
    queries, length = search.window.method.queries, search.window.length
    return queries * (length + 1) > _QUERIES or queries > 1 and length > 1


def smallest_in_doubles(
    search: Search, floor: float, deadline: float = math.inf
) -> tuple[Fraction, dict[str, Any]] | None:
    """About the smallest rate below 1 that a search shows.

    Args:
        search: what is looked for.
        floor: a rate that no potential can be below.
        deadline: on `time.perf_counter`.

    Returns:
        The rate, and a certificate but for what is said of the start, accepted by the kernel; None: none was found.
    """
    return _least(search) if search.itself else _between(search, floor, deadline)


def _least(search: Search) -> tuple[Fraction, dict[str, Any]] | None:
    """Where the potential is what is measured, the square of the rate is one more unknown."""
    for margin in _MARGINS:
        tick()
        look()
        found = search.least(margin)
        if found is not None:
            return found
    return None


def _between(search: Search, floor: float, deadline: float) -> tuple[Fraction, dict[str, Any]] | None:
    """Bisection between a rate that is shown and one that is not, in the logarithm of 1 - rate."""
    most, best = 1 - floor, None
    for share in _SHARES:
        best = _shown(search, (1 - floor) * share)
        if best is not None or time.perf_counter() > deadline:
            break
        most = (1 - floor) * share
    for _ in range(_ROUNDS):
        least = 0.0 if best is None else float(1 - best[0])
        if best is None or most - least < _CLOSE * least or time.perf_counter() > deadline:
            break
        middle = math.sqrt(most * least)
        found = _shown(search, middle)
        best, most = (found, most) if found is not None else (best, middle)
    return best


def _shown(search: Search, left: float) -> tuple[Fraction, dict[str, Any]] | None:
    tick()
    look()
    rate = short(Fraction(1 - left))
    certificate = search.at(rate)
    return None if certificate is None else (rate, certificate)
