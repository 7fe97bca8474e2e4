"""Parameter: a number that stands for a rational function of symbols, and notes what its sign was taken to be."""

import dataclasses
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.polys.fields import FracElement, FracField
from sympy.polys.rings import PolyElement

from eqt_theory.evidence.rate.tracing.exact_float import Carried
from eqt_theory.evidence.rate.tracing.tape import Refused


@dataclass
class Symbols:
    """The field of rational functions that a trace computes in, the point at which it runs, and what it assumed.

    Args:
        field: of rational functions over the rational numbers.
        point: a value for each generator of the field.
        assumed: relations between expressions and 0 that the run took for granted: divisors are not 0, and a
            comparison came out as it did.
    """

    field: FracField
    point: tuple[Fraction, ...]
    assumed: dict[sp.Basic, None] = dataclasses.field(default_factory=dict)

    def parameter(self, expression: sp.Expr) -> "Parameter":
        """The number that stands for an expression in the symbols."""
        return Parameter(Coefficient(self.field.from_expr(expression), self))

    def value(self, element: FracElement) -> Fraction:
        """The value of an element at the point; raises ZeroDivisionError at a pole."""
        return _at(element.numer, self.point) / _at(element.denom, self.point)


class Coefficient:
    """A rational function of the symbols, as a coefficient of a recurrence; it mixes with fractions."""

    __slots__ = ("element", "symbols")

    def __init__(self, element: FracElement, symbols: Symbols) -> None:
        self.element, self.symbols = element, symbols

    def _other(self, other: Any) -> FracElement | None:
        if isinstance(other, Coefficient):
            return other.element
        if isinstance(other, int | Fraction):
            domain = self.symbols.field.domain
            return self.symbols.field(domain(Fraction(other).numerator) / domain(Fraction(other).denominator))
        return None

    def _made(self, element: FracElement) -> "Coefficient":
        return Coefficient(element, self.symbols)

    def __add__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._made(self.element + e)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._made(self.element - e)

    def __rsub__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._made(e - self.element)

    def __mul__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._made(self.element * e)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._divided(self.element, e)

    def __rtruediv__(self, other: Any) -> Any:
        e = self._other(other)
        return NotImplemented if e is None else self._divided(e, self.element)

    def _divided(self, a: FracElement, b: FracElement) -> "Coefficient":
        if not b:
            raise ZeroDivisionError("a parameter that is 0 everywhere")
        self.symbols.assumed[sp.Ne(b.as_expr(), 0)] = None
        return self._made(a / b)

    def __neg__(self) -> "Coefficient":
        return self._made(-self.element)

    def __abs__(self) -> Any:
        raise Refused("h* is no fixed point of the step for all values of the symbols")

    def __pow__(self, power: int) -> "Coefficient":
        return (
            self._divided(self.symbols.field.one, self.element**-power)
            if power < 0
            else self._made(self.element**power)
        )

    def __bool__(self) -> bool:
        return bool(self.element)

    def __eq__(self, other: object) -> bool:
        e = self._other(other)
        return e is not None and self.element == e

    def __hash__(self) -> int:
        return hash(self.element)

    def __float__(self) -> float:
        return float(self.symbols.value(self.element))

    def __repr__(self) -> str:
        return str(self.element)


class Parameter(Carried):
    """A number that carries a Coefficient through arithmetic. Each comparison is noted as an assumption.

    It passes for a float in `isinstance`, and is none: what reads a number in C (`math`, NumPy, torch, `float`) would
    take the value of one point along, unnoticed, and is refused.
    """

    def __init__(self, exact: Coefficient) -> None:
        self.exact = exact

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return float

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented  # torch hands an operation on a state to the state

    def number(self) -> float:
        return float(self.exact)

    def _with(self, other: object, operation: str) -> Any:
        if isinstance(other, Carried):
            right: Any = other.exact
        elif isinstance(other, int | float | Fraction):
            try:
                right = Fraction(other)
            except (OverflowError, ValueError):
                raise Refused("a symbol meets a number that is not finite") from None
        else:
            return NotImplemented
        return Parameter(getattr(self.exact, operation)(right))

    def __add__(self, other):
        return self._with(other, "__add__")

    __radd__ = __add__

    def __sub__(self, other):
        return self._with(other, "__sub__")

    def __rsub__(self, other):
        return self._with(other, "__rsub__")

    def __mul__(self, other):
        return self._with(other, "__mul__")

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._with(other, "__truediv__")

    def __rtruediv__(self, other):
        return self._with(other, "__rtruediv__")

    def __neg__(self):
        return Parameter(-self.exact)

    def __abs__(self):
        return self if self >= 0 else -self

    def __pow__(self, power):
        if type(power) is not int:
            raise Refused("a power of a symbol that is no rational function; give the root a symbol of its own")
        return Parameter(self.exact**power)

    def __rpow__(self, base):
        raise Refused("a symbol stands in an exponent")

    def _compared(self, other: object, relation: Any, opposite: Any, compare: Callable[[Any, Any], bool]) -> Any:
        if type(other) is float and math.isinf(other):
            return compare(self.number(), other)
        gap = self._with(other, "__sub__")
        if gap is NotImplemented:
            return NotImplemented
        element = gap.exact.element
        holds, expression = compare(self.exact.symbols.value(element), 0), element.as_expr()
        self.exact.symbols.assumed[relation(expression, 0) if holds else opposite(expression, 0)] = None
        return holds

    def __lt__(self, other):
        return self._compared(other, sp.Lt, sp.Ge, operator.lt)

    def __le__(self, other):
        return self._compared(other, sp.Le, sp.Gt, operator.le)

    def __gt__(self, other):
        return self._compared(other, sp.Gt, sp.Le, operator.gt)

    def __ge__(self, other):
        return self._compared(other, sp.Ge, sp.Lt, operator.ge)

    def __eq__(self, other):
        return self._compared(other, sp.Eq, sp.Ne, operator.eq)

    def __ne__(self, other):
        return self._compared(other, sp.Ne, sp.Eq, operator.ne)

    def __bool__(self):
        return self != 0

    def __repr__(self):
        return repr(self.exact)

    def __reduce__(self):
        return Parameter, (self.exact,)

    def __deepcopy__(self, memo):
        return self

    def _no_number(self, *others: object) -> Any:
        raise Refused("a symbol is read as a number, as by math or NumPy; or rounded, or taken for a whole number")

    __int__ = __round__ = __trunc__ = __floor__ = __ceil__ = __mod__ = __rmod__ = __floordiv__ = _no_number
    __rfloordiv__ = __divmod__ = __rdivmod__ = __float__ = __hash__ = __format__ = __str__ = _no_number
    is_integer = as_integer_ratio = hex = _no_number


def _at(polynomial: PolyElement, point: tuple[Fraction, ...]) -> Fraction:
    """The value of a polynomial with rational coefficients."""
    total = Fraction(0)
    for powers, c in polynomial.terms():
        term = Fraction(int(c.numerator), int(c.denominator))
        for x, k in zip(point, powers, strict=True):
            term *= x**k
        total += term
    return total
