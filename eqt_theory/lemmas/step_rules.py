"""What the step rules do, proved for all parameters; each with the formula that the proof is about."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines import induction
from eqt_theory.engines.gram import Point, Space, adds_up, combine
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

m, M, alpha, r, accuracy = sp.symbols("m M alpha r accuracy", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
q = sp.Symbol("q", positive=True)

POINT = (1 + accuracy) / (1 + alpha * m - accuracy)
BACKTRACKING = 1 - m * sp.Min(alpha, 1 / (2 * M))
NESTEROV = sp.sqrt(1 - q)
NESTEROV_CONSTANT = sp.sqrt(1 + M * alpha / q**2)


def proximal_point() -> Finding:
    """The inexact proximal point: the distance shrinks by POINT; h - h* = x + alpha G - e, |e| <= accuracy |x - h|."""
    x, G = Space(("x", "G")).vectors
    new, old, error, move, reach = sp.symbols("new old error move reach", nonnegative=True)
    longer = adds_up(
        reach**2 - (1 + alpha * m) ** 2 * new**2,
        (1, reach**2 - (x + alpha * G).norm2 >= 0),
        ((1 + alpha * m) ** 2, x.norm2 - new**2 >= 0),
        (2 * alpha * (1 + alpha * m), x @ G - m * x.norm2 >= 0),
        about="an exact proximal point step contracts the distance by 1/(1 + alpha m)",
    )
    root = prove([reach**2 - (1 + alpha * m) ** 2 * new**2 >= 0], (1 + alpha * m) * new <= reach)
    known = [(1 + alpha * m) * new <= reach, reach <= old + error, error <= accuracy * move, move <= new + old]
    missed = prove([accuracy < 1, *known], [1 + alpha * m - accuracy > 0, new <= POINT * old])
    detail = "an inexact proximal point step contracts the distance by (1 + accuracy)/(1 + alpha m - accuracy)"
    return together([longer, root, missed], detail)


def backtracking() -> Finding:
    """Backtracking: the gap shrinks by BACKTRACKING."""
    h, new, star, _ = _step(alpha)
    sufficient = h.value - alpha * h.gradient.norm2 / 2 - new.value
    last, trial, taken = sp.symbols("last trial taken", positive=True)
    least = sp.Min(alpha, 1 / (2 * M))
    length = prove(
        [last >= least, sp.Eq(trial, sp.Min(2 * last, alpha)), sp.Or(sp.Eq(taken, trial), 2 * taken * M > 1)],
        taken >= least,
    )
    accepted = combine([alpha * M <= 1], sufficient >= 0, [(1, _above(new, h, M))], _states)
    steep = combine([], h.gradient.norm2 / (2 * m) - (h.value - star.value) >= 0, [(1, _below(star, h, m))], _states)
    gap = (1 - m * alpha) * (h.value - star.value) - (new.value - star.value)
    shrinks = combine([m <= M], gap >= 0, [(1, sufficient >= 0), (m * alpha, _below(star, h, m))], _states)
    return together(
        [length, accepted, steep, shrinks],
        "every length t <= 1/M is accepted, so t >= min(step_size, 1/(2M)) always; with it the gap shrinks by 1 - m t",
    )


def nesterov() -> Finding:
    """Nesterov's method: V+ <= (1 - q) V, and V bounds the distance on both sides; alpha M <= 1, q^2 <= m alpha."""
    h, new, star, previous = _step(alpha)
    weight = q**2 / alpha
    z = ((1 + q) * h.x - previous.x) / q
    after = new.x / q - ((1 - q) / q) * previous.x
    before = previous.value - star.value + weight / 2 * z.norm2
    known = [m <= M, alpha * M <= 1, q <= 1, q**2 <= m * alpha]
    shrinks = combine(
        known,
        (1 - q) * before - (new.value - star.value + weight / 2 * after.norm2) >= 0,
        [(1, _above(new, h, M)), (1 - q, _below(previous, h, m)), (q, _below(star, h, m))],
        _states,
    )
    # The momentum step is z+ of this form: h+ = x+ + beta (x+ - x), z+ = h+ + (h+ - x+)/q.
    b = (1 - q) / (1 + q)
    ahead = (1 + b) * new.x - b * previous.x
    form = derive(
        [(f"coefficient {i}", a, c) for i, (a, c) in enumerate(_entries(((1 + q) * ahead - new.x) / q, after))],
        "z+ is the same combination one step on",
    )
    lower = combine(known, before - weight / 2 * h.x.norm2 >= 0, [(1, _below(previous, star, m))], _states)
    first = h.value - star.value + weight / 2 * h.x.norm2  # x_0 = h_0
    constant = (NESTEROV_CONSTANT**2).expand()
    upper = combine(known, constant * weight / 2 * h.x.norm2 - first >= 0, [(1, _above(h, star, M))], _states)
    return together(
        [shrinks, form, lower, upper],
        "|h_k - h*|^2 <= (1 + M alpha/q^2) (1 - q)^k |h_0 - h*|^2, q = (1 - momentum)/(1 + momentum)",
    )


def heavy_ball() -> Finding:
    """The heavy ball on quadratics: HEAVY_BALL at both ends of the spectrum bounds every root."""
    eigenvalue = sp.Symbol("eigenvalue", positive=True)

    def within(value: sp.Expr) -> sp.Basic:
        return sp.Abs(1 + beta - alpha * value) * r <= r**2 + beta

    between = prove([m <= eigenvalue, eigenvalue <= M, within(m), within(M)], within(eigenvalue))
    T, R = sp.symbols("T R", nonnegative=True)
    formula = sp.Or(
        sp.And(4 * beta >= T**2, sp.Eq(R**2, beta)),
        sp.And(4 * beta < T**2, sp.Eq((2 * R - T) ** 2, T**2 - 4 * beta), 2 * R >= T),
    )
    radius = prove([formula, r >= R], [beta <= r**2, T * r <= r**2 + beta])
    return together(
        [between, radius, roots_within()], "every root on a spectrum in [m, M] has modulus at most the rate"
    )


def nesterov_on_quadratics() -> Finding:
    """Nesterov's method on quadratics: the Schur-Cohn conditions at both ends of the spectrum bound every root."""
    eigenvalue = sp.Symbol("eigenvalue", positive=True)

    def within(value: sp.Expr) -> list[sp.Basic]:
        s = 1 - alpha * value
        return [beta * sp.Abs(s) <= r**2, (1 + beta) * sp.Abs(s) * r <= r**2 + beta * s]

    between = prove([m <= eigenvalue, eigenvalue <= M, *within(m), *within(M)], within(eigenvalue))
    return together([between, roots_within()], "every root on a spectrum in [m, M] has modulus at most the rate")


def roots_within() -> Finding:
    """Schur-Cohn: |c| <= r^2 and |t| r <= r^2 + c keep the roots u + iv of z^2 - t z + c in the disc of radius r."""
    t, c, u, v = sp.symbols("t c u v", real=True)
    root = [sp.Eq(u**2 - v**2 - t * u + c, 0), sp.Eq(v * (2 * u - t), 0)]
    return prove([sp.Abs(c) <= r**2, sp.Abs(t) * r <= r**2 + c, *root], u**2 + v**2 <= r**2)


def chebyshev() -> Finding:
    """Conjugate gradients on quadratics: least polynomial <= 1/T_k((M + m)/(M - m)) <= 2 u^k; squared, 4 (u^2)^k."""
    # That the method minimises Phi over Krylov spaces, and |T_k| <= 1 on [-1, 1], are taken from (Nocedal and Wright
    # 2006, Thm 5.3 and Eq. 5.36). Derived here: T_k at that point is (u^k + u^-k)/2, by its recurrence.
    a, b, w = sp.symbols("a b w", positive=True)  # square roots of m and M; w stands for u^k
    u = (b - a) / (b + a)
    point = (b**2 + a**2) / (b**2 - a**2)
    step = 2 * point * (w + 1 / w) / 2 - (w / u + u / w) / 2
    return derive(
        [
            ("T_0 = 1", (u**0 + u**0) / 2, sp.Integer(1)),
            ("T_1 = (M + m)/(M - m)", (u + 1 / u) / 2, point),
            ("T_{k+1} = 2 x T_k - T_{k-1}", step, (u * w + 1 / (u * w)) / 2),
        ],
        "the Chebyshev bound 2 u^k; the Krylov optimality of conjugate gradients is cited, not derived",
    )


def newton() -> Finding:
    """Newton's method on quadratics: along an eigenvector the error after one step is 0."""
    error, eigenvalue = sp.Symbol("error", real=True), sp.Symbol("eigenvalue", positive=True)
    step = error - eigenvalue * error / eigenvalue
    return derive([("error after one step", step, sp.Integer(0))], "one step ends at h*, for every spectrum")


def together(findings: Sequence[Finding], detail: str) -> Finding:
    """As `eqt_theory.engines.induction.together`, of steps without names."""
    return induction.together({f"{n}. {finding.detail}": finding for n, finding in enumerate(findings, 1)}, detail)


_states = Space(("h", "x", "G"))


def _step(length: sp.Expr) -> tuple[Point, Point, Point, Point]:
    """A state, the one after a gradient step, h* = 0, and another state; gradients that play no part are left 0."""
    h, x, G = _states.vectors
    none = 0 * h
    f, after, best, other = sp.symbols("f after best other", real=True)
    return Point(h, G, f), Point(h - length * G, none, after), Point(none, none, best), Point(x, none, other)


def _below(i: Point, j: Point, curvature: sp.Expr) -> sp.Basic:
    """`f_i - f_j - <g_j, x_i - x_j> - curvature/2 |x_i - x_j|^2 >= 0`, the lower curvature bound at j."""
    d = i.x - j.x
    return i.value - j.value - j.gradient @ d - curvature * d.norm2 / 2 >= 0


def _above(i: Point, j: Point, curvature: sp.Expr) -> sp.Basic:
    """`f_j + <g_j, x_i - x_j> + curvature/2 |x_i - x_j|^2 - f_i >= 0`, the descent lemma at j."""
    d = i.x - j.x
    return j.value + j.gradient @ d + curvature * d.norm2 / 2 - i.value >= 0


def _entries(u: Any, v: Any) -> list[tuple[sp.Expr, sp.Expr]]:
    return list(zip(u.coefficients, v.coefficients, strict=True))
