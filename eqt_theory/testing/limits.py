"""Limits: how much work a check may do, counted in steps of the solver; and, as a last resort, until when."""

import time

from eqt_theory.core.errors import UsageError

WORK = 60_000
"""Steps of the solver that a check may take, and for as many more it may make a failing case smaller."""
_LEAST = 1e-3


class OutOfTime(Exception):
    """Raised inside a check when the seconds are over."""


class Limits:
    """What is left for the check that is running.

    Args:
        work: steps that a check may let the solver take before it draws no further case.
        seconds: for all checks together, from now on; None is no limit. What is found must not depend on the clock, so
            a check that is cut off here is neither passed nor failed.

    Raises:
        UsageError: not positive.
    """

    def __init__(self, work: int = WORK, seconds: float | None = None) -> None:
        if isinstance(work, bool) or not isinstance(work, int) or work < 1:
            raise UsageError(f"max_work must be an integer of at least 1, got {work!r}")
        known = seconds is None or (isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0)
        if not known:
            raise UsageError(f"seconds must be a positive number or None, got {seconds!r}")
        self.work, self.seconds, self.used, self.check = work, seconds, 0, ""
        self._end = None if seconds is None else time.monotonic() + seconds

    def begin(self, check: str = "") -> None:
        """A new check, if it is named, or a new part of one."""
        self.used, self.check = 0, check or self.check

    def spend(self, steps: int = 1) -> None:
        """Count steps.

        Raises:
            OutOfTime: the seconds are over.
        """
        self.used += steps
        if self.expired:
            raise OutOfTime(f"the {self.seconds:g} seconds were over")

    @property
    def spent(self) -> bool:
        """Whether no further case is to be begun."""
        return self.used >= self.work

    @property
    def left(self) -> float | None:
        """The seconds that are left, at least a little; None without a limit."""
        return None if self._end is None else max(self._end - time.monotonic(), _LEAST)

    @property
    def expired(self) -> bool:
        """Whether the seconds are over."""
        return self._end is not None and time.monotonic() > self._end
