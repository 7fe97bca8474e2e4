"""Torch as it is when a program starts, whatever the caller has set since: an answer must not depend on that."""

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from eqt_theory.energies.arguments import holds_numbers
from eqt_theory.energies.modules import buffers_kept, modules_of, require_initialised
from eqt_theory.energies.parameters import Parameters

P = ParamSpec("P")
R = TypeVar("R")

_FUSED = (
    (torch.backends.cuda.flash_sdp_enabled, torch.backends.cuda.enable_flash_sdp),
    (torch.backends.cuda.mem_efficient_sdp_enabled, torch.backends.cuda.enable_mem_efficient_sdp),
    (torch.backends.cuda.cudnn_sdp_enabled, torch.backends.cuda.enable_cudnn_sdp),
)
"""Kinds of attention that have no second derivative, on the CPU too."""


@contextmanager
def standard_torch(
    dtype: torch.dtype = torch.float64, *, autograd: bool | None = True, compiled: bool = False
) -> Iterator[None]:
    """Torch and NumPy in a known state: what the caller has set is put aside, and put back at the end.

    Default device, default dtype, grad and inference mode, autocast, anomaly detection, deterministic algorithms, the
    precision of float32 products, fused attention, NumPy's handling of floating-point errors. Only what differs is
    touched.

    Args:
        dtype: the default dtype inside: that of the states, for functions that make tensors of their own.
        autograd: whether it records inside; None leaves grad and inference mode as they are.
        compiled: whether what the caller compiled runs so inside, and attention is fused. Neither has second
            derivatives.
    """
    with ExitStack() as stack:
        if not compiled and "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if not compiled:
            for now, change in _FUSED:
                _set(stack, now(), False, change)
        if torch.get_default_device() != torch.device("cpu"):
            stack.enter_context(torch.device("cpu"))
        _set(stack, torch.get_default_dtype(), dtype, torch.set_default_dtype)
        _set(stack, torch.is_anomaly_enabled(), False, lambda on: torch.autograd.set_detect_anomaly(on))
        _set(stack, torch.get_float32_matmul_precision(), "highest", torch.set_float32_matmul_precision)
        if torch.are_deterministic_algorithms_enabled():
            warns = torch.is_deterministic_algorithms_warn_only_enabled()
            stack.callback(partial(torch.use_deterministic_algorithms, True, warn_only=warns))
            torch.use_deterministic_algorithms(False)
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if autograd is not None:
            if torch.is_inference_mode_enabled():
                stack.enter_context(torch.inference_mode(False))
            if torch.is_grad_enabled() != autograd:
                stack.enter_context(torch.set_grad_enabled(autograd))
        stack.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
        yield


def in_standard_torch(function: Callable[P, R], *, compiled: bool = False) -> Callable[P, R]:
    """The function, run in `standard_torch`, for the entry points that ask about an energy or a state.

    The default dtype inside is that of the first argument that has one, an energy, an objective or a tensor. Tensors
    that were made in inference mode, which autograd refuses, are copied; the meta device is a UsageError, and so is a
    lazy module that has no weights yet. Buffers that modules change are put back.

    Args:
        function: any function.
        compiled: as for `standard_torch`.

    Returns:
        A function of the same signature.
    """

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        modules = modules_of((args, kwargs))
        require_initialised(*modules)
        found = [_reference(item) for item in (*args, *kwargs.values())]
        for item, tensor in zip((*args, *kwargs.values()), found, strict=True):
            holds_numbers(tensor, "a tensor" if tensor is item else type(item).__name__)
        dtypes = (tensor.dtype for tensor in found if tensor is not None and tensor.is_floating_point())
        with standard_torch(next(dtypes, torch.float64), compiled=compiled), buffers_kept(*modules):
            return function(*map(ordinary, args), **{k: ordinary(v) for k, v in kwargs.items()})  # type: ignore[arg-type]

    return inside


def ordinary(thing: Any) -> Any:
    """The thing itself, or a copy of it where it holds tensors made in inference mode, of which autograd wants none.

    Args:
        thing: a tensor, a module, an energy or a tuple of such; anything else comes back as it is.

    Returns:
        The thing, fit for autograd.
    """
    if isinstance(thing, Tensor):
        return thing.clone() if thing.is_inference() else thing
    if isinstance(thing, nn.Module):
        parts = (*thing.parameters(), *thing.buffers())
        return copy.deepcopy(thing) if any(p.is_inference() for p in parts) else thing
    if type(thing) is tuple:
        parts = tuple(map(ordinary, thing))
        return parts if any(a is not b for a, b in zip(parts, thing, strict=True)) else thing
    if isinstance(thing, Parameters):
        changed = {name: new for name, item in vars(thing).items() if (new := ordinary(item)) is not item}
        if changed:
            thing = copy.copy(thing)
            vars(thing).update(changed)
    return thing


def _set(stack: ExitStack, now: R, wanted: R, change: Callable[[R], object]) -> None:
    if now != wanted:
        stack.callback(change, now)
        change(wanted)


def _reference(item: object) -> Tensor | None:
    """A tensor whose dtype and device an argument has, if any."""
    if isinstance(item, nn.Module):
        return next(item.parameters(), None)
    return item if isinstance(item, Tensor) else item.reference() if isinstance(item, Parameters) else None
