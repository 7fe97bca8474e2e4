"""Paired comparison of the runs of a parity study: means, differences, standard errors, and what they allow to say."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from eqt_theory.models.study.study import Arm, Run

ENOUGH_SEEDS = 3
"""Below this many seeds no difference is called real."""
_STUDENT = (
    12.707, 4.303, 3.183, 2.777, 2.571, 2.447, 2.365, 2.307, 2.263, 2.229, 2.201, 2.179, 2.161, 2.145, 2.132,
    2.120, 2.110, 2.101, 2.094, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.049, 2.046, 2.043,
)  # fmt: skip
"""0.975 quantiles of Student's t for 1, 2, ... degrees of freedom, rounded up: with few seeds the standard error is
itself uncertain, and two of them are not 95 %."""


def student(pairs: int) -> float:
    """The 0.975 quantile of Student's t for so many paired values, at least two; rounded up."""
    return _STUDENT[min(pairs - 1, len(_STUDENT)) - 1]


@dataclass(frozen=True)
class Difference:
    """A mean paired difference of accuracies.

    Args:
        mean: first arm less second, over the seeds.
        error: its standard error; None where it cannot be known.
        seeds: pairs.
        over_seeds: whether the error is that of the mean over seeds; else, with one seed, that over the test
            sequences of one pair of models, which leaves out all that training does differently from run to run.
    """

    mean: float
    error: float | None
    seeds: int
    over_seeds: bool

    @property
    def half_width(self) -> float | None:
        """Half of the 95 % interval (Student's t over the seeds); None below `ENOUGH_SEEDS`."""
        if not self.over_seeds or self.seeds < ENOUGH_SEEDS or self.error is None:
            return None
        return student(self.seeds) * self.error

    @property
    def clear(self) -> bool:
        """Whether the 95 % interval leaves 0 out."""
        half = self.half_width
        return half is not None and abs(self.mean) > half


def of_arm(runs: Sequence[Run], arm: Arm, length: int) -> list[Run]:
    """The runs of an arm and length, by seed."""
    return sorted((r for r in runs if r.arm is arm and r.length == length), key=lambda r: r.seed)


def difference(runs: Sequence[Run], first: Arm, second: Arm, length: int) -> Difference | None:
    """The paired difference of two arms at a length, at the last K.

    Args:
        runs: of one study.
        first: an arm.
        second: another.
        length: which.

    Returns:
        The difference over the seeds that both have; None where there is none.
    """
    pairs = _pairs(runs, first, second, length)
    if not pairs:
        return None
    if len(pairs) > 1:
        return _over_seeds([a.accuracy[-1] - b.accuracy[-1] for a, b in pairs.values()])
    ((a, b),) = pairs.values()
    each = [(x - y) / length for x, y in zip(a.correct, b.correct, strict=True)]
    error = statistics.stdev(each) / math.sqrt(len(each)) if len(each) > 1 else None
    return Difference(a.accuracy[-1] - b.accuracy[-1], error, 1, False)


def overall_difference(runs: Sequence[Run], first: Arm, second: Arm, lengths: Sequence[int]) -> Difference | None:
    """The paired difference of two arms at the last K, on average over lengths: one number for one question.

    Args:
        runs: of one study.
        first: an arm.
        second: another.
        lengths: every one counts the same.

    Returns:
        The difference over the seeds that have both arms at all of the lengths; None for fewer than two.
    """
    found = [_pairs(runs, first, second, length) for length in lengths]
    seeds = sorted(set.intersection(*(set(pairs) for pairs in found))) if found else []
    if len(seeds) < 2:
        return None
    return _over_seeds([statistics.fmean(p[s][0].accuracy[-1] - p[s][1].accuracy[-1] for p in found) for s in seeds])


def _pairs(runs: Sequence[Run], first: Arm, second: Arm, length: int) -> dict[int, tuple[Run, Run]]:
    others = {r.seed: r for r in of_arm(runs, second, length)}
    return {r.seed: (r, others[r.seed]) for r in of_arm(runs, first, length) if r.seed in others}


def _over_seeds(gaps: Sequence[float]) -> Difference:
    return Difference(statistics.fmean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps)), len(gaps), True)


def conclusions(runs: Sequence[Run]) -> list[str]:
    """What the numbers allow to say, and what they do not, in sentences.

    Args:
        runs: of one study.

    Returns:
        The sentences; none where there are no runs.
    """
    if not runs:
        return []
    lengths = sorted({r.length for r in runs})
    seeds = sorted({r.seed for r in runs})
    said = [_control(runs), _inertness(runs)]
    sources = [
        _source(runs, lengths, Arm.EQUILIBRIUM, Arm.STANDARD, "EqT", "the standard model"),
        _source(runs, lengths, Arm.AUXILIARY, Arm.STANDARD, "the auxiliary losses alone", "the standard model"),
        _source(runs, lengths, Arm.EQUILIBRIUM, Arm.AUXILIARY, "EqT", "the auxiliary losses alone"),
    ]
    said += sources
    if any(sources) and len(seeds) >= ENOUGH_SEEDS:
        count = sum(map(bool, sources)) * (len(lengths) + (len(lengths) > 1))
        said.append(
            f"Of intervals of 95 % one in twenty misses the truth; {count} stand behind these sentences, so take one "
            "that just leaves 0 out for a hint."
        )
    if len(seeds) < ENOUGH_SEEDS:
        said.append(f"{_seeds(len(seeds))}: no difference between arms is called real below {ENOUGH_SEEDS} seeds.")
    said.append(
        "Scope: these models, this training budget, these lengths and seeds. Neither a reproduction nor a refutation "
        "of Table 2, whose models are larger, trained longer, and whose heads are not specified."
    )
    return [sentence for sentence in said if sentence]


def _control(runs: Sequence[Run]) -> str:
    pairs = [
        (a, b)
        for a in runs if a.arm is Arm.ZERO
        for b in runs if b.arm is Arm.STANDARD and (a.length, a.seed) == (b.length, b.seed)
    ]  # fmt: skip
    if not pairs:
        return ""
    worst = max(abs(a.accuracy[-1] - b.accuracy[-1]) for a, b in pairs)
    if worst == 0:
        return (
            "Control: with an energy of weight 0 every run is as accurate as its standard twin: the machinery itself "
            "does nothing."
        )
    return (
        f"Control: with an energy of weight 0 runs differ from their standard twins by up to {100 * worst:.2f} points: "
        "rounding alone can do that, and smaller differences of single runs mean nothing."
    )


def _inertness(runs: Sequence[Run]) -> str:
    refined = [r for r in runs if r.arm is Arm.EQUILIBRIUM]
    if not refined:
        return ""
    flips = sum(max(r.flips) for r in refined)
    positions = sum(r.positions for r in refined)
    if flips == 0:
        return (
            f"Refinement at test changed none of {positions:,} predictions of {_models(len(refined))}, at any K: the "
            "agreement of K = 8 with K = 32 shows no convergence, since K = 0 agrees too."
        )
    gain = sum((r.accuracy[-1] - r.accuracy[0]) * r.positions for r in refined) / positions
    return (
        f"Refinement at test changed at most {flips:,} of {positions:,} predictions of {_models(len(refined))} "
        f"({100 * flips / positions:.3f}%); accuracy at the last K less that at the first: {100 * gain:+.3f} points."
    )


def _source(runs: Sequence[Run], lengths: Sequence[int], first: Arm, second: Arm, name: str, other: str) -> str:
    found = [(n, d) for n in lengths if (d := difference(runs, first, second, n)) is not None]
    if not found:
        return ""
    if not any(d.over_seeds and d.seeds >= ENOUGH_SEEDS for _, d in found):
        parts = ", ".join(f"{100 * d.mean:+.2f} at {n}" for n, d in found)
        return f"{_capital(name)} less {other}, in points: {parts}; too few seeds to tell from chance."
    better = [str(n) for n, d in found if d.clear and d.mean > 0]
    worse = [str(n) for n, d in found if d.clear and d.mean < 0]
    parts = []
    if better:
        parts.append(f"better at length {', '.join(better)}")
    if worse:
        parts.append(f"worse at length {', '.join(worse)}")
    rest = [str(n) for n, d in found if not d.clear]
    if rest:
        parts.append(f"not told from chance at length {', '.join(rest)}")
    overall = overall_difference(runs, first, second, lengths) if len(lengths) > 1 else None
    if overall is not None and overall.half_width is not None:
        side = "clear of 0" if overall.clear else "which includes 0"
        parts.append(
            f"on average over the lengths {100 * overall.mean:+.2f} +- {100 * overall.half_width:.2f} points (95 %), "
            f"{side}"
        )
    return f"{_capital(name)} against {other}: {'; '.join(parts)}."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _seeds(count: int) -> str:
    return "One seed" if count == 1 else f"{count} seeds"


def _models(count: int) -> str:
    return "one model" if count == 1 else f"{count} models"
