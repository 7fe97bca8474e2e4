"""Smooth functions of bounded curvature, strongly, weakly or just convex, through values and gradients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram.coordinates import Frame
from eqt_theory.engines.gram.family import Family, Point, both_orders, checked, require_values
from eqt_theory.engines.gram.realise import Located
from eqt_theory.engines.gram.space import Space, Vector
from eqt_theory.engines.smt.replay import sign_of
from eqt_theory.engines.smt.structure import Realised
from eqt_theory.engines.symbolic import derive


@dataclass(frozen=True)
class SmoothClass(Family):
    """Functions with `mu |d|^2 <= <D, d> <= L |d|^2` for all pairs; d and D differ points and gradients.

    Args:
        mu: lower curvature; 0 for convex functions, negative for weakly convex ones.
        L: upper curvature, at least mu.
    """

    mu: sp.Expr | int
    L: sp.Expr | int

    source = "Taylor, Hendrickx, Glineur 2017, Thm 4; Rotaru, Glineur, Patrinos 2022 for mu < 0"

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return (sp.Le(self.mu, self.L, evaluate=False),)

    def gradients(self, d: Vector, D: Vector) -> Boolean:  # noqa: N803  the usual name of a gradient difference
        """`<D - mu d, L d - D> >= 0`, which holds for every pair of the class.

        Args:
            d: the difference of two points.
            D: the difference of the gradients there.

        Returns:
            The relation. Of one pair it is all that the class says of gradients; of several it is not.
        """
        pair = SmoothGradients(self.mu, self.L)
        point = Point(d, D)
        return pair._stated(pair.relations([point])[0], point)

    def values(self, i: Point, j: Point) -> Boolean:
        """The interpolation inequality with function values, multiplied by 2 (L - mu), as `... >= 0`."""
        return self._stated(self._pair(i, j), i, j)

    def weighted(self, weight: sp.Expr | int, i: Point, j: Point | None = None) -> tuple[sp.Expr, Boolean]:
        multiplier, inequality = super().weighted(weight, i, j)
        return multiplier / (2 * (self.L - self.mu)), inequality

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        return [self._pair(i, j) for i, j in both_orders(points)]

    def on_the_edge(self, points: Sequence[Point]) -> list[Boolean]:
        """The parabolas of both curvatures through each point, which bound the function: `relations` times 1/(L - mu).

        Where mu = L only these tell its values.

        Args:
            points: of one function.

        Returns:
            Both for each pair, in both orders.
        """
        found: list[Boolean] = []
        for i, j in both_orders(points):
            d = i.x - j.x
            above = i.value - j.value - j.gradient @ d
            found += [above - self.mu * d.norm2 / 2 >= 0, self.L * d.norm2 / 2 - above >= 0]
        return found

    def incomplete(self, points: Sequence[Point]) -> str:
        return ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """A function of the class with these values and gradients.

        f(h) = mu/2 |h|^2 + min over weights w of (L - mu)/2 |h - sum w_i y_i|^2 + sum w_i c_i is a Moreau envelope of a
        convex function, plus a square. At x_i the weight 1 on i is optimal, whence value and gradient, exactly if
        (L - mu) <x_i - y_i, y_i - y_j> + c_j - c_i >= 0 for all j.

        Returns:
            The function with these checks.
        """
        mu, L = (sp.sympify(c).subs(values) for c in (self.mu, self.L))
        if sign_of(L - mu) == 0:
            return _quadratic(points, frame, mu)
        inner, centres = frame.inner, []
        for p in points:
            slope = tuple(g - mu * x for g, x in zip(p.image, p.x, strict=True))
            y = tuple(x - s / (L - mu) for x, s in zip(p.x, slope, strict=True))
            c = p.value - mu / 2 * inner(p.x, p.x) - inner(slope, slope) / (2 * (L - mu))
            centres.append((p, y, sp.expand(c)))
        lines = []
        for p, y, c in centres:
            for q, z, e in centres:
                if p is not q:
                    to_y, apart = (tuple(a - b for a, b in zip(u, v, strict=True)) for u, v in ((p.x, y), (y, z)))
                    name = f"slope of the weights at {frame.shown(p.x)} towards {frame.shown(q.x)}"
                    lines.append((name, sp.expand((L - mu) * inner(to_y, apart) + e - c)))
        bend = "" if mu == 0 else f"{mu / 2}*|h|^2 + "
        different = dict.fromkeys((y, c) for _, y, c in centres)
        if len(different) == 1:  # a square, or two of them
            ((y, c),) = different
            more = "" if c == 0 else f" + {c}"
            if not any(y):
                return checked(f"f(h) = {L / 2}*|h|^2{more}", lines)
            return checked(f"f(h) = {bend}{(L - mu) / 2}*|h - {frame.shown(y)}|^2{more}", lines)
        pieces = ", ".join(f"({frame.shown(y)}, {c})" for y, c in different)
        text = f"f(h) = {bend}min over weights w of {(L - mu) / 2}*|h - sum w_i y_i|^2 + sum w_i c_i"
        return checked(f"{text} with (y_i, c_i) = {pieces}", lines)

    def _pair(self, i: Point, j: Point) -> Boolean:
        require_values((i, j))
        d, D = i.x - j.x, i.gradient - j.gradient
        gap = i.value - j.value - j.gradient @ d
        return 2 * (self.L - self.mu) * gap - D.norm2 - self.mu * self.L * d.norm2 + 2 * self.mu * (D @ d) >= 0


@dataclass(frozen=True)
class SmoothGradients(Family):
    """SmoothClass seen through one difference of points and of gradients; each Point is such a difference."""

    mu: sp.Expr | int
    L: sp.Expr | int

    source = SmoothClass.source

    @property
    def limits(self) -> tuple[Boolean, ...]:
        return self.kind.limits

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        return [(p.gradient - self.mu * p.x) @ (self.L * p.x - p.gradient) >= 0 for p in points]

    @property
    def kind(self) -> Family:
        return SmoothClass(self.mu, self.L)

    def differences(self, points: Sequence[Point]) -> list[tuple[Vector, Vector]]:
        return [(p.x, p.gradient) for p in points]

    def incomplete(self, points: Sequence[Point]) -> str:
        return "they are gradients of several pairs; use those with values (SmoothClass.values)" if points[1:] else ""

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        """A function with gradient 0 at 0 and D at d, whose value at d lies between what the two orders allow."""
        (pair,) = points
        zero = (sp.Integer(0),) * len(pair.x)
        start = Located(zero, zero, sp.Integer(0))
        end = Located(pair.x, pair.image, frame.inner(pair.x, pair.image) / 2)
        return SmoothClass(self.mu, self.L).attained([start, end], frame, values)


def _quadratic(points: Sequence[Located], frame: Frame, mu: sp.Expr) -> Realised:
    """Where mu = L: the one function left, mu/2 |h|^2 plus a linear one. Values that nothing is said of are its own."""
    first, *others = points
    apart, gaps = [], []
    for p in others:
        d, D = ([a - b for a, b in zip(u, v, strict=True)] for u, v in ((p.x, first.x), (p.image, first.image)))
        off = tuple(a - mu * b for a, b in zip(D, d, strict=True))
        apart.append(frame.inner(off, off))
        gaps.append(
            p.value - first.value - frame.inner(first.image, tuple(d)) - mu / 2 * frame.inner(tuple(d), tuple(d))
        )
    loose = sorted({s for gap in gaps for s in sp.sympify(gap).free_symbols}, key=str)
    fitting = next(iter(sp.linsolve(gaps, *loose)), None) if loose else ()
    if fitting is None:
        return Realised(reason=f"no function of curvature {mu} has these values")
    lines = []
    for off, gap in zip(apart, gaps, strict=True):
        left = sp.expand(sp.sympify(gap).subs(dict(zip(loose, fitting, strict=True)), simultaneous=True))
        lines += [("minus what the gradient is off", -off), ("minus what the value is off", -(left**2))]
    slope = tuple(g - mu * x for g, x in zip(first.image, first.x, strict=True))
    return checked(f"f(h) = {mu / 2}*|h|^2 + <{frame.shown(slope)}, h> + constant", lines)


def interpolation() -> Finding:
    """The inequalities of SmoothClass, derived from its two defining bounds.

    For a function f with `mu <= curvature <= L`: convexity of f - mu|.|^2/2 at x, and the descent lemma for
    L|.|^2/2 - f at y, both taken at z = y - (D - mu d)/(L - mu), add up to the inequality with values; the
    inequality with gradients is its sum over both orders of the pair (Nesterov 2018, Thms 2.1.5 and 2.1.12).

    Returns:
        PROVED, symbolically, where mu < L.
    """
    mu, L = sp.symbols("mu L", real=True)
    fx, fy, fz = sp.symbols("fx fy fz", real=True)
    d, gx, D = Space(("d", "gx", "D")).vectors
    family, gy = SmoothClass(mu, L), gx + D
    s = (D - mu * d) / (L - mu)
    convexity = fz - fx - gx @ (d - s) - mu * (d - s).norm2 / 2
    descent = fy - gy @ s + L * s.norm2 / 2 - fz
    x, y = Point(0 * d, gx, fx), Point(d, gy, fy)
    values = family.values(y, x).lhs
    both = values + family.values(x, y).lhs
    return derive(
        [
            ("convexity at x plus the descent lemma at y", 2 * (L - mu) * (convexity + descent), values),
            ("the inequality with gradients, twice", both, 2 * family.gradients(d, D).lhs),
        ],
        "both inequalities of the class follow from its lower and upper curvature bound",
    )
