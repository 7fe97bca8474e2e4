"""The smallest rate of a potential, in extended precision: the method of centres (Boyd and El Ghaoui 1993).

At each rate the unknowns form a convex cone. From its analytic centre at a large rate the path of centres is followed
to smaller ones, until the cone has no interior left. Potentials degenerate there, which needs more digits than doubles
have. A point inside is rounded as coarsely as Dikin's ellipsoid about it allows, so that certificates stay short.
"""

import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_mat, fmpq

from eqt_theory.core.budget import look, tick
from eqt_theory.evidence.rate.cone import Cone
from eqt_theory.evidence.rate.potential import Search, short, shows

_PRECISIONS = (128, 320)
"""Binary digits; more of them where the first leave none."""
_NEAR_FLOOR = (0.5, 0.1, 0.01)
_FIRST = (1, 4, 16, 64, 2**10, 2**20)
"""Where a first potential is asked for in doubles: parts of 1 - floor that are left to 1, and squares of rates."""
_SHARE = 0.8
"""Of what the tangent of the path reaches: how far each step goes."""
_NEAR = 0.3
"""The Newton decrement at which a point counts as a centre."""
_CLOSE = 1e-6
"""The path ends once what is left of it is about a tenth of this, relative to 1 - rate."""
_SLOW, _NOTHING, _PATIENCE = 1e-2, 1e-6, 12
"""What is left of the path, relative to what is aimed at: where another slice is tried, and where the path has ended.

For as many steps may it go on slowly before it comes to rate 1.
"""
_MOST, _LEAST = 300, 1e-40
_NEWTON = 40

Vector = list[arb]


def smallest(
    search: Search,
    floor: float,
    known: Fraction | None = None,
    goal: Fraction | None = None,
    deadline: float = math.inf,
) -> tuple[Fraction, dict[str, Any]] | None:
    """The smallest rate below 1 that a search shows.

    Args:
        search: what is looked for.
        floor: a rate that no potential can be below.
        known: a rate that it shows for certain, to begin at.
        goal: a rate that is enough; None: the smallest.
        deadline: on `time.perf_counter`.

    Returns:
        The rate, and a certificate but for what is said of the start, accepted by the kernel; None: none was found.
    """
    for bits in _PRECISIONS:
        with flint.ctx.workprec(bits):
            try:
                return _followed(_Path(Cone(search)), floor, known, goal, deadline)
            except ArithmeticError:
                continue  # no digits were left
    return None


def _followed(
    path: "_Path", floor: float, known: Fraction | None, goal: Fraction | None, deadline: float
) -> tuple[Fraction, dict[str, Any]] | None:
    stalled, target = 0, (arb(floor) ** 2 if goal is None else arb(_fmpq(goal**2))).mid()
    if (floor >= 1 and goal is None) or not path.begin(floor, known, target):
        return None
    for _ in range(_MOST):
        tick()
        look()
        if time.perf_counter() > deadline:
            return None
        path.centre()
        if goal is not None and path.square <= target:
            return path.rounded(goal)
        path.aim()
        left, below = float(path.reach) * path.barriers, float(1 - path.square.sqrt())
        if goal is None and below > 0 and (left < _CLOSE * below or (1 - floor) - below < _CLOSE / 10 * below):
            return path.rounded(short(1 - _fraction(1 - path.square.sqrt())))
        share = left / float(path.square - target)
        stalled = stalled + 1 if share < _SLOW else 0
        if (below <= 0 or goal is not None) and (share < _NOTHING or below <= 0 and stalled > _PATIENCE):
            return None  # the path ends before
        if goal is None and below <= 0 and left < (1 - floor) * _SLOW:
            return None  # what is left does not lead far below 1
        if stalled % 4 == 1:
            path.slice = None
        path.forward(goal)
    return None


class _Path:
    """A point of a cone, at the square of a rate."""

    def __init__(self, cone: Cone) -> None:
        self.cone = cone
        blocks = [cone.blocks(u) for u in cone.unknowns]
        self.decrease, self.growing, self.lower, self.signs, self.later = (
            arb_mat([[arb(_fmpq(c)).mid() for c in rows[k]] for rows in blocks]) for k in range(5)
        )
        self.sizes = (cone.n,) if cone.search.itself else (cone.n, cone.keep)
        self.barriers = sum(self.sizes) + self.signs.ncols()
        self.x: Vector = []
        self.square, self.reach = arb(0), arb(1)
        self.direction: Vector = []
        self.slice: arb_mat | None = None

    @property
    def unit(self) -> int:
        """The unknown that is 1 in a certificate: the factor of the lower bound, or the potential itself."""
        return 0 if self.cone.search.itself else len(self.cone.unknowns) - 1

    def begin(self, floor: float, known: Fraction | None, least: arb) -> bool:
        """Go to a point inside, at a large rate but no smaller square; False where none was found."""
        near = [(1 - part * (1 - floor)) ** 2 for part in _NEAR_FLOOR if floor < 1]
        for square in (*([] if known is None else [float(known) ** 2]), *near, *_FIRST):
            if square < least:
                continue
            values = self.cone.proposed(float(square))
            self.x, self.square = [arb(_fmpq(v)) for v in values], arb(square)
            if values and self.inside(self.x, self.square):
                return True
        return False

    def _tables(self, square: arb) -> tuple[list[arb_mat], arb_mat]:
        decrease = (self.decrease + square * self.growing).mid()
        return [decrease, self.lower][: len(self.sizes)], (self.signs + square * self.later).mid()

    def inside(self, x: Vector, square: arb) -> bool:
        """Whether all blocks are positive definite there."""
        tables, signs = self._tables(square)
        at = arb_mat([x])
        if any(not v.mid() > 0 for v in (at * signs).entries()):
            return False
        return all(_definite((at * T).mid().entries(), n) for T, n in zip(tables, self.sizes, strict=True))

    def centre(self) -> None:
        """Newton's method towards the analytic centre of a slice of the cone; of a new one where it gets nowhere."""
        for steps in range(2 * _NEWTON):
            gradient, self.hessian = self._barrier()
            if self.slice is None or steps == _NEWTON:
                self.slice = gradient  # the slice whose centre is here
            step = self._within(gradient)
            decrement = math.sqrt(max(0.0, float(_dot(gradient.entries(), step))))
            length = 1 / (1 + decrement) if decrement > 0.25 else 1  # stays inside, as the barrier is self-concordant
            self.x = [(a + length * b).mid() for a, b in zip(self.x, step, strict=True)]
            if decrement < _NEAR:
                return

    def _barrier(self) -> tuple[arb_mat, arb_mat]:
        """Minus the gradient of `-log det` of all blocks, and the Hessian."""
        tables, signs = self._tables(self.square)
        at = arb_mat([self.x])
        values = (at * signs).mid().entries()
        quotients = [a / b for row in signs.tolist() for a, b in zip(row, values, strict=True)]
        scaled = arb_mat(len(self.x), len(values), quotients).mid()
        gradient, hessian = scaled * _ones(len(values)), scaled * scaled.transpose()
        for T, n in zip(tables, self.sizes, strict=True):
            inverse = arb_mat(n, n, (at * T).mid().entries()).inv().mid()
            rows = inverse.tolist()
            both = arb_mat(n * n, n * n, [a * b for u in rows for v in rows for a in u for b in v]).mid()
            hessian += (T * both).mid() * T.transpose()
            gradient += T * arb_mat(n * n, 1, inverse.entries())
        return gradient.mid(), hessian.mid()

    def _within(self, right: arb_mat) -> Vector:
        """The solution of `hessian y = right + c slice` that stays in the slice."""
        assert self.slice is not None
        n, cut = len(self.x), self.slice.entries()
        sides = arb_mat(n, 2, [v for pair in zip(right.entries(), cut, strict=True) for v in pair])
        solved = self.hessian.solve(sides, algorithm="approx").mid().tolist()
        share = _dot(cut, [row[0] for row in solved]) / _dot(cut, [row[1] for row in solved])
        return [(a - share * b).mid() for a, b in solved]

    def aim(self) -> None:
        """The tangent of the path of centres, and how far it stays inside."""
        tables, signs = self._tables(self.square)
        at, n = arb_mat([self.x]), self.cone.n
        inverse = arb_mat(n, n, (at * tables[0]).mid().entries()).inv().mid()
        turned = (inverse * arb_mat(n, n, (at * self.growing).mid().entries()) * inverse).mid()
        values, slopes = (at * signs).mid().entries(), (at * self.later).mid().entries()
        right = self.growing * arb_mat(n * n, 1, inverse.entries()) - tables[0] * arb_mat(n * n, 1, turned.entries())
        right += self.later * arb_mat(len(values), 1, [1 / a for a in values])
        right -= signs * arb_mat(len(values), 1, [b / (a * a) for a, b in zip(values, slopes, strict=True)])
        self.direction = self._within(right.mid())
        reach = self.reach
        while not self.inside(*self._moved(reach)):
            reach /= 2
            if reach < _LEAST:
                raise ArithmeticError("not even the centre is inside")
        while reach < self.square and self.inside(*self._moved(2 * reach)):
            reach *= 2
        step = reach / 2
        for _ in range(3):  # between reach and twice that
            reach, step = (reach + step if self.inside(*self._moved(reach + step)) else reach), step / 2
        self.reach = reach.mid()

    def _moved(self, by: arb) -> tuple[Vector, arb]:
        return [(a - by * b).mid() for a, b in zip(self.x, self.direction, strict=True)], (self.square - by).mid()

    def forward(self, goal: Fraction | None) -> None:
        """Along the tangent, to a smaller rate, but not below the goal."""
        step = _SHARE * self.reach
        if goal is not None:
            target = arb(_fmpq(goal**2)).mid()
            if self.square - target < step:
                self.x, self.square = self._moved(self.square - target)[0], target
                return
        self.x, self.square = self._moved(step)

    def rounded(self, rate: Fraction) -> tuple[Fraction, dict[str, Any]]:
        """A certificate at a rate near that of the path."""
        self.square = arb(_fmpq(rate**2)).mid()
        self.centre()
        _, hessian = self._barrier()
        unit = self.x[self.unit]
        for more in (0, 8, 24):
            values = []
            for i, v in enumerate(self.x):
                room = unit * hessian[i, i].sqrt() * len(self.x)  # within Dikin's ellipsoid, were `more` 0
                size = float(room.log() / arb(2).log())
                if not math.isfinite(size):
                    raise ArithmeticError("the Hessian has no digits left")
                digits = math.ceil(size) + more
                values.append(Fraction(_whole(v / unit * arb(2) ** digits)) / Fraction(2) ** digits)
            values[self.unit] = Fraction(1)
            certificate = self.cone.certificate(values, rate)
            if shows(certificate):
                return rate, certificate
        raise ArithmeticError("no point near the centre is inside")


def _whole(x: arb) -> int:
    """The whole number next to a midpoint."""
    whole = (x.mid() + 0.5).mid().floor().unique_fmpz()
    assert whole is not None
    return int(whole)


def _definite(entries: Sequence[arb], n: int) -> bool:
    """Whether a symmetric matrix is positive definite, by elimination."""
    S = [list(entries[i * n : (i + 1) * n]) for i in range(n)]
    for k in range(n):
        if not S[k][k].mid() > 0:
            return False
        for i in range(k + 1, n):
            factor = S[i][k] / S[k][k]
            for j in range(k + 1, n):
                S[i][j] = (S[i][j] - factor * S[k][j]).mid()
    return True


def _ones(n: int) -> arb_mat:
    return arb_mat(n, 1, [1] * n)


def _dot(u: Sequence[arb], v: Sequence[arb]) -> arb:
    return sum((a * b for a, b in zip(u, v, strict=True)), arb(0))


def _fraction(x: arb) -> Fraction:
    """The value of a midpoint."""
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _fmpq(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)
