"""The parity study: four ways to train, several lengths, paired seeds; one JSON line per run, resumable."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import torch

from eqt_theory.core.annotated import Count, Seed, Share, Weight, Whole, checked
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.files import append_line, locked, parse_json, write_text
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study import presets
from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.training import Model, Recipe, evaluate, train


class Arm(Enum):
    """What is compared. All arms of a seed and length share first weights, data and the order of the batches."""

    STANDARD = "the standard transformer"
    ZERO = "the equilibrium transformer with all weights of the energy 0: a control of the machinery"
    AUXILIARY = "trained with the same auxiliary losses but K = 0 throughout: a control of the refinement"
    EQUILIBRIUM = "the equilibrium transformer, K = 2 in training"


@dataclass(frozen=True)
class StudySettings:
    """All that decides the result of a run beside arm, length and seed.

    Args:
        config: of the equilibrium transformer; the other arms are derived from it.
        recipe: of the training.
        training_size: sequences.
        test_size: sequences.
        steps: the K at test.
    """

    config: ModelConfig
    recipe: Recipe
    training_size: int
    test_size: int
    steps: tuple[int, ...] = (0, 2, 8, 32)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**dataclasses.asdict(self), "config": self.config.to_dict(), "steps": list(self.steps)}

    @property
    def key(self) -> str:
        """A short name of the settings; runs are compared only within one."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


MINIATURE_LENGTHS = (8, 16, 32, 64)
PAPER_LENGTHS = (8, 16, 32, 48, 64, 96, 128, 192, 256)


def miniature_settings() -> StudySettings:
    """The miniature: minutes on a CPU."""
    return StudySettings(presets.miniature(), Recipe(), training_size=8192, test_size=1024)


def paper_settings() -> StudySettings:
    """The paper's own setting (Sec. 5), which asks for a GPU."""
    recipe = Recipe(epochs=25, batch=256, learning_rate=3e-4, warm_up=0)
    return StudySettings(presets.paper(), recipe, training_size=32_768, test_size=4096)


@checked
@dataclass(frozen=True)
class Run:
    """The result of one run.

    Args:
        key: of the settings.
        arm: which.
        length: bits of a sequence.
        seed: of weights, data and order.
        parameters: learned numbers.
        losses: cross-entropy of each epoch.
        accuracy: share of positions predicted rightly at each K of the settings; for the auxiliary arm always at K = 0.
        flips: predictions that differ from those at K = 0, for each K.
        positions: test positions.
        correct: right predictions in each test sequence at the last K.
        seconds: of the training.
        device: where.
    """

    key: str
    arm: Arm
    length: Count
    seed: Seed
    parameters: Count
    losses: tuple[float, ...]
    accuracy: tuple[Share, ...]
    flips: tuple[Whole, ...]
    positions: Count
    correct: tuple[Whole, ...]
    seconds: Weight
    device: str

    @property
    def name(self) -> tuple[str, Arm, int, int]:
        """What tells runs apart."""
        return self.key, self.arm, self.length, self.seed

    def to_line(self) -> str:
        """As one line of JSON."""
        return json.dumps({**dataclasses.asdict(self), "arm": self.arm.name.lower()})

    @classmethod
    def from_line(cls, line: str) -> "Run":
        """The run of `to_line`.

        Args:
            line: JSON.

        Returns:
            The run.

        Raises:
            UsageError: it is no such line.
        """
        try:
            values = parse_json(line)
            values["arm"] = Arm[values["arm"].upper()]
            for name in ("losses", "accuracy", "flips", "correct"):
                values[name] = tuple(values[name])
            run = cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"not a run of the parity study: {line[:60]!r} ({describe(error)})") from None
        if not (len(run.accuracy) == len(run.flips) > 0):
            raise UsageError(f"not a run of the parity study: {line[:60]!r} (accuracy and flips need one entry per K)")
        return run


def build(arm: Arm, config: ModelConfig, seed: int) -> Model:
    """The untrained model of an arm."""
    if arm is Arm.STANDARD:
        return StandardTransformer(config, seed)
    if arm is Arm.ZERO:
        weights = {name: 0.0 for name in dataclasses.asdict(config) if name.startswith("weight_")}
        return EquilibriumTransformer(config.replace(**weights), seed)
    if arm is Arm.AUXILIARY:
        return EquilibriumTransformer(config.replace(steps_train=0, steps_test=0), seed)
    return EquilibriumTransformer(config, seed)


def run_one(
    settings: StudySettings,
    arm: Arm,
    length: int,
    seed: int,
    device: str = "cpu",
    on_step: Callable[[int, int], None] | None = None,
) -> tuple[Run, Model]:
    """Train and evaluate one model.

    Args:
        settings: of the study.
        arm: which model.
        length: bits of a sequence.
        seed: of weights, data and order.
        device: where.
        on_step: called after each training step with the steps done and in all.

    Returns:
        The run, and the trained model.
    """
    model = build(arm, settings.config, seed).to(device)
    data = parity_data(settings.training_size, length, seed).to(device)
    test = parity_data(settings.test_size, length, seed, test=True).to(device)
    record = train(model, data, settings.recipe, seed, on_step)
    # The control of the refinement goes without it at test too.
    found = evaluate(model, test, (0,) * len(settings.steps) if arm is Arm.AUXILIARY else settings.steps)
    run = Run(
        settings.key, arm, length, seed, parameter_count(model), record.losses, found.accuracy, found.flips,
        found.positions, found.correct, round(record.seconds, 2), str(torch.device(device)),
    )  # fmt: skip
    return run, model


def read_runs(file: Path) -> list[Run]:
    """The runs in a file; a last line that was cut off while being written does not count.

    Args:
        file: one JSON line per run; it may be missing.

    Returns:
        The runs, in order.

    Raises:
        UsageError: a line is something else.
    """
    return [Run.from_line(line) for line in _whole_lines(file) if line.strip()]


def _whole_lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    try:
        return file.read_bytes().rpartition(b"\n")[0].decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"the runs in {file} are not text in UTF-8: {error}") from None


def plan(lengths: Sequence[int], seeds: Sequence[int]) -> list[tuple[Arm, int, int]]:
    """Runs in the order in which they are made: whole pairs first, so that an interrupted study is of use."""
    return [(arm, length, seed) for seed in seeds for length in lengths for arm in Arm]


def run_study(
    settings: StudySettings,
    lengths: Sequence[int],
    seeds: Sequence[int],
    file: Path,
    device: str = "cpu",
    *,
    on_start: Callable[[Arm, int, int], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    on_model: Callable[[Run, Model], None] | None = None,
) -> Iterator[Run]:
    """Make the runs that the file lacks, appending each as soon as it is finished.

    Args:
        settings: of the study.
        lengths: bits of a sequence.
        seeds: of the runs.
        file: where runs are kept; those in it with the same settings are not made again.
        device: where.
        on_start: called before a run is made.
        on_step: called after each training step of it.
        on_model: called with each run made and its model, before the run is kept.

    Yields:
        All runs of the study, old and new, in the order of `plan`.

    Raises:
        UsageError: another study is being made in the file's folder, or a line of it is something else.
    """
    with locked(file.parent, wait=False):
        known = {run.name: run for run in read_runs(file)}
        lines = _whole_lines(file)
        if file.exists() and not file.read_bytes().endswith(b"\n"):  # cut off while being written
            write_text(file, "".join(f"{line}\n" for line in lines))
        for arm, length, seed in plan(lengths, seeds):
            old = known.get((settings.key, arm, length, seed))
            if old is not None:
                yield old
                continue
            if on_start is not None:
                on_start(arm, length, seed)
            run, model = run_one(settings, arm, length, seed, device, on_step)
            # The line comes last: a run that is in the file is finished, its model kept.
            if on_model is not None:
                on_model(run, model)
            append_line(file, run.to_line())
            yield run
