"""What the runs of a repair study allow to say, worked into words from paired differences."""

import statistics
from collections.abc import Sequence

from eqt_theory.models.study.comparison import ENOUGH_SEEDS
from eqt_theory.models.study.differences import (
    CONTROLS,
    NAMES,
    REFINED,
    at_length,
    difference,
    of_arm,
    paired,
    sided,
    told,
)
from eqt_theory.models.study.references import against_exact_inference, at_the_questions, best_answers
from eqt_theory.models.study.repaired import COUPLED, TASKS, RepairArm, RepairRun

WANTED_SEEDS = 10


def conclusions(runs: Sequence[RepairRun]) -> list[str]:
    """What the numbers allow to say, and what they do not, in sentences.

    Args:
        runs: of one task and one choice of settings.

    Returns:
        The sentences; none where there are no runs.
    """
    if not runs:
        return []
    said = [seeds_said(runs)]
    said += [_against_controls(runs, arm) for arm in REFINED]
    said += [_unlike(runs), _within(runs), _scanned(runs), _reach(runs), *_longer(runs), *_references(runs)]
    count = sum(difference(runs, a, c) is not None for a in REFINED for c in CONTROLS)
    if count and len({run.seed for run in runs}) >= ENOUGH_SEEDS:
        said.append(
            f"Of intervals of 95 % one in twenty misses the truth; {count} stand behind the comparisons with controls, "
            "so take one that just leaves 0 out for a hint."
        )
    said.append(
        "Scope: one size, one training budget, one task, these seeds; no statement about larger models or language."
        + " That gated linear recurrences solve parity is known (arXiv 2411.12537, 2502.07827)." * _is(runs, "parity")
    )
    return [sentence for sentence in said if sentence]


def seeds_said(runs: Sequence[RepairRun]) -> str:
    """How many seeds there are, and whether that is enough, in a sentence."""
    counts = {arm: len(of_arm(runs, arm)) for arm in RepairArm if of_arm(runs, arm)}
    least, most = min(counts.values()), max(counts.values())
    how_many = f"{most} seeds of each arm" if least == most else f"{least} to {most} seeds of an arm"
    if most == 1:
        how_many = "one seed"
    short = "" if least >= WANTED_SEEDS else f", fewer than the {WANTED_SEEDS} that were meant to be"
    below = "" if least >= ENOUGH_SEEDS else f"; below {ENOUGH_SEEDS} seeds nothing is told apart"
    return f"{how_many[0].upper()}{how_many[1:]}{short}{below}."


def _against_controls(runs: Sequence[RepairRun], arm: RepairArm) -> str:
    found = [(other, gap) for other in CONTROLS if (gap := difference(runs, arm, other)) is not None]
    if not found:
        return ""
    parts = []
    for side in ("better", "worse", "not told apart"):
        named = [f"{NAMES[other]} {told(gap)}" for other, gap in found if sided(gap) == side]
        if named:
            than = {"better": "more accurate than", "worse": "less accurate than"}.get(side, "not told apart from")
            parts.append(f"{than} {', '.join(named)}")
    return f"{NAMES[arm].capitalize()} refinement, in points: {'; '.join(parts)}."


def _within(runs: Sequence[RepairRun]) -> str:
    gains = {arm: paired([run.accuracy - run.at(0) for run in of_arm(runs, arm).values()]) for arm in COUPLED}
    parts = [f"{NAMES[arm]} {told(gap)}" for arm, gap in gains.items() if gap is not None and arm is not RepairArm.SCAN]
    frozen = gains.get(RepairArm.FROZEN)
    if not parts or frozen is None:
        return ""
    return (
        f"Each model at its own K less the same model at K = 0: {', '.join(parts)}. That shows little: the frozen "
        f"control, in which nothing moves on, gains {100 * frozen.mean:.2f} that way, since K = 0 was never trained."
    )


def _scanned(runs: Sequence[RepairRun]) -> str:
    gap = difference(runs, RepairArm.CAUSAL, RepairArm.SCAN)
    if gap is None:
        return ""
    return (
        "With quadratic terms the equilibrium of the causal game is a gated linear recurrence, which one scan computes "
        f"exactly; the causal arm at its K less an arm that is trained and read there: {told(gap)}, {sided(gap)}. What "
        "the iteration adds is the certificate, not the computation; with ridge terms no scan gives the equilibrium, "
        "and the joint one takes an elimination in both directions."
    )


def _reach(runs: Sequence[RepairRun]) -> str:
    parts = []
    for arm in REFINED:
        mine = of_arm(runs, arm).values()
        gaps = [run.at(max(run.steps)) - run.accuracy for run in mine if max(run.steps) > run.answer]
        gap = paired(gaps)
        if gap is not None:
            parts.append(f"{NAMES[arm]} {told(gap)}")
    return f"More steps than in training, K = 128 less K = 8 at the length of training: {', '.join(parts)}." * bool(
        parts
    )


def _longer(runs: Sequence[RepairRun]) -> list[str]:
    said = []
    for length in sorted({n for run in runs for n in run.longer}):
        parts = []
        for arm in (RepairArm.STANDARD, *REFINED, RepairArm.SCAN, RepairArm.GRU):
            mine = list(of_arm(runs, arm).values())
            if mine:
                own, most = (statistics.fmean(at_length(length, k)(run) for run in mine) for k in (None, 128))
                both = f"{100 * own:.1f}" if mine[0].answer == max(mine[0].steps) else (
                    f"{100 * own:.1f} at K = {mine[0].answer}, {100 * most:.1f} at K = 128"
                )  # fmt: skip
                parts.append(f"{NAMES[arm]} {both}")
        said.append(f"Length {length}, never trained on, in %: {'; '.join(parts)}.")
    return said


def _is(runs: Sequence[RepairRun], name: str) -> bool:
    return runs[0].task == name


def _unlike(runs: Sequence[RepairRun]) -> str:
    if TASKS[runs[0].task].whole is None or not of_arm(runs, RepairArm.JOINT):
        return ""
    return (
        "The joint arm looks ahead, and on this task later tokens tell more: its differences from arms that do not "
        "look ahead compare what is not alike."
    )


def _references(runs: Sequence[RepairRun]) -> list[str]:
    task = TASKS[runs[0].task]
    if task.whole is None:
        return [_reference(runs)]
    said = [best_answers(task, runs), *against_exact_inference(task, runs)]
    return [*said, at_the_questions(runs)] if _is(runs, "decode") else said


def _reference(runs: Sequence[RepairRun]) -> str:
    best = statistics.fmean(run.reference / run.positions for run in runs)
    means = {
        arm: statistics.fmean(run.accuracy for run in mine.values()) for arm in NAMES if (mine := of_arm(runs, arm))
    }
    top = max(means.values())
    named = [NAMES[arm] for arm, mean in means.items() if mean == top]
    arms = f"the best arm{'s' * (len(named) > 1)}, {' and '.join(named)}, {100 * top:.2f} %"
    return f"The best answer there is reaches {100 * best:.2f} %; {arms}."
