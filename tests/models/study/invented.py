"""Runs with known answers, as the study would have kept them."""

from eqt_theory.models.study.repaired import RepairArm, RepairRun


def invented(arm: RepairArm, seed: int, right: int, start: int | None = None) -> RepairRun:
    """A run on 100 positions, `right` of them right at its answer."""
    refines = start is not None
    steps = (0, 8, 128) if refines else (0,)
    counts = (start, right, right) if refines else (right,)
    rows = ((right, 0), (start if refines else right, 0))
    return RepairRun(
        "key", "parity", arm, seed, 16.0 if refines else 0.0, 10, (0.5,), steps, 8 if refines else 0, 100, counts,
        rows, 50, {4: tuple(c // 2 for c in counts)}, 25, 100, 1.0,
    )  # fmt: skip


def study(gain: int, seeds: int = 4, spread: int = 1) -> list[RepairRun]:
    runs = []
    for s in range(seeds):
        runs += [invented(RepairArm.STANDARD, s, 60 + spread * (s % 2)), invented(RepairArm.CAUSAL, s, 60 + gain, 30)]
    return runs
