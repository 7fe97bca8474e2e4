"""Spectra: the eigenvalues of a matrix, and how far apart the outputs of a network can lie."""

from typing import Any

from eqt_theory.kernel.matrix import Form, Matrix, matrix, plus, semidefinite, times, unit, whole
from eqt_theory.kernel.reading import fields, items, need, number, say


def check_spectrum(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "spectrum" shows."""
    _, rows, weights, low, high = fields(certificate, "kind", "rows", "weights", "low", "high")
    low, high = number(low), number(high)
    need(items(rows) != [] and items(rows[0]) != [], "a matrix without entries has no spectrum")
    d = len(rows[0])
    A = matrix(rows, None, d)
    w = [number(x) for x in items(weights, len(A))]
    S = times(list(zip(*A, strict=True)), [[c * x for x in row] for c, row in zip(w, A, strict=True)], d)
    for sign, end in ((1, low), (-1, high)):
        shifted = [[sign * x for x in plus(row, e, -end)] for row, e in zip(S, unit(d), strict=True)]
        need(semidefinite(shifted), f"an eigenvalue is {'below' if sign > 0 else 'above'} {end}")
    return f"all eigenvalues of A^T diag(w) A, {len(A)} rows in {d} dimensions, lie in [{low}, {high}]"


def check_network(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "network" shows."""
    # `f(x) = W_L phi_L(.. phi_1(W_0 x + b_0) ..) + b_L`, every difference quotient of phi_k in [low_k, high_k]. With x,
    # v_k and u_k = W_(k-1) v_(k-1) the differences at two inputs, after and before phi_k, (v - low u)(v - high u) <= 0
    # in every entry. So `square |x|^2 - |W_L v_L|^2 + sum t (v - low u)(v - high u) >= 0` for all x and v bounds f.
    _, weights, slopes, multipliers, square, factor = fields(
        certificate, "kind", "weights", "slopes", "multipliers", "square", "factor"
    )
    bound, layers = number(square), items(weights)
    need(layers != [] and items(layers[0]) != [] and items(layers[0][0]) != [], "there is no layer")
    W, width = [], len(layers[0][0])
    for layer in layers:
        W.append(matrix(layer, None, width))
        width = len(W[-1])
        need(width > 0, "a layer has no neuron")
    ranges = [[number(end) for end in items(pair, 2)] for pair in items(slopes, len(W) - 1)]
    need(all(low <= high for low, high in ranges) and bound >= 0, "numbers are out of their range")
    t = [[number(x) for x in items(row, len(w))] for row, w in zip(items(multipliers, len(W) - 1), W, strict=False)]
    need(all(x >= 0 for row in t for x in row), "a multiplier is negative")
    sizes = [len(W[0][0]), *map(len, W)]
    n = sum(sizes[:-1])
    form, e = Form(n, 0), unit(n)
    before, rest = e[: sizes[0]], e[sizes[0] :]
    form.add(bound, before, before)
    for weight, row, (low, high) in zip(W, t, ranges, strict=False):
        u, before, rest = times(weight, before, n), rest[: len(weight)], rest[len(weight) :]
        under, over = ([plus(v, x, -end) for v, x in zip(before, u, strict=True)] for end in (low, high))
        form.add(1, [[c * x for x in v] for c, v in zip(row, under, strict=True)], over)
    last = times(W[-1], before, n)
    form.add(-1, last, last)
    _definite(form.S, matrix(factor, n, n))
    what = f"|f(x) - f(y)|^2 <= {say(bound, 'upper')} |x - y|^2"
    return f"{what} for the network {' - '.join(map(str, sizes))} with these weights and slopes"


def _definite(S: Matrix, Y: Matrix) -> None:
    """Reject unless `Y S Y^T` is diagonally dominant and Y lower triangular and regular: then S is semidefinite."""
    n = len(S)
    need(all(Y[i][i] for i in range(n)), "the factor is singular")
    need(not any(Y[i][j] for i in range(n) for j in range(i + 1, n)), "the factor is not triangular")
    S_, Y_ = whole(S)[0], whole(Y)[0]
    half = [[sum(a * b for a, b in zip(y, column, strict=True) if a) for column in S_] for y in Y_]  # Y S, S symmetric
    for i, row in enumerate(half):
        turned = [sum(a * b for a, b in zip(row, y, strict=True) if b) for y in Y_]
        need(turned[i] >= sum(map(abs, turned)) - abs(turned[i]), "the form is not shown to be semidefinite")
