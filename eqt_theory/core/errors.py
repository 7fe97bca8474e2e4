"""The errors that stop a run or a call. Each message says what was expected, what arrived, and its name."""

_LONGEST = 2000
"""Characters of an error of somebody else's code that are worth a line."""


class UsageError(ValueError):
    """An argument is unusable: a wrong shape, an unknown claim id, a number out of range."""


class NoDerivative(UsageError):
    """torch cannot differentiate somebody's function."""


class NoSecondDerivative(NoDerivative):
    """Somebody's energy, once differentiated by torch, cannot be differentiated again."""


class UnsupportedEvidence(ValueError):
    """A Finding was given a verdict that its method or its evidence cannot support."""


class ContradictoryFindings(RuntimeError):
    """One reading is both established and refuted: a bug in this tool, never a result."""


class ProverDisagreement(RuntimeError):
    """One prover says `unsat` and another `sat` about the same text: at least one of them is wrong."""


def describe(error: BaseException) -> str:
    """What anybody's code raised, in one line: its type and its message, where it has one that can be shown."""
    try:
        said = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as other:  # __str__ is anybody's code, too
        said = f"(its message raised {type(other).__name__})"
    line = " ".join(f"{type(error).__name__}: {said}".split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
