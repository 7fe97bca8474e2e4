"""What runs allow to say where a score of which less is better decides: bits per byte, scaled errors."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import read_json, write_text
from eqt_theory.models.study.comparison import Difference
from eqt_theory.models.study.differences import CONTROLS, NAMES, REFINED, difference, of_arm, paired
from eqt_theory.models.study.paired import seeds_said
from eqt_theory.models.study.repaired import RepairArm, RepairRun
from eqt_theory.models.study.tasks.sequences import Split, Task

_PEERS = "peers.json"


def score(run: RepairRun) -> float:
    """The score at the arm's own K."""
    return run.score_at(run.answer)


def told_score(gap: Difference | None) -> str:
    """A difference of scores with its interval, as -0.0123 [-0.0200, -0.0046]."""
    if gap is None:
        return "-"
    half = gap.half_width
    if half is None:
        return f"{gap.mean:+.4f} ({gap.seeds} seed{'s' * (gap.seeds > 1)})"
    return f"{gap.mean:+.4f} [{gap.mean - half:.4f}, {gap.mean + half:.4f}]"


def peer_scores(task: Task, runs: Sequence[RepairRun]) -> dict[str, float]:
    """Scores of the task's peers on the test data of the runs, means over their seeds.

    Args:
        task: which.
        runs: of it.

    Returns:
        Name -> score.
    """
    if task.peers is None or not runs:
        return {}
    found = [
        task.peers(task.draw(run.sequences, task.length, run.seed, Split.TEST))
        for run in {run.seed: run for run in runs}.values()
    ]
    return {name: statistics.fmean(each[name] for each in found) for name in found[0]}


def kept_peers(task: Task, runs: Sequence[RepairRun], folder: Path) -> dict[str, float]:
    """The peers' scores as they are kept beside the runs; worked out and kept where they are of other runs.

    Args:
        task: which.
        runs: of it.
        folder: of the runs.

    Returns:
        Name -> score.

    Raises:
        UsageError: the file is something else.
    """
    if task.peers is None or not runs:
        return {}
    file, of = folder / _PEERS, {"key": runs[0].key, "seeds": sorted({run.seed for run in runs})}
    if file.exists():
        found = read_json(file, "scores of peers")
        scores = found.get("scores") if isinstance(found, dict) else None
        if not isinstance(scores, dict) or not all(isinstance(value, float) for value in scores.values()):
            raise UsageError(f"{file} holds no scores of peers")
        if {name: found.get(name) for name in of} == of:
            return scores
    scores = peer_scores(task, runs)
    write_text(file, json.dumps({**of, "scores": scores}) + "\n")
    return scores


def score_conclusions(task: Task, runs: Sequence[RepairRun], peers: Mapping[str, float]) -> list[str]:
    """What the numbers allow to say, and what they do not, in sentences.

    Args:
        task: which.
        runs: of it and one choice of settings.
        peers: name -> score.

    Returns:
        The sentences; none where there are no runs.
    """
    if not runs:
        return []
    said = [seeds_said(runs), *(_against(task, runs, arm) for arm in REFINED), _within(task, runs)]
    said += [_peers(task, runs, peers), _ahead(task), _scope(task)]
    return [sentence for sentence in said if sentence]


def _against(task: Task, runs: Sequence[RepairRun], arm: RepairArm) -> str:
    found = [(other, gap) for other in CONTROLS if (gap := difference(runs, arm, other, score)) is not None]
    if not found:
        return ""
    sides: dict[str, list[str]] = {"better than": [], "worse than": [], "not told apart from": []}
    for other, gap in found:
        side = "not told apart from" if not gap.clear else "better than" if gap.mean < 0 else "worse than"
        sides[side].append(f"{NAMES[other]} {told_score(gap)}")
    parts = [f"{side} {', '.join(named)}" for side, named in sides.items() if named]
    return f"{NAMES[arm].capitalize()} refinement, in {task.unit}, less is better: {'; '.join(parts)}."


def _within(task: Task, runs: Sequence[RepairRun]) -> str:
    parts = []
    for arm in (*REFINED, RepairArm.FROZEN):
        mine = list(of_arm(runs, arm).values())
        more = paired([run.score_at(max(run.steps)) - score(run) for run in mine])
        trained = paired([score(run) - run.score_at(0) for run in mine])
        if more is not None:
            parts.append(f"{NAMES[arm]} {told_score(trained)} and {told_score(more)}")
    if not parts:
        return ""
    return (
        f"The same model's K of the training less K = 0, and its largest K less that of the training, in {task.unit}: "
        f"{'; '.join(parts)}. Since K = 0 was never trained, the first shows little."
    )


def _peers(task: Task, runs: Sequence[RepairRun], peers: Mapping[str, float]) -> str:
    means = {
        NAMES[arm]: statistics.fmean(score(run) for run in mine.values())
        for arm in NAMES
        if (mine := of_arm(runs, arm))
    }
    best = min(means, key=lambda name: means[name])
    if not peers:
        return ""
    parts = ", ".join(f"{name} {value:.4f}" for name, value in peers.items())
    top = min(peers, key=lambda name: peers[name])
    word = "no arm is as good as" if peers[top] < means[best] else "it is no worse than"
    end = f"in the mean {word} {top}"
    return f"Without a network, in {task.unit}: {parts}; the best arm, {best}, {means[best]:.4f}: {end}."


def _ahead(task: Task) -> str:
    if not task.ahead:
        return ""
    return "The joint arm is left out: its states look ahead, where the answers are."


def _scope(task: Task) -> str:
    fixed = (
        " All seeds are tested on one and the same stretch of one series: the intervals are about the training, and "
        "say nothing of other stretches."
        if task.centres is not None
        else ""
    )
    return f"Scope: one small size, one training budget, these seeds; no statement about larger models.{fixed}"
