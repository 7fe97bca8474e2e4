"""Paired differences between the arms of a repair study, with Student's 95 % intervals."""

import math
import statistics
from collections.abc import Callable, Sequence

from eqt_theory.models.study.comparison import Difference
from eqt_theory.models.study.repaired import RepairArm, RepairRun

REFINED = (RepairArm.CAUSAL, RepairArm.JOINT, RepairArm.RIDGE)
"""The repaired arms; the others are controls."""
CONTROLS = (
    RepairArm.STANDARD, RepairArm.LOSSES, RepairArm.EQT, RepairArm.FROZEN, RepairArm.THREE, RepairArm.FOUR,
    RepairArm.LOOP2, RepairArm.LOOP4, RepairArm.GRU, RepairArm.SCAN,
)  # fmt: skip
NAMES = {
    RepairArm.STANDARD: "standard",
    RepairArm.LOSSES: "losses only",
    RepairArm.EQT: "the paper's EqT",
    RepairArm.FROZEN: "frozen couplings",
    RepairArm.CAUSAL: "causal",
    RepairArm.RIDGE: "causal + ridge",
    RepairArm.JOINT: "joint",
    RepairArm.SCAN: "the scan",
    RepairArm.THREE: "three layers",
    RepairArm.FOUR: "four layers",
    RepairArm.LOOP2: "looped twice",
    RepairArm.LOOP4: "looped four times",
    RepairArm.GRU: "GRU",
}
Measure = Callable[[RepairRun], float]


def of_arm(runs: Sequence[RepairRun], arm: RepairArm) -> dict[int, RepairRun]:
    """The runs of an arm by seed."""
    return {run.seed: run for run in runs if run.arm is arm}


def answer(run: RepairRun) -> float:
    """Accuracy at the arm's own K."""
    return run.accuracy


def at_length(length: int, steps: int | None = None) -> Measure:
    """Accuracy at a longer length: at the arm's own K, or at another where it refines."""

    def measured(run: RepairRun) -> float:
        k = steps if steps in run.steps else run.answer
        assert k is not None
        return run.longer[length][run.steps.index(k)] / (run.longer_sequences * length)

    return measured


def difference(
    runs: Sequence[RepairRun], first: RepairArm, second: RepairArm, measure: Measure = answer
) -> Difference | None:
    """The mean over the seeds that both arms have of what is measured, first less second.

    Args:
        runs: of one study.
        first: an arm.
        second: another.
        measure: of a run.

    Returns:
        The difference; None where no seed has both. Its error is None for one seed.
    """
    one, other = of_arm(runs, first), of_arm(runs, second)
    return paired([measure(one[seed]) - measure(other[seed]) for seed in sorted(one.keys() & other.keys())])


def paired(gaps: Sequence[float]) -> Difference | None:
    """The difference whose values for each seed are these."""
    if not gaps:
        return None
    error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else None
    return Difference(statistics.fmean(gaps), error, len(gaps), True)


def told(gap: Difference | None) -> str:
    """A difference in points with its interval, as +6.81 [4.51, 9.11]."""
    if gap is None:
        return "-"
    text, half = f"{100 * gap.mean:+.2f}", gap.half_width
    if half is None:
        return f"{text} ({gap.seeds} seed{'s' * (gap.seeds > 1)})"
    return f"{text} [{100 * (gap.mean - half):.2f}, {100 * (gap.mean + half):.2f}]"


def sided(gap: Difference) -> str:
    """Better, worse or not told apart; too few seeds are not told apart either."""
    if gap.clear:
        return "better" if gap.mean > 0 else "worse"
    return "not told apart"
