"""Whether the gradient that a search goes by is the slope of the values: one that leaves autograd is not."""

import itertools
import math

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.steady import steady

_STATES = 6
_LENGTHS = (1e-5, 1e-3, 1e-1)
"""Of the segments looked at, in sizes of a state: what rounding or a kink hides at one length shows at another."""
_LONGER = (2.5e-3, 5e-2, 1.0)
"""The same in lower precision, which tells nothing of short ones."""
_SHARE = 0.2
"""Of the ratio of two lengths, by which a difference must grow from one to the other at least."""
_NODES = 9
_APART = 1e-2
_UNITS = 256


def slopes_differ(energy: Energy, states: Tensor, seed: int = 0) -> str:
    """How the gradient differs from what the values rise by, in words; empty where it does not, beyond rounding.

    A function that goes through `detach`, `float` or NumPy has no gradient, or one of a part of it, and autograd does
    not say so. The integral of the gradient along segments of several lengths is held against the values at the ends.

    Args:
        energy: one energy, not a batch.
        states: shape (n, d); the first few are looked at, each along one random direction.
        seed: of the directions.

    Returns:
        The words, where the two differ, at every length that tells anything, at most of the states.
    """
    return _differ(energy, states, seed, _LENGTHS if states.dtype == torch.float64 else _LONGER)


def _differ(energy: Energy, states: Tensor, seed: int, lengths: tuple[float, ...]) -> str:
    generator = torch.Generator().manual_seed(seed)
    growth = _SHARE * lengths[1] / lengths[0]
    judged, wrong = 0, []
    for h in states[:_STATES].detach():
        v = torch.nn.functional.normalize(torch.randn(len(h), generator=generator, dtype=torch.float64), dim=0).to(h)
        told = [found for length in lengths if (found := _along(energy, h, v, length * (1 + float(h.norm()))))]
        apart = [abs(rise - integral) for rise, integral, _ in told]
        beyond = [far > error for far, (_, _, error) in zip(apart, told, strict=True)]
        judged += len(told) > 1 or beyond == [False]  # one length alone does not say that the two differ
        # What terms that cancel are off by is the same at every length; a difference of slopes grows with it.
        grows = len(apart) > 1 and all(longer > growth * shorter for shorter, longer in itertools.pairwise(apart))
        if grows and all(beyond):
            wrong.append(told[-1])
    if not 2 * len(wrong) > judged:
        return ""
    rise, integral, _ = wrong[0]
    return (
        f"gradient and value disagree: along a segment the values rise by {rise:.6g}, the gradient by {integral:.6g}; "
        "a function that goes through detach, float or NumPy has no gradient there"
    )


def slope_differs_at(energy: Energy, h: Tensor, gradient: Tensor) -> str:
    """The same at one state whose gradient is known: one difference of values, and more only where that is off.

    Args:
        energy: one energy, not a batch.
        h: shape (d,).
        gradient: there, shape (d,).

    Returns:
        As `slopes_differ`; or that the value is not finite, or another one when it is asked about again.
    """
    v = torch.nn.functional.normalize(torch.randn(len(h), generator=torch.Generator().manual_seed(0)), dim=0).to(h)
    length = (1 + float(h.norm())) * float(torch.finfo(h.dtype).eps) ** (1 / 3)
    try:
        with torch.no_grad():
            if not steady(energy.value, [h], _UNITS):
                return "value must give the same number for a state each time; it does not: noise, dropout or memory"
            up, down = (float(energy.value(h + s * length * v)) for s in (1, -1))
            # A formula of the Hessian may be finite where the energy is not, as that of log(h) at h < 0.
            if not math.isfinite(up - down) and not math.isfinite(here := float(energy.value(h))):
                return f"the energy must be finite at the state, got {here}"
    except UsageError:
        return ""
    told = 2 * length * float(gradient.detach() @ v)
    if abs(up - down - told) <= _APART * abs(told):
        return ""
    # Along several directions; of short lengths, since an error, not a finding, comes of it.
    return _differ(energy, h.expand(_STATES, -1), 0, _LENGTHS)


def _along(energy: Energy, h: Tensor, v: Tensor, length: float) -> tuple[float, float, float] | None:
    """The rise of the values, the integral of the gradient and the error allowed; None where rounding hides both."""
    share = torch.linspace(-1, 1, _NODES, dtype=torch.float64, device=h.device)
    nodes = (h.double() + length * share.unsqueeze(-1) * v.double()).to(h)
    try:
        with torch.no_grad():
            values = energy.value(nodes).detach().double()
        slopes = (energy.gradient(nodes).detach().double() * v.double()).sum(-1)
    except UsageError:  # a state where the function cannot be evaluated
        return None
    rise = float(values[-1] - values[0])
    fine, coarse = (float(torch.trapezoid(slopes[::k], length * share[::k])) for k in (1, 2))
    unit = float(torch.finfo(h.dtype).eps)
    noise = _UNITS * unit * (float(values.abs().max()) + float(slopes.abs().max()) * (float(h.norm()) + length))
    size = max(abs(rise), abs(fine))
    if not size > 100 * noise:  # a nan, too
        return None
    return rise, fine, _APART * size + 8 * abs(fine - coarse) + noise
