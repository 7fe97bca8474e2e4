"""Cycles: a function of the class on which a method, from its own start, goes round for ever at a factor per step.

`h_k = z^k` with z = r e^(i theta) is kept up by a function of two variables where the interpolation inequalities of all
its points hold (for r = 1: Goujaud, Taylor and Dieuleveut 2023). Here theta = 2 pi j / K: K coordinates that are
shifted round carry it in fractions; a few steps before lead to it from the start that the solver makes.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from eqt_theory.engines.sdp import minimise, packed, unpacked
from eqt_theory.evidence.rate.long_cycle import long_cycle
from eqt_theory.evidence.rate.potential import described
from eqt_theory.evidence.rate.realisation import Matrix, Recurrence, echelon, product
from eqt_theory.evidence.rate.window import floats, inequality
from eqt_theory.kernel import Rejected, check

_BITS = 30
_PERIODS = range(2, 17)


@dataclass(frozen=True)
class Wave:
    """A frequency and a factor at which a method can go round.

    Args:
        period: K.
        turns: j, of K; z = factor e^(2 pi i j / K).
        factor: r, per step.
        slack: of the tightest inequality.
    """

    period: int
    turns: int
    factor: Fraction
    slack: float


def cycle(
    method: Recurrence, m: Fraction, M: Fraction, rate: Fraction, deadline: float = math.inf
) -> dict[str, Any] | None:
    """A certificate that errors do not fall like rate^k for every function of the class, from the solver's own start.

    Args:
        method: the exact recurrence.
        m: lower curvature.
        M: upper curvature, above m.
        rate: what is claimed per step; below the factor of the cycle.
        deadline: on `time.perf_counter`, after which no further factor is tried.

    Returns:
        The certificate, accepted by the kernel; None where none was found.
    """
    if method.queries > 1:
        return long_cycle(method, m, M, rate, _factors(rate))
    if {*method.kinds, *method.opened} != {"smooth"} or any(map(any, method.D)):
        return None
    for factor in _factors(rate):
        if time.perf_counter() > deadline:
            return None
        waves = sorted(_waves(method, m, M, factor), key=lambda w: -w.slack)
        for wave in waves[:2]:
            for before in (method.states + 1, method.states + 2, method.states + 5):
                certificate = _Bridge(method, m, M, rate, wave, before).certificate()
                if certificate is not None:
                    return certificate
    return None


def _factors(rate: Fraction) -> list[Fraction]:
    """Factors above the rate: growth first, then what is slower than the rate."""
    # Not 1: a method that can be run backwards never enters a cycle that it was not in from the start.
    grown = [Fraction(100 + x, 100) for x in (1, 2, 5, 10, 20)]
    shares = (Fraction(x, 100) for x in (5, 20, 50, 80, 95, 99))
    below = [Fraction(round((1 - (1 - rate) * share) * 10**4), 10**4) for share in shares] if rate < 1 else []
    return [x for x in (*below[:1], *grown, *below[1:]) if x > rate and x != 1]


def _waves(method: Recurrence, m: Fraction, M: Fraction, factor: Fraction) -> Iterator[Wave]:
    """Frequencies at which the method can go round with this factor."""
    for period in _PERIODS:
        for turns in range(1, period // 2 + 1):
            if math.gcd(turns, period) == 1:
                slack = _slack(method, float(m / M), M, period, turns, float(factor))
                if slack > 1e-4:
                    yield Wave(period, turns, factor, slack)


def _response(method: Recurrence, M: Fraction, z: complex) -> tuple[complex, np.ndarray] | None:
    """The gradient (M = 1) that keeps `y_k = z^k` going, and the states xi_0 with it."""
    s = method.states
    A, B, C = floats(method.A, s), float(M) * floats(method.B, 1), floats(method.C, s)
    system = np.block([[z * np.eye(s) - A, -B], [C, np.zeros((1, 1))]])
    if np.linalg.cond(system) > 1e10:
        return None
    solved = np.linalg.solve(system, np.array([0.0] * s + [1.0]))
    return complex(solved[s]), solved[:s]


def _plane(c: complex) -> np.ndarray:
    return np.array([c.real, c.imag])


def _slack(method: Recurrence, k: float, M: Fraction, period: int, turns: int, factor: float) -> float:
    """How well the points of a wave can be interpolated: the least slack for the best value at y_0, relative to it."""
    z = factor * np.exp(2j * math.pi * turns / period)
    found = _response(method, M, z)
    if found is None:
        return -1.0
    count = 6 * period
    y = np.array([0.0, *(z**n for n in range(count))])  # a plane is the complex numbers
    g = found[0] * y
    others = np.arange(2, count + 1)
    a = np.concatenate([[0, 1], np.ones_like(others), others])
    b = np.concatenate([[1, 0], others, np.ones_like(others)])
    forms = _forms(y[a] - y[b], g[a] - g[b], g[b], k)
    size = np.array([0.0, *(factor ** (2 * n) for n in range(count))])
    weights = size[a] - size[b]
    up, down = weights >= 1e-12, weights <= -1e-12
    if (forms[~(up | down)] < 1e-9).any():
        return -1.0
    low, high = (-forms[up] / weights[up]).max(initial=-math.inf), (forms[down] / -weights[down]).min(initial=math.inf)
    return float((high - low) / max(high, 1e-12))


def _forms(d: np.ndarray, D: np.ndarray, g: np.ndarray, k: float) -> np.ndarray:  # noqa: N803
    """The number q of each inequality `f_a - f_b + q >= 0`, for M = 1 and m = k, at vectors in a plane."""

    def dot(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.real(u * np.conj(v))

    return -dot(g, d) - (dot(D, D) + k * dot(d, d) - 2 * k * dot(D, d)) / (2 * (1 - k))


class _Bridge:
    """The steps that lead to a wave. Unknown vectors are h_0 and gradients; the last ones make xi that of the wave."""

    def __init__(self, method: Recurrence, m: Fraction, M: Fraction, rate: Fraction, wave: Wave, before: int) -> None:
        self.method, self.m, self.M, self.rate, self.wave, self.before = method, m, M, rate, wave, before
        self.r = 1 + len(method.opened)
        self.width = self.r + before
        unit = [[Fraction(int(i == j)) for j in range(self.width)] for i in range(self.width)]
        xi = product(method.start, unit[: self.r])
        self.points: Matrix = product(method.opening, unit[: self.r]) if method.opening else []
        for t in range(before):
            self.points += product(method.C, xi)
            step = product(method.B, [unit[self.r + t]])
            xi = [[a + b for a, b in zip(u, v, strict=True)] for u, v in zip(product(method.A, xi), step, strict=True)]
        self.reach = xi

    def certificate(self) -> dict[str, Any] | None:
        """The certificate; None where no such steps were found, or the kernel does not accept them."""
        s, K = self.method.states, self.wave.period
        exact = self._wave()
        # The dependent vectors: s columns of `reach`, the last that will do.
        reduced, pivots = echelon([[*reversed(row)] for row in self.reach])
        if exact is None or len(pivots) < s:
            return None
        dependent = [self.width - 1 - p for p in pivots]
        free = [i for i in range(self.width) if i not in dependent]
        table = [[-row[self.width - 1 - i] for i in free] for row in reduced]
        identity = [[Fraction(int(i == j)) for j in range(s)] for i in range(s)]
        inverse = _solved([[row[i] for i in dependent] for row in self.reach], identity)
        if inverse is None:
            return None
        proposal = self._propose(free, dependent, table, inverse)
        if proposal is None:
            return None
        vectors, values, height = proposal
        states, first = exact
        extra = vectors.shape[1] - 2
        rounded = lambda x: Fraction(round(float(x) * 2**_BITS), 2**_BITS)  # noqa: E731
        known: dict[int, list[Fraction]] = {}
        for i, row in zip(free, vectors, strict=True):
            known[i] = [rounded(x) for x in self._embedded(complex(row[0], row[1]))] + [rounded(x) for x in row[2:]]
        goal = [[*row, *[Fraction(0)] * extra] for row in states]
        for n, i in enumerate(dependent):
            at = [sum((c * g[a] for c, g in zip(inverse[n], goal, strict=True)), Fraction(0)) for a in range(K + extra)]
            for coefficient, j in zip(table[n], free, strict=True):
                at = [x + coefficient * y for x, y in zip(at, known[j], strict=True)]
            known[i] = at
        gradients = [known[i] for i in range(1, self.width)]
        values_exact = [self.M * rounded(x) for x in values]
        top, factor = self.M * rounded(height), self.wave.factor
        for n in range(K):
            gradients.append([*(factor**n * first[(a - n) % K] for a in range(K)), *[Fraction(0)] * extra])
            values_exact.append(top * factor ** (2 * n))
        made = {
            "kind": "cycle", "m": str(self.m), "M": str(self.M), "method": described(self.method),
            "rate": str(self.rate), "start": [str(x) for x in known[0]],
            "gradients": [[str(x) for x in row] for row in gradients], "values": [str(x) for x in values_exact],
            "before": self.before, "period": K, "factor": str(factor**K),
        }  # fmt: skip
        try:
            check(made)
        except Rejected:
            return None
        return made

    def _embedded(self, c: complex) -> np.ndarray:
        """A number of the plane in K coordinates, in which a turn by 2 pi j / K is a shift."""
        K = self.wave.period
        turn = np.exp(-2j * math.pi * self.wave.turns * np.arange(K) / K)
        return math.sqrt(2 / K if K > 2 else 1 / K) * (c * turn).real

    def _wave(self) -> tuple[Matrix, list[Fraction]] | None:
        """The exact states xi of the wave, shape (s, K), and its first gradient: r P xi = A xi + B u, C xi = y_0."""
        me, s, K, r = self.method, self.method.states, self.wave.period, self.wave.factor
        n = (s + 1) * K
        rows = [[Fraction(0)] * n for _ in range(n)]
        right = [[Fraction(0)] for _ in range(n)]
        y = [Fraction(round(float(x) * 2**20), 2**20) for x in self._embedded(1)]
        for i in range(s):
            for a in range(K):
                rows[i * K + a][i * K + (a - 1) % K] += r
                for j in range(s):
                    rows[i * K + a][j * K + a] -= me.A[i][j]
                rows[i * K + a][s * K + a] -= me.B[i][0]
        for a in range(K):
            for j in range(s):
                rows[s * K + a][j * K + a] += me.C[0][j]
            right[s * K + a][0] = y[a]
        solved = _solved(rows, right)
        if solved is None:
            return None
        flat = [row[0] for row in solved]
        return [flat[i * K : (i + 1) * K] for i in range(s)], flat[s * K :]

    def _propose(
        self, free: list[int], dependent: list[int], table: Matrix, inverse: Matrix
    ) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Free vectors (coordinates: the plane of the wave, then others), values before the wave, value at y_0."""
        f, wave, M = len(free), self.wave, float(self.M)
        z = float(wave.factor) * np.exp(2j * math.pi * wave.turns / wave.period)
        found = _response(self.method, self.M, z)
        if found is None:
            return None
        n = f + 2
        scale = np.array([1.0] + [M] * (self.width - 1))  # gradients are in units of M
        basis = np.zeros((self.width, n))
        for column, i in enumerate(free):
            basis[i, column] = 1
        states = np.array([_plane(x) for x in found[1]])
        size = len(dependent)
        pulled = np.array([[float(x) for x in row] for row in inverse]).reshape(size, size) @ states
        for row, i in enumerate(dependent):
            basis[i, f:] = pulled[row] / scale[i]
            for column, j in enumerate(free):
                basis[i, column] = float(table[row][column]) * scale[j] / scale[i]
        count = 5 * wave.period
        X = np.array([[float(x) for x in row] for row in self.points]).reshape(len(self.points), self.width)
        X = (X * scale) @ basis
        before = self.width - 1
        around = np.hstack([np.zeros((count, f)), np.array([_plane(z**k) for k in range(count)])])
        slopes = np.hstack([np.zeros((count, f)), np.array([_plane(found[0] * z**k) for k in range(count)])])
        Y = np.vstack([np.zeros((1, n)), X, around])
        G = np.vstack([np.zeros((1, n)), basis[1:], slopes])
        packed_size = n * (n + 1) // 2
        unknowns = packed_size + before + 2  # Gram matrix, values, height, slack
        rows = []
        k = float(self.m / self.M)
        size = [0.0, *[1.0] * before, *(float(wave.factor) ** (2 * n) for n in range(count))]
        for a in range(len(Y)):
            for b in range(len(Y)):
                late = a > before and b > before and (min(a, b) > before + 1)
                if a == b or late:
                    continue
                row = np.zeros(unknowns)
                row[:packed_size] = -packed(inequality(Y, G, a, b, k, True))
                for point, sign in ((a, -1.0), (b, 1.0)):
                    if 1 <= point <= before:
                        row[packed_size + point - 1] += sign
                    elif point > before:
                        row[packed_size + before] += sign * float(wave.factor) ** (2 * (point - before - 1))
                row[-1] = max(size[a], size[b])
                rows.append(row)
        cap = np.zeros(unknowns)
        cap[-1] = 1
        fixed = np.zeros((3, unknowns))
        for row, (a, b) in enumerate(((f, f), (f, f + 1), (f + 1, f + 1))):
            unit = np.zeros((n, n))
            unit[a, b] = unit[b, a] = 1.0 if a == b else 0.5
            fixed[row, :packed_size] = packed(unit)
        cone = np.hstack([-np.eye(packed_size), np.zeros((packed_size, before + 2))])
        cost = np.zeros(unknowns)
        cost[-1] = -1
        answer = minimise(
            cost,
            (fixed, np.array([1.0, 0.0, 1.0])),
            (np.vstack([*rows, cap]), np.array([0.0] * len(rows) + [1.0])),
            [(cone, np.zeros(packed_size), n)],
            tolerance=1e-9,
        )
        if not answer.usable or answer.x[-1] <= 1e-7:
            return None
        gram = unpacked(answer.x[:packed_size], n)
        cross = gram[:f, f:]
        sizes, axes = np.linalg.eigh(gram[:f, :f] - cross @ cross.T)
        keep = sizes > 1e-12
        vectors = np.hstack([cross, axes[:, keep] * np.sqrt(sizes[keep])]) * scale[free][:, None]
        return vectors, answer.x[packed_size : packed_size + before], float(answer.x[packed_size + before])


def _solved(rows: Matrix, right: Matrix) -> Matrix | None:
    """X of `rows X = right`; None where there is not exactly one."""
    exact = lambda table: flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in table])  # noqa: E731
    try:
        solved = exact(rows).solve(exact(right))
    except ZeroDivisionError:
        return None
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in solved.tolist()]
