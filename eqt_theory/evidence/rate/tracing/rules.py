"""The rules of the tracer: the exact row of the result of each operation that it lets pass.

A rule speaks of whole states: each coordinate is treated like every other, so that what is traced holds in every
dimension. What a rule does not take as an argument is refused.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Real
from typing import Any

from torch import Tensor

from eqt_theory.evidence.rate.tracing.exact_float import Carried
from eqt_theory.evidence.rate.tracing.tape import Cell, Refused, Row, combination


def _traced(x: Any) -> bool:
    return isinstance(getattr(x, "cell", None), Cell)


def _number(x: Any) -> Fraction | None:
    """The one exact number that x is; None where it is a state."""
    if _traced(x):
        return None
    if isinstance(x, Carried):
        return x.exact
    if isinstance(x, Tensor):
        entries = x.detach().reshape(-1)
        if entries.numel() == 0 or x.is_complex() or not bool((entries == entries[0]).all()):
            raise Refused("it scales or shifts coordinates one by one: nothing that holds in every dimension")
        return Fraction(entries[0].item())
    if isinstance(x, Fraction):
        return x
    if isinstance(x, Real):
        return Fraction(int(x)) if isinstance(x, int) else Fraction(float(x))
    raise TypeError(f"an operand of type {type(x).__name__}")


def _vector(x: Any) -> Row:
    """The row of something that is added: a state, or zero."""
    if _traced(x):
        return x.cell.row
    if _number(x) != 0:
        raise Refused(f"it adds the number {float(_number(x) or 0):.6g} to a state: h* would depend on the origin")
    return {}


def _add(x, y, *, alpha=1):
    return combination((1, _vector(x)), (_number(alpha), _vector(y)))


def _sub(x, y, *, alpha=1):
    return combination((1, _vector(x)), (-(_number(alpha) or 0), _vector(y)))


def _rsub(x, y, *, alpha=1):
    return combination((1, _vector(y)), (-(_number(alpha) or 0), _vector(x)))


def _mul(x, y):
    if _traced(x) and _traced(y):
        if x.cell.row and y.cell.row:
            raise Refused("it multiplies one state by another, coordinate by coordinate")
        return {}
    return combination((_number(y), x.cell.row)) if _traced(x) else combination((_number(x), y.cell.row))


def _div(x, y):
    if _traced(y):
        raise Refused("it divides by a state")
    if type(y) is float and math.isinf(y):  # no proximal term
        return {}
    return combination((1 / (_number(y) or Fraction(0)), x.cell.row))


def same(x, *others, **options):
    """The rule of views and copies."""
    if any(isinstance(o, Tensor) and not _traced(o) for o in others):
        raise TypeError("a tensor as an argument")
    return dict(x.cell.row)


def _itself(x, flag=True):
    return dict(x.cell.row)


def _neg(x):
    return combination((-1, x.cell.row))


def _zero(x, *shape, **options):
    return {}


def _fill(x, value):
    return _vector(value)


def _copy(x, y, non_blocking=False):
    return dict(_vector(y))


def _lerp(x, y, weight):
    w = _number(weight)
    if w is None:
        raise Refused("it interpolates by a state")
    return combination((1 - w, _vector(x)), (w, _vector(y)))


def _addcmul(x, s, t, *, value=1):
    return combination((1, _vector(x)), (_number(value), _mul(s, t)))


def _addcdiv(x, s, t, *, value=1):
    return combination((1, _vector(x)), (_number(value), _div(s, t)))


RULES: dict[str, Callable[..., Row]] = {
    **dict.fromkeys(("add", "__add__", "__radd__"), _add),
    **dict.fromkeys(("sub", "__sub__", "subtract"), _sub),
    **dict.fromkeys(("rsub", "__rsub__"), _rsub),
    **dict.fromkeys(("mul", "__mul__", "__rmul__", "multiply"), _mul),
    **dict.fromkeys(("div", "__truediv__", "true_divide", "divide"), _div),
    **dict.fromkeys(("neg", "__neg__", "negative"), _neg),
    **dict.fromkeys(("clone", "detach", "contiguous", "to", "double", "view", "reshape", "view_as"), same),
    **dict.fromkeys(("reshape_as", "expand", "expand_as", "unsqueeze", "squeeze", "flatten", "type_as", "data"), same),
    **dict.fromkeys(("requires_grad", "positive", "__pos__"), _itself),
    **dict.fromkeys(("zero", "zeros_like", "new_zeros"), _zero),
    "copy": _copy, "fill": _fill, "lerp": _lerp, "addcmul": _addcmul, "addcdiv": _addcdiv,
}  # fmt: skip
