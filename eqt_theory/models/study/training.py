"""Training and evaluation on sequences with a class at every position."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.core.annotated import WORD
from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer
from eqt_theory.models.study.controls import GatedRecurrence, LoopedTransformer
from eqt_theory.models.study.parity import ParityData
from eqt_theory.models.study.tasks.sequences import Sequences
from eqt_theory.solvers.base import require_count, require_positive

Model = StandardTransformer | EquilibriumTransformer
Trainable = Model | CoupledTransformer | LoopedTransformer | GatedRecurrence
Data = ParityData | Sequences
_MEMORIES_PER_STEP = 32


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW with warm-up, then a cosine to 0.

    Args:
        epochs: passes over the data.
        batch: sequences per step.
        learning_rate: its peak.
        warm_up: steps of linear warm-up.
        weight_decay: of AdamW, on all parameters.
        clip: largest norm of the gradient.

    Raises:
        UsageError: a value is out of range.
    """

    epochs: int = 5
    batch: int = 64
    learning_rate: float = 2e-3
    warm_up: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            require_count(name, getattr(self, name))
        require_count("warm_up", self.warm_up, least=0)
        for name in ("learning_rate", "clip"):
            require_positive(name, getattr(self, name))
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise UsageError(f"weight_decay must not be negative, got {self.weight_decay}")

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, of so many steps."""
        warm = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        done = max(0.0, (step - self.warm_up) / max(1, steps - self.warm_up))
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class TrainingRecord:
    """What training left behind.

    Args:
        losses: mean cross-entropy of each epoch, the energy not included.
        seconds: of the loop.
    """

    losses: tuple[float, ...]
    seconds: float


def train(
    model: Trainable, data: Data, recipe: Recipe, seed: int, on_step: Callable[[int, int], None] | None = None
) -> TrainingRecord:
    """Train a model in place; an equilibrium transformer on cross-entropy plus beta times its energy (Eq. 18).

    Every other model is trained on cross-entropy alone, a coupled one on that of its refined states.

    The order of the batches depends on the seed and the size of the data alone, so that models can be paired.

    Args:
        model: left in evaluation mode.
        data: where the model is.
        recipe: how.
        seed: of the order of the batches, of the masks and of the states that move memories.
        on_step: called after each step with the steps done and the steps in all.

    Returns:
        The record.

    Raises:
        UsageError: a loss or gradient is not finite, with the likely causes.
    """
    device = data.tokens.device
    order, draws = torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed((seed + 1) % WORD)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    per_epoch = math.ceil(len(data) / recipe.batch)
    steps, done, losses = per_epoch * recipe.epochs, 0, []
    begin = time.perf_counter()
    model.train()
    for _ in range(recipe.epochs):
        total = torch.zeros((), device=device)
        for index in torch.randperm(len(data), generator=order).to(device).split(recipe.batch):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(done, steps)
            surprise, loss, h = _losses(model, data.tokens[index], data.targets[index], draws)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, recipe.clip)
            _check_finite(norm, done)
            optimizer.step()
            _remember(model, h)
            total += surprise.detach() * len(index)
            done += 1
            if on_step is not None:
                on_step(done, steps)
        losses.append(float(total) / len(data))
    model.eval()
    return TrainingRecord(tuple(losses), time.perf_counter() - begin)


def _losses(
    model: Trainable, tokens: Tensor, targets: Tensor, draws: torch.Generator
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Cross-entropy, what is minimised, and refined states."""
    if not isinstance(model, EquilibriumTransformer):
        logits = model(tokens).logits if isinstance(model, CoupledTransformer) else model(tokens)
        surprise = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return surprise, surprise, None
    output = model(tokens, generator=draws)
    surprise = functional.cross_entropy(output.logits.flatten(0, 1), targets.flatten())
    beta = model.config.energy_loss
    return surprise, surprise + beta * output.energy.mean() if beta > 0 else surprise, output.h


def _check_finite(norm: Tensor, step: int) -> None:
    # Looked at rarely: on a GPU every look waits for the device.
    if step % 50 == 0 and not bool(torch.isfinite(norm)):
        raise UsageError(
            f"the gradient is not finite at step {step + 1}: (a) with implicit gradients, a state did not converge or "
            "Phi is not convex there: lower gamma or allow more implicit_steps; (b) the refinement diverges: lower "
            "step_size; (c) the learning rate is too high"
        )


def _remember(model: Trainable, h: Tensor | None) -> None:
    if h is not None and isinstance(model, EquilibriumTransformer) and model.heads.memories is not None:
        model.update_memory(h.detach()[:_MEMORIES_PER_STEP, -1])


@dataclass(frozen=True)
class Evaluation:
    """Predictions at several K.

    Args:
        steps: the values of K.
        accuracy: share of positions predicted rightly, for each.
        flips: positions whose prediction differs from that at K = 0, for each.
        positions: positions in all.
        correct: right predictions in each sequence at the last K, so that runs can be paired.
    """

    steps: tuple[int, ...]
    accuracy: tuple[float, ...]
    flips: tuple[int, ...]
    positions: int
    correct: tuple[int, ...]


@torch.no_grad()
def evaluate(model: Model, data: ParityData, steps: Sequence[int] = (0, 2, 8, 32), batch: int = 256) -> Evaluation:
    """Predict the data at several K; a standard transformer has one answer for all of them.

    Args:
        model: put in evaluation mode.
        data: where the model is.
        steps: the values of K.
        batch: sequences at a time.

    Returns:
        The Evaluation.

    Raises:
        UsageError: no steps are given.
    """
    if not steps:
        raise UsageError("steps must name at least one K, got none")
    model.eval()
    right, flips = [0] * len(steps), [0] * len(steps)
    correct: list[int] = []
    for bits, targets in zip(data.bits.split(batch), data.parities.split(batch), strict=True):
        plain = isinstance(model, StandardTransformer)
        first = (model(bits) if plain else model(bits, steps=0).logits).argmax(-1)
        hits = first == targets
        for i, k in enumerate(steps):
            found = first if plain or k == 0 else model(bits, steps=k).logits.argmax(-1)
            hits = found == targets
            right[i] += int(hits.sum())
            flips[i] += int((found != first).sum())
        correct += hits.sum(-1).tolist()
    size = data.bits.numel()
    return Evaluation(tuple(steps), tuple(r / size for r in right), tuple(flips), size, tuple(correct))
