"""Faults in a batch: states that see each other, and shapes that do not fit."""

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.testing.faults.fault import STEP, plain


def batch_mean(objective: Objective, h: Tensor) -> Tensor:
    """Follows the mean gradient of the batch."""
    gradient = objective.gradient(h)
    return h - STEP * (gradient.mean(0, keepdim=True) if h.ndim > 1 and len(h) else gradient)


def mean_over_the_batch(objective: Objective, h: Tensor) -> Tensor:
    """Follows the gradient of the mean of Phi, so that large batches are slow."""
    return h - STEP * objective.gradient(h) / max(1, h.shape[:-1].numel())


def batch_norm(objective: Objective, h: Tensor) -> Tensor:
    """Centres the batch a little at every step."""
    h = h - STEP * objective.gradient(h)
    return h - 1e-3 * (h - h.mean(0, keepdim=True)) if h.ndim > 1 and len(h) > 1 else h


def leak_to_the_neighbour(objective: Objective, h: Tensor) -> Tensor:
    """Lets a millionth of the next state's gradient through."""
    gradient = objective.gradient(h)
    return h - STEP * (gradient + 1e-6 * gradient.roll(1, 0) if h.ndim > 1 else gradient)


def sorted_batch(objective: Objective, h: Tensor) -> Tensor:
    """Returns the states sorted by their first entry."""
    h = h - STEP * objective.gradient(h)
    return h[h[..., 0].argsort()] if h.ndim == 2 else h


def reversed_batch(objective: Objective, h: Tensor) -> Tensor:
    """Returns the batch backwards."""
    h = h - STEP * objective.gradient(h)
    return h.flip(0) if h.ndim > 1 else h


def first_proposal_for_all(objective: Objective, h: Tensor) -> Tensor:
    """Takes the first state's proposal for every state."""
    if h.ndim > 1 and len(h):
        objective = Objective(objective.energy, objective.proposal[:1].expand_as(h), objective.gamma)
    return h - STEP * objective.gradient(h)


def first_gamma_for_all(objective: Objective, h: Tensor) -> Tensor:
    """Takes the first state's gamma for every state."""
    gamma = objective.gamma
    if isinstance(gamma, Tensor) and gamma.numel():
        gamma = float(gamma.reshape(-1)[0])
    return h - STEP * Objective(objective.energy, objective.proposal, gamma).gradient(h)


def shared_line_search(objective: Objective, h: Tensor) -> Tensor:
    """Halves one step size for the whole batch until every state decreases."""
    gradient, step = objective.gradient(h), 10.0
    value, square = objective.value(h), gradient.square().sum(-1)
    while step > 1e-4 and bool((objective.value(h - step * gradient) > value - step / 2 * square).any()):
        step /= 2
    return h - step * gradient


def largest_norm_of_all(objective: Objective, h: Tensor) -> Tensor:
    """Shortens the step of every state by the largest gradient of the batch."""
    gradient = objective.gradient(h)
    if not h.numel():
        return h
    largest = torch.linalg.vector_norm(gradient, dim=-1).max()
    own = torch.linalg.vector_norm(gradient, dim=-1, keepdim=True)
    return h - STEP * gradient * torch.where(own < largest, 0.5, 1.0)


def largest_constant_of_all(objective: Objective, h: Tensor) -> Tensor:
    """Works out the greatest curvature of all states, and takes the step size that suits it for each."""
    assert objective.curvature is not None
    tops = torch.as_tensor(objective.curvature.lipschitz, dtype=h.dtype, device=h.device)
    return h - objective.gradient(h) / tops.max() if h.numel() else h


def constant_of_all_and_a_leak(objective: Objective, h: Tensor) -> Tensor:
    """Takes the step size 1/objective.M, and lets a millionth of the next state's gradient through."""
    gradient = objective.gradient(h)
    assert objective.M is not None
    return h - (gradient + 1e-6 * gradient.roll(1, 0) if h.ndim > 1 else gradient) / objective.M


def looks_at_the_largest_entry(objective: Objective, h: Tensor) -> Tensor:
    """Asks for the largest entry of the batch, which an empty one does not have."""
    step = STEP if float(h.abs().max()) < 1e30 else 0.0
    return h - step * objective.gradient(h)


def squeezed_batch_of_one(objective: Objective, h: Tensor) -> Tensor:
    """Drops the dimension of a batch of one."""
    h = h - STEP * objective.gradient(h)
    return h.squeeze(0) if h.ndim > 1 else h


def squeezed_dimension(objective: Objective, h: Tensor) -> Tensor:
    """Drops the dimension of states with a single entry."""
    return (h - STEP * objective.gradient(h)).squeeze(-1)


FAULTS = tuple(
    plain(fn)
    for fn in (
        batch_mean,
        mean_over_the_batch,
        batch_norm,
        leak_to_the_neighbour,
        sorted_batch,
        reversed_batch,
        first_proposal_for_all,
        first_gamma_for_all,
        shared_line_search,
        largest_norm_of_all,
        largest_constant_of_all,
        constant_of_all_and_a_leak,
        looks_at_the_largest_entry,
        squeezed_batch_of_one,
        squeezed_dimension,
    )
)
