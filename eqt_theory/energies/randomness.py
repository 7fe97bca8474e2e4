"""Functions that draw random numbers, as dropout in training mode does, are no functions: they are refused by name."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqt_theory.core.budget import remark
from eqt_theory.core.errors import UsageError, describe

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_REASON = 120
_AGAIN = 16
"""Calls after the first: dropout of few entries repeats itself now and then."""


def refuse_dropout(name: str, fn: object) -> None:
    """Refuse a module with dropout in training mode.

    Args:
        name: of the function, for the error.
        fn: a module, or any other function, into which nobody can look.

    Raises:
        UsageError: it would give other values at every call.
    """
    if not isinstance(fn, nn.Module) or not getattr(fn, "training", False):  # frozen scripts have no mode
        return
    for path, part in fn.named_modules():
        if isinstance(part, _DROPOUTS) and part.training and part.p > 0:
            raise UsageError(
                f"{name} has {type(part).__name__} in training mode at {path or 'its top'}, so it gives other values "
                "at every call; call .eval() on it first"
            )


def refuse_random(name: str, error: BaseException, once: Callable[[], Tensor]) -> None:
    """Turn torch's refusal of random numbers under vmap into an error that says what to do.

    A function that draws the same numbers each time, from a generator that it seeds, passes: its states go one by one.

    Args:
        name: of the function, for the error.
        error: what was raised.
        once: calls the function on one state.

    Raises:
        UsageError: the function draws random numbers, and gives other values at every call.
    """
    if "randomness" not in str(error) or "vmap" not in str(error):
        return
    first = once()
    if not all(torch.equal(first, once()) for _ in range(_AGAIN)):
        raise UsageError(
            f"{name} draws random numbers, so it gives other values at every call; put its modules into evaluation "
            "mode (.eval()), or draw the numbers once, outside of it"
        ) from error


def remark_refusal(name: str, error: BaseException) -> None:
    """Say that a function goes state by state, which is slow, and why.

    Args:
        name: of the function.
        error: what torch raised under vmap.
    """
    reason = describe(error).split(": ", 1)[-1]
    short = reason if len(reason) <= _REASON else f"{reason[:_REASON]}..."
    remark(f"{name} is called state by state, as torch.func.vmap refuses it ({short})")
