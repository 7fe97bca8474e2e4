"""Phi of one state as functions of NumPy arrays, for oracles that know nothing of torch."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.lanczos import NotConverged, NotFinite, extreme_pairs
from eqt_theory.evidence.products import hessian_products

_DENSE = 256
_ROUNDINGS = 4
_PORTION, _ENTRIES = 1 << 16, 1 << 22
_FAR = 1e300


class Landscape:
    """Phi of one state as NumPy functions, in float64 where the energy can be moved there.

    Args:
        objective: Phi of one state; a batch of one is taken too.

    Attributes:
        dtype: float64 where the energy could be moved there.
        blank: whether Phi was nan anywhere so far.
        domain: where the energy says that it is defined, if it and all energies in it say the same; else None.
        held: whether oracles take the Hessian itself, not products: in few dimensions, and where products are many.
    """

    def __init__(self, objective: Objective) -> None:
        if objective.batch_shape.numel() != 1:
            raise UsageError(f"expected one objective, got a batch of shape {tuple(objective.batch_shape)}")
        double = objective.to(device="cpu", dtype=torch.float64)
        self._lead = (1,) * len(objective.batch_shape)
        self.start = double.proposal.detach().reshape(-1)
        try:
            double.value(self.start.reshape(*self._lead, -1))
            self._objective, self.dtype = double, torch.float64
        except (UsageError, RuntimeError):
            # A function that closes over tensors of another precision or device.
            self._objective, self.dtype = objective, objective.proposal.dtype
        self.gamma = float(double.gamma) if not isinstance(double.gamma, Tensor) else float(double.gamma.detach().max())
        self.d = self.start.numel()
        self.blank, self.held = False, self.d <= _DENSE
        self.domain = _domain_of(objective.energy)
        ends = torch.full_like(self.start, _FAR).to(self.dtype).reshape(*self._lead, -1)
        self._bounded = not all(bool(double.within(end.to(double.proposal)).all()) for end in (ends, -ends))

    def _state(self, x: np.ndarray) -> Tensor:
        look()
        like = self._objective.proposal
        return torch.as_tensor(np.asarray(x, dtype=np.float64)).to(like.device, self.dtype).reshape(*self._lead, -1)

    def value(self, x: np.ndarray) -> float:
        """Phi, shape (d,) -> (); infinite outside of its domain, which is also where it is nan."""
        state = self._state(x)
        with torch.no_grad():
            return float(self._placed(state, self._objective.value(state)).item())

    def values(self, x: np.ndarray) -> np.ndarray:
        """Phi at many states, (n, d) -> (n,)."""
        with torch.no_grad():
            parts = [self._placed(s, self._objective.value(s)).numpy().reshape(-1) for s in self._states(x)]
            return np.concatenate(parts)

    def _placed(self, states: Tensor, values: Tensor) -> Tensor:
        found = values.detach().double().cpu()
        blank = found.isnan()
        if blank.any():
            self.blank, found = True, found.masked_fill(blank, torch.inf)
        return found.masked_fill(~self._objective.within(states).cpu(), torch.inf) if self._bounded else found

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """Grad Phi at many states, (n, d) -> (n, d)."""
        with self._unrecorded():
            parts = [self._objective.gradient(s).detach().double().cpu().numpy() for s in self._states(x)]
        return np.concatenate(parts).reshape(-1, self.d)

    def hessians(self, x: np.ndarray) -> np.ndarray:
        """Hess Phi at many states, (n, d) -> (n, d, d), symmetrised."""
        parts = [self._objective.hessian(s).detach().double().cpu().numpy() for s in self._states(x)]
        hessians = np.concatenate(parts).reshape(-1, self.d, self.d)
        return (hessians + hessians.swapaxes(1, 2)) / 2

    def _states(self, x: np.ndarray) -> Iterator[Tensor]:
        """Many states in portions, so that memory stays bounded."""
        states = torch.as_tensor(np.asarray(x, dtype=np.float64)).to(self._objective.proposal.device, self.dtype)
        for portion in states.reshape(-1, *self._lead, self.d).split(max(1, min(_PORTION, _ENTRIES // self.d))):
            look()
            yield portion

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Grad Phi, (d,) -> (d,)."""
        with self._unrecorded():
            return self._objective.gradient(self._state(x)).detach().double().cpu().numpy().reshape(-1)

    def _unrecorded(self) -> AbstractContextManager[object]:
        """Gradients take less time where autograd records nothing; a formula of somebody's own may want it to."""
        return nullcontext() if self._objective.energy.closed_form else torch.no_grad()

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """Hess Phi, (d,) -> (d, d), symmetrised."""
        hessian = self._objective.hessian(self._state(x)).detach().double().cpu().numpy().reshape(self.d, self.d)
        return (hessian + hessian.T) / 2

    def product(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hess Phi times v, (d,), (d,) -> (d,)."""
        return (
            self._objective.hessian_vector(self._state(x), self._state(v)).detach().double().cpu().numpy().reshape(-1)
        )

    def curvature(self, x: np.ndarray) -> tuple[float, float]:
        """The extreme eigenvalues of hess Phi(x), measured; nan where they cannot be."""
        if self.held:
            hessian = self.hessian(x)
            spectrum = np.linalg.eigvalsh(hessian) if np.isfinite(hessian).all() else np.array([np.nan])
            return float(spectrum[0]), float(spectrum[-1])
        at = self._state(x)
        times = hessian_products(self._objective, at)[1]

        def product(v: np.ndarray) -> np.ndarray:
            return times(self._state(v)).double().cpu().numpy().reshape(-1)

        try:
            ends = extreme_pairs(product, self.d, 1e-3, unit=float(torch.finfo(self.dtype).eps))
        except (NotFinite, NotConverged):
            return float("nan"), float("nan")
        return ends.low.value, ends.high.value

    def rounding(self, x: np.ndarray, top: float) -> float:
        """How far the computed gradient may be off, a few roundings of its terms; `top` is the largest curvature."""
        terms = top * float(np.linalg.norm(x)) + float(self.start.norm()) / self.gamma
        return float(_ROUNDINGS * torch.finfo(self.dtype).eps * terms)


def _domain_of(energy: Energy) -> Domain | None:
    """The domain of an energy and of those in it, where it is one."""
    inner = [_domain_of(part) for part in energy._subenergies() if isinstance(part, Energy)]
    found = {domain for domain in (energy.domain, *inner) if domain is not None}
    return found.pop() if len(found) == 1 else None
