"""Count: the number of steps taken, of which a periodic step may read what it is modulo a period, and nothing else."""

import math
from fractions import Fraction
from typing import Any

from eqt_theory.evidence.rate.tracing.tape import Refused, Tape


class Finer(Refused):
    """The count was asked for its remainder by a number that the period does not hold: it must be `factor` longer."""

    def __init__(self, factor: int) -> None:
        super().__init__("a step depends on the count of steps in another way than by a period")
        self.factor = factor


class Later(Refused):
    """What was asked is answered in one way at first, and in another way later: the first steps are others.

    Args:
        why: what is said where it stays refused.
        left: after how many periods the answer may change.
    """

    def __init__(self, why: str, left: int) -> None:
        super().__init__(why)
        self.left = left


class Share:
    """A count divided by a whole number, as in `min(1.0, k / 100)`: how it compares with whole numbers may be asked.

    It passes for a float, as which it is rounded; that does not change the answers.
    """

    __slots__ = ("count", "parts")

    def __init__(self, count: "Count", parts: int) -> None:
        self.count, self.parts = count, parts

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return float

    def _times(self, other: object) -> Any:
        if (
            isinstance(other, int | float)
            and type(other) in (int, float)
            and abs(other) < 2**20
            and other == int(other)
        ):
            return int(other) * self.parts
        return self._read()

    def __lt__(self, other: object) -> Any:
        return self.count < self._times(other)

    def __le__(self, other: object) -> Any:
        return self.count <= self._times(other)

    def __gt__(self, other: object) -> Any:
        return self.count > self._times(other)

    def __ge__(self, other: object) -> Any:
        return self.count >= self._times(other)

    def __eq__(self, other: object) -> Any:
        return self.count == self._times(other)

    def __ne__(self, other: object) -> Any:
        return self.count != self._times(other)

    def _read(self, *others: object) -> Any:
        return self.count._read()

    __int__ = __float__ = __index__ = __hash__ = __str__ = __format__ = __repr__ = __abs__ = __neg__ = __bool__ = _read  # type: ignore[assignment]
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _read
    __rpow__ = __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = __round__ = _read
    __trunc__ = __floor__ = __ceil__ = __complex__ = is_integer = as_integer_ratio = hex = conjugate = _read
    real = imag = property(_read)


class Count:
    """Any of the whole numbers offset + stride t, t = 0, 1, 2, ..: what is done with it is done for all of them.

    It passes for an int in `isinstance`, and is none: what reads it as a number is refused.

    Args:
        offset: the least.
        stride: positive.
        tape: is told what was refused, so that code which catches it is refused all the same.
    """

    __slots__ = ("offset", "stride", "tape")

    def __init__(self, offset: int, stride: int, tape: Tape) -> None:
        self.offset, self.stride, self.tape = offset, stride, tape

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return int

    def _made(self, offset: int, stride: int) -> Any:
        return Count(offset, stride, self.tape) if stride else offset

    def _refuse(self, why: Refused) -> Refused:
        self.tape.refusal = self.tape.refusal or why
        return why

    def _parts(self, other: object) -> tuple[int, int] | None:
        if type(other) is Count:
            return other.offset, other.stride
        return (int(other), 0) if isinstance(other, int) and type(other) in (int, bool) else None

    def _linear(self, other: object, mine: int, its: int) -> Any:
        parts = self._parts(other)
        if parts is None:
            return self._read() if isinstance(other, int | float | Fraction) else NotImplemented
        return self._made(mine * self.offset + its * parts[0], mine * self.stride + its * parts[1])

    def __add__(self, other: object) -> Any:
        return self._linear(other, 1, 1)

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        return self._linear(other, 1, -1)

    def __rsub__(self, other: object) -> Any:
        return self._linear(other, -1, 1)

    def __mul__(self, other: object) -> Any:
        parts = self._parts(other)
        if parts is not None and not parts[1]:
            return self._made(self.offset * parts[0], self.stride * parts[0])
        return self._read() if isinstance(other, int | float | Fraction) else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self._made(-self.offset, -self.stride)

    def __pos__(self) -> "Count":
        return self

    def __divmod__(self, other: object) -> Any:
        if type(other) is not int or other <= 0:
            return self._read()
        if self.stride % other:
            raise self._refuse(Finer(other // math.gcd(self.stride, other)))
        return self._made(self.offset // other, self.stride // other), self.offset % other

    def __mod__(self, other: object) -> Any:
        return divmod(self, other)[1]

    def __floordiv__(self, other: object) -> Any:
        return divmod(self, other)[0]

    def __and__(self, other: object) -> Any:
        if type(other) is not int or other < 0:
            return self._read()
        return self % (1 << other.bit_length()) & other if other else 0

    __rand__ = __and__

    def __rshift__(self, other: object) -> Any:
        return self // (1 << other) if type(other) is int and 0 <= other < 64 else self._read()

    def __rpow__(self, base: object) -> Any:
        if type(base) not in (int, float) or abs(base) != 1:  # type: ignore[arg-type]
            return self._read()
        return base if base == 1 or self % 2 else -base  # type: ignore[operator]

    def _gap(self, other: Any) -> tuple[set[int], int]:
        """The signs that the difference to another number has, and after how many strides it has its last one."""
        if isinstance(other, float) and math.isinf(other):
            return {-1 if other > 0 else 1}, 0
        gap = self - math.floor(other) if type(other) is float and not math.isnan(other) else self - other
        if type(gap) is Count:
            last, left = (1 if gap.stride > 0 else -1), -gap.offset // gap.stride
            signs = {last} if left < 0 else {0, last} if gap.offset == 0 else {-1, 0, 1}
        else:
            signs, left = {(gap > 0) - (gap < 0)}, 0
        whole = type(other) is not float or other == math.floor(other)
        return signs if whole else {sign or -1 for sign in signs}, left

    def _ordered(self, other: object, true_for: tuple[int, ...]) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        signs, left = self._gap(other)
        answers = {sign in true_for for sign in signs}
        if len(answers) > 1:
            what = "another" if type(other) is Count else f"{other:.6g}"
            why = f"a step depends on how the count of steps compares with {what}; bound_after takes it"
            raise self._refuse(Later(why, left))
        return answers.pop()

    def __lt__(self, other: object) -> Any:
        return self._ordered(other, (-1,))

    def __le__(self, other: object) -> Any:
        return self._ordered(other, (-1, 0))

    def __gt__(self, other: object) -> Any:
        return self._ordered(other, (1,))

    def __ge__(self, other: object) -> Any:
        return self._ordered(other, (0, 1))

    def __eq__(self, other: object) -> Any:
        if other is None or isinstance(other, str | bytes):
            return False
        if not isinstance(other, int | float):  # a number of some other library, an array
            return self._read()
        if isinstance(other, int) and type(other) is not Count and (int(other) - self.offset) % self.stride:
            return False
        return self._ordered(other, (0,))

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __bool__(self) -> bool:
        return self != 0

    def __truediv__(self, other: object) -> Any:
        if isinstance(other, int | float) and type(other) in (int, float) and 0 < other < 2**40 and other == int(other):
            return Share(self, int(other))
        return self._read()

    def __copy__(self) -> "Count":
        return self

    def __deepcopy__(self, memo: object) -> "Count":
        return self

    def _read(self, *others: object) -> Any:
        why = "a step reads the count of steps as a number: a schedule that does not repeat; bound_after takes it"
        raise self._refuse(Refused(why))

    __int__ = __float__ = __index__ = __hash__ = __str__ = __repr__ = __format__ = __abs__ = __pow__ = _read  # type: ignore[assignment]
    __rtruediv__ = __rmod__ = __rfloordiv__ = __rdivmod__ = __round__ = __trunc__ = __floor__ = __ceil__ = _read
    __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = __rrshift__ = __invert__ = __complex__ = _read
    bit_length = bit_count = to_bytes = conjugate = as_integer_ratio = is_integer = _read
    real = imag = numerator = denominator = property(_read)
