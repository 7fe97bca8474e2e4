"""EnergyBench: an energy under check, with its states."""

from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.energies.base import Energy
from eqt_theory.testing.state_bench import StateBench


@dataclass(frozen=True)
class EnergyBench(StateBench):
    """What the checks of an energy need.

    Args:
        energy: one energy, not a batch.
        domain: where it is tried.
        whole: whether the domain was left open, so that a curvature declared everywhere is looked for everywhere.
        seed: of everything random.
        samples: states tried.
        accuracy: relative accuracy of the energy's derivatives by design; 0 is rounding.
    """

    energy: Energy
    domain: Domain
    whole: bool
    seed: int = 0
    samples: int = 64
    accuracy: float = 0.0

    @property
    def like(self) -> Tensor:
        """An empty tensor of the dtype and on the device of the energy's parameters."""
        reference = self.energy.reference()
        if reference is None:
            return torch.empty((), dtype=torch.float64)
        return torch.empty((), dtype=reference.dtype, device=reference.device)
