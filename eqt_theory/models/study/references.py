"""Runs against exact inference: how often a model says what it says, and whether more so nearer the equilibrium."""

import statistics
from collections.abc import Callable, Sequence

from eqt_theory.models.study.differences import NAMES, REFINED, of_arm, paired, told
from eqt_theory.models.study.repaired import LOOKING_AHEAD, RepairArm, RepairRun
from eqt_theory.models.study.tasks import decoding
from eqt_theory.models.study.tasks.sequences import Split, Task

Runs = Sequence[RepairRun]


def agreeing(run: RepairRun, steps: int) -> float:
    """The share of predictions that are those of exact inference, at a K."""
    return run.agreement[run.steps.index(steps)] / run.positions


def shares(runs: Runs, measure: Callable[[RepairRun], float]) -> float:
    """A mean in percent."""
    return 100 * statistics.fmean(measure(run) for run in runs)


def _by_arm(runs: Runs) -> dict[RepairArm, list[RepairRun]]:
    return {arm: list(mine.values()) for arm in NAMES if (mine := of_arm(runs, arm))}


def best_answers(task: Task, runs: Runs) -> str:
    """What exact inference reaches, from the tokens so far and, for arms that look ahead, from all of them.

    Args:
        task: which.
        runs: of it.

    Returns:
        A clause.
    """
    seeing = {
        looks: [run for run in runs if (run.arm in LOOKING_AHEAD) == looks and run.reference] for looks in (False, True)
    }
    parts = []
    if seeing[False]:
        parts.append(f"{_reached(seeing[False])} from the tokens so far")
    if seeing[True] and task.whole is not None:
        parts.append(f"{_reached(seeing[True])} from whole sequences, which the joint arm sees")
    return f"Exact inference ({task.reference_name}) is right at {', and at '.join(parts)}."


def _reached(runs: Runs) -> str:
    return f"{shares(runs, lambda run: run.reference / run.positions):.2f} %"


def against_exact_inference(task: Task, runs: Runs) -> list[str]:
    """How often predictions are those of exact inference, by K: Proposition 1 where the MAP estimate is known.

    Args:
        task: which.
        runs: of it.

    Returns:
        Sentences; none where the runs have not kept it.
    """
    if not all(run.agreement for run in runs):
        return []
    parts, moves = [], []
    for arm, mine in _by_arm(runs).items():
        own, most = mine[0].answer, max(mine[0].steps)
        places = dict.fromkeys((0, own, most)) if len(mine[0].steps) > 1 else {0: None}
        figures = [f"{shares(mine, lambda run, k=k: agreeing(run, k)):.2f} at K = {k}" for k in places]
        parts.append(f"{NAMES[arm]} {', '.join(figures) if len(figures) > 1 else figures[0].split(' at ')[0]}")
        if own < most and arm in REFINED:
            gap = paired([agreeing(run, most) - agreeing(run, own) for run in mine])
            moves.append(f"{NAMES[arm]} {told(gap)}")
    said = [f"Predictions that are those of {task.reference_name}, in %: {'; '.join(parts)}."]
    if moves:
        said.append(
            "Proposition 1 calls the equilibrium a MAP estimate, under the model's own posterior. Whether that is the "
            f"data's is what these shares say; nearer the equilibrium, at the largest K less K of the training, they "
            f"change by {', '.join(moves)} points."
        )
    return said


def at_the_questions(runs: Runs) -> str:
    """What is right where decoding asks for a bit, beside exact MAP, belief propagation and the bit as received.

    Args:
        runs: of decoding.

    Returns:
        A sentence.
    """
    exact: dict[str, list[float]] = {"exact MAP": [], "belief propagation": [], "the bit as received": []}
    for seed, run in {run.seed: run for run in runs}.items():
        data = decoding.TASK.draw(run.sequences, len(run.by_position[0]), seed, Split.TEST)
        asked = data.tokens == decoding.ASK
        received = data.tokens.reshape(-1, 2 * decoding.BITS)[:, : decoding.BITS].repeat(1, 2).reshape(asked.shape)
        answers = (decoding.exact_map(data.tokens), decoding.belief_propagation(data.tokens), received)
        for found, answer in zip(exact.values(), answers, strict=True):
            found.append(100 * float((answer == data.targets)[asked].double().mean()))

    def right(run: RepairRun) -> float:
        row = run.by_position[0]
        places = [t for t in range(len(row)) if t % (2 * decoding.BITS) >= decoding.BITS]
        return sum(row[t] for t in places) / (run.sequences * len(places))

    models = ", ".join(f"{NAMES[arm]} {shares(mine, right):.2f}" for arm, mine in _by_arm(runs).items())
    known = ", ".join(f"{name} {statistics.fmean(found):.2f}" for name, found in exact.items())
    return f"Where a bit is asked for, in %: {known}; {models}, each at its own K."
