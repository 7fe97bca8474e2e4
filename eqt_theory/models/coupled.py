"""CoupledTransformer: proposals of a causal transformer, refined on a convex energy that couples the positions."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Seed, Whole, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.latent.coupled_chain import CoupledChain
from eqt_theory.energies.latent.position_ridge import LARGEST_NORM, LARGEST_WEIGHT, PositionRidge
from eqt_theory.energies.objective import Objective
from eqt_theory.models.blocks import drawn_linear
from eqt_theory.models.config import GradientMode, ModelConfig
from eqt_theory.models.coupled_certificate import CoupledCertificate, certify
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.coupled_steps import Game, Ridge, Steps, make_steps
from eqt_theory.models.equilibrium import Output, States
from eqt_theory.models.implicit_game import equilibrium_of_game
from eqt_theory.models.standard import StandardTransformer
from eqt_theory.models.stop_by_error import Stopped, game_bound, run_until
from eqt_theory.solvers.base import Solver, require_count
from eqt_theory.solvers.bounds import error_bound
from eqt_theory.solvers.chebyshev import Chebyshev

_OTHER_STREAM = 1_000_003


@checked
class CoupledTransformer(nn.Module):
    """A causal transformer whose states are refined by K steps in which information moves between positions.

    The proposals f are the normalised states of a `StandardTransformer`; couplings `a_t = tanh(A f_t)` and one learned
    anchor h_0 make a `CoupledChain`. Everything but the joint coupling is causal: with it a position's refined state
    depends on later tokens too, so it suits tasks in which whole sequences are given.

    Args:
        config: a CoupledConfig; a ModelConfig is taken for its backbone.
        seed: of the weights; the transformer's are those of `StandardTransformer(config.backbone, seed)`.
        solver: with joint coupling, a step rule to use instead of Chebyshev's; not part of a checkpoint.

    Raises:
        UsageError: a config of another class, or a solver with another coupling.
    """

    def __init__(self, config: CoupledConfig | ModelConfig, seed: Seed = 0, solver: Solver | None = None) -> None:
        super().__init__()
        config = CoupledConfig(backbone=config) if isinstance(config, ModelConfig) else config
        if solver is not None and config.coupling is not Coupling.JOINT:
            raise UsageError(f"solver goes with joint coupling only, got {config.coupling.name.lower()}")
        self.config = config
        self.backbone = StandardTransformer(config.backbone, seed)
        generator = torch.Generator().manual_seed((seed + 1) * _OTHER_STREAM % 2**63)
        d = config.backbone.width
        self.couple = drawn_linear(d, d, generator)
        self.anchor = nn.Parameter(torch.randn(d, generator=generator))
        if config.coupling is Coupling.CAUSAL_RIDGE:
            k = config.ridge_rows
            self.rows = nn.Parameter(torch.randn(k, d, generator=generator) / math.sqrt(d))
            self.height = nn.Parameter(torch.full((k,), -1.0))
            self.offset = drawn_linear(d, k, generator)
        m, M = config.constants
        self.solver = Chebyshev(round_down(m), round_up(M)) if solver is None else solver
        self.own_solver = solver is not None

    def propose(self, tokens: Tensor) -> Tensor:
        """The proposals f, (B, n) -> (B, n, d): the normalised states after the last block."""
        x = self.backbone.embed(tokens)
        for block in self.backbone.blocks:
            x = block(x)
        return self.backbone.norm(x)

    def predict(self, h: Tensor) -> Tensor:
        """Logits from refined states, (..., d) -> (..., classes)."""
        return self.backbone.output(h)

    def ridge_weights(self) -> tuple[Tensor, Tensor]:
        """W, with |W| <= 2, and v, from 0 to 4, of the ridge terms.

        Returns:
            Shapes (k, d) and (k,).

        Raises:
            UsageError: the model has none.
        """
        if self.config.coupling is not Coupling.CAUSAL_RIDGE:
            raise UsageError(f"a model with coupling {self.config.coupling.name.lower()} has no ridge terms")
        size = torch.linalg.matrix_norm(self.rows, 2)
        return self.rows * (LARGEST_NORM / size.clamp(min=LARGEST_NORM)), LARGEST_WEIGHT * torch.sigmoid(self.height)

    def steps(self, f: Tensor) -> Steps:
        """The refinement steps from these proposals, (B, n, d)."""
        return make_steps(self.config, f, torch.tanh(self.couple(f)), self.anchor, self._ridge(f))

    def energy(self, f: Tensor) -> Energy:
        """The energy of sequences with these proposals: the chain, and the ridge terms where there are any.

        Args:
            f: proposals, shape (B, n, d).

        Returns:
            An energy of states (B, n d). Of the causal game each position descends its own term.
        """
        chain = CoupledChain(torch.tanh(self.couple(f)), self.anchor, self.config.strength)
        if self.config.coupling is not Coupling.CAUSAL_RIDGE:
            return chain
        rows, weights = self.ridge_weights()
        return chain + PositionRidge(rows, weights, self.offset(f))

    def forward(self, tokens: Tensor, steps: int | None = None, stop_error: float | None = None) -> Output:
        """Predict. In training mode the refinement is differentiable as `config.gradient` says.

        Args:
            tokens: integers, shape (B, n).
            steps: K; the config's for training or test if None. Training by implicit gradients goes to the equilibrium.
            stop_error: in evaluation, the certified distance to the equilibrium at which a sequence is done; the
                config's if None, 0 takes all K steps.

        Returns:
            The Output, without energies.
        """
        steps = self._steps(steps)
        f = self.propose(tokens)
        if self.training and steps and self.config.gradient is GradientMode.IMPLICIT:
            h = self.equilibrium(f)
        else:
            error = (
                self.config.stop_error if stop_error is None else positive_number("stop_error", stop_error, zero=True)
            )
            error = 0.0 if self.training else error
            h = self._run(f, steps) if error == 0 else self.stopped(f, steps, error).h
        return Output(self.predict(h), None, h)

    def equilibrium(self, f: Tensor) -> Tensor:
        """The equilibrium of these proposals, differentiable: by formula where there is one, else by many steps.

        Args:
            f: proposals, shape (B, n, d).

        Returns:
            h*, shape (B, n, d).
        """
        config = self.config
        if config.coupling in (Coupling.CAUSAL_RIDGE, Coupling.FROZEN):
            game = self.steps(f)
            assert isinstance(game, Game)
            return equilibrium_of_game(game, config.implicit_tolerance, config.implicit_steps)
        chain = CoupledChain(torch.tanh(self.couple(f)), self.anchor, config.strength)
        solved = chain.equilibrium if config.coupling is Coupling.JOINT else chain.causal_equilibrium
        return chain.sequence(solved(f.flatten(-2), config.gamma))

    @torch.no_grad()
    def stopped(self, f: Tensor, steps: int, error: float) -> Stopped:
        """Refined states, each sequence until its certified distance to the equilibrium is small enough.

        Args:
            f: proposals, shape (B, n, d).
            steps: K at most.
            error: the distance; Euclidean over the sequence with joint coupling, else the largest over positions.

        Returns:
            States, bounds and steps taken.

        Raises:
            UsageError: the error is not positive, or the model refines by a solver that was given to it.
        """
        if self.own_solver:
            raise UsageError("stop_error goes with the model's own steps; use solve on model.states(tokens).objective")
        return run_until(self.steps(f), steps, error, self.distance_bound(f))

    def distance_bound(self, f: Tensor) -> Callable[[Tensor], Tensor]:
        """What is certified of the distance to the equilibrium of these proposals.

        Args:
            f: proposals, shape (B, n, d).

        Returns:
            States (B, n, d) -> bounds, (B,): Euclidean over the sequence with joint coupling, else the largest over
            positions.
        """
        rule = self.steps(f)
        if isinstance(rule, Game):
            factor = round_up(self.certificate().rate)
            return lambda h: game_bound(rule, h, factor)
        objective = Objective(self.energy(f), f.flatten(-2), self.config.gamma)

        def bound(h: Tensor) -> Tensor:
            found = error_bound(objective, h.flatten(-2))
            assert found is not None
            return found

        return bound

    @checked
    @torch.no_grad()
    def states(self, tokens: Tensor, steps: Whole | None = None) -> States:
        """What a diagnosis needs, with joint coupling: one state per sequence, all its positions in a row.

        Args:
            tokens: integers, shape (B, n).
            steps: K; that of the config if None.

        Returns:
            The States, of shape (B, n d); `predict` gives the logits of the last position.

        Raises:
            UsageError: the coupling is not joint: there is no one objective that the steps descend.
        """
        if self.config.coupling is not Coupling.JOINT:
            raise UsageError(f"states needs joint coupling, got {self.config.coupling.name.lower()}")
        steps, f = self._steps(steps), self.propose(tokens)
        width = f.shape[-1]
        low, high = (float(c) for c in self.config.constants)
        return States(
            f.flatten(-2), self.energy(f), self._run(f, steps).flatten(-2), self.config.gamma, 2 / (low + high), steps,
            self.solver, lambda h: self.predict(h[..., -width:]),
        )  # fmt: skip

    def certificate(self) -> CoupledCertificate:
        """The exact constants and rate per step of this model, as it is now.

        Returns:
            m, M and the rate, Fractions; what is a norm of the weights with a certificate that the kernel accepted.

        Raises:
            UsageError: a weight is not finite, or nothing certifies the solver that was given.
        """
        weights = dict(self.state_dict())
        if self.config.coupling is not Coupling.CAUSAL_RIDGE:
            return certify(self.config, self.solver, weights)
        rule = self.steps(torch.zeros(1, 1, self.config.backbone.width).to(self.anchor))
        assert isinstance(rule, Game)
        return certify(self.config, self.solver, weights, (*self.ridge_weights(), rule.step_size))

    def _run(self, f: Tensor, steps: int) -> Tensor:
        if steps == 0:
            return f
        if not self.own_solver:
            return self.steps(f).run(steps)
        from eqt_theory.solvers.autodiff import unroll

        objective = Objective(self.energy(f), f.flatten(-2), self.config.gamma)
        return unroll(objective, self.solver, steps).unflatten(-1, f.shape[-2:])

    def _ridge(self, f: Tensor) -> Ridge | None:
        if self.config.coupling is not Coupling.CAUSAL_RIDGE:
            return None
        rows, weights = self.ridge_weights()
        gamma = self.config.gamma
        return Ridge(rows, gamma * weights, self.offset(f), gamma * LARGEST_WEIGHT * LARGEST_NORM**2 / 4)

    def _steps(self, steps: int | None) -> int:
        if steps is None:
            return self.config.steps_train if self.training else self.config.steps_test
        require_count("steps", steps, least=0)
        return steps
