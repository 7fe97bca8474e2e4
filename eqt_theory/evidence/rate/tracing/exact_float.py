"""Exact: a float that knows the fraction it stands for."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any


class Carried:
    """What stands for a number that a float cannot hold."""

    exact: Any

    def number(self) -> float:
        """A float near it, for the run beside the exact one; each kind has its own, which abc cannot ask of floats."""
        raise NotImplementedError(f"{type(self).__name__} must say which float is near it")


class Exact(Carried, float):
    """A float that carries its exact value through +, -, *, / with numbers: `1 + a * g` is then not rounded."""

    exact: Fraction

    def number(self) -> float:
        return float(self)

    def __new__(cls, exact: Any) -> "Exact":
        self = float.__new__(cls, exact)
        self.exact = exact.exact if isinstance(exact, Exact) else Fraction(exact)
        return self

    def __add__(self, other):
        return _exactly(lambda a, b: a + b, self, other)

    def __radd__(self, other):
        return _exactly(lambda a, b: b + a, self, other)

    def __sub__(self, other):
        return _exactly(lambda a, b: a - b, self, other)

    def __rsub__(self, other):
        return _exactly(lambda a, b: b - a, self, other)

    def __mul__(self, other):
        return _exactly(lambda a, b: a * b, self, other)

    def __rmul__(self, other):
        return _exactly(lambda a, b: b * a, self, other)

    def __truediv__(self, other):
        return _exactly(lambda a, b: a / b, self, other)

    def __rtruediv__(self, other):
        return _exactly(lambda a, b: b / a, self, other)

    def __neg__(self):
        return Exact(-self.exact)

    def __pos__(self):
        return self

    def __pow__(self, power):
        return Exact(self.exact**power) if type(power) is int and abs(power) < 64 else float(self) ** power

    def __reduce__(self):
        return Exact, (self.exact,)


def _exactly(operation: Callable[[Fraction, Fraction], Fraction], a: Exact, b: object) -> Any:
    if isinstance(b, Exact):
        return Exact(operation(a.exact, b.exact))
    if type(b) in (int, float, Fraction):
        try:
            return Exact(operation(a.exact, Fraction(b)))  # type: ignore[arg-type]
        except (OverflowError, ValueError):  # b is infinite or nan
            pass
    elif not issubclass(type(b), float):  # a symbol passes for a float in isinstance
        return NotImplemented
    return operation(float(a), float(b))  # type: ignore[arg-type]
