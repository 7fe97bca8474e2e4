"""How far apart the outputs of a network can lie, from its weights and the slopes of its activations."""

from fractions import Fraction
from math import lcm
from typing import Any

from eqt_theory.kernel.matrix import Matrix, matrix
from eqt_theory.kernel.reading import fields, items, need, number


def check(certificate: dict[str, Any]) -> str:
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
    S = _form(W, ranges, t, bound)
    _definite(S, matrix(factor, len(S), len(S)))
    sizes = " - ".join(map(str, [len(W[0][0]), *map(len, W)]))
    return f"|f(x) - f(y)|^2 <= {float(bound):.17g} |x - y|^2 for the network {sizes} with these weights and slopes"


def _form(W: list[Matrix], ranges: Matrix, t: Matrix, bound: Fraction) -> Matrix:
    starts = [0]
    for size in [len(W[0][0]), *map(len, W[:-1])]:
        starts.append(starts[-1] + size)
    S = [[Fraction(0)] * starts[-1] for _ in range(starts[-1])]
    for i in range(len(W[0][0])):
        S[i][i] += bound
    for k, ((low, high), row) in enumerate(zip(ranges, t, strict=True)):
        before, after = starts[k], starts[k + 1]
        for i, c in enumerate(row):
            live = [(before + j, w) for j, w in enumerate(W[k][i]) if w]
            S[after + i][after + i] += c
            for j, w in live:
                S[after + i][j] -= c * (low + high) * w / 2
                S[j][after + i] -= c * (low + high) * w / 2
            for j, w in live if low * high else ():
                for n, x in live:
                    S[j][n] += c * low * high * w * x
    last = starts[-2]
    for row in W[-1]:
        for i, a in enumerate(row):
            for j, b in enumerate(row) if a else ():
                S[last + i][last + j] -= a * b
    return S


def _definite(S: Matrix, Y: Matrix) -> None:
    """Reject unless `Y S Y^T` is diagonally dominant and Y lower triangular and regular: then S is semidefinite."""
    n = len(S)
    need(all(Y[i][i] for i in range(n)), "the factor is singular")
    need(not any(Y[i][j] for i in range(n) for j in range(i + 1, n)), "the factor is not triangular")
    S_, Y_ = _whole(S), _whole(Y)
    half = [[sum(a * b for a, b in zip(y, column, strict=True) if a) for column in S_] for y in Y_]  # Y S, S symmetric
    for i, row in enumerate(half):
        turned = [sum(a * b for a, b in zip(row, y, strict=True) if b) for y in Y_]
        need(turned[i] >= sum(map(abs, turned)) - abs(turned[i]), "the form is not shown to be semidefinite")


def _whole(A: Matrix) -> list[list[int]]:
    """A positive multiple with integers."""
    scale = lcm(*(x.denominator for row in A for x in row))
    return [[x.numerator * (scale // x.denominator) for x in row] for row in A]
