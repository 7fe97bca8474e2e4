"""Functions of the class of `rates` on which a method is slow, as far as it meets them: points, gradients, values."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from eqt_theory.kernel.matrix import matrix, plus, rank, times, unit, whole
from eqt_theory.kernel.rates import follow, read, words
from eqt_theory.kernel.reading import fields, items, need, number, position, say

Vector = Sequence[Fraction]
Sample = tuple[Vector, Vector, Fraction | int]


def dot(a: Vector, b: Vector) -> Fraction | int:
    """The inner product, of two as long as the shorter one."""
    return sum(x * y for x, y in zip(a, b, strict=False) if x)


def check_quadratic(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "slow quadratic" shows."""
    # Run from h_0 = 1 in one dimension, where the gradient at y is `curvature y`, h_k obeys a recurrence with these
    # coefficients and no shorter one: the root of largest modulus tells how it falls; not all roots lie in
    # |z| < reached, which is more than the rate.
    _, m, M, method, rate, reached, curvature, gradients, coefficients = fields(
        certificate, "kind", "m", "M", "method", "rate", "reached", "curvature", "gradients", "polynomial"
    )
    m, M, me, rho, r, c = number(m), number(M), read(method), number(rate), number(reached), number(curvature)
    need(0 <= m <= c <= M and c > 0 and 0 <= rho < r, "numbers are out of their range")
    need({*me.kinds, *me.opened} == {"smooth"}, "there is a convex part")
    s, polynomial = len(me.A), [number(x) for x in items(coefficients)]
    opened, n, d = len(me.opened), len(me.kinds), len(polynomial) - 1
    need(1 <= d <= s and polynomial[-1] == 1, "no polynomial of that degree")
    solve = [plus(e, row, -c) for e, row in zip(unit(n), me.D, strict=True)]  # the step finds y from `solve y = C xi`
    need(rank(times(list(zip(*solve, strict=True)), solve, n)) == n, "a step is not determined")
    g = matrix(gradients, opened + n * (s + d - 1), 1)
    first = [[Fraction(1)], *g[:opened]]
    points, states = follow(me, times(me.start, first, 1), g[opened:], 1)
    need(
        [[c * y[0]] for y in [*times(me.opening, first, 1), *(y for y, _ in points)]] == g, "a gradient is another one"
    )
    h = [times(me.H, xi, 1)[0][0] for xi in states]
    need(not any(dot(polynomial, h[k:]) for k in range(s)), "h does not obey the recurrence")
    hankel = [h[k : k + d] for k in range(d)]
    need(rank(times(hankel, hankel, d)) == d, "a shorter recurrence may do")
    need(not within([x * r**k for k, x in enumerate(polynomial)]), "all roots are smaller")
    what = f"on the quadratic of curvature {c} |h_k - h*| is not O(rate^k), rate = {say(rho)}"
    return f"{what}; m = {m}, M = {M}; {words(me)}"


def _gap(a: Sample, p: int, b: Sample, s: int, m: Fraction | int, M: Fraction | int) -> Fraction | int:
    """2 (M - m) times what is left of the inequality between p times a and s times b; it is not to be negative."""
    d, D = ([p * x - s * y for x, y in zip(u, v, strict=True)] for u, v in ((a[0], b[0]), (a[1], b[1])))
    bend = dot(D, D) + m * M * dot(d, d) - 2 * m * dot(D, d)
    return 2 * (M - m) * (p * p * a[2] - s * s * b[2] - s * dot(b[1], d)) - bend


def interpolates(samples: Sequence[Sample], m: Fraction, M: Fraction) -> None:
    """Reject unless a function of the class has these points, gradients and values."""
    # f may be multiplied by q, and its argument divided by p: what is looked at are whole numbers.
    q = lcm(m.denominator, M.denominator)
    (rows, p), (k, K) = whole([[*x, *(q * t for t in g), q * f] for x, g, f in samples]), (int(q * m), int(q * M))
    scaled: list[Any] = [(row[:d], row[d:-1], row[-1] * p) for row in rows if (d := len(row) // 2)]
    for a, b in [(a, b) for a in scaled for b in scaled if a is not b]:
        need(_gap(a, 1, b, 1, k, K) >= 0, "no function of the class has these values")


def _at_all_scales(a: Sample, b: Sample, r: Fraction, m: Fraction, M: Fraction) -> None:
    """Reject unless the inequalities between a and r^n b hold, both ways, for n = 0, 1, 2, .."""
    for gap in (lambda s: _gap(a, 1, b, s, m, M), lambda s: _gap(b, s, a, 1, m, M)):
        zero, plus, minus = gap(0), gap(1), gap(-1)
        c = [zero, (plus - minus) / 2, (plus + minus) / 2 - zero]  # of 1, s, s^2 with s = r^n
        c, shrink, s = (c, r, Fraction(1)) if r < 1 else (c[::-1], 1 / r, Fraction(1))
        # What may be negative only falls as s does: once it is outweighed, the rest follows.
        while c[0] + min(c[1], 0) * s + min(c[2], 0) * s * s < 0:
            need(c[0] + c[1] * s + c[2] * s * s >= 0 and s > Fraction(1, 10**9), "no function has these values")
            s *= shrink


def check_cycle(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "cycle" shows: a method comes to repeat itself, but for a factor."""
    _, m, M, method, rate, start, gradients, values, before, period, factor = fields(
        certificate, "kind", "m", "M", "method", "rate", "start", "gradients", "values", "before", "period", "factor"
    )
    m, M, me, rho, r, d = number(m), number(M), read(method), number(rate), number(factor), len(items(start))
    T, K, q, opened = position(before, 100), position(period, 100), len(me.kinds), len(me.opened)
    need(0 <= m < M and d > 0 and K > 0 and rho >= 0 and r > rho**K and r != 1, "numbers are out of their range")
    need({*me.kinds, *me.opened} == {"smooth"}, "there is a convex part")
    g = matrix(gradients, opened + q * (T + K), d)
    first = [[number(x) for x in start], *g[:opened]]
    points, states = follow(me, times(me.start, first, d), g[opened:], d)
    need(any(map(any, times(me.H, states[T], d))), "it has arrived")
    need([[r * x for x in row] for row in states[T]] == states[T + K], "it does not repeat itself")
    at = [*times(me.opening, first, d), *(y for y, _ in points)]
    f = [number(x) for x in items(values, len(g))]
    samples = [([Fraction(0)] * d, [Fraction(0)] * d, Fraction(0)), *zip(at, g, f, strict=True)]
    once, again = samples[: 1 + opened + q * T], samples[1 + opened + q * T :]
    interpolates(once, m, M)
    for a, b in [(a, b) for a in (*once, *again) for b in again]:
        _at_all_scales(a, b, r, m, M)
    what = f"for some function h_(k+{K}) = {say(r)} h_k from k = {T} on, slower than rate^k"
    return f"{what}; m = {m}, M = {M}; {words(me)}"


def within(p: Vector) -> bool:
    """Whether all roots of p_0 + p_1 z + .. lie in |z| < 1 (Schur 1917)."""
    while len(p) > 1:
        if abs(p[0]) >= abs(p[-1]):
            return False
        p = [p[-1] * a - p[0] * b for a, b in zip(p, reversed(p), strict=True)][1:]
    return True
