"""What a trained model predicts at a K: classes, and how bad each prediction is."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eqt_theory.models.study.tasks.sequences import Sequences, Task


@dataclass(frozen=True)
class Measured:
    """The predictions of a model at a K.

    Args:
        classes: the likeliest ones, shape (N, n).
        right: where they are those asked for, bool, shape (N, n).
        score: the mean of the task's score over the positions that count.
    """

    classes: Tensor
    right: Tensor
    score: float


@torch.no_grad()
def measure(model: nn.Module, task: Task, data: Sequences, steps: int | None, batch: int = 256) -> Measured:
    """Predict the data.

    Args:
        model: in evaluation mode.
        task: whose score is taken.
        data: where the model is.
        steps: K; None for a model without refinement.
        batch: sequences at a time.

    Returns:
        The Measured.
    """
    classes, total, count = [], 0.0, 0
    for start in range(0, len(data), batch):
        part = data.part(slice(start, start + batch))
        logits = model(part.tokens) if steps is None else model(part.tokens, steps=steps).logits
        score = task.score(logits, part)
        known = ~score.isnan()
        total, count = total + float(score[known].sum()), count + int(known.sum())
        classes.append(logits.argmax(-1))
    found = torch.cat(classes)
    return Measured(found, found == data.targets, total / count if count else float("nan"))
