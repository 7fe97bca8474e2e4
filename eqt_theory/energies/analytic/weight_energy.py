"""WeightEnergy: an energy whose state is the flattened weights of a module, for test-time training."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy


@checked
class WeightEnergy(Energy):
    """`loss(x -> module(x; h))`: the state h holds all weights of a module, one after the other (Prop. 9.4).

    Args:
        module: the network; its own weights are only read, as the default state.
        loss: takes a function with the module's signature and returns one number.

    Raises:
        UsageError: the module has no parameters, they differ in dtype or device, or (on use) the loss is no number.
    """

    def __init__(self, module: nn.Module, loss: Callable[[Callable[..., Tensor]], Tensor]) -> None:
        weights = list(module.parameters())
        if not weights:
            raise UsageError("module must have parameters, got none")
        kinds = sorted({f"{w.dtype} on {w.device}" for w in weights})
        if len(kinds) > 1:
            raise UsageError(f"module must have all its parameters in one dtype on one device, got {kinds}")
        if not callable(loss):
            raise UsageError(f"loss must be a function of a function, got {type(loss).__name__}")
        self.module = module
        self.loss = loss
        self.dim = sum(w.numel() for w in weights)

    def weights(self) -> Tensor:
        """The module's own weights as a state, shape (d,): the usual proposal."""
        return torch.cat([w.detach().reshape(-1) for w in self.module.parameters()])

    def value(self, h: Tensor) -> Tensor:
        h = self.checked(h)
        if h.ndim == 1:
            return self._one(h)
        if h.shape[:-1].numel() == 0:
            return h.sum(-1)
        return torch.func.vmap(self._one)(h.reshape(-1, h.shape[-1])).reshape(h.shape[:-1])

    def _one(self, h: Tensor) -> Tensor:
        parts = h.split([w.numel() for w in self.module.parameters()])
        named = {
            name: part.reshape(w.shape) for (name, w), part in zip(self.module.named_parameters(), parts, strict=True)
        }

        def call(*inputs: Tensor) -> Tensor:
            return torch.func.functional_call(self.module, named, inputs)

        value = self.loss(call)
        if not isinstance(value, Tensor) or value.shape != ():
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise UsageError(f"loss must return one number, a tensor of shape (), got {got}")
        return value
