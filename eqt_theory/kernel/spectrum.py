"""The eigenvalues of `rows^T diag(weights) rows`, from below and above."""

from fractions import Fraction
from typing import Any

from eqt_theory.kernel.matrix import matrix, positive_semidefinite, times
from eqt_theory.kernel.reading import fields, items, need, number


def check(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "spectrum" shows."""
    _, rows, weights, low, high = fields(certificate, "kind", "rows", "weights", "low", "high")
    low, high = number(low), number(high)
    need(items(rows) != [] and items(rows[0]) != [], "a matrix without entries has no spectrum")
    d = len(rows[0])
    A = matrix(rows, None, d)
    w = [number(x) for x in items(weights, len(A))]
    S = times(list(zip(*A, strict=True)), [[c * x for x in row] for c, row in zip(w, A, strict=True)], d)
    for sign, end in ((1, low), (-1, high)):
        shifted = [[sign * (x - (end if i == j else Fraction(0))) for j, x in enumerate(r)] for i, r in enumerate(S)]
        need(positive_semidefinite(shifted), f"an eigenvalue is {'below' if sign > 0 else 'above'} {end}")
    return f"all eigenvalues of A^T diag(w) A, {len(A)} rows in {d} dimensions, lie in [{low}, {high}]"
