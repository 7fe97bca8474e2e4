"""The parameters of an energy, shared by all states or one for each: found, broadcast, selected and moved."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from eqt_theory.energies.arguments import broadcast_batch, holds_numbers
from eqt_theory.energies.curvature import Curvature


class Parameters:
    """What an energy is made of: its attributes, among them tensors, modules and other energies."""

    _per_state: ClassVar[Mapping[str, int]] = {}
    """Attributes that may carry one value per state, and the number of dimensions of one such value."""
    _derived: ClassVar[Sequence[str]] = ()
    """Attributes that are computed from the others, forgotten when precision or device change."""

    def require_parameters(self) -> None:
        """Require that the parameters are still what the constructor asks for: they may have been edited since.

        Raises:
            UsageError: they are not.
        """  # noqa: DOC502
        for term in self._subenergies():
            term.require_parameters()

    def _remembered(self, compute: Callable[[], Curvature], *made_of: Tensor | None) -> Curvature:
        """The declared curvature, computed anew where a tensor that it is made of was replaced or edited in place."""
        stamp = tuple((t, None if t.is_inference() else t._version) for t in made_of if t is not None)
        known, last = vars(self).get("_curvature"), vars(self).get("_stamp")
        # A part of a batch has the part of the curvature, and no stamp yet.
        same = last is None or all(a is b and v == w for (a, v), (b, w) in zip(last, stamp, strict=True))
        if known is None or not same:
            for tensor in made_of:
                holds_numbers(tensor, type(self).__name__)
            known = compute()
        vars(self).update(_curvature=known, _stamp=stamp)
        return known

    @property
    def batch_shape(self) -> torch.Size:
        """The batch dimensions of the per-state parameters; empty where all states share the same parameters."""
        shapes: dict[str, torch.Size] = {}
        for name, rank in self._per_state.items():
            tensor = getattr(self, name)
            if isinstance(tensor, Tensor):
                shapes[name] = tensor.shape[: tensor.ndim - rank]
        for position, term in enumerate(self._subenergies()):
            shapes[f"term {position}"] = term.batch_shape
        return broadcast_batch(shapes) if shapes else torch.Size()

    def state_bytes(self) -> int:
        """Bytes of the parameters that one state has to itself."""
        total = sum(term.state_bytes() for term in self._subenergies())
        for name, rank in self._per_state.items():
            tensor = getattr(self, name)
            if isinstance(tensor, Tensor) and tensor.ndim > rank:
                total += _own(tensor, rank).numel() * tensor.element_size()
        return total

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """The same energy with its per-state parameters broadcast to the batch shape; itself where it has none."""
        shape = torch.Size(batch_shape)
        if self.batch_shape in (torch.Size(), shape):
            return self
        return self._mapped(lambda x, rank: _per_state_only(x, rank, lambda t: t.expand(*shape, *_own(t, rank))), shape)

    def select(self, index: "Tensor | int") -> Self:
        """The energy of some of the states only; itself where all states share the same parameters.

        Args:
            index: 1-D tensor of positions, or a mask, over the flattened batch; or one position.

        Returns:
            An energy whose batch shape is that of the index, (len(index),); of one position one energy, no batch.
        """
        shape = self.batch_shape
        if not shape:
            return self
        index = torch.as_tensor(index)

        def pick(tensor: Tensor, rank: int) -> Tensor:
            own = _own(tensor, rank)
            whole = tensor.expand(*shape, *own).reshape(-1, *own)
            return whole.index_select(0, index) if index.ndim and index.dtype is not torch.bool else whole[index]

        return self._mapped(lambda x, rank: _per_state_only(x, rank, lambda t: pick(t, rank or 0)), shape, index)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """A copy on another device or in another precision; modules in it are copied too."""
        twin = copy.copy(self)
        for name, item in self._attributes():
            setattr(twin, name, _moved(item, device, dtype))
        for name in (*self._derived, "_stamp"):
            if name in vars(twin):
                delattr(twin, name)
        return twin

    def _mapped(
        self, change: Callable[[Tensor, int | None], Tensor], shape: torch.Size, index: Tensor | None = None
    ) -> Self:
        def mapped(item: Any, rank: int | None) -> Any:
            if isinstance(item, Parameters):
                whole = item.expand(shape)
                return whole if index is None else whole.select(index)
            if isinstance(item, Curvature):
                mu, upper = (change(c, 0) if isinstance(c, Tensor) else c for c in (item.mu, item.lipschitz))
                return Curvature(mu, upper, item.domain)
            if isinstance(item, tuple):
                return tuple(mapped(part, rank) for part in item)
            return change(item, rank) if isinstance(item, Tensor) else item

        twin = copy.copy(self)
        vars(twin).pop("_stamp", None)
        for name, item in self._attributes():
            setattr(twin, name, mapped(item, self._per_state.get(name)))
        return twin

    def _attributes(self) -> list[tuple[str, Any]]:
        return [(name, item) for name, item in vars(self).items() if name not in ("_accepted", "_stamp")]

    def _subenergies(self) -> Iterator["Parameters"]:
        for _, item in self._attributes():
            for part in item if isinstance(item, tuple) else (item,):
                if isinstance(part, Parameters):
                    yield part

    def reference(self) -> Tensor | None:
        """A parameter whose dtype and device the states must share, or None where there is none."""
        for _, item in self._attributes():
            for part in item if isinstance(item, tuple) else (item,):
                if isinstance(part, Tensor) and part.is_floating_point():
                    return part
                found = None
                if isinstance(part, Parameters):
                    found = part.reference()
                elif isinstance(part, nn.Module):
                    found = next((p for p in (*part.parameters(), *part.buffers()) if p.is_floating_point()), None)
                if found is not None:
                    return found
        return None


def _own(tensor: Tensor, rank: int | None) -> torch.Size:
    return tensor.shape[tensor.ndim - (rank or 0) :]


def _per_state_only(tensor: Tensor, rank: int | None, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Change tensors that carry one value per state; leave those that all states share."""
    return tensor if rank is None or tensor.ndim == rank else change(tensor)


def _moved(item: Any, device: torch.device | str | None, dtype: torch.dtype | None) -> Any:
    if isinstance(item, Parameters):
        return item.to(device, dtype)
    if isinstance(item, tuple):
        return tuple(_moved(part, device, dtype) for part in item)
    if isinstance(item, Tensor):
        return item.to(device=device, dtype=dtype if item.is_floating_point() else None)
    if isinstance(item, nn.Module):
        return copy.deepcopy(item).to(device=device, dtype=dtype)
    return item
