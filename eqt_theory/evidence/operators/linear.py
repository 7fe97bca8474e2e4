"""Linear maps decided exactly: by LDL^T in fractions, or by ball arithmetic; refuted by a pair, in fractions."""

from collections.abc import Callable
from fractions import Fraction

import torch
from flint import arb, arb_mat
from torch import Tensor, nn

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.arguments import is_dense
from eqt_theory.engines.exact.matrix import dot, semidefinite
from eqt_theory.engines.interval import eigenvalue_bounds
from eqt_theory.engines.interval.interval import precision
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.sampling import free_axes
from eqt_theory.operators.affine import Affine
from eqt_theory.operators.fixed_point import FixedPoint

_FRACTIONS = 24
"""Dimension up to which definiteness is decided in fractions,"""
_BALLS = 96
"""and up to which by ball arithmetic."""
_CLEAR = 1e-12
"""A violation below this share is one of rounding in the entries, and refutes nothing here."""

Matrix = list[list[Fraction]]
Judge = Callable[[list[Fraction], list[Fraction]], tuple[Fraction, str, Fraction]]
"""From the difference of two states and that of their images to the two sides of the statement."""


def matrix_of(map_: FixedPoint) -> Tensor | None:
    """The matrix A of a map that is `h -> A h + b` beyond doubt; None for any other.

    Args:
        map_: an `Affine`, or a linear layer as torch made it.

    Returns:
        A, shape (d, d), whose floats count as the binary fractions they are.
    """
    if map_.inputs is not None:
        return None
    inner = map_.T
    if is_plain(inner, Affine):
        return inner.A.detach()
    if not is_plain(inner, nn.Linear):
        return None
    parts = [inner.weight] if inner.bias is None else [inner.weight, inner.bias]
    # What is complex or not finite is no map of real states, and is told as any other function that is none.
    real = all(is_dense(part) and bool(part.isfinite().all()) for part in parts)
    return inner.weight.detach() if real else None


def lipschitz_decided(A: Tensor, constant: float, domain: Domain, said: str) -> Finding | None:  # noqa: N803
    """Whether |A d| <= L |d| for all d along which the domain extends: L^2 I - A^T A is positive semidefinite.

    Args:
        A: shape (d, d).
        constant: L.
        domain: a Ball, a Box or WholeSpace.
        said: the statement, in words.

    Returns:
        CERTIFIED, REFUTED with a pair, or None where neither can be shown (too large, or a matter of rounding).
    """
    columns = _fractions(A[:, free_axes(domain)])
    bound = Fraction(constant) ** 2
    gram = [[dot(u, v) for v in zip(*columns, strict=True)] for u in zip(*columns, strict=True)] if _small(A) else None
    if _below(gram, A[:, free_axes(domain)], bound, square=True):
        return _certified(said, "|A|^2 on the domain", bound)
    _, _, vectors = torch.linalg.svd(A[:, free_axes(domain)].double())
    return _refuted(A, vectors[0], domain, said, lambda d, image: (dot(image, image), "<=", bound * dot(d, d)))


def monotone_decided(A: Tensor, m: float, domain: Domain, said: str) -> Finding | None:  # noqa: N803
    """Whether <A d, d> >= m |d|^2 for all d along which the domain extends: (A + A^T)/2 - m I is semidefinite.

    Args:
        A: shape (d, d).
        m: the modulus.
        domain: a Ball, a Box or WholeSpace.
        said: the statement, in words.

    Returns:
        CERTIFIED, REFUTED with a pair, or None where neither can be shown.
    """
    free = free_axes(domain)
    part = A[free][:, free]
    bound = -Fraction(m)
    rows = _fractions(part)
    n = len(rows)
    minus = [[-(rows[i][j] + rows[j][i]) / 2 for j in range(n)] for i in range(n)] if _small(A) else None
    if _below(minus, part, bound, square=False):
        return _certified(said, "least eigenvalue of the symmetric part on the domain, from below", Fraction(m))
    vectors = torch.linalg.eigh((part.double() + part.double().mT) / 2)[1]
    return _refuted(A, vectors[:, 0], domain, said, lambda d, image: (dot(image, d), ">=", Fraction(m) * dot(d, d)))


def _small(A: Tensor) -> bool:  # noqa: N803
    return len(A) <= _FRACTIONS


def _fractions(A: Tensor) -> Matrix:  # noqa: N803
    return [[Fraction(x) for x in row] for row in A.double().cpu().tolist()]


def _below(exact: Matrix | None, A: Tensor, bound: Fraction, *, square: bool) -> bool:  # noqa: N803
    """Whether all eigenvalues of A^T A, or of -(A + A^T)/2, are at most the bound, beyond doubt."""
    if exact is not None:
        n = len(exact)
        return semidefinite([[(bound if i == j else 0) - exact[i][j] for j in range(n)] for i in range(n)])
    if A.shape[1] > _BALLS:
        return False
    with precision(128):
        rows = arb_mat(A.shape[0], A.shape[1], [arb(x) for x in A.double().cpu().flatten().tolist()])
        wide = rows.transpose() * rows if square else (rows + rows.transpose()) * arb(-0.5)
        high = eigenvalue_bounds([[wide[i, j] for j in range(wide.ncols())] for i in range(wide.nrows())]).high
    return high is not None and high <= bound


def _certified(said: str, what: str, bound: Fraction) -> Finding:
    return Finding(
        Verdict.CERTIFIED, Method.EXACT, f"{said}: the map is affine, its matrix decides", enclosures={what: bound}
    )


def _refuted(A: Tensor, direction: Tensor, domain: Domain, said: str, judge: Judge) -> Finding | None:  # noqa: N803
    """The pair along a direction, in the middle of the domain, where it violates the statement clearly in fractions."""
    whole = torch.zeros(len(A), dtype=torch.float64)
    whole[free_axes(domain)] = direction.cpu()
    x, y = _ends(domain, whole)
    d = [Fraction(a) - Fraction(b) for a, b in zip(x, y, strict=True)]
    image = [dot(row, d) for row in _fractions(A)]
    left, relation, right = judge(d, image)
    gap = left - right if relation == "<=" else right - left
    if gap <= Fraction(_CLEAR) * max(abs(left), abs(right)) or not all(domain.contains(h) for h in (x, y)):
        return None
    line = ReplayLine(said, False, f"{float(left):.17g} {relation} {float(right):.17g}, in fractions")
    inside = tuple(ReplayLine(f"{name} lies in the domain", True) for name in "xy")
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"{said} fails: the map is affine, and two states show it",
        witness={"x": x, "y": y},
        replay=Replay(Arithmetic.EXACT, inside, (line,)),
    )


def _ends(domain: Domain, direction: Tensor) -> tuple[list[float], list[float]]:
    """Two states of the domain whose difference is along a direction, up to rounding."""
    if isinstance(domain, Ball):
        middle, reach = torch.tensor(domain.center, dtype=torch.float64), domain.radius / 2
    elif isinstance(domain, Box):
        low, high = (torch.tensor(side, dtype=torch.float64) for side in (domain.low, domain.high))
        middle, room = (low + high) / 2, (high - low) / 2
        moving = direction.abs() > 0
        reach = float((room[moving] / direction[moving].abs()).min()) / 2 if bool(moving.any()) else 0.0
    else:
        middle, reach = torch.zeros(domain.dim, dtype=torch.float64), 1.0
    return (middle + reach * direction).tolist(), (middle - reach * direction).tolist()
