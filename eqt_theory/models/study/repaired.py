"""The study of repaired models: arms and controls on one task, paired seeds, one file of JSON per run, resumable."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.files import parse_json, write_text
from eqt_theory.models.config import GradientMode, ModelConfig
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study.controls import GatedRecurrence, LoopedTransformer, units_like
from eqt_theory.models.study.measured import measure
from eqt_theory.models.study.study import paper_settings
from eqt_theory.models.study.tasks import co2, code, decoding, noisy_parity, parity, sunspots, text
from eqt_theory.models.study.tasks.sequences import Split, Task
from eqt_theory.models.study.training import Recipe, Trainable, TrainingRecord, train

_ONE = (parity, noisy_parity, decoding, text, code)
_EVERY = (*(module.TASK for module in _ONE), *sunspots.TASKS, *co2.TASKS)
TASKS: dict[str, Task] = {task.name: task for task in _EVERY}
FIRST_SEED = 100
"""Seeds that nothing was tried on before."""


def arms_of(task: Task) -> tuple["RepairArm", ...]:
    """The arms that a task is fair to: where later tokens are the answers, none that looks ahead."""
    return tuple(arm for arm in RepairArm if not (task.ahead and arm in LOOKING_AHEAD))


class RepairArm(Enum):
    """What is compared, in the order in which the runs of a seed are made."""

    STANDARD = "the standard transformer"
    CAUSAL = "refined by the causal game, K = 8"
    JOINT = "refined on one energy of the whole sequence by Chebyshev's iteration, K = 8"
    FROZEN = "coupled to the predecessor's proposal, which stays: no information moves on"
    RIDGE = "the causal game with ridge terms, K = 8"
    SCAN = "trained and read at the equilibrium of the causal game, by one scan"
    FOUR = "the standard transformer with twice as many layers: four in the miniature"
    THREE = "the standard transformer with half as many layers again: three in the miniature"
    LOOP2 = "the standard transformer, its blocks run twice"
    LOOP4 = "the standard transformer, its blocks run four times"
    GRU = "a recurrent network with gates"
    EQT = "the paper's equilibrium transformer, K = 2 in training"
    LOSSES = "trained with the paper's losses, without refinement"


COUPLED = {
    RepairArm.CAUSAL: Coupling.CAUSAL,
    RepairArm.JOINT: Coupling.JOINT,
    RepairArm.FROZEN: Coupling.FROZEN,
    RepairArm.RIDGE: Coupling.CAUSAL_RIDGE,
    RepairArm.SCAN: Coupling.CAUSAL,
}
"""The arms that are coupled models."""
LOOKING_AHEAD = (RepairArm.JOINT,)
"""Arms whose states depend on later tokens too."""


@dataclass(frozen=True)
class RepairSettings:
    """All that decides the result of a run beside task, arm, seed and lambda gamma.

    Args:
        config: of the transformer.
        recipe: of the training.
        training_size: sequences.
        test_size: sequences of the length of training.
        longer_size: sequences of each longer length.
        steps: the K at test.
        steps_train: K in training.
    """

    config: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    recipe: Recipe = dataclasses.field(default_factory=Recipe)
    training_size: int = 8192
    test_size: int = 1024
    longer_size: int = 256
    steps: tuple[int, ...] = (0, 1, 2, 4, 8, 16, 32, 64, 128)
    steps_train: int = 8

    def key(self, task: Task) -> str:
        """A short name of settings and task; runs are compared only within one."""
        values = {**dataclasses.asdict(self), "config": self.config.to_dict(), "task": task.name}
        if task.data is not None:
            values |= {"data": task.data(), "most": task.most}
        if task.name in TASKS and task.length != TASKS[task.name].length:
            values |= {"length": task.length}
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=list).encode()).hexdigest()[:12]


def paper_repair_settings() -> RepairSettings:
    """The paper's size (Sec. 5), which asks for a GPU: its models, data and training, the repaired arms among them."""
    whole = paper_settings()
    return RepairSettings(whole.config, whole.recipe, whole.training_size, whole.test_size, longer_size=1024)


@dataclass(frozen=True)
class RepairRun:
    """The result of one run.

    Args:
        key: of settings and task.
        task: its name.
        arm: which.
        seed: of weights, data and order.
        weight: lambda gamma; 0 for arms without.
        parameters: learned numbers.
        losses: cross-entropy of each epoch.
        steps: the K at test; (0,) where there is no refinement.
        answer: which K is the arm's answer: K of the training, the equilibrium, or 0.
        positions: tested, at the length of training.
        right: right predictions at each K.
        by_position: right predictions at each position, at the answer and at K = 0.
        sequences: tested.
        longer: length -> right predictions at each K.
        longer_sequences: tested at each longer length.
        reference: right predictions of the best answer there is; 0 where nobody knows it.
        seconds: of the training.
        scores: the task's score at each K; runs of before it was kept have none.
        agreement: predictions that are those of the best answer, at each K, where it is known.
    """

    key: str
    task: str
    arm: RepairArm
    seed: int
    weight: float
    parameters: int
    losses: tuple[float, ...]
    steps: tuple[int, ...]
    answer: int
    positions: int
    right: tuple[int, ...]
    by_position: tuple[tuple[int, ...], tuple[int, ...]]
    sequences: int
    longer: dict[int, tuple[int, ...]]
    longer_sequences: int
    reference: int
    seconds: float
    scores: tuple[float, ...] = ()
    agreement: tuple[int, ...] = ()

    def at(self, steps: int) -> float:
        """Accuracy at a K of `steps`."""
        return self.right[self.steps.index(steps)] / self.positions

    def score_at(self, steps: int) -> float:
        """The score at a K of `steps`."""
        return self.scores[self.steps.index(steps)]

    @property
    def accuracy(self) -> float:
        """At the arm's answer."""
        return self.at(self.answer)

    def to_text(self) -> str:
        """As JSON."""
        values = {**dataclasses.asdict(self), "arm": self.arm.name.lower()}
        return json.dumps(values | {"longer": {str(n): right for n, right in self.longer.items()}})

    @classmethod
    def from_text(cls, text: str) -> "RepairRun":
        """The run of `to_text`.

        Args:
            text: JSON.

        Returns:
            The run.

        Raises:
            UsageError: it is no such text, or its numbers contradict each other.
        """
        try:
            v = parse_json(text)
            v["arm"] = RepairArm[v["arm"].upper()]
            v["by_position"] = tuple(map(tuple, v["by_position"]))
            v["longer"] = {int(n): tuple(right) for n, right in v["longer"].items()}
            for name in ("losses", "steps", "right", "scores", "agreement"):
                v[name] = tuple(v.get(name, ()))
            run = cls(**v)
            sums = [sum(row) for row in run.by_position]
            sound = sums == [run.right[run.steps.index(k)] for k in (run.answer, 0)]
            sound &= run.positions == run.sequences * len(run.by_position[0]) and len(run.right) == len(run.steps)
            sound &= {len(run.scores), len(run.agreement)} <= {0, len(run.steps)}
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise UsageError(f"not a run of the study: {text[:60]!r} ({describe(error)})") from None
        if not sound:
            raise UsageError(f"not a run of the study: {text[:60]!r} (its counts contradict each other)")
        return run


def build_arm(arm: RepairArm, settings: RepairSettings, task: Task, seed: int, weight: float) -> Trainable:
    """The untrained model of an arm; those of a seed share what weights they can."""
    config = settings.config.replace(vocabulary=task.vocabulary, classes=task.classes)
    if arm in COUPLED:
        mode = GradientMode.IMPLICIT if arm is RepairArm.SCAN else GradientMode.UNROLLED
        return CoupledTransformer(
            CoupledConfig(backbone=config, coupling=COUPLED[arm], strength=weight, gradient=mode,
                          steps_train=settings.steps_train, steps_test=settings.steps_train), seed,
        )  # fmt: skip
    makers: dict[RepairArm, Callable[[], Trainable]] = {
        RepairArm.STANDARD: lambda: StandardTransformer(config, seed),
        RepairArm.THREE: lambda: StandardTransformer(config.replace(layers=config.layers * 3 // 2), seed),
        RepairArm.FOUR: lambda: StandardTransformer(config.replace(layers=config.layers * 2), seed),
        RepairArm.LOOP2: lambda: LoopedTransformer(config, seed, 2),
        RepairArm.LOOP4: lambda: LoopedTransformer(config, seed, 4),
        RepairArm.GRU: lambda: GatedRecurrence(config, seed, units_like(config)),
        RepairArm.EQT: lambda: EquilibriumTransformer(config, seed),
        RepairArm.LOSSES: lambda: EquilibriumTransformer(config.replace(steps_train=0, steps_test=0), seed),
    }
    return makers[arm]()


def run_arm(
    settings: RepairSettings, task: Task, arm: RepairArm, seed: int, weight: float = 0.0, device: str = "cpu"
) -> RepairRun:
    """Train and test one model.

    Args:
        settings: of the study.
        task: which.
        arm: which.
        seed: of weights, data and order.
        weight: lambda gamma of a coupled arm.
        device: where.

    Returns:
        The run.
    """
    model, record = trained(settings, task, arm, seed, weight, device)
    refines = isinstance(model, CoupledTransformer | EquilibriumTransformer) and arm is not RepairArm.LOSSES
    steps = settings.steps if refines else (0,)
    plain = not isinstance(model, CoupledTransformer | EquilibriumTransformer)
    answer = max(steps) if arm is RepairArm.SCAN else settings.steps_train if refines else 0
    test = task.draw(settings.test_size, task.length, seed, Split.TEST)
    best = task.best(test.tokens, looks_ahead=arm in LOOKING_AHEAD)
    placed = test.to(device)
    found = {k: measure(model, task, placed, None if plain else k) for k in steps}
    longer = {}
    for length in task.longer:
        far = task.draw(settings.longer_size, length, seed, Split.TEST).to(device)
        longer[length] = tuple(int(measure(model, task, far, None if plain else k).right.sum()) for k in steps)
    rows = tuple(tuple(found[k].right.sum(0).tolist()) for k in (answer, 0))
    return RepairRun(
        settings.key(task), task.name, arm, seed, weight if arm in COUPLED else 0.0, parameter_count(model),
        record.losses, steps, answer, test.tokens.numel(), tuple(int(found[k].right.sum()) for k in steps),
        (rows[0], rows[1]), len(test), longer, settings.longer_size if longer else 0,
        0 if best is None else int((best == test.targets).sum()), round(record.seconds, 2),
        tuple(found[k].score for k in steps),
        () if best is None else tuple(int((found[k].classes.cpu() == best).sum()) for k in steps),
    )  # fmt: skip


def trained(
    settings: RepairSettings, task: Task, arm: RepairArm, seed: int, weight: float, device: str = "cpu"
) -> tuple[Trainable, TrainingRecord]:
    """The trained model of an arm, in evaluation mode, and the record of its training."""
    model = build_arm(arm, settings, task, seed, weight).to(device)
    count = settings.training_size if task.most is None else min(task.most, settings.training_size)
    data = task.draw(count, task.length, seed, Split.TRAINING).to(device)
    return model, train(model, data, settings.recipe, seed)


def run_file(folder: Path, arm: RepairArm, seed: int) -> Path:
    """Where a run is kept."""
    return folder / f"{arm.name.lower()}-{seed}.json"


def kept_runs(folder: Path, task: str) -> list[RepairRun]:
    """The runs in a folder, by arm and seed.

    Args:
        folder: holds `ARM-SEED.json`; it may be missing.
        task: which task's.

    Returns:
        The runs.

    Raises:
        UsageError: a file is something else, lies under another name, or is of other settings than the others.
    """
    found = []
    for arm in RepairArm:
        for file in sorted(folder.glob(f"{arm.name.lower()}-*.json")):
            run = RepairRun.from_text(file.read_text("utf-8"))
            if file.name != run_file(folder, run.arm, run.seed).name or run.task != task:
                raise UsageError(f"{file} holds the run of {run.arm.name.lower()}, seed {run.seed}, on {run.task}")
            found.append(run)
    if len({run.key for run in found}) > 1:
        raise UsageError(f"{folder} mixes runs of different settings")
    return found


def missing(
    settings: RepairSettings, task: Task, folder: Path, seeds: Sequence[int], arms: Sequence[RepairArm]
) -> Iterator[tuple[RepairArm, int]]:
    """The runs that a folder lacks, whole seeds first."""
    known = {(run.arm, run.seed): run.key for run in kept_runs(folder, task.name)}
    if set(known.values()) - {settings.key(task)}:
        raise UsageError(f"{folder} holds runs of other settings; choose another folder")
    return ((arm, seed) for seed in seeds for arm in arms if (arm, seed) not in known)


def keep_run(folder: Path, run: RepairRun) -> None:
    """Write a finished run, whole or not at all."""
    write_text(run_file(folder, run.arm, run.seed), run.to_text() + "\n")
