"""A user's own function of one state, called so that it can neither mix states nor change what it is given."""

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor, nn

from eqt_theory.core.budget import looked
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.energies.randomness import refuse_dropout, refuse_random, remark_refusal

_FEW = 4
"""Up to so many states go one by one at once."""


@final
class Call:
    """A function (d,) -> (d,), with further arguments perhaps, for states of shape (..., d).

    Args:
        fn: the function.
        name: what errors call it.
    """

    def __init__(self, fn: Callable[..., Tensor], name: str) -> None:
        self.fn, self.name = fn, name

    def one(self, h: Tensor, *more: Any) -> Tensor:
        """The image of one state, shape (d,).

        Args:
            h: a state; the function gets a copy, as it may work in place.
            more: further arguments.

        Returns:
            Its image.

        Raises:
            UsageError: the function raised, or returned something else than a state of the same kind.
        """
        refuse_dropout(self.label, self.fn)
        try:
            found = self.fn(h.clone(), *more)
        except UsageError:
            raise
        except Exception as error:  # whatever somebody's function raises
            raise UsageError(f"{self.label} raised {describe(error)}") from error
        return self._state(found, h)

    def many(self, h: Tensor, *rows: Any) -> Tensor:
        """The images of states, shape (..., d): by `torch.func.vmap`, or one by one where that is refused.

        Args:
            h: states, shape (..., d).
            rows: further arguments; a tensor of shape (..., k) has one row for each state, all else is shared.

        Returns:
            The images, shape (..., d).

        Raises:
            UsageError: as for one state.
        """
        if h.ndim == 1:
            return self.one(h, *rows)
        flat = h.reshape(-1, h.shape[-1])
        more = [r.reshape(-1, r.shape[-1]) if isinstance(r, Tensor) else r for r in rows]
        if len(flat) == 0:
            return h.clone()
        refused: Exception | None = None
        if len(flat) > _FEW:
            try:
                dims = tuple(0 if isinstance(r, Tensor) else None for r in more)
                return torch.func.vmap(self._traced, in_dims=(0, *dims))(flat, *more).reshape(h.shape)
            except Exception as error:  # control flow, say, or numbers read out: then one by one, or the error itself
                refuse_random(self.label, error, lambda: self._nth(0, flat, more))
                refused = error
        images = torch.stack([looked(self._nth(i, flat, more)) for i in range(len(flat))]).reshape(h.shape)
        if refused is not None:  # and the function itself does not
            remark_refusal(self.label.rstrip(","), refused)
        return images

    def _nth(self, i: int, states: Tensor, more: list[Any]) -> Tensor:
        return self.one(states[i], *(r[i] if isinstance(r, Tensor) else r for r in more))

    def _traced(self, h: Tensor, *more: Any) -> Tensor:
        return self._state(self.fn(h.clone(), *more), h)

    def _state(self, found: object, h: Tensor) -> Tensor:
        if not isinstance(found, Tensor) or found.shape != h.shape:
            got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise UsageError(f"{self.label} must return a state of shape {tuple(h.shape)}, got {got}")
        if found.dtype != h.dtype or found.device != h.device:
            raise UsageError(
                f"{self.label} must keep {h.dtype} on {h.device}, got {found.dtype} on {found.device}; hold its "
                "tensors in the dtype and on the device of the states"
            )
        return found

    @property
    def label(self) -> str:
        """Its name, and that of the user's function."""
        return f"{self.name}, {getattr(self.fn, '__name__', type(self.fn).__name__)},"

    @property
    def reference(self) -> Tensor | None:
        """A parameter of a module, whose dtype and device states must have; None where none is visible."""
        if not isinstance(self.fn, nn.Module):
            return None
        return next((p for p in (*self.fn.parameters(), *self.fn.buffers()) if p.is_floating_point()), None)
