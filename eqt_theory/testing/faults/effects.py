"""Faults of side effect, precision, chance, and of what is declared."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.state import State
from eqt_theory.testing.faults.fault import STEP, Rule, made, plain


def state_in_place(objective: Objective, h: Tensor) -> Tensor:
    """Changes the state that it is given."""
    return h.sub_(STEP * objective.gradient(h))


def proposal_in_place(objective: Objective, h: Tensor) -> Tensor:
    """Moves the proposal a little towards the state."""
    move = STEP * objective.gradient(h)
    if not torch.is_grad_enabled() and objective.proposal.numel():
        objective.proposal.add_(h - objective.proposal, alpha=1e-3)
    return h - move


def gamma_in_place(objective: Objective, h: Tensor) -> Tensor:
    """Doubles the gradient's buffer, and leaves gamma changed where it is one per state."""
    move = STEP * objective.gradient(h)
    if isinstance(objective.gamma, Tensor):
        objective.gamma.mul_(1.01)
    return h - move


@dataclass(frozen=True)
class _Moving(State):
    velocity: Tensor


def velocity_in_place() -> Rule:
    """Heavy ball that changes the velocity in the state that it is given."""

    def step(objective: Objective, state: _Moving) -> _Moving:
        velocity = state.velocity.mul_(0.3).sub_(STEP * objective.gradient(state.h))
        return _Moving(state.h + velocity, velocity)

    return Rule(step, lambda objective, h: _Moving(h, torch.zeros_like(h)))


def hidden_float32(objective: Objective, h: Tensor) -> Tensor:
    """Rounds the state to float32 on the way."""
    return (h - STEP * objective.gradient(h)).float().to(h.dtype)


def hidden_bfloat16_move(objective: Objective, h: Tensor) -> Tensor:
    """Passes the state through bfloat16 and back, and adds the gradient step to that."""
    return h.bfloat16().to(h.dtype) - STEP * objective.gradient(h)


def dtype_promotion(objective: Objective, h: Tensor) -> Tensor:
    """Returns float64 whatever it is given."""
    return h.double() - STEP * objective.gradient(h)


def noise(objective: Objective, h: Tensor) -> Tensor:
    """Adds noise of size 1e-9 to the gradient."""
    return h - STEP * (objective.gradient(h) + 1e-9 * torch.randn_like(h))


def hidden_randomness(objective: Objective, h: Tensor) -> Tensor:
    """Draws its step size anew each time."""
    return h - STEP * random.uniform(0.5, 1.0) * objective.gradient(h)


def random_coordinates() -> Rule:
    """Updates a random half of the entries, from a generator of its own that runs on."""
    generator = torch.Generator().manual_seed(0)

    def step(objective: Objective, state: State) -> State:
        mask = (torch.rand(state.h.shape, generator=generator) < 0.5).to(state.h)
        return State(state.h - STEP * mask * objective.gradient(state.h))

    return Rule(step)


def seeds_torch(objective: Objective, h: Tensor) -> Tensor:
    """Sets torch's seed, so that all random numbers after it are the same ones."""
    torch.default_generator.manual_seed(0)
    return h - STEP * objective.gradient(h)


def seeds_numpy(objective: Objective, h: Tensor) -> Tensor:
    """Sets NumPy's seed."""
    np.random.seed(0)  # noqa: NPY002  the fault
    return h - STEP * objective.gradient(h)


def turns_autograd_off(objective: Objective, h: Tensor) -> Tensor:
    """Switches the recording of gradients off and leaves it off."""
    torch.set_grad_enabled(False)
    return h - STEP * objective.gradient(h)


def marks_the_proposal(objective: Objective, h: Tensor) -> Tensor:
    """Marks the caller's proposal as a tensor to differentiate in."""
    objective.proposal.requires_grad_()
    return (h - STEP * objective.gradient(h)).detach()


def detached(objective: Objective, h: Tensor) -> Tensor:
    """Claims to be differentiable and cuts the graph."""
    return (h - STEP * objective.gradient(h)).detach()


def detached_gradient(objective: Objective, h: Tensor) -> Tensor:
    """Claims to be differentiable and takes the gradient for a constant."""
    return h - STEP * objective.gradient(h).detach()


def uneven_step() -> Rule:
    """Claims to be equivariant and has a step size of its own for every axis."""

    def step(objective: Objective, state: State) -> State:
        factors = 1 + 0.2 * (torch.arange(state.h.shape[-1], device=state.h.device) % 2).to(state.h)
        return State(state.h - STEP * factors * objective.gradient(state.h))

    return Rule(step)


def loses_its_state() -> Rule:
    """Returns a bare tensor instead of a state from the second step on."""
    return Rule(lambda objective, s: getattr(s, "h", s) - STEP * objective.gradient(getattr(s, "h", s)))


def starts_elsewhere() -> Rule:
    """Begins at the origin whatever start it is given."""
    return Rule(
        lambda objective, s: State(s.h - STEP * objective.gradient(s.h)),
        lambda objective, h: State(torch.zeros_like(h)),
    )


FAULTS = (
    plain(state_in_place),
    plain(proposal_in_place),
    plain(gamma_in_place),
    made(velocity_in_place),
    plain(hidden_float32),
    plain(hidden_bfloat16_move),
    plain(dtype_promotion),
    plain(noise),
    plain(hidden_randomness),
    made(random_coordinates),
    plain(seeds_torch),
    plain(seeds_numpy),
    plain(turns_autograd_off),
    plain(marks_the_proposal),
    plain(detached, differentiable=True),
    plain(detached_gradient, differentiable=True),
    made(uneven_step, equivariant=True),
    made(loses_its_state),
    made(starts_elsewhere),
)
