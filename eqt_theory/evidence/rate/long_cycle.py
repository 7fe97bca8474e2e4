"""Cycles of methods whose step asks for several gradients: h comes back, but for a factor, on a function of the class.

Without memory between its steps a method goes round as soon as `h_1 = z h_0`: gradients and values of later steps are
those of the first times powers of z = r or -r. What the gradients of one step may be is a semidefinite program.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from eqt_theory.engines.sdp import minimise, packed, unpacked
from eqt_theory.evidence.rate.potential import described
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.window import floats, inequality
from eqt_theory.kernel import Rejected, check

_BITS = 40
_TIMES = 10
"""How many steps are compared with the first."""
_ROOM = 1e-7


def long_cycle(
    method: Recurrence, m: Fraction, M: Fraction, rate: Fraction, factors: Iterable[Fraction]
) -> dict[str, Any] | None:
    """A certificate that errors do not fall like rate^k for every function of the class.

    Args:
        method: without memory, of several smooth queries.
        m: lower curvature.
        M: upper curvature, above m.
        rate: what is claimed per step of the method.
        factors: above the rate, which are tried.

    Returns:
        The certificate, accepted by the kernel; None where none was found.
    """
    if method.states != 1 or method.opened or {*method.kinds} != {"smooth"}:
        return None
    for factor in factors:
        for z in (factor, -factor):
            certificate = None if z == method.A[0][0] else _turning(method, m, M, rate, z)
            if certificate is not None:
                return certificate
    return None


def _turning(method: Recurrence, m: Fraction, M: Fraction, rate: Fraction, z: Fraction) -> dict[str, Any] | None:
    q = method.queries
    found = _proposed(method, float(m / M), M, float(z))
    if found is None:
        return None
    vectors, values = found
    rounded = lambda x: M * Fraction(round(float(x) * 2**_BITS), 2**_BITS)  # noqa: E731
    gradients = [[rounded(x) for x in row] for row in vectors]
    d = vectors.shape[1]
    # z xi = A xi + B u, and xi_0 = start h_0.
    total = [sum((b * u[a] for b, u in zip(method.B[0], gradients, strict=True)), Fraction(0)) for a in range(d)]
    start = [x / (z - method.A[0][0]) / method.start[0][0] for x in total]
    period = 1 if z > 0 else 2
    certificate = {
        "kind": "cycle", "m": str(m), "M": str(M), "method": described(method), "rate": str(rate),
        "start": [str(x) for x in start],
        "gradients": [[str(z**n * x) for x in gradients[j]] for n in range(period) for j in range(q)],
        "values": [str(z ** (2 * n) * rounded(values[j])) for n in range(period) for j in range(q)],
        "before": 0, "period": period, "factor": str(z**period),
    }  # fmt: skip
    try:
        check(certificate)
    except Rejected:
        return None
    return certificate


def _proposed(method: Recurrence, k: float, M: Fraction, z: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Gradients of one step, as rows, and values, in units of M = 1; None where nothing with room was found."""
    q = method.queries
    a, B, C, D = float(method.A[0][0]), *(floats(rows, n) for rows, n in ((method.B, q), (method.C, 1), (method.D, q)))
    xi = float(M) * B[0] / (z - a)
    points = C @ xi[None, :] + float(M) * D
    scales = z ** np.arange(_TIMES)
    X = np.vstack([np.zeros((1, q)), *(s * points for s in scales)])
    G = np.vstack([np.zeros((1, q)), *(s * np.eye(q) for s in scales)])
    size = q * (q + 1) // 2
    rows = []
    weights = np.concatenate([[0.0], np.repeat(scales**2, q)])
    for i in range(len(X)):
        for j in range(len(X)):
            if i == j or min(i, j) > q:
                continue
            row = np.zeros(size + q + 1)
            row[:size] = -packed(inequality(X, G, i, j, k, True))
            for point, sign in ((i, -1.0), (j, 1.0)):
                if point:
                    row[size + (point - 1) % q] += sign * weights[point]
            row[-1] = max(weights[i], weights[j])
            rows.append(row)
    cap, cost = np.zeros(size + q + 1), np.zeros(size + q + 1)
    cap[-1], cost[-1] = 1, -1
    known = np.zeros((1, size + q + 1))
    known[0, :size] = packed(np.outer(xi, xi))
    cone = np.hstack([-np.eye(size), np.zeros((size, q + 1))])
    answer = minimise(
        cost,
        (known, np.ones(1)),
        (np.vstack([*rows, cap]), np.array([0.0] * len(rows) + [1.0])),
        [(cone, np.zeros(size), q)],
        tolerance=1e-9,
    )
    if not answer.usable or answer.x[-1] <= _ROOM:
        return None
    sizes, axes = np.linalg.eigh(unpacked(answer.x[:size], q))
    keep = sizes > 1e-10 * sizes[-1]
    return axes[:, keep] * np.sqrt(sizes[keep]), answer.x[size : size + q]
