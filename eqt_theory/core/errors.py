"""The errors that stop a run or a call. Each message says what was expected, what arrived, and its name."""


class UsageError(ValueError):
    """An argument is unusable: a wrong shape, an unknown claim id, a number out of range."""


class UnsupportedEvidence(ValueError):
    """A Finding was given a verdict that its method or its evidence cannot support."""


class ContradictoryFindings(RuntimeError):
    """One reading is both established and refuted: a bug in this tool, never a result."""


class ProverDisagreement(RuntimeError):
    """One prover says `unsat` and another `sat` about the same text: at least one of them is wrong."""
