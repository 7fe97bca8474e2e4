"""OperatorBench: a map under check, with its states; of an Inclusion its operator and its resolvents too."""

from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.testing.state_bench import StateBench


@dataclass(frozen=True)
class OperatorBench(StateBench):
    """What the checks of an operator need.

    Args:
        map: one map, not a batch; of an Inclusion its F.
        inclusion: the Inclusion, where it is one.
        domain: where it is tried.
        whole: whether the domain was left open, so that a constant declared everywhere is looked for everywhere.
        seed: of everything random.
        samples: states tried.
        accuracy: relative accuracy of its derivatives by design; 0 is rounding.
    """

    map: FixedPoint
    inclusion: Inclusion | None
    domain: Domain
    whole: bool
    seed: int = 0
    samples: int = 64
    accuracy: float = 0.0

    @property
    def like(self) -> Tensor:
        """An empty tensor of the dtype and on the device of the map's parameters."""
        reference = self.map.reference()
        if reference is None:
            return torch.empty((), dtype=torch.float64)
        return torch.empty((), dtype=reference.dtype, device=reference.device)

    def raw(self, h: Tensor) -> object:
        """What the user's function returns for one state, on that very tensor."""
        return self.map.T(h) if self.map.inputs is None else self.map.T(h, self.map.inputs)

    def images(self, h: Tensor) -> Tensor:
        """The images of states one by one, without derivatives, shape (n, d)."""
        with torch.no_grad():
            return torch.stack([self.map.image(x) for x in h])
