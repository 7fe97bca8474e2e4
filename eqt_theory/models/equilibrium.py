"""EquilibriumTransformer: a transformer whose states descend an energy before they are read (Algorithm 1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Seed, Whole, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy, WeightedSum
from eqt_theory.energies.latent.memory import EpisodicMemory
from eqt_theory.energies.objective import Objective
from eqt_theory.models.config import ModelConfig, RefineAt, RefinementNorm
from eqt_theory.models.head_energy import HeadEnergy
from eqt_theory.models.heads import RefinementHeads
from eqt_theory.models.refine import make_solver, make_stop, refine, refine_for_training
from eqt_theory.models.standard import StandardTransformer, require_tokens
from eqt_theory.models.summed_energy import library_energy
from eqt_theory.solvers.base import Solver, require_count
from eqt_theory.solvers.stopping import StopRule

EnergyBuilder = Callable[["EquilibriumTransformer", Tensor], Energy]
"""(model, tokens of shape (B, n)) -> an energy of states (B, n, d). It may use only tokens up to each position."""


class Output(NamedTuple):
    """What a forward pass returns.

    Attributes:
        logits: shape (B, n, classes).
        energy: of the refined states, the mean over the layers that refine, shape (B, n); None in evaluation, where
            nobody pays for it (`states` gives it).
        h: refined states of the last layer, shape (B, n, d).
    """

    logits: Tensor
    energy: Tensor | None
    h: Tensor


@checked
@dataclass(frozen=True)
class States:
    """The refinement of one layer on some tokens: all that a diagnosis needs.

    Args:
        proposal: f, shape (B, n, d).
        energy: of the states, batch shape (B, n) or none.
        refined: h_K, shape (B, n, d).
        gamma: damping.
        step_size: alpha.
        steps: K.
        solver: step rule.
        predict: states (..., d) -> logits (..., classes).
    """

    proposal: Tensor
    energy: Energy
    refined: Tensor
    gamma: float
    step_size: float
    steps: int
    solver: Solver
    predict: Callable[[Tensor], Tensor] = field(repr=False)

    @property
    def objective(self) -> Objective:
        """Phi, for the whole batch."""
        return Objective(self.energy, self.proposal, self.gamma)


@checked
class EquilibriumTransformer(nn.Module):
    """A `StandardTransformer` whose states are refined by K steps on an energy, at the last or at every layer.

    Everything is causal: the energy of a state knows the tokens up to its position and no others.

    Args:
        config: see `ModelConfig`; `RefinementNorm` says what LayerNorm before or after refinement does to the theory.
        seed: of the weights; the transformer's are those of `StandardTransformer(config, seed)`.
        energy: an energy to use instead of the config's, built anew for each batch: any weighted sum. It is not part
            of a checkpoint.
        solver: a step rule to use instead of the config's; not part of a checkpoint.
    """

    def __init__(
        self, config: ModelConfig, seed: Seed = 0, energy: EnergyBuilder | None = None, solver: Solver | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.backbone = StandardTransformer(config, seed)
        self.heads = RefinementHeads(config, seed)
        self.builder = energy
        self.solver = make_solver(config) if solver is None else solver
        self._inside = config.refinement_norm is RefinementNorm.AFTER

    def predict(self, h: Tensor) -> Tensor:
        """Logits from refined states, (..., d) -> (..., classes)."""
        return self.backbone.read(h) if self._inside else self.backbone.output(h)

    def energy(self, tokens: Tensor, counted: Tensor | None = None, *, fused: bool = True) -> Energy:
        """The energy of the states of these tokens.

        Args:
            tokens: integers, shape (B, n).
            counted: how much each position's mask term counts, shape (B, n); None is `mask_fraction`.
            fused: one pass for all heads (`HeadEnergy`); else the same sum of the library's energies.

        Returns:
            An energy of states (B, n, d).
        """
        require_tokens(tokens, self.config.vocabulary)
        if self.builder is not None:
            return self.builder(self, tokens)
        config, output = self.config, self.backbone.output
        norm = self.backbone.norm if self._inside else None
        build = HeadEnergy if fused else library_energy
        energy: Energy = build(config, self.heads, norm, output, tokens, counted)
        if self.heads.memories is None:
            return energy
        memory = EpisodicMemory(self.heads.memories, config.memory_tau)
        return WeightedSum([(1.0, energy), (config.weight_memory, memory)])

    def forward(
        self,
        tokens: Tensor,
        steps: int | None = None,
        generator: torch.Generator | None = None,
        stop: StopRule | None = None,
    ) -> Output:
        """Predict, and in training evaluate the energy of the refined states.

        In training mode the refinement is differentiable as `config.gradient` says; in evaluation it is not, and the
        stopping rule applies.

        Args:
            tokens: integers, shape (B, n).
            steps: K; the config's for training or test if None.
            generator: draws which positions count in the mask term, each with `mask_fraction`; None gives every
                position that weight.
            stop: a stopping rule for evaluation; the config's if None.

        Returns:
            The Output.
        """
        steps = self._steps(steps)
        counted = None
        if generator is not None:
            drawn = torch.rand(tokens.shape, generator=generator, device=generator.device)
            counted = (drawn < self.config.mask_fraction).to(tokens.device)
        if steps == 0 and not self.training:
            h = self._states(tokens, lambda f: f)
            return Output(self.predict(h), None, h)
        energy = self.energy(tokens, counted)
        energies = []

        def advance(f: Tensor) -> Tensor:
            h = self._refined(Objective(energy, f, self.config.gamma), steps, stop)
            if self.training:
                energies.append(energy.value(h))
            return h

        h = self._states(tokens, advance)
        return Output(self.predict(h), torch.stack(energies).mean(0) if energies else None, h)

    @checked
    def states(
        self, tokens: Tensor, steps: Whole | None = None, layer: int = -1, stop: StopRule | None = None
    ) -> States:
        """Proposals, energy and refined states of one layer, without gradients.

        Args:
            tokens: integers, shape (B, n).
            steps: K; that of the config if None.
            layer: which of the refinements, in order; there is one unless every layer refines.
            stop: a stopping rule; the config's if None.

        Returns:
            The States. `model.double().states(tokens)` gives them in float64.

        Raises:
            UsageError: no such layer.
        """
        steps = self._steps(steps)
        with torch.no_grad():
            energy = self.energy(tokens)
            found: list[tuple[Tensor, Tensor]] = []

            def advance(f: Tensor) -> Tensor:
                objective = Objective(energy, f, self.config.gamma)
                found.append((f, refine(objective, self.solver, steps, self._stop(stop), self.config.stop_threshold)))
                return found[-1][1]

            self._states(tokens, advance)
        if not -len(found) <= layer < len(found):
            raise UsageError(f"layer must be one of the {len(found)} refinements, got {layer}")
        f, h = found[layer]
        alpha, gamma = self.config.step_size, self.config.gamma
        return States(f, energy, h, gamma, alpha, steps, self.solver, self.predict)

    def update_memory(self, h: Tensor) -> None:
        """Move the memories towards equilibria, one after the other (Eq. 16).

        Args:
            h: equilibria, shape (k, d); each moves the memory with the largest product with it.

        Raises:
            UsageError: the model has no memory.
        """
        if self.heads.memories is None:
            raise UsageError("update_memory needs a model with weight_memory > 0")
        memory = EpisodicMemory(self.heads.memories, self.config.memory_tau)
        self.heads.memories.copy_(memory.updated(h.detach(), self.config.memory_beta).memories)

    def _states(self, tokens: Tensor, advance: Callable[[Tensor], Tensor]) -> Tensor:
        x = self.backbone.embed(tokens)
        every = self.config.refine_at is RefineAt.EVERY
        for block in self.backbone.blocks:
            x = block(x)
            if every:
                x = advance(x if self._inside else self.backbone.norm(x))
        if every:
            return x
        return advance(x if self._inside else self.backbone.norm(x))

    def _refined(self, objective: Objective, steps: int, stop: StopRule | None) -> Tensor:
        if self.training:
            return refine_for_training(objective, self.solver, steps, self.config)
        if torch.is_grad_enabled():
            # Values as in evaluation; gradients, where somebody asks for them, those of the proposals.
            with torch.no_grad():
                h = refine(objective, self.solver, steps, self._stop(stop), self.config.stop_threshold)
            return objective.proposal + (h - objective.proposal).detach()
        return refine(objective, self.solver, steps, self._stop(stop), self.config.stop_threshold)

    def _stop(self, stop: StopRule | None) -> StopRule | None:
        return make_stop(self.config, self.predict) if stop is None else stop

    def _steps(self, steps: int | None) -> int:
        if steps is None:
            return self.config.steps_train if self.training else self.config.steps_test
        require_count("steps", steps, least=0)
        return steps
