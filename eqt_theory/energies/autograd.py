"""Whether torch follows what is computed, and what it raises where it knows no derivative."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.autograd import forward_ad

from eqt_theory.core.errors import NoDerivative, describe

_NO_MEMORY = ("DefaultCPUAllocator", "out of memory")
"""Of which torch has an error of its own on some devices only."""

_PLAIN = frozenset((Tensor, torch.nn.Parameter))


@contextmanager
def differentiating(asked: str = "") -> Iterator[None]:
    """Turn what torch says of a function that it cannot differentiate into a NoDerivative.

    Args:
        asked: what is asked of the function, for the error; empty where somebody else says it.

    Yields:
        Nothing.

    Raises:
        NoDerivative: torch could not differentiate.
        RuntimeError: it needed more memory than there is.
    """
    try:
        yield
    except RuntimeError as error:  # a NotImplementedError is one, too
        if isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _NO_MEMORY):
            raise
        raise NoDerivative(f"{asked}: {describe(error)}" if asked else describe(error)) from error


def unfollowed(*tensors: Tensor) -> bool:
    """Whether nobody differentiates, maps, traces or counts what is computed of these tensors now.

    Args:
        tensors: any; those of a subclass, which may do anything, count as followed, as those of inference mode do.

    Returns:
        Whether the result may be computed in a way that torch does not see.
    """
    if torch.compiler.is_compiling() or torch.is_grad_enabled() or forward_ad._current_level >= 0:
        return False
    if torch._C._are_functorch_transforms_active() or torch._C._len_torch_dispatch_stack() > 0:
        return False
    return _PLAIN.issuperset(map(type, tensors)) and not any(map(Tensor.is_inference, tensors))
