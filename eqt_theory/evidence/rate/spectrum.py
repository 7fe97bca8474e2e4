"""A method on quadratics: the slowest curvature of a class, in floating point, and an exact proof that it is slow."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from eqt_theory.evidence.rate.potential import described
from eqt_theory.evidence.rate.realisation import Matrix, Recurrence, echelon
from eqt_theory.evidence.rate.window import floats
from eqt_theory.kernel import Rejected, check
from eqt_theory.kernel.rates import Method, read
from eqt_theory.kernel.worst import within

_GRID = 201


@dataclass(frozen=True)
class Slowest:
    """The slowest quadratic of a class.

    Args:
        radius: its factor per step, the spectral radius, as a float.
        curvature: its curvature.
    """

    radius: float
    curvature: float


def slowest(method: Recurrence, m: Fraction, M: Fraction) -> Slowest:
    """The largest spectral radius over curvatures in [m, M], by a grid that is refined; a lower bound of the rate.

    Args:
        method: with smooth queries; with others, they are taken to be of the zero function.
        m: lower curvature.
        M: upper curvature.

    Returns:
        The slowest curvature that was seen.
    """
    low, high = float(m), float(M)
    grid = np.unique(np.concatenate([np.linspace(low, high, _GRID), np.geomspace(max(low, high * 1e-9), high, _GRID)]))
    radius = _Radius(method)
    radii = radius.at(grid)
    best = int(np.argmax(radii))
    a, b = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    for _ in range(40):
        inner = np.linspace(a, b, 5)
        values = radius.at(inner)
        k = int(np.argmax(values))
        a, b = inner[max(0, k - 1)], inner[min(4, k + 1)]
        if values[k] > radii[best]:
            radii[best], grid[best] = values[k], inner[k]
    return Slowest(float(radii[best]), float(grid[best]))


class _Radius:
    """The spectral radius of a method on quadratics, in floating point."""

    def __init__(self, method: Recurrence) -> None:
        s, q = method.states, method.queries
        self.A, self.B, self.C, self.D = (
            floats(X, k) for X, k in ((method.A, s), (method.B, q), (method.C, s), (method.D, q))
        )
        self.smooth = np.array([float(kind == "smooth") for kind in method.kinds])

    def at(self, curvatures: np.ndarray) -> np.ndarray:
        """It at each of some curvatures."""
        weights = np.multiply.outer(curvatures, self.smooth)[:, None, :]
        C = np.broadcast_to(self.C, (len(curvatures), *self.C.shape))
        y = np.linalg.solve(np.eye(len(self.smooth)) - self.D * weights, C)
        return np.abs(np.linalg.eigvals(self.A + (self.B * weights) @ y)).max(-1)


def slow_quadratic(method: Recurrence, m: Fraction, M: Fraction, rate: Fraction) -> dict[str, Any] | None:
    """A certificate that on some quadratic of the class errors do not fall like rate^k from the solver's own start.

    Args:
        method: the exact recurrence.
        m: lower curvature.
        M: upper curvature.
        rate: what is claimed per step.

    Returns:
        The certificate, accepted by the kernel; None where none was found.
    """
    if set((*method.kinds, *method.opened)) != {"smooth"}:
        return None
    found, radius = slowest(method, m, M), _Radius(method)
    inside = min(max(Fraction(found.curvature), m), M)
    for curvature in dict.fromkeys([m, M, inside, inside.limit_denominator(1000)]):
        if not m <= curvature <= M or curvature == 0:
            continue
        if radius.at(np.array([float(curvature)]))[0] < float(rate) * (1 - 1e-12):
            continue
        h, gradients = _on_a_quadratic(method_of(method), curvature, 2 * method.states)
        polynomial = _minimal(h, method.states)
        if polynomial is None:
            continue
        needed = len(method.opened) + method.queries * (method.states + len(polynomial) - 2)
        # What is reached is stated as high as it is seen to be.
        for more in (
            Fraction(found.radius) * (1 - Fraction(1, 10**12)),
            *(rate + Fraction(1, 2**k) for k in (50, 90, 300)),
        ):
            if more <= rate or within([c * more**k for k, c in enumerate(polynomial)]):
                continue  # all roots are smaller, as the kernel would see last
            certificate = {
                "kind": "slow quadratic", "m": str(m), "M": str(M), "method": described(method), "rate": str(rate),
                "reached": str(more), "curvature": str(curvature),
                "gradients": [[str(u)] for u in gradients[:needed]], "polynomial": [str(c) for c in polynomial],
            }  # fmt: skip
            try:
                check(certificate)
            except Rejected:
                continue
            return certificate
    return None


def _on_a_quadratic(method: Method, curvature: Fraction, steps: int) -> tuple[list[Fraction], list[Fraction]]:
    """The states h_0, h_1, .. on `curvature h^2 / 2` from h_0 = 1, and the gradients that the queries get, in order."""

    def ask(rows: Matrix, fixed: list[Fraction]) -> list[Fraction]:
        """Each query is where it is by what is fixed and by the gradients before it."""
        known: list[Fraction] = []
        for row, y in zip(rows, fixed, strict=True):
            known.append(curvature * (y + sum(a * u for a, u in zip(row, known, strict=False))))
        return known

    def at(rows: Matrix, among: list[Fraction]) -> list[Fraction]:
        return [sum((a * x for a, x in zip(row, among, strict=True)), Fraction(0)) for row in rows]

    opening = ask([row[1:] for row in method.opening], [row[0] for row in method.opening])
    xi, gradients = at(method.start, [Fraction(1), *opening]), list(opening)
    h = at(method.H, xi)
    for _ in range(steps):
        u = ask(method.D, at(method.C, xi))
        xi = [a + b for a, b in zip(at(method.A, xi), at(method.B, u), strict=True)]
        h += at(method.H, xi)
        gradients += u
    return h, gradients


def method_of(method: Recurrence) -> Method:
    """A recurrence as the kernel holds it."""
    return read(described(method))


def _minimal(h: list[Fraction], most: int) -> list[Fraction] | None:
    """The shortest recurrence `sum_i c_i h_{k+i} = 0` with leading coefficient 1; None where h is 0."""
    for degree in range(1, most + 1):
        rows: Matrix = [h[k : k + degree + 1] for k in range(most)]
        reduced, pivots = echelon(rows)
        if pivots == list(range(degree)):
            return [*(-row[degree] for row in reduced[:degree]), Fraction(1)]
    return None
