"""What every arm of the repair study costs by length and K: FLOPs by torch's own counter and latency."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.study.cost import count_and_time
from eqt_theory.models.study.repaired import COUPLED, RepairArm, RepairSettings, build_arm
from eqt_theory.models.study.tasks.sequences import Task
from eqt_theory.models.study.training import Trainable

LENGTHS = (16, 64, 256)
STEPS = (0, 8, 32)
_TOKENS = 1024
_WEIGHT = 16.0
"""Lambda gamma; no cost depends on it."""


@dataclass(frozen=True)
class ArmCost:
    """What an arm costs at a length and K, in a batch; measured on this machine, no bounds.

    Args:
        arm: which.
        length: of a sequence.
        steps: K; None where there is none, with the scan too.
        inference_flops: of a forward pass, per token.
        training_flops: of forward and backward, per token.
        inference_seconds: of a forward pass over the batch, the median of the repeats.
        training_seconds: of forward and backward.
    """

    arm: RepairArm
    length: int
    steps: int | None
    inference_flops: float
    training_flops: float
    inference_seconds: float
    training_seconds: float

    def over(self, other: "ArmCost") -> tuple[float, float, float, float]:
        """Ratios to another's, in the order of the fields."""
        return (
            self.inference_flops / other.inference_flops,
            self.training_flops / other.training_flops,
            self.inference_seconds / other.inference_seconds,
            self.training_seconds / other.training_seconds,
        )


def measure_arm_costs(
    settings: RepairSettings,
    task: Task,
    lengths: Sequence[int] = LENGTHS,
    steps: Sequence[int] = STEPS,
    device: str = "cpu",
    repeats: int = 7,
    tokens: int = _TOKENS,
) -> Iterator[ArmCost]:
    """Costs of every arm, the standard model first at each length.

    Args:
        settings: of the models.
        task: gives vocabulary and classes.
        lengths: of the sequences.
        steps: the values of K.
        device: where.
        repeats: timed runs of each, after one that is not timed.
        tokens: of a batch; a length above that has one sequence.

    Yields:
        One ArmCost for each arm, length and K.

    Raises:
        UsageError: a length or K is out of range.
    """
    if not lengths or min(lengths) < 1 or not steps or min(steps) < 0:
        raise UsageError(f"lengths must be positive and K not negative, got {list(lengths)} and {list(steps)}")
    for length in lengths:
        generator = torch.Generator().manual_seed(length)
        shape = (max(1, tokens // length), length)
        batch = torch.randint(0, task.vocabulary, shape, generator=generator).to(device)
        for arm in RepairArm:
            model = build_arm(arm, settings, task, 0, _WEIGHT).to(device)
            for k in steps if refines(arm) else (None,):
                yield _cost(arm, model, batch, k, repeats)


def refines(arm: RepairArm) -> bool:
    """Whether K decides what an arm costs; the scan gives the equilibrium at once."""
    return (arm in COUPLED or arm is RepairArm.EQT) and arm is not RepairArm.SCAN


def _cost(arm: RepairArm, model: Trainable, batch: Tensor, steps: int | None, repeats: int) -> ArmCost:
    run = _forward(arm, model, batch, steps)

    def infer() -> None:
        with torch.no_grad():
            run()

    def learn() -> None:
        logits, extra = run()
        loss = functional.cross_entropy(logits.flatten(0, 1), batch.flatten() % logits.shape[-1])
        (loss if extra is None else loss + extra).backward()
        model.zero_grad(set_to_none=True)

    found = []
    for mode, work in ((False, infer), (True, learn)):
        model.train(mode)
        found.append(count_and_time(work, repeats, batch))
    model.eval()
    (inference, quick), (training, slow) = found
    return ArmCost(arm, batch.shape[1], steps, inference, training, quick, slow)


def _forward(
    arm: RepairArm, model: Trainable, batch: Tensor, steps: int | None
) -> Callable[[], tuple[Tensor, Tensor | None]]:
    """Logits, and what the paper's losses add in training."""
    if arm is RepairArm.SCAN and isinstance(model, CoupledTransformer):
        return lambda: (model.predict(model.equilibrium(model.propose(batch))), None)
    if isinstance(model, CoupledTransformer):
        return lambda: (model(batch, steps=steps).logits, None)
    if not isinstance(model, EquilibriumTransformer):
        return lambda: (model(batch), None)
    equilibrium, k = model, 0 if steps is None else steps

    def forward() -> tuple[Tensor, Tensor | None]:
        logits, energy, _ = equilibrium(batch, steps=k)
        return logits, None if energy is None else equilibrium.config.energy_loss * energy.mean()

    return forward
