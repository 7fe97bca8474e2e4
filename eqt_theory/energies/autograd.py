"""What torch raises where it knows no derivative, told apart from a lack of memory, which is none of the function."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from eqt_theory.core.errors import NoDerivative, describe

_NO_MEMORY = ("DefaultCPUAllocator", "out of memory")
"""Of which torch has an error of its own on some devices only."""


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
