"""Arguments of energies: turned into float tensors, or refused with one clear error."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import is_number, shown
from eqt_theory.core.errors import UsageError


class _Floating:
    words = "a floating-point dtype"

    def holds(self, value: Any) -> bool:
        return value.is_floating_point


FloatType = Annotated[torch.dtype, _Floating()]
"""A dtype that states can have, for `checked`."""


def holds_numbers(tensor: Tensor | None, name: str) -> None:
    """Refuse a tensor on the meta device.

    Args:
        tensor: any, or None.
        name: of what it is or belongs to, for the error.

    Raises:
        UsageError: it has a shape and no numbers.
    """
    if tensor is not None and tensor.is_meta:
        raise UsageError(f"{name} must be on a device that holds numbers, got the meta device")


def float_tensor(name: str, value: object) -> Tensor:
    """The value as a floating-point tensor.

    Args:
        name: of the argument, for the error.
        value: a tensor or array, which keeps its precision, or nested lists of numbers, which become float64.

    Returns:
        The tensor.

    Raises:
        UsageError: an integer or complex tensor or array, or something that is no tensor at all.
    """
    if isinstance(value, (list, tuple, float, int)) and not isinstance(value, bool):
        try:
            return torch.as_tensor(value, dtype=torch.float64)
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise UsageError(f"{name} must be a tensor or nested lists of numbers, got {shown(value)}") from error
    try:
        tensor = value if isinstance(value, Tensor) else torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{name} must be a floating-point tensor, got {type(value).__name__}") from error
    if tensor.layout is not torch.strided:
        raise UsageError(f"{name} must be a dense tensor, got layout {tensor.layout}")
    if not tensor.is_floating_point():
        raise UsageError(f"{name} must be a floating-point tensor, got dtype {tensor.dtype}; convert it with .double()")
    return tensor


def is_dense(tensor: Tensor) -> bool:
    """Whether it holds floating-point numbers, each in its place."""
    return tensor.is_floating_point() and tensor.layout is torch.strided and not tensor.is_meta


def usable_device(name: str, device: torch.device | str) -> torch.device:
    """The device, if tensors can be put there.

    Args:
        name: of the argument, for the error.
        device: what was given.

    Returns:
        The device.

    Raises:
        UsageError: there is no such device here.
    """
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        said = f"{str(error).partition(chr(10))[0]:.120}"
        raise UsageError(f"{name} must be a device of this machine, got {shown(device)}: {said}") from None
    if found.type == "meta":
        raise UsageError(f"{name} must be a device that holds numbers, got the meta device")
    return found


def same_place(name: str, tensor: Tensor, other_name: str, other: Tensor) -> None:
    """Refuse a tensor whose dtype or device differs from another's."""
    if tensor.dtype != other.dtype:
        raise UsageError(f"{name} must have the dtype of {other_name}, {other.dtype}, got {tensor.dtype}")
    if tensor.device != other.device:
        raise UsageError(f"{name} must be on the device of {other_name}, {other.device}, got {tensor.device}")


def holds_everywhere(condition: Tensor) -> bool:
    """Whether a boolean tensor is true throughout; True where values cannot be read, under `torch.func.vmap` say."""
    if condition.is_meta:
        return True
    try:
        return bool(condition.all())
    except RuntimeError as error:
        if "vmap" in str(error):
            return True
        raise


def finite_tensor(name: str, value: object) -> Tensor:
    """`float_tensor`, refusing nan and infinities."""
    tensor = float_tensor(name, value)
    if not holds_everywhere(torch.isfinite(tensor)):
        raise UsageError(f"{name} must be finite, got nan or inf among its {tensor.numel()} entries")
    return tensor


def positive_number(name: str, value: float, zero: bool = False) -> float:
    """The value as a positive finite float.

    Args:
        name: of the argument, for the error.
        value: what was given.
        zero: also let 0 pass.

    Returns:
        The float.

    Raises:
        UsageError: anything else.
    """
    wanted = "a finite number that is not negative" if zero else "a positive finite number"
    number = float(value) if is_number(value) else math.nan
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise UsageError(f"{name} must be {wanted}, got {shown(value)}")
    return number


def last_sizes(name: str, tensor: Tensor, sizes: Sequence[int | None]) -> Tensor:
    """The tensor, if its last dimensions have the given sizes; batch dimensions may come before.

    Args:
        name: of the argument, for the error.
        tensor: what was given.
        sizes: wanted sizes; None is any.

    Returns:
        The tensor itself.

    Raises:
        UsageError: the shape does not fit.
    """
    tail = tuple(tensor.shape[tensor.ndim - len(sizes) :])
    if tensor.ndim < len(sizes) or any(want is not None and want != got for want, got in zip(sizes, tail, strict=True)):
        shape = ", ".join(["...", *("*" if size is None else str(size) for size in sizes)])
        raise UsageError(f"{name} must have shape ({shape}), got {tuple(tensor.shape)}")
    return tensor


def broadcast_batch(shapes: dict[str, torch.Size]) -> torch.Size:
    """The common batch shape of named arguments.

    Args:
        shapes: name -> batch dimensions.

    Returns:
        The shape they broadcast to.

    Raises:
        UsageError: they do not broadcast.
    """
    distinct = {tuple(shape) for shape in shapes.values() if shape}
    if len(distinct) <= 1:  # the common case, once a step of every solver
        return torch.Size(distinct.pop() if distinct else ())
    try:
        # The function of that name in torch imports SymPy and a compiler.
        return torch.Size(np.broadcast_shapes(*shapes.values()))
    except ValueError as error:
        named = ", ".join(f"{name}: {tuple(shape)}" for name, shape in shapes.items())
        raise UsageError(f"batch dimensions must broadcast, got {named}") from error


def require_one(what: str, batch_shape: torch.Size) -> None:
    """Require that something is one, not a batch.

    Args:
        what: its kind, for the error.
        batch_shape: of it.

    Raises:
        UsageError: it is a batch.
    """
    if batch_shape:
        raise UsageError(f"expected one {what}, got a batch of shape {tuple(batch_shape)}; take one, as by select(0)")
