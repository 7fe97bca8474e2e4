"""When a state is done: the criteria of the paper, on energy or step, and those that bound the error."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import require_count, require_number
from eqt_theory.solvers.bounds import gap_bound


@dataclass(frozen=True)
class Progress:
    """What a stopping rule may look at.

    Args:
        step: steps taken, k.
        h: h_k, shape (..., d).
        previous: h_{k-1}; None before the first step and for rules that do not need it.
        residual: |grad Phi(h_k)|, or the norm of the problem's own residual, shape (...).
        tolerance: what `solve` was given.
    """

    step: int
    h: Tensor
    previous: Tensor | None
    residual: Tensor
    tolerance: float


class StopRule(ABC):
    """Decides, state by state, when to stop. It must treat every state on its own.

    Attributes:
        needs_previous: whether `Progress.previous` must be kept; it costs a copy per step.
    """

    needs_previous: ClassVar[bool] = False

    def begin(self, objective: Any, h: Tensor) -> Any:
        """Anything to remember per state from the start: tensors with the batch as leading dimension, or None."""
        return None

    @abstractmethod
    def done(self, objective: Any, progress: Progress, memory: Any) -> Tensor:
        """Which states are done, bool, shape (...)."""


@checked
@final
@dataclass(frozen=True)
class GradientNorm(StopRule):
    """|grad Phi(h_k)| <= tolerance, the default: with m known it bounds the error, |h_k - h*| <= tolerance/m.

    For a FixedPoint or an Inclusion it is the norm of their residual.
    """

    def done(self, objective: Any, progress: Progress, memory: Any) -> Tensor:
        return progress.residual <= progress.tolerance


@checked
@final
@dataclass(frozen=True)
class Gap(StopRule):
    """Phi(h_k) - Phi(h*) <= gap, known from |grad Phi(h_k)|^2 / (2 m) (`bounds.gap_bound`).

    Rounding is allowed for. Where the curvature is declared on a ball or a box only, a state is stopped only where
    its error bound keeps inside.

    Args:
        gap: positive.
        m: strong convexity of Phi on the whole space, positive, one number; None takes what the objective declares.

    Raises:
        UsageError: a parameter is not positive, or (from `solve`) no positive m is known.
    """

    gap: float
    m: float | None = None

    def __post_init__(self) -> None:
        require_number("gap", self.gap, positive=True)
        if self.m is not None:
            require_number("m", self.m, positive=True)

    def begin(self, objective: Objective, h: Tensor) -> Tensor:
        m = objective.m if self.m is None else self.m
        if m is None or m <= 0:
            raise UsageError(f"Gap needs a positive strong convexity m of Phi, got m={m!r}; pass Gap(gap, m=...)")
        # The gradient norm at which to look; the least m serves for all states.
        return torch.tensor(math.sqrt(2 * m) * math.sqrt(self.gap), dtype=torch.float64, device=h.device)

    def done(self, objective: Objective, progress: Progress, memory: Tensor) -> Tensor:
        near = progress.residual <= memory
        if not bool(near.any()):
            return near
        gap = gap_bound(objective, progress.h, self.m)
        assert gap is not None  # `begin` saw a positive m
        return near & (gap <= self.gap)


@checked
@final
@dataclass(frozen=True)
class SmallStep(StopRule):
    """|h_k - h_{k-1}| < epsilon, the paper's early stop (Sec. 3.7). A small step is not a small error.

    Args:
        epsilon: positive.
        relative: whether to compare with epsilon * |h_{k-1}| (Sec. 5.3.1).

    Raises:
        UsageError: epsilon is not positive.
    """

    epsilon: float
    relative: bool = False
    needs_previous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_number("epsilon", self.epsilon, positive=True)

    def done(self, objective: Any, progress: Progress, memory: Any) -> Tensor:
        if progress.previous is None:
            return torch.zeros_like(progress.residual, dtype=torch.bool)
        size = torch.linalg.vector_norm(progress.previous, dim=-1) if self.relative else 1.0
        return torch.linalg.vector_norm(progress.h - progress.previous, dim=-1) < self.epsilon * size


@checked
@final
@dataclass(frozen=True)
class EnergyBelow(StopRule):
    """energy(h_k) < tau or k = k_max, the adaptive K (Eq. 36).

    The energy need not fall monotonically along the refinement, only Phi does, and that for short enough steps.

    Args:
        tau: threshold.
        k_max: steps at most; None leaves that to `max_steps`.
        of_objective: whether to watch Phi instead of the energy.

    Raises:
        UsageError: tau is not a number, or k_max is not a positive integer.
    """

    tau: float
    k_max: int | None = None
    of_objective: bool = False

    def __post_init__(self) -> None:
        require_number("tau", self.tau)
        if self.k_max is not None:
            require_count("k_max", self.k_max)

    def done(self, objective: Objective, progress: Progress, memory: Any) -> Tensor:
        watched: Energy = objective if self.of_objective else objective.energy
        below = watched.value(progress.h) < self.tau
        return torch.ones_like(below) if self.k_max is not None and progress.step >= self.k_max else below


@checked
@final
@dataclass(frozen=True)
class EntropyBudget(StopRule):
    """As many steps as the uncertainty of the first state asks for (Sec. 3.7): `few` or `many`.

    Args:
        logits: the prediction head, states (..., d) -> logits (..., V).
        threshold: the entropy of softmax(logits(h_0)), in nats, from which a state counts as uncertain.
        few: steps for confident states.
        many: steps for uncertain states.

    Raises:
        UsageError: logits is not callable, few or many is not a positive integer, few exceeds many, or the threshold
            is not a number.
    """

    logits: Any
    threshold: float
    few: int = 8
    many: int = 32

    def __post_init__(self) -> None:
        if not callable(self.logits):
            raise UsageError(
                f"logits must be a function of states (..., d) -> logits (..., V), got {shown(self.logits)}"
            )
        require_count("few", self.few)
        require_count("many", self.many, least=self.few)
        require_number("threshold", self.threshold)

    def begin(self, objective: Any, h: Tensor) -> Tensor:
        log_p = torch.log_softmax(self.logits(h), dim=-1)
        # 0 log 0 = 0, also where a logit is -inf.
        entropy = -torch.where(log_p > -math.inf, log_p.exp() * log_p, 0.0).sum(-1)
        return torch.where(entropy < self.threshold, self.few, self.many)

    def done(self, objective: Any, progress: Progress, memory: Tensor) -> Tensor:
        return progress.step >= memory
