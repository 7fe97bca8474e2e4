"""The choice of lambda gamma, by validation sequences and seeds that are never tested."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.files import parse_json, write_text
from eqt_theory.models.study.measured import measure
from eqt_theory.models.study.repaired import COUPLED, RepairArm, RepairSettings, arms_of, trained
from eqt_theory.models.study.tasks.sequences import Split, Task

SEEDS = (90, 91)
CHOSEN_FOR = (RepairArm.CAUSAL, RepairArm.JOINT)
"""Arms for which it is chosen; the frozen, ridge and scan arms take that of the causal one."""
_FILE = "choice.json"


@dataclass(frozen=True)
class Choice:
    """Accuracies on validation sequences, and what follows.

    Args:
        key: of settings and task.
        accuracy: arm -> lambda gamma -> an accuracy for each seed; minus the score where the task has one.
        seeds: which.
    """

    key: str
    accuracy: dict[RepairArm, dict[float, tuple[float, ...]]]
    seeds: tuple[int, ...]

    def weight(self, arm: RepairArm) -> float:
        """Lambda gamma of an arm: best on average, the smallest of equals; 0 for arms without."""
        if arm not in COUPLED:
            return 0.0
        means = {
            w: statistics.fmean(a) for w, a in self.accuracy[arm if arm in self.accuracy else CHOSEN_FOR[0]].items()
        }
        return max(sorted(means), key=lambda w: means[w])

    def save(self, folder: Path) -> None:
        """Write it beside the runs."""
        values = {arm.name.lower(): {str(w): list(a) for w, a in by.items()} for arm, by in self.accuracy.items()}
        text = json.dumps({"key": self.key, "accuracy": values, "seeds": list(self.seeds)}, indent=2)
        write_text(folder / _FILE, text + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Choice | None":
        """The choice beside the runs.

        Args:
            folder: of the runs.

        Returns:
            The choice; None where there is none yet.

        Raises:
            UsageError: the file is something else.
        """
        file = folder / _FILE
        if not file.exists():
            return None
        try:
            v = parse_json(file.read_text("utf-8"))
            accuracy = {
                RepairArm[arm.upper()]: {float(w): tuple(map(float, a)) for w, a in by.items()}
                for arm, by in v["accuracy"].items()
            }
            found = cls(v["key"], accuracy, tuple(v["seeds"]))
            whole = set(CHOSEN_FOR[:1]) <= set(accuracy) <= set(CHOSEN_FOR) and all(
                len(a) == len(found.seeds) > 0 for by in accuracy.values() for a in by.values()
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{file} is no choice of lambda gamma: {describe(error)}") from None
        if not whole:
            raise UsageError(f"{file} is no choice of lambda gamma: an arm or a seed is missing")
        return found


def validated(
    settings: RepairSettings, task: Task, arm: RepairArm, seed: int, weight: float, device: str = "cpu"
) -> float:
    """Accuracy on validation sequences of a coupled arm trained with this lambda gamma; no test sequence is looked at.

    Args:
        settings: of the study.
        task: which.
        arm: a coupled arm.
        seed: of weights and data, none of those that are tested.
        weight: lambda gamma.
        device: where.

    Returns:
        The accuracy at K of the training, or minus the score there.
    """
    model, _ = trained(settings, task, arm, seed, weight, device)
    held = task.draw(settings.test_size, task.length, seed, Split.VALIDATION).to(device)
    found = measure(model, task, held, settings.steps_train)
    return -found.score if task.unit else float(found.right.double().mean())


def choose(
    settings: RepairSettings,
    task: Task,
    folder: Path,
    values: Sequence[float] | None = None,
    seeds: Sequence[int] = SEEDS,
    on_value: Callable[[RepairArm, float, int, float], None] | None = None,
    device: str = "cpu",
) -> Choice:
    """Train with each value, keep what the validation sequences say, and return it; an earlier choice stands.

    Args:
        settings: of the study.
        task: which.
        folder: of the runs.
        values: of lambda gamma; the task's if None.
        seeds: of the trainings.
        on_value: called with arm, value, seed and accuracy.
        device: where.

    Returns:
        The choice.

    Raises:
        UsageError: an earlier choice is of other settings.
    """
    old = Choice.load(folder)
    if old is not None:
        if old.key != settings.key(task):
            raise UsageError(f"the choice of lambda gamma in {folder} is of other settings; choose another folder")
        return old
    accuracy: dict[RepairArm, dict[float, tuple[float, ...]]] = {}
    for arm in (arm for arm in CHOSEN_FOR if arm in arms_of(task)):
        accuracy[arm] = {}
        for value in task.strengths if values is None else values:
            found = []
            for seed in seeds:
                found.append(validated(settings, task, arm, seed, value, device))
                if on_value is not None:
                    on_value(arm, value, seed, found[-1])
            accuracy[arm][value] = tuple(found)
    choice = Choice(settings.key(task), accuracy, tuple(seeds))
    choice.save(folder)
    return choice
