"""What fits into this machine, asked before it is allocated: too much would end the process, not the call."""

import math
import os

from eqt_theory.core.errors import UsageError


def refuse_beyond_memory(what: str, *sizes: int, bytes_each: int = 8, unit: str = "numbers") -> None:
    """Refuse an array that is larger than half of the machine's memory: most are needed twice.

    Args:
        what: it is, for the error.
        sizes: its dimensions.
        bytes_each: of a number in it.
        unit: what it consists of.

    Raises:
        UsageError: it does not fit.
    """
    wanted = math.prod(sizes) * bytes_each
    if wanted > _memory() // 2:
        shape = " x ".join(str(size) for size in sizes)
        raise UsageError(
            f"{what} of {shape} {unit} takes {wanted / 2**30:.3g} GiB, more than half of what this machine has"
        )


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on every system
        return 2**40
