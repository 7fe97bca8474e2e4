"""Paired comparison of the runs of a parity study: means, differences, standard errors, and what they allow to say."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from eqt_theory.models.study import Arm, Run

ENOUGH_SEEDS = 3
"""Below this many seeds no difference is called real."""


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
    def clear(self) -> bool:
        """Whether it lies more than two standard errors over enough seeds from 0."""
        known = self.over_seeds and self.seeds >= ENOUGH_SEEDS and self.error is not None
        return known and abs(self.mean) > 2 * float(self.error or 0.0)


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
    others = {r.seed: r for r in of_arm(runs, second, length)}
    pairs = [(r, others[r.seed]) for r in of_arm(runs, first, length) if r.seed in others]
    if not pairs:
        return None
    gaps = [a.accuracy[-1] - b.accuracy[-1] for a, b in pairs]
    if len(pairs) > 1:
        return Difference(statistics.fmean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps)), len(gaps), True)
    a, b = pairs[0]
    each = [(x - y) / length for x, y in zip(a.correct, b.correct, strict=True)]
    error = statistics.stdev(each) / math.sqrt(len(each)) if len(each) > 1 else None
    return Difference(gaps[0], error, 1, False)


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
    said += [
        _source(runs, lengths, Arm.EQUILIBRIUM, Arm.STANDARD, "EqT", "the standard model"),
        _source(runs, lengths, Arm.AUXILIARY, Arm.STANDARD, "the auxiliary losses alone", "the standard model"),
        _source(runs, lengths, Arm.EQUILIBRIUM, Arm.AUXILIARY, "EqT", "the auxiliary losses alone"),
    ]
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
            "Control: with an energy of weight 0 every run equals its standard twin: the machinery itself does nothing."
        )
    return (
        f"Control: with an energy of weight 0 runs differ from their standard twins by up to {100 * worst:.2f} points: "
        "rounding alone can do that, and smaller differences mean nothing."
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
        parts.append(f"within two standard errors at length {', '.join(rest)}")
    return f"{_capital(name)} against {other}: {'; '.join(parts)}."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _seeds(count: int) -> str:
    return "One seed" if count == 1 else f"{count} seeds"


def _models(count: int) -> str:
    return "one model" if count == 1 else f"{count} models"
