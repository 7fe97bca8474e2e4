"""CoupledConfig: every choice of a model whose refinement couples the positions, and its form as JSON."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import Count, Positive, Weight, Whole, checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import GradientMode, ModelConfig
from eqt_theory.models.settings import as_json, from_json, require_known


class Coupling(Enum):
    """What a refinement step of a sequence is."""

    JOINT = "a step on one convex energy of the whole sequence; information flows both ways"
    CAUSAL = "each position descends its own term, its predecessor given: a triangular game, no energy of its own"
    CAUSAL_RIDGE = "the causal game with ridge terms at every position, whose equilibrium no linear scan gives"
    FROZEN = "coupled to the predecessor's proposal, which stays: a control in which no information moves on"


@checked
@dataclass(frozen=True)
class CoupledConfig:
    """The shape of a `CoupledTransformer` and the way it refines.

    Args:
        backbone: the causal transformer that makes the proposals; the first group of its settings.
        coupling: what a step is.
        strength: lambda, of the coupling term.
        gamma: damping; lambda gamma decides how far information reaches, and how slowly it settles.
        ridge_rows: ridge functions at each position, with causal ridge only.
        steps_train: K in training.
        steps_test: K at inference.
        gradient: unrolled, or implicit, at the equilibrium.
        implicit_tolerance: how near to the equilibrium the implicit mode solves, where no formula gives it.
        implicit_steps: steps at most, there.
        stop_error: inference ends for a sequence once its certified distance to the equilibrium is at most that; 0
            takes K steps with all.

    Raises:
        UsageError: a value has the wrong type or is out of range, or the gradient is detached.
    """

    backbone: ModelConfig = field(default_factory=ModelConfig)
    coupling: Coupling = Coupling.CAUSAL
    strength: Positive = 16.0
    gamma: Positive = 1.0
    ridge_rows: Count = 32
    steps_train: Whole = 8
    steps_test: Whole = 8
    gradient: GradientMode = GradientMode.UNROLLED
    implicit_tolerance: Positive = 1e-5
    implicit_steps: Count = 2000
    stop_error: Weight = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.backbone, ModelConfig):
            raise UsageError(f"backbone must be a ModelConfig, got {shown(self.backbone)}")
        for name in ("strength", "gamma", "implicit_tolerance", "stop_error"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not math.isfinite(8 * self.strength * self.gamma):
            raise UsageError(f"strength * gamma must be a number that floats hold, got {self.strength} * {self.gamma}")
        if self.gradient is GradientMode.DETACHED:
            raise UsageError("gradient must be unrolled or implicit: what is detached would never learn to couple")

    @property
    def constants(self) -> tuple[Fraction, Fraction]:
        """(m, M) of Phi, the joint objective of a sequence: 1/gamma and 1/gamma + 4 lambda, by construction."""
        low = 1 / Fraction(self.gamma)
        return low, low + 4 * Fraction(self.strength)

    def replace(self, **changes: Any) -> "CoupledConfig":
        """A copy with other values; an unknown name is a UsageError."""
        require_known(changes, _FIELDS, "a coupled model")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON values; enums by name in lower case."""
        return {**{name: as_json(getattr(self, name)) for name in _FIELDS}, "backbone": self.backbone.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CoupledConfig":
        """The config of `to_dict`.

        Args:
            values: name -> JSON value; a missing name takes its default.

        Returns:
            The config.

        Raises:
            UsageError: an unknown name, or a value of the wrong type or out of range.
        """
        found = from_json(values, _FIELDS, "a coupled model")
        if "backbone" in found:
            found["backbone"] = ModelConfig.from_dict(found["backbone"])
        return cls(**found)


_FIELDS = {field.name: field.type for field in dataclasses.fields(CoupledConfig)}
"""What each setting must be."""
