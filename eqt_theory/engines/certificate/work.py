"""Work: how much a search may do, counted in steps that are the same on every machine."""

import math
import time
from dataclasses import dataclass, field

_BETWEEN_LOOKS = 1_000
"""Units after which the clock is read again, about a millisecond."""


class Exhausted(Exception):
    """The work that a search was given is used up."""


@dataclass
class Work:
    """A budget.

    Args:
        units: about a microsecond each on a machine of today; what a search spends depends on its input alone.
        seconds: of processor time, the last resort against a step that takes far longer than it counts for.
    """

    units: int
    seconds: float
    ended_by_clock: bool = field(default=False, init=False)
    _end: float = field(init=False)
    _unseen: float = field(default=math.inf, init=False)

    def __post_init__(self) -> None:
        self._end = time.process_time() + self.seconds

    def spend(self, units: int) -> None:
        """Count a step before it is done.

        Raises:
            Exhausted: nothing is left.
        """
        self.units -= units
        self._unseen += units
        if self._unseen >= _BETWEEN_LOOKS:  # to read the clock takes longer than a small step
            self._unseen = 0
            self.ended_by_clock = self.ended_by_clock or time.process_time() > self._end
        if self.units < 0 or self.ended_by_clock:
            raise Exhausted
