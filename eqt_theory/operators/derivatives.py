"""First derivatives of a user's map, with torch's errors as one that says what is asked of the map."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError, describe


@contextmanager
def differentiating(name: str = "T") -> Iterator[None]:
    """Turn what torch says of a map that has no derivative into a UsageError.

    Args:
        name: what the error calls the map.

    Yields:
        Nothing.

    Raises:
        UsageError: torch could not differentiate.
        OutOfMemoryError: it needed more memory than there is.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, NotImplementedError) as error:  # torch raises these where no derivative is known
        raise UsageError(f"{name} must be differentiable for products with its Jacobian: {describe(error)}") from error


def jacobian(fn: Callable[[Tensor], Tensor], h: Tensor) -> Tensor:
    """The Jacobian of a map at one state.

    Args:
        fn: the map, (d,) -> (n,).
        h: where, shape (d,).

    Returns:
        J, shape (n, d), detached.
    """
    with differentiating(), torch.enable_grad():
        found = torch.autograd.functional.jacobian(fn, h)
    assert isinstance(found, Tensor)
    return found.detach()


def pulled_back(fn: Callable[[Tensor], Tensor], h: Tensor, w: Tensor) -> Tensor:
    """`J^T w` at one state.

    Args:
        fn: the map, (d,) -> (n,).
        h: where, shape (d,).
        w: shape (n,).

    Returns:
        The product, shape (d,).
    """
    with differentiating():
        found = torch.autograd.functional.vjp(fn, h, w)[1]
    assert isinstance(found, Tensor)
    return found
