"""The batch of one run: laid out flat where it can be, so that states that are done can be dropped from it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.problem import Problem, require_problem

_BLOCK_BYTES = 8 * 2**20
"""What the parameters of the states that run together may take: a share of the cache of one core."""
_BLOCK_STATES = 64
"""The least number of states that run together: with fewer, the steps themselves would cost more than memory."""


@dataclass(frozen=True)
class Batch:
    """States and objective of a run.

    Args:
        objective: Phi, for states laid out as h.
        h: starting states, a copy; (n, d) where `flat`, else (..., d).
        shape: the batch shape that the user sees.
        flat: whether states can be dropped along the leading dimension.
        block: how many states to run together.
    """

    objective: Problem
    h: Tensor
    shape: torch.Size
    flat: bool
    block: int


def arrange(objective: Problem, start: Tensor | None) -> Batch:
    """The batch for a run from `start`, or from the proposal.

    A single state, and an energy that holds tensors of its own per state without declaring them, keep their
    shape; nothing is dropped there, which costs time and changes no result.

    Args:
        objective: Phi.
        start: initial states, shape (..., d), broadcast to the objective's batch; None is the proposal.

    Returns:
        The Batch.

    Raises:
        UsageError: start has a wrong type, shape, dtype or device.
    """
    require_problem(objective)
    if start is None:
        start = objective.initial
    if not isinstance(start, Tensor) or start.ndim < 1:
        got = tuple(start.shape) if isinstance(start, Tensor) else type(start).__name__
        raise UsageError(f"start must be a tensor of shape (..., {objective.dim}), got {got}")
    float_tensor("start", start)
    own = objective.batch_shape
    try:
        shape = torch.broadcast_shapes(own, start.shape[:-1])
    except RuntimeError as error:
        raise UsageError(
            f"start must fit the batch shape {tuple(own)} of the objective before its last dimension, "
            f"got shape {tuple(start.shape)}"
        ) from error
    start = objective.checked(start.detach().expand(*shape, start.shape[-1]), "start")
    h = start.clone(memory_format=torch.contiguous_format)
    count = math.prod(shape)
    if not shape or count == 0:
        return Batch(objective, h, shape, flat=False, block=count)
    whole = objective.expand(shape)
    rows = h.reshape(count, h.shape[-1])
    if not _separable(whole, rows):
        return Batch(objective, h, shape, flat=False, block=count)
    if own and len(shape) > 1:
        whole = whole.select(torch.arange(count, device=h.device))
    return Batch(whole, rows, shape, flat=True, block=_block(whole, rows))


def _block(objective: Problem, rows: Tensor) -> int:
    """How many states to run together: blocks of equal size that fit a cache; all of them on other devices."""
    if rows.device.type != "cpu":
        return len(rows)
    each = objective.state_bytes() + 4 * rows.shape[-1] * rows.element_size()
    most = max(_BLOCK_STATES, _BLOCK_BYTES // each)
    return math.ceil(len(rows) / math.ceil(len(rows) / most))


def _separable(objective: Problem, rows: Tensor) -> bool:
    """Whether the objective can be evaluated for one state of the batch alone."""
    if not isinstance(objective, Objective):
        return True
    one = torch.zeros(1, dtype=torch.int64, device=rows.device)
    try:
        return objective.select(one).value(rows[:1]).shape == (1,)
    except (ValueError, RuntimeError, IndexError, TypeError):
        # Whatever is wrong beyond the batch will show, with its own message, in the run itself.
        return False
