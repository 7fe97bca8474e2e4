"""Whether torch follows what is computed, and what it raises where it knows no derivative."""

import torch
from torch import Tensor
from torch.autograd import forward_ad

from eqt_theory.core.errors import NoDerivative, describe

_NO_MEMORY = ("DefaultCPUAllocator", "out of memory")
"""Of which torch has an error of its own on some devices only."""

_PLAIN = frozenset((Tensor, torch.nn.Parameter))


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
    if torch.compiler.is_compiling() or torch._C._is_tracing() or torch.is_grad_enabled():
        return False
    if forward_ad._current_level >= 0 or torch._C._are_functorch_transforms_active():
        return False
    if torch._C._len_torch_dispatch_stack() > 0:
        return False
    return _PLAIN.issuperset(map(type, tensors)) and not any(map(Tensor.is_inference, tensors))
