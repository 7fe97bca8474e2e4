"""Affine: a tensor that really runs in torch and also knows, in exact fractions, of which vectors it is which multiple.

Only operations with a rule pass; every other one is refused by name.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from eqt_theory.evidence.rate.tracing.exact_float import Carried
from eqt_theory.evidence.rate.tracing.rules import RULES, same
from eqt_theory.evidence.rate.tracing.tape import Cell, Refused, Row, Tape


class Affine(Tensor):
    """A state under the tracer: `payload` in float64 plus a Cell."""

    cell: Cell

    @staticmethod
    def of(payload: Tensor, cell: Cell) -> "Affine":
        """The tensor with this content."""
        made = payload.as_subclass(Affine)
        made.cell = cell
        return made

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tape = _tape([*args, *kwargs.values()])
        name = _name(func)
        with torch._C.DisableTorchFunctionSubclass():
            if name in _METADATA or func in _GETTERS:
                return func(*args, **kwargs)
            if func in _SETTERS:
                return func(*args)
            if name == "data =" and all(isinstance(x, Affine) for x in args):
                args[0].cell = args[1].cell
                return func(*args)
            try:
                return _apply(func, name, tape, args, kwargs)
            except Refused as refused:
                tape.refusal = tape.refusal or refused
                raise


def _scaled(name: str) -> Callable[..., Any]:
    """The method of that name; torch reads the numbers in its options in C, where a symbol is none."""
    func = getattr(Tensor, name)

    def method(self: Affine, *args: Any, **options: Any) -> Any:
        if any(isinstance(x, Carried) for x in options.values()):
            return Affine.__torch_function__(func, (Affine,), (self, *args), options)
        return func(self, *args, **options)

    return method


for _of in ("add", "sub", "subtract", "addcmul", "addcdiv"):
    for _called in (_of, _of + "_"):
        setattr(Affine, _called, _scaled(_called))


def fresh(tape: Tape, name: str) -> Affine:
    """A new vector, independent of all others."""
    tape.name(name)
    return basis(tape, name)


def basis(tape: Tape, name: str) -> Affine:
    """A vector that the tape knows."""
    payload = torch.zeros(tape.size, dtype=torch.float64)
    payload[tape.names.index(name)] = 1.0
    return Affine.of(payload.reshape(tape.shape), Cell({name: Fraction(1)}, tape))


def plain(x: Tensor) -> Tensor:
    """The numbers of a traced state as an ordinary flat tensor, not shared with it."""
    with torch._C.DisableTorchFunctionSubclass():
        return x.detach().as_subclass(Tensor).reshape(-1).clone()


def agrees(x: Tensor, row: Row, tape: Tape) -> bool:
    """Whether the coordinates of a flat state are the coefficients in a row, but for rounding."""
    numbers, wanted = x.tolist(), [float(row[v]) if v in row else 0.0 for v in tape.names]
    near = all(abs(x - y) <= 1e-12 + 1e-9 * abs(y) for x, y in zip(numbers, wanted, strict=False))
    return near and sum(map(abs, numbers[len(wanted) :])) <= 1e-12


def _apply(func: Callable[..., Any], name: str, tape: Tape, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    if name.startswith("_foreach_"):
        return _foreach(name, tape, args, kwargs)
    if name == "__deepcopy__":
        return Affine.of(args[0].detach().as_subclass(Tensor).clone(), Cell(dict(args[0].cell.row), tape))
    if name in _CONSTANTS:
        return func(*args, **kwargs).as_subclass(Tensor)
    base = _IN_PLACE.get(name) or (name[:-1] if name.endswith("_") and not name.endswith("__") else None)
    rule = RULES.get(base or name)
    if rule is None:
        raise Refused(f"{_say(name)} is no linear operation on whole states")
    if not isinstance(args[0], Affine) and (base is not None or rule is same):
        if base is None:  # a number is brought to the kind of a state
            return func(*args, **kwargs).as_subclass(Tensor)
        raise Refused(f"{_say(name)} writes a state into another tensor")
    try:
        row = rule(*args, **kwargs)
    except TypeError as error:
        raise Refused(f"{_say(name)} was called in a way that the tracer does not know ({error})") from None
    except (ZeroDivisionError, OverflowError, ValueError):
        raise Refused(f"{_say(name)} met a number that is not finite, or a division by zero") from None
    done = func(*map(_float, args), **{key: _float(value) for key, value in kwargs.items()})
    if base is not None:
        out, cell = args[0], args[0].cell
        cell.row = row
    else:
        shared = done.numel() > 0 and done.data_ptr() == args[0].data_ptr() if isinstance(args[0], Tensor) else False
        out = Affine.of(done, args[0].cell if shared and isinstance(args[0], Affine) else Cell(row, tape))
    _consistent(name, out, tape)
    return out


def _float(x: Any) -> Any:
    return x.number() if isinstance(x, Carried) else x


def _consistent(name: str, out: "Affine", tape: Tape) -> None:
    """What torch computed has the coefficients that the rule gave, in the shape of a state.

    Raises:
        Refused: it does not: coordinates were mixed, dropped, or rounded to another precision.
    """
    row = out.cell.row
    if out.dtype != torch.float64:
        raise Refused(f"{_say(name)} changes the precision to {str(out.dtype).removeprefix('torch.')}")
    if not row:
        good = not bool(out.as_subclass(Tensor).any())
    else:
        if out.numel() != tape.size:
            raise Refused(f"{_say(name)} mixes or repeats coordinates: shape {tuple(out.shape)} is not that of a state")
        good = agrees(out.as_subclass(Tensor).reshape(-1), row, tape)
    if not good:
        raise Refused(f"{_say(name)} gave other numbers than a linear operation on whole states does")


def _foreach(name: str, tape: Tape, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any] | None:
    """torch._foreach_*: the same operation on each tensor of a list."""
    base, in_place = name.removeprefix("_foreach_").rstrip("_"), name.endswith("_")
    done = []
    for i, x in enumerate(args[0]):
        rest = [a[i] if isinstance(a, list | tuple) else a for a in args[1:]]
        func = getattr(Tensor, base + "_" if in_place else base, None)
        if func is None:
            raise Refused(f"{_say(name)} is no linear operation on whole states")
        done.append(_apply(func, func.__name__, tape, [x, *rest], kwargs))
    return None if in_place else done


def _tape(things: Sequence[Any]) -> Tape:
    for thing in things:
        if isinstance(thing, Affine):
            return thing.cell.tape
        if isinstance(thing, list | tuple) and any(isinstance(x, Affine) for x in thing):
            return _tape(thing)
    raise Refused("an operation on a state that the tracer cannot follow")


def _name(func: Any) -> str:
    """The name of a torch function; of a property, the property's."""
    if func.__name__ in ("__get__", "__set__", "__delete__"):
        return func.__self__.__name__ + ("" if func.__name__ == "__get__" else " =")
    return func.__name__


def _say(name: str) -> str:
    return f"Tensor.{name}"


_IN_PLACE = {"__iadd__": "add", "__isub__": "sub", "__imul__": "mul", "__itruediv__": "div"}
_CONSTANTS = {"new_tensor", "new_full", "new_ones", "full_like", "ones_like"}
_METADATA = {
    "size", "dim", "numel", "nelement", "ndimension", "stride", "element_size", "is_contiguous", "is_floating_point",
    "is_complex", "get_device", "__len__", "__hash__", "is_same_size",
}  # fmt: skip
_GETTERS = {
    getattr(torch.Tensor, name).__get__
    for name in (
        "shape", "dtype", "device", "ndim", "layout", "grad", "requires_grad", "is_leaf", "grad_fn", "is_cpu",
        "is_cuda", "is_sparse", "is_meta", "is_mps", "is_xla", "is_xpu", "is_quantized", "is_nested", "itemsize",
        "nbytes",
    )
    if hasattr(torch.Tensor, name)
}  # fmt: skip
_SETTERS = {getattr(torch.Tensor, name).__set__ for name in ("grad", "requires_grad")}
