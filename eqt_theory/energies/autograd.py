"""Whether torch follows what is computed, and what it raises where it knows no derivative."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import forward_ad

from eqt_theory.core.errors import NoDerivative, describe

_NO_MEMORY = ("DefaultCPUAllocator", "out of memory")
"""Of which torch has an error of its own on some devices only."""

_PLAIN = frozenset((Tensor, torch.nn.Parameter))


_C = torch._C._functorch  # pyright: ignore[reportAttributeAccessIssue]


class differentiating:  # noqa: N801
    """Turn what torch says of a function that it cannot differentiate, inside of `with`, into a NoDerivative.

    Args:
        asked: what is asked of the function, for the error; empty where somebody else says it.

    Raises:
        NoDerivative: torch could not differentiate.
        RuntimeError: it needed more memory than there is.
    """

    # A class, since products with a Hessian go through it, each a tenth of a millisecond.
    def __init__(self, asked: str = "") -> None:
        self._asked = asked

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, RuntimeError):  # a NotImplementedError is one, too
            return
        if isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _NO_MEMORY):
            return
        said = describe(error)
        raise NoDerivative(f"{self._asked}: {said}" if self._asked else said) from error


def unfollowed(*tensors: Tensor) -> bool:
    """Whether nobody differentiates, maps, traces or counts what is computed of these tensors now.

    Args:
        tensors: any; those of a subclass, which may do anything, count as followed, as those of inference mode do.

    Returns:
        Whether the result may be computed in a way that torch does not see.
    """
    return not torch.is_grad_enabled() and untransformed(*tensors)


def untransformed(*tensors: Tensor) -> bool:
    """The same, but that autograd may differentiate."""
    if torch.compiler.is_compiling() or torch._C._is_tracing():
        return False
    if forward_ad._current_level >= 0 or torch._C._are_functorch_transforms_active():
        return False
    if torch._C._len_torch_dispatch_stack() > 0:
        return False
    return _PLAIN.issuperset(map(type, tensors)) and not any(map(Tensor.is_inference, tensors))


def differentiated(function: Callable[[Tensor], Tensor], h: Tensor) -> tuple[Tensor, Tensor]:
    """The values and the gradient of their sum, of states that are unfollowed.

    As `torch.func.grad`, to the bit, which loads torch's compiler, a matter of seconds, and takes half as long again
    for a graph of the derivative. It holds the function to the same: nothing leaves torch unnoticed.

    Args:
        function: of a tensor of the shape of h; returns values, (...).
        h: where; `unfollowed(h)`.

    Returns:
        The values, (...), and the gradient, of the shape of h; zero where the values do not depend on h.
    """
    level = _C._grad_increment_nesting()
    try:
        with torch.enable_grad():
            x = _C._wrap_for_grad(h, level)
            allowed = _C.get_inplace_requires_grad_allowed()
            _C.set_inplace_requires_grad_allowed(True)
            try:
                x.requires_grad_()
            finally:
                _C.set_inplace_requires_grad_allowed(allowed)
            values = function(x)
            total = values.sum()
            (slope,) = torch.autograd.grad(total, x, allow_unused=True) if total.requires_grad else (None,)
        gradient = torch.zeros_like(h) if slope is None else _C._unwrap_for_grad(slope, level)
        return _C._unwrap_for_grad(values, level), gradient
    finally:
        _C._grad_decrement_nesting()
