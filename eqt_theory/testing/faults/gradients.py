"""Faults in what the step follows: the wrong gradient, or the right one bent."""

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.testing.faults.fault import STEP, plain


def dropped_gamma(objective: Objective, h: Tensor) -> Tensor:
    """Takes the pull towards the proposal with weight 1 instead of 1/gamma."""
    return h - STEP * (objective.energy.gradient(h) + (h - objective.proposal))


def inverted_gamma(objective: Objective, h: Tensor) -> Tensor:
    """Takes the pull with weight gamma instead of 1/gamma."""
    gamma = torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)
    return h - STEP * (objective.energy.gradient(h) + (h - objective.proposal) * gamma)


def half_the_pull(objective: Objective, h: Tensor) -> Tensor:
    """Forgets the 2 of the proximal term's derivative."""
    return h - STEP * (objective.gradient(h) + objective.energy.gradient(h)) / 2


def no_proximal_term(objective: Objective, h: Tensor) -> Tensor:
    """Minimises the energy alone."""
    return h - STEP * objective.energy.gradient(h)


def proposal_at_the_origin(objective: Objective, h: Tensor) -> Tensor:
    """Pulls towards 0 instead of the proposal."""
    return h - STEP * (objective.gradient(h) + objective.proposal / _column(objective, h))


def pushed_from_the_proposal(objective: Objective, h: Tensor) -> Tensor:
    """Has the sign of the proximal term wrong."""
    return h - STEP * (objective.energy.gradient(h) - (h - objective.proposal) / _column(objective, h))


def sign_flip(objective: Objective, h: Tensor) -> Tensor:
    """Climbs."""
    return h + STEP * objective.gradient(h)


def gradient_error(objective: Objective, h: Tensor) -> Tensor:
    """Adds 1e-4 to every entry of the gradient."""
    return h - STEP * (objective.gradient(h) + 1e-4)


def difference_quotient(objective: Objective, h: Tensor) -> Tensor:
    """Takes forward differences of width 1e-4 for the gradient."""
    width, eye = 1e-4, torch.eye(h.shape[-1], dtype=h.dtype, device=h.device)
    value = objective.value(h)
    slopes = [(objective.value(h + width * direction) - value) / width for direction in eye]
    return h - STEP * torch.stack(slopes, dim=-1)


def normalised_gradient(objective: Objective, h: Tensor) -> Tensor:
    """Takes steps of one length."""
    return h - STEP * torch.nn.functional.normalize(objective.gradient(h), dim=-1)


def sign_of_the_gradient(objective: Objective, h: Tensor) -> Tensor:
    """Takes the sign of every entry."""
    return h - STEP * objective.gradient(h).sign()


def clipped_gradient(objective: Objective, h: Tensor) -> Tensor:
    """Clips the gradient to norm 1, so that far starts come nearer at a constant pace."""
    gradient = objective.gradient(h)
    return h - STEP * gradient / torch.linalg.vector_norm(gradient, dim=-1, keepdim=True).clamp(min=1.0)


def clipped_entries(objective: Objective, h: Tensor) -> Tensor:
    """Clips every entry of the gradient to [-1, 1]."""
    return h - STEP * objective.gradient(h).clamp(-1.0, 1.0)


def coordinate_dropped(objective: Objective, h: Tensor) -> Tensor:
    """Never moves the last entry where there is more than one."""
    mask = torch.ones_like(h)
    mask[..., 1:][..., -1:] = 0.0
    return h - STEP * mask * objective.gradient(h)


def dead_zone(objective: Objective, h: Tensor) -> Tensor:
    """Ignores entries of the gradient below 1e-8."""
    gradient = objective.gradient(h)
    return h - STEP * torch.where(gradient.abs() > 1e-8, gradient, 0.0)


def weight_decay(objective: Objective, h: Tensor) -> Tensor:
    """Shrinks the state by a millionth per step."""
    return (1 - 1e-6) * h - STEP * objective.gradient(h)


def proximal_step_without_division(objective: Objective, h: Tensor) -> Tensor:
    """Leaves out the division of the proximal step by 1 + alpha/gamma."""
    return h - STEP * objective.energy.gradient(h) + STEP * objective.proposal / _column(objective, h)


def proximal_step_with_gamma_inside(objective: Objective, h: Tensor) -> Tensor:
    """Has gamma instead of 1/gamma in the proximal step."""
    weight = STEP * _column(objective, h)
    return (h - STEP * objective.energy.gradient(h) + weight * objective.proposal) / (1 + weight)


def model_at_the_origin(objective: Objective, h: Tensor) -> Tensor:
    """Solves the quadratic model of Phi at 0, which is Phi only where Phi is quadratic."""
    origin = torch.zeros_like(h)
    return -torch.linalg.solve(objective.hessian(origin), objective.gradient(origin).unsqueeze(-1)).squeeze(-1)


def energy_only_newton(objective: Objective, h: Tensor) -> Tensor:
    """Newton with the pull in the gradient left out."""
    return h - torch.linalg.solve(objective.hessian(h), objective.energy.gradient(h).unsqueeze(-1)).squeeze(-1)


def projected_to_a_ball(objective: Objective, h: Tensor) -> Tensor:
    """Projects to the ball of radius 2."""
    h = h - STEP * objective.gradient(h)
    return h * (2 / torch.linalg.vector_norm(h, dim=-1, keepdim=True).clamp(min=2.0))


def clamped_to_a_box(objective: Objective, h: Tensor) -> Tensor:
    """Clamps every entry to [-1, 1]."""
    return (h - STEP * objective.gradient(h)).clamp(-1.0, 1.0)


def rounded_state(objective: Objective, h: Tensor) -> Tensor:
    """Rounds the state to nine decimals."""
    return torch.round(h - STEP * objective.gradient(h), decimals=9)


def divided_by_zero_at_rest(objective: Objective, h: Tensor) -> Tensor:
    """Multiplies the step by |h - f|/|h - f|, which is nan where the state is at the proposal."""
    size = torch.linalg.vector_norm(h - objective.proposal, dim=-1, keepdim=True)
    return h - STEP * objective.gradient(h) * (size / size)


def _column(objective: Objective, h: Tensor) -> Tensor:
    return torch.as_tensor(objective.gamma, dtype=h.dtype, device=h.device).unsqueeze(-1)


FAULTS = tuple(
    plain(fn)
    for fn in (
        dropped_gamma,
        inverted_gamma,
        half_the_pull,
        no_proximal_term,
        proposal_at_the_origin,
        pushed_from_the_proposal,
        sign_flip,
        gradient_error,
        difference_quotient,
        normalised_gradient,
        sign_of_the_gradient,
        clipped_gradient,
        clipped_entries,
        coordinate_dropped,
        dead_zone,
        weight_decay,
        proximal_step_without_division,
        proximal_step_with_gamma_inside,
        model_at_the_origin,
        energy_only_newton,
        projected_to_a_ball,
        clamped_to_a_box,
        rounded_state,
        divided_by_zero_at_rest,
    )
)
