"""ModelConfig: every choice of a model in one frozen dataclass, and its form as JSON."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from eqt_theory.core.annotated import Count, Finite, Positive, Weight, Whole, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.models.settings import as_json, from_json, require_known


class Activation(Enum):
    """The feed-forward network of a block."""

    GELU = "two layers with a GELU between them"
    SWIGLU = "two layers with a gate, silu(a) * b, between them; half as many weights again"


class NormPlace(Enum):
    """Where a block normalises."""

    PRE = "before attention and feed-forward; the residual stream itself is never normalised"
    POST = "after each residual sum"


class RefineAt(Enum):
    """Which blocks refine their output."""

    LAST = "after the last block only"
    EVERY = "after every block, with one set of heads for all of them"


class RefinementNorm(Enum):
    """The final LayerNorm and the refinement: which comes first."""

    AFTER = (
        "Algorithm 1: the raw state is refined and LayerNorm(h_K) is read. The heads read LayerNorm(h), so the energy "
        "does not change when h is shifted by a constant, and hardly when it is scaled: its Hessian is singular, mu is "
        "at most 0 and Assumption 4.2 never holds; and the equilibrium is a MAP estimate of h, not of the output"
    )
    BEFORE = (
        "the normalised state is refined and h_K itself is read. The heads read h: under linear heads the reverse and "
        "mask terms are convex with a known Lipschitz constant, and Proposition 1 speaks of what is output"
    )


class HeadKind(Enum):
    """How the reverse and mask heads read the state."""

    LINEAR = "one matrix: convex terms with declared curvature"
    MLP = "two layers with a GELU between them"


class GradientMode(Enum):
    """How training differentiates through the refinement."""

    UNROLLED = "through every step, second derivatives of the energy included"
    DETACHED = "not at all: dh_K/df is taken as the identity, and the heads learn from the auxiliary loss alone"
    IMPLICIT = "at the equilibrium, by the corrected form of Eq. 19; undefined (nan) for states that do not converge"


class SolverName(Enum):
    """The step rule of the refinement."""

    GRADIENT_DESCENT = "Eq. 8"
    HEAVY_BALL = "gradient descent with momentum"
    NESTEROV = "accelerated gradient descent with a fixed momentum"
    PROXIMAL_GRADIENT = "a gradient step on the energy, then the proximal map of the damping"
    PROXIMAL_POINT = "implicit gradient steps"
    BACKTRACKING = "gradient descent with a line search"
    NEWTON = "Newton's method"
    NEWTON_CG = "Newton's method by conjugate gradients"
    CONJUGATE_GRADIENTS = "nonlinear conjugate gradients"
    ANDERSON = "Anderson mixing of gradient steps"


class Stopping(Enum):
    """When refinement stops at inference; the threshold is `stop_threshold`."""

    FIXED = "after K steps"
    GRADIENT_NORM = "once |grad Phi(h_k)| is at most the threshold, K steps at most"
    SMALL_STEP = "once |h_{k+1} - h_k| is below the threshold (Sec. 3.7), K steps at most"
    RELATIVE_STEP = "once |h_{k+1} - h_k|/|h_k| is below the threshold (Sec. 5.3.1), K steps at most"
    ENERGY = "once the energy is below the threshold (Eq. 36), K steps at most"
    ENTROPY = (
        "after 8 steps where the entropy of the prediction is below the threshold, else after 32 (Sec. 3.7); K at most"
    )


@checked
@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model and the way it refines. A `StandardTransformer` uses the first group only.

    Args:
        vocabulary: V, of the input tokens.
        classes: of the prediction.
        width: d, even.
        layers: number of blocks.
        heads: attention heads; divides the width.
        feed_forward: hidden width of the feed-forward network; None is 4 d.
        activation: of the feed-forward network.
        norm: pre- or post-norm.
        bias: whether linear layers of the blocks have biases.

        refine_at: last or every layer.
        refinement_norm: LayerNorm before or after refinement; see `RefinementNorm` for what each does to the theory.
        weight_reverse: lambda_rev.
        weight_mask: lambda_mask.
        weight_confidence: lambda_conf.
        weight_memory: lambda_mem; 0 for no memory.
        weight_predictive: weight of the predictive error (Eq. 4).
        window: W, how many of the last tokens the reverse head predicts.
        mask_fraction: how likely a token counts in the mask term in training, and its weight otherwise.
        head_kind: linear or two-layer reverse and mask heads.
        head_width: hidden width of two-layer heads.
        memory_size: memories.
        memory_tau: their temperature.
        memory_beta: their moving average, `z <- beta z + (1 - beta) h*` (Eq. 16).
        gamma: damping.
        step_size: alpha.
        momentum: of the solvers that have one.
        steps_train: K in training; 0 trains with the auxiliary losses alone.
        steps_test: K at inference.
        solver: step rule.
        gradient: unrolled, detached or implicit.
        implicit_tolerance: on |grad Phi|, where the equilibrium is solved for.
        implicit_steps: steps at most, there.
        stopping: rule at inference.
        stop_threshold: its threshold.
        energy_loss: beta, the weight of the energy in the training loss (Eq. 18).

    Raises:
        UsageError: a value has the wrong type or is out of range.
    """

    vocabulary: Count = 2
    classes: Count = 2
    width: Count = 32
    layers: Count = 2
    heads: Count = 4
    feed_forward: Count | None = None
    activation: Activation = Activation.GELU
    norm: NormPlace = NormPlace.PRE
    bias: bool = True

    refine_at: RefineAt = RefineAt.LAST
    refinement_norm: RefinementNorm = RefinementNorm.AFTER
    weight_reverse: Weight = 1.0
    weight_mask: Weight = 0.5
    weight_confidence: Weight = 0.2
    weight_memory: Weight = 0.0
    weight_predictive: Weight = 0.0
    window: Count = 32
    mask_fraction: Positive = 0.15
    head_kind: HeadKind = HeadKind.MLP
    head_width: Count = 64
    memory_size: Count = 1024
    memory_tau: Positive = 1.0
    memory_beta: Weight = 0.3
    gamma: Positive = 1.0
    step_size: Positive = 0.1
    momentum: Weight = 0.5
    steps_train: Whole = 2
    steps_test: Whole = 8
    solver: SolverName = SolverName.GRADIENT_DESCENT
    gradient: GradientMode = GradientMode.UNROLLED
    implicit_tolerance: Positive = 1e-4
    implicit_steps: Count = 200
    stopping: Stopping = Stopping.FIXED
    stop_threshold: Finite = 1e-3
    energy_loss: Weight = 0.3

    def __post_init__(self) -> None:
        for name, kind in _FIELDS.items():
            if kind in (Positive, Weight, Finite):  # whole numbers are written the same as others
                object.__setattr__(self, name, float(getattr(self, name)))
        if self.width % self.heads:
            raise UsageError(f"width must be a multiple of heads, got {self.width} and {self.heads}")
        if self.width % 2:
            raise UsageError(f"width must be even, for the sinusoidal positions, got {self.width}")
        if self.classes < 2:
            raise UsageError(f"classes must be at least 2, got {self.classes}")
        if not self.mask_fraction <= 1:
            raise UsageError(f"mask_fraction must be at most 1, got {self.mask_fraction}")
        for name in ("memory_beta", "momentum"):
            if not getattr(self, name) <= 1:
                raise UsageError(f"{name} must be at most 1, got {getattr(self, name)}")

    @property
    def hidden(self) -> int:
        """Hidden width of the feed-forward network."""
        return 4 * self.width if self.feed_forward is None else self.feed_forward

    def replace(self, **changes: Any) -> "ModelConfig":
        """A copy with other values; an unknown name is a UsageError."""
        require_known(changes, _FIELDS, "a model")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON values; enums by name in lower case."""
        return {name: as_json(getattr(self, name)) for name in _FIELDS}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """The config of `to_dict`.

        Args:
            values: name -> JSON value; a missing name takes its default.

        Returns:
            The config.

        Raises:
            UsageError: an unknown name, or a value of the wrong type or out of range.
        """
        return cls(**from_json(values, _FIELDS, "a model"))


_FIELDS = {field.name: field.type for field in dataclasses.fields(ModelConfig)}
"""What each setting must be."""
