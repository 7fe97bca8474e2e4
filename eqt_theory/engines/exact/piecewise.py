"""PiecewiseQuadratic: a C^1 function on the line whose derivative is piecewise linear, in exact fractions."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from eqt_theory.core.errors import UsageError

if TYPE_CHECKING:
    import sympy

Number = Fraction | int


@dataclass(frozen=True)
class PiecewiseQuadratic:
    """`e(h)` with `e'` continuous and piecewise linear, `e'(anchor) = slope`, `e(anchor) = level`.

    Such functions with curvatures in [mu, L] are of the class of Assumption 4.2, are not quadratic, and have rational
    gradient-descent trajectories, so that statements about the class can be decided on them exactly.

    Args:
        curvatures: second derivatives of the pieces, left to right, n + 1 of them.
        breaks: the n breakpoints between them, increasing.
        anchor: a point at which slope and level are given.
        slope: the derivative there.
        level: the value there.

    Raises:
        UsageError: the numbers of pieces and breaks do not match, or the breaks do not increase.
    """

    curvatures: tuple[Fraction, ...]
    breaks: tuple[Fraction, ...]
    anchor: Fraction
    slope: Fraction
    level: Fraction

    def __init__(
        self,
        curvatures: Iterable[Number],
        breaks: Iterable[Number] = (),
        anchor: Number = 0,
        slope: Number = 0,
        level: Number = 0,
    ) -> None:
        object.__setattr__(self, "curvatures", tuple(Fraction(v) for v in curvatures))
        object.__setattr__(self, "breaks", tuple(Fraction(v) for v in breaks))
        for name, number in (("anchor", anchor), ("slope", slope), ("level", level)):
            object.__setattr__(self, name, Fraction(number))
        if len(self.curvatures) != len(self.breaks) + 1:
            raise UsageError(
                f"curvatures must have one entry more than breaks, got {len(self.curvatures)} and {len(self.breaks)}"
            )
        if any(a >= b for a, b in zip(self.breaks, self.breaks[1:], strict=False)):
            raise UsageError(f"breaks must increase, got {[str(b) for b in self.breaks]}")

    @classmethod
    def quadratic(cls, curvature: Number, minimum: Number = 0) -> "PiecewiseQuadratic":
        """`curvature (h - minimum)^2 / 2`."""
        return cls((Fraction(curvature),), anchor=Fraction(minimum))

    @property
    def mu(self) -> Fraction:
        """The least curvature."""
        return min(self.curvatures)

    @property
    def L(self) -> Fraction:  # noqa: N802  the paper's letter
        """The greatest curvature."""
        return max(self.curvatures)

    def curvature_at(self, h: Number) -> Fraction:
        """The second derivative; at a breakpoint, that of the piece on its left."""
        return self.curvatures[bisect_left(self.breaks, h)]

    def derivative(self, h: Number) -> Fraction:
        """`e'(h)`."""
        return self.slope + self._integral(h, lambda width, curvature, before: curvature * width)

    def value(self, h: Number) -> Fraction:
        """`e(h)`."""
        slope = self.slope

        def area(width: Fraction, curvature: Fraction, _: Fraction) -> Fraction:
            nonlocal slope
            part = slope * width + curvature * width**2 / 2
            slope += curvature * width
            return part

        return self.level + self._integral(h, area)

    def _integral(self, h: Number, part) -> Fraction:
        """Sum `part(signed width, curvature, left end)` over the pieces between the anchor and h, from the anchor."""
        h = Fraction(h)
        inside = [b for b in self.breaks if min(self.anchor, h) < b < max(self.anchor, h)]
        stops = [self.anchor, *(inside if h > self.anchor else reversed(inside)), h]
        total = Fraction(0)
        for start, end in zip(stops, stops[1:], strict=False):
            middle = (start + end) / 2
            total += part(end - start, self.curvature_at(middle), start)
        return total

    def stationary_points(self) -> list[Fraction]:
        """All isolated points with `e' = 0`, increasing; of a flat stretch its ends."""
        found: set[Fraction] = set()
        ends: list[Fraction | None] = [None, *self.breaks, None]
        for curvature, left, right in zip(self.curvatures, ends, ends[1:], strict=False):
            at = left if left is not None else right if right is not None else Fraction(0)
            slope = self.derivative(at)
            if curvature == 0:
                if slope == 0:
                    found |= {end for end in (left, right) if end is not None}
                continue
            root = at - slope / curvature
            if (left is None or root >= left) and (right is None or root <= right):
                found.add(root)
        return sorted(found)

    def minimisers(self) -> list[Fraction]:
        """The global minimisers.

        Returns:
            Increasing; of a flat stretch its ends; none where the function is unbounded below.

        Raises:
            UsageError: the minimum is reached on a whole stretch that is not bounded.
        """
        first, last = (self.breaks[0], self.breaks[-1]) if self.breaks else (self.anchor, self.anchor)
        falls_left = self.curvatures[0] < 0 or (self.curvatures[0] == 0 and self.derivative(first) > 0)
        falls_right = self.curvatures[-1] < 0 or (self.curvatures[-1] == 0 and self.derivative(last) < 0)
        if falls_left or falls_right:
            return []
        points = self.stationary_points()
        best = min((self.value(p) for p in points), default=None)
        for curvature, end in ((self.curvatures[0], first), (self.curvatures[-1], last)):
            if curvature == 0 and self.derivative(end) == 0 and (best is None or self.value(end) <= best):
                raise UsageError(f"the minimum of {self} is reached on an unbounded stretch")
        return [p for p in points if self.value(p) == best]

    def plus(self, curvature: Number, center: Number) -> "PiecewiseQuadratic":
        """This function plus `curvature (h - center)^2 / 2`."""
        c, offset = Fraction(curvature), self.anchor - Fraction(center)
        raised = tuple(k + c for k in self.curvatures)
        return PiecewiseQuadratic(
            raised, self.breaks, self.anchor, self.slope + c * offset, self.level + c * offset**2 / 2
        )

    def symbolic(self, h: "sympy.Symbol") -> "sympy.Expr":
        """The function as a SymPy Piecewise."""
        import sympy

        ends: Iterable[Fraction | None] = [*self.breaks, None]
        pieces = []
        for index, end in enumerate(ends):
            at = end if end is not None else (self.breaks[-1] if self.breaks else self.anchor)
            at_, slope, level, curvature = (
                sympy.Rational(v.numerator, v.denominator)
                for v in (at, self.derivative(at), self.value(at), self.curvatures[index])
            )
            piece = sympy.expand(level + slope * (h - at_) + curvature * (h - at_) ** 2 / 2)
            pieces.append((piece, True if end is None else h <= at_))
        return sympy.Piecewise(*pieces)

    def __str__(self) -> str:
        if not self.breaks:
            return self._parabola()
        pieces = ", ".join(str(k) for k in self.curvatures)
        at = ", ".join(str(b) for b in self.breaks)
        return (
            f"e'' = ({pieces}) with breaks at ({at}), e'({self.anchor}) = {self.slope}, e({self.anchor}) = {self.level}"
        )

    def _parabola(self) -> str:
        """One piece, around its vertex: `h^2/2`, `5 (h - 1)^2 + 3`, `2 h - 1`."""
        k = self.curvatures[0]
        if k == 0:
            return _sum([(self.slope, "h"), (self.level - self.slope * self.anchor, "")])
        vertex = self.anchor - self.slope / k
        square = "h^2" if vertex == 0 else f"(h {'-' if vertex > 0 else '+'} {abs(vertex)})^2"
        return _sum([(k / 2, square), (self.value(vertex), "")])


def _sum(terms: list[tuple[Fraction, str]]) -> str:
    """A sum as one writes it by hand."""
    text = ""
    for factor, symbol in terms:
        if factor == 0:
            continue
        size = abs(factor)
        if not symbol:
            shown = str(size)
        elif size.numerator == 1:
            shown = symbol if size == 1 else f"{symbol}/{size.denominator}"
        else:
            shown = f"{size} {symbol}"
        sign = "-" if factor < 0 else "+"
        text += f" {sign} {shown}" if text else ("-" if factor < 0 else "") + shown
    return text or "0"
