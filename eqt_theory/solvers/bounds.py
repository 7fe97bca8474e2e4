"""A-posteriori bounds on the distance to the solution, and the rounding error that they carry."""

import torch
from torch import Tensor

from eqt_theory.core.domain import Ball, Box, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.norm import norm
from eqt_theory.energies.objective import Objective
from eqt_theory.energies.parameters import Parameters
from eqt_theory.energies.regions import ball_inside
from eqt_theory.operators.problem import MapProblem
from eqt_theory.solvers.problem import Problem

_KEPT = ("_accepted", "_stamp", "_curvature")  # what energies remember


def gradient_rounding(objective: Problem, h: Tensor, quick: bool = False) -> Tensor:
    """How far a computed grad Phi(h) may be from the exact one, in norm: u (d + 8) `Phi.gradient_terms(h)`.

    u is the unit roundoff. For sums of quadratics it bounds the error of matrix-vector products in any order of
    summation. For other energies it is as good as the size of the terms that they report.

    Args:
        objective: Phi.
        h: states, shape (..., d).
        quick: whether to leave declared constants aside, which may be costly to work out.

    Returns:
        Absolute errors, shape (...), positive.
    """
    return (h.shape[-1] + 8) * (torch.finfo(h.dtype).eps / 2) * objective.residual_terms(h, quick)


def error_bound(objective: Problem, h: Tensor, m: float | None = None) -> Tensor | None:
    """An upper bound on |h - h*|: (|grad Phi(h)| + `gradient_rounding`) / m, the gradient in float64 where it can be.

    Strong convexity gives m |h - h*| <= |grad Phi(h)|, for any way of having arrived at h. Where the curvature is
    declared on a ball or a box only, the bound is given where the ball of that radius around h lies inside (a
    minimiser of Phi over the domain is then in it), and is infinite elsewhere. Where Phi itself is defined on a domain
    only, h* is its minimiser there, and the bound is infinite for h outside: m says nothing of a gradient there.

    A FixedPoint and an Inclusion have bounds of their own, from what they declare.

    Args:
        objective: Phi; its declared curvature is taken at its word. Or another problem.
        h: states, shape (..., d).
        m: strong convexity of Phi on the whole space, which then replaces what is declared.

    Returns:
        Bounds, shape (...), nan-free; infinite where nothing can be said. None where Phi declares no m, or m <= 0
        throughout.
    """
    if not isinstance(objective, Objective):
        assert isinstance(objective, MapProblem)
        return objective.error_bound(h)
    certified = _certified(objective, h, m)
    return None if certified is None else certified[1]


def gap_bound(objective: Objective, h: Tensor, m: float | None = None) -> Tensor | None:
    """An upper bound on Phi(h) - Phi(h*): m/2 times the square of `error_bound`, where that one is finite.

    Strong convexity gives 2 m (Phi(h) - Phi(h*)) <= |grad Phi(h)|^2 (Nesterov 2018, Thm 2.1.10).

    Args:
        objective: Phi; its declared curvature is taken at its word.
        h: states, shape (..., d).
        m: as for `error_bound`.

    Returns:
        Bounds, float64, shape (...), infinite where nothing can be said; None as for `error_bound`.
    """
    certified = _certified(objective, h, m)
    if certified is None:
        return None
    mu, bound = certified
    info = torch.finfo(torch.float64)
    gap = mu * bound.double() * bound.double() / 2 * (1 + 8 * info.eps) + info.tiny
    return torch.where(torch.isfinite(gap), gap, torch.inf)


def _certified(objective: Objective, h: Tensor, m: float | None) -> tuple[Tensor, Tensor] | None:
    """The strong convexity that counts, float64, and the bound on |h - h*| that follows; None where m <= 0."""
    curvature = objective.curvature if m is None else Curvature(m)
    if curvature is None:
        return None
    mu = torch.as_tensor(curvature.mu, dtype=torch.float64, device=h.device)
    if mu.numel() > 0 and not bool((mu > 0).any()):
        return None
    info = torch.finfo(h.dtype)
    slope = (norm(objective.gradient(h)) + gradient_rounding(objective, h)).double()
    finer = _in_double(objective, h)
    slope = slope if finer is None else torch.minimum(slope, finer)
    # The factor covers the roundings of norm, sum and quotient; the summand an underflow.
    bound = ((1 + (h.shape[-1] + 8) * info.eps) * slope / mu + info.tiny).to(h.dtype)
    bound = torch.where((mu > 0) & torch.isfinite(bound), bound, torch.inf)
    domain = curvature.domain
    if isinstance(domain, Ball | Box):
        bound = torch.where(ball_inside(domain, h, bound), bound, torch.inf)
    return mu, torch.where(objective.within(h), bound, torch.inf)


def _in_double(objective: Objective, h: Tensor) -> Tensor | None:
    """The same bound on |grad Phi(h)| with the gradient in float64, so that only the parameters' rounding is left.

    Only where Phi is made of this package's energies and of tensors, which are the same numbers in float64: a user's
    function or module may compute in single precision whatever it is given.
    """  # noqa: DOC201
    if torch.finfo(h.dtype).eps <= torch.finfo(torch.float64).eps or not _transparent(objective):
        return None
    twin, state = objective.to(dtype=torch.float64), h.double()
    gradient = twin.gradient(state)
    # The two differ by what single precision rounds, or the twin is another function.
    apart = norm(gradient - objective.gradient(h).double())
    if not bool((apart <= 2 * gradient_rounding(objective, h).double()).all()):
        return None
    # h* may be meant for parameters that were rounded to this precision: that moves the gradient by u times its terms.
    rounded = 4 * (torch.finfo(h.dtype).eps / 2) * objective.residual_terms(h).double()
    return norm(gradient) + gradient_rounding(twin, state) + rounded


def _transparent(part: Parameters) -> bool:
    if not type(part).__module__.startswith("eqt_theory.energies.") or type(part).__module__.endswith(".function"):
        return False
    for name, item in vars(part).items():
        for thing in item if isinstance(item, tuple) else (item,):
            known = isinstance(thing, Tensor | int | float | Curvature | Ball | Box | WholeSpace | torch.Size | None)
            if name not in _KEPT and not (known or (isinstance(thing, Parameters) and _transparent(thing))):
                return False
    return True


def step_bound(move: Tensor, step_size: "float | Tensor", m: "float | Tensor", rate: "float | Tensor") -> Tensor:
    """Gradient descent's contraction bound on |h_{k+1} - h*|: rate |h_{k+1} - h_k| / (step_size m).

    It needs the last step only; |h_k - h*| <= |h_{k+1} - h_k| / (step_size m) comes with it. In exact arithmetic
    |grad Phi(h_{k+1})| / m is never larger. The rounding of the step, about u |h| / (step_size m), is not in it.

    Args:
        move: |h_{k+1} - h_k|, shape (...).
        step_size: the step size; a number or shape (...).
        m: strong convexity of Phi; a number or shape (...).
        rate: max(|1 - step_size m|, |1 - step_size M|); a number or shape (...).

    Returns:
        Bounds, shape (...).

    Raises:
        UsageError: m or the step size is not positive.
    """
    for name, value in (("step_size", step_size), ("m", m)):
        if not bool(torch.as_tensor(value > 0).all()):
            raise UsageError(f"{name} must be positive, got {value!r}")
    return rate * move / (step_size * m)
