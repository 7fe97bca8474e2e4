"""What the refinement of a causal game does on given sequences, beside what its certificate says."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_certificate import CoupledCertificate
from eqt_theory.models.coupled_config import Coupling

STEPS = (0, 1, 2, 4, 8, 16, 32)
_FLOOR = 1e-10
"""Errors below that, relative to the first one, are rounding and tell nothing of the rate."""


@dataclass(frozen=True)
class GameMeasurement:
    """Measured on some sequences, in float64.

    Args:
        certificate: of the model.
        worst_step: the largest factor by which one step changed the distance to the equilibrium.
        memory: the largest |b a| seen, how much of a state is left one position on in the equilibrium of a linear game.
        steps: the K looked at.
        errors: the largest distance to the equilibrium left at each K, relative to that of the proposals.
        accuracy: at each K, in shares of all positions; None without targets.
        changed: predictions that differ from those at K = 0, at each K.
        positions: looked at.
    """

    certificate: CoupledCertificate
    worst_step: float
    memory: float
    steps: tuple[int, ...]
    errors: tuple[float, ...]
    accuracy: tuple[float, ...] | None
    changed: tuple[int, ...]
    positions: int

    @property
    def inside(self) -> bool:
        """Whether what was measured keeps to what is certified; rounding is allowed for."""
        return self.worst_step <= float(self.certificate.rate) * (1 + 1e-6) + 1e-6

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "certificate": self.certificate.to_dict(), "worst_step": self.worst_step, "memory": self.memory,
            "steps": list(self.steps), "errors": list(self.errors), "inside": self.inside,
            "accuracy": None if self.accuracy is None else list(self.accuracy), "changed": list(self.changed),
            "positions": self.positions,
        }  # fmt: skip


@torch.no_grad()
def measure_game(model: CoupledTransformer, tokens: Tensor, targets: Tensor | None = None) -> GameMeasurement:
    """Run the refinement of a model whose coupling is causal or frozen, and measure it.

    Args:
        model: in float64.
        tokens: integers, shape (B, n).
        targets: right classes, shape (B, n).

    Returns:
        The measurement.

    Raises:
        UsageError: joint coupling, which `diagnose` measures; or a model of another precision.
    """
    if model.config.coupling is Coupling.JOINT:
        raise UsageError("measure_game needs a game; with joint coupling use diagnose on model.states(tokens)")
    if model.anchor.dtype != torch.float64:
        raise UsageError(f"the model must be float64, got {model.anchor.dtype}; convert it with .double()")
    f = model.propose(tokens)
    rule, share = model.steps(f), model.config.strength / (model.config.strength + 1 / model.config.gamma)
    star = rule.run(_enough(model, tokens.shape[-1]))
    run = [f]
    for _, h in zip(range(max(STEPS)), rule.states(), strict=False):
        run.append(h)
    left = torch.stack([(h - star).norm(dim=-1).amax(-1) for h in run])
    known = left[:-1] > _FLOOR * left[0].clamp(min=1)
    factors = torch.where(known, left[1:] / left[:-1].clamp(min=1e-300), 0.0)
    first = model.predict(f).argmax(-1)
    found = [model.predict(run[k]).argmax(-1) for k in STEPS]
    accuracy = None if targets is None else tuple(float((y == targets).double().mean()) for y in found)
    return GameMeasurement(
        model.certificate(), float(factors.max()), share * float(torch.tanh(model.couple(f)).abs().max()), STEPS,
        tuple(float((left[k] / left[0].clamp(min=1e-300)).max()) for k in STEPS), accuracy,
        tuple(int((y != first).sum()) for y in found), first.numel(),
    )  # fmt: skip


def _enough(model: CoupledTransformer, length: int) -> int:
    """Steps after which what is left is below rounding, by the certificate."""
    certified = model.certificate()
    if certified.exact_after_n:
        return length
    steps, factor, left = 1, float(certified.rate), 1.0
    while left > 1e-17 and steps < 100_000:
        left *= factor
        steps += 1
    return steps
