"""Values as JSON and back, every number exact; what a file says is read as data, and nothing in it is run."""

import importlib
import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError

_FUNCTIONS = frozenset({
    "Add", "Mul", "Pow", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "Abs", "Max", "Min", "sign", "Heaviside", "floor", "ceiling", "Tuple", "Piecewise",
    "ExprCondPair", "ComplexRootOf",
    "Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan", "And", "Or", "Not",
})  # fmt: skip
"""What of SymPy an expression may be made of."""
_NAMED = {"ComplexRootOf": "CRootOf", "ExprCondPair": "Tuple"}
_CONSTANTS = {"pi": "pi", "E": "E", "oo": "oo", "-oo": "S.NegativeInfinity", "I": "I", "nan": "nan", "zoo": "zoo",
              "GoldenRatio": "GoldenRatio", "EulerGamma": "EulerGamma", "True": "true", "False": "false"}  # fmt: skip
_SAFE = 2**53
_DEEPEST = 200
_POWER = 1000


def encoded(value: Any, where: str = "it") -> Any:
    """A value as JSON data.

    Args:
        value: None, texts, booleans, numbers, fractions, lists, tuples, mappings, and SymPy's expressions.
        where: where it stands, for the error.

    Returns:
        Lists, dictionaries with one key that says the kind, texts, numbers, booleans and None.

    Raises:
        UsageError: it is something else, or would come back as another value.
    """
    data = _encoded(value, where, 0)
    back = decoded(data)
    if not _same(back, value):
        raise UsageError(f"{where} cannot be saved exactly: {shown(value)} would come back as {shown(back)}")
    return data


def decoded(data: Any) -> Any:
    """The value of JSON data that `encoded` made, or anybody.

    Args:
        data: as `json` reads it.

    Returns:
        The value.

    Raises:
        UsageError: the data are of no kind that is known.
    """
    try:
        return _decoded(data, 0)
    except UsageError:
        raise
    except (ValueError, TypeError, ArithmeticError, InvalidOperation, AttributeError, KeyError) as error:
        raise UsageError(f"{shown(data)} is no saved value: {error}") from None


def _encoded(value: Any, where: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise UsageError(f"{where} is nested too deeply to be saved")
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return value if abs(value) <= _SAFE else {"int": hex(value)}
        case float():
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        case Fraction():
            return {"fraction": f"{hex(value.numerator)}/{hex(value.denominator)}"}
        case Decimal():
            return {"decimal": str(value)}
        case list():
            return [_encoded(x, f"{where}[{i}]", depth + 1) for i, x in enumerate(value)]
        case tuple():
            return {"tuple": [_encoded(x, f"{where}[{i}]", depth + 1) for i, x in enumerate(value)]}
        case Mapping():
            pairs = value.items()
            return {"map": [[_encoded(k, where, depth + 1), _encoded(x, f"{where}[{k}]", depth + 1)] for k, x in pairs]}
    if str(type(value).__module__).startswith("sympy."):
        return {"sympy": _tree(value, where, depth + 1)}
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return _encoded(value.item(), where, depth)
    raise UsageError(f"{where} cannot be saved: a {type(value).__name__}, {shown(value)}")


def _tree(value: Any, where: str, depth: int) -> Any:
    """A SymPy expression by its parts."""
    if depth > _DEEPEST:
        raise UsageError(f"{where} is nested too deeply to be saved")
    name = type(value).__name__
    if getattr(value, "is_Symbol", False):
        assumed = {key: bool(known) for key, known in value.assumptions0.items() if known is not None}
        return {"symbol": value.name, "assumes": assumed}
    if getattr(value, "is_Rational", False):
        return f"{hex(value.p)}/{hex(value.q)}"
    if getattr(value, "is_Float", False):
        sign, mantissa, exponent, _ = value._mpf_
        return {"real": [int(sign), hex(int(mantissa)), int(exponent), int(value._prec)]}
    if str(value) in _CONSTANTS and not value.args:
        return {"constant": str(value)}
    if name not in _FUNCTIONS or not value.args:
        raise UsageError(f"{where} cannot be saved: {shown(value)} holds a {name}")
    return {"call": name, "of": [_tree(x, where, depth + 1) for x in value.args]}


def _decoded(data: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise UsageError("the saved values are nested too deeply")
    if data is None or isinstance(data, bool | str | int | float):
        return data
    if isinstance(data, list):
        return [_decoded(x, depth + 1) for x in data]
    kind: Any
    of: Any
    kind, of = next(iter(data.items())) if isinstance(data, dict) and len(data) == 1 else ("", None)
    match kind:
        case "int":
            return int(of, 16)
        case "float" if of in ("nan", "inf", "-inf"):
            return float(of)
        case "fraction":
            p, q = of.split("/")
            return Fraction(int(p, 16), int(q, 16))
        case "decimal":
            return Decimal(of)
        case "tuple":
            return tuple(_decoded(x, depth + 1) for x in of)
        case "map":
            return {_decoded(k, depth + 1): _decoded(x, depth + 1) for k, x in of}
        case "sympy":
            return _expression(of, importlib.import_module("sympy"), depth + 1)
    raise UsageError(f"{shown(data)} is no saved value")


def _expression(tree: Any, sp: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise UsageError("the saved values are nested too deeply")
    match tree:
        case str():
            p, q = tree.split("/")
            return sp.Rational(int(p, 16), int(q, 16))
        case {"symbol": str(name), "assumes": dict(assumed)}:
            found = sp.Symbol(name, **assumed)
            if not all(hasattr(found, f"is_{key}") for key in assumed):
                raise UsageError(f"{shown(tree)} is no saved expression: an assumption is unknown")
            return found
        case {"real": [int(sign), str(mantissa), int(exponent), int(precision)]}:
            whole = int(mantissa, 16) * (-1) ** sign
            if abs(exponent) > 10**6:
                raise UsageError(f"{shown(tree)} is no saved value")
            return sp.Float(sp.Rational(whole) * sp.Rational(2) ** exponent, precision=precision)
        case {"constant": str(name)} if name in _CONSTANTS:
            found = sp
            for part in _CONSTANTS[name].split("."):
                found = getattr(found, part)
            return found
        case {"call": str(name), "of": [*parts]} if name in _FUNCTIONS:
            of = [_expression(part, sp, depth + 1) for part in parts]
            if name == "Pow" and all(getattr(x, "is_number", True) for x in of) and not abs(of[1]) <= _POWER:
                raise UsageError(f"{shown(tree)} is no saved expression: a power of that size would not end")
            return getattr(sp, _NAMED.get(name, name))(*of)
    raise UsageError(f"{shown(tree)} is no saved expression")


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same, down to their kinds; nan is itself, and numbers of NumPy are plain ones."""
    if type(other).__module__ == "numpy":
        other = other.item()
    if isinstance(one, float) and isinstance(other, float):
        return one.hex() == float(other).hex()
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        same = len(one) == len(other) and isinstance(one, tuple) == isinstance(other, tuple)
        return same and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = list(zip(one, other, strict=False))
        return len(one) == len(other) and all(_same(a, b) and _same(one[a], other[b]) for a, b in keys)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
