"""Rates: how fast a first-order method is on a class of functions, whatever the dimension, from forms >= 0.

The class: f differentiable on R^d, `f - m |.|^2/2` and `M |.|^2/2 - f` convex, with a minimiser h*; 0 <= m < M. A query
of kind "convex" is of another function g, convex, at a point where a subgradient is chosen; h* then minimises f + g.
The method: `xi+ = A xi + B u`, u_j the gradient at `y_j = C_j xi + D_j u`, `h = H xi`; it begins at
`xi = start (h_0, w)`, w_i the gradient at `opening_i (h_0, w)`. Each number stands for that multiple of the identity.
What is trusted besides arithmetic: the inequalities of `Form.subtract` (Taylor, Hendrickx and Glineur 2017, Thm 4), and
that squared norms are nonnegative.
"""

from collections import namedtuple
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.matrix import Form, Matrix, Points, Row, matrix, plus, times, unit
from eqt_theory.kernel.reading import fields, items, need, number, position, say

MEASURES = {"distance": "|h_k - h*|^2", "value": "f(h_k) - f(h*)", "gradient": "|grad f(h_k)|^2"}


Method = namedtuple("Method", "A B C D H start opening kinds opened")
"""A method whose fixed point is h*, as is checked when it is read: matrices, and the kind of each query."""


def read(value: Any) -> Method:
    """The method of a certificate."""
    *matrices, kinds, opened = fields(value, "A", "B", "C", "D", "H", "start", "opening", "kinds", "opened")
    need(all(k in ("smooth", "convex") for k in items(kinds) + items(opened)), "a query is smooth or convex")
    need(kinds != [], "a step asks for no gradient")
    s, q, r = len(items(matrices[0])), len(kinds), 1 + len(opened)
    shapes = [(s, s), (s, q), (q, s), (q, q), (1, s), (s, r), (r - 1, r)]
    method = Method._make([*map(matrix, matrices, *zip(*shapes, strict=True)), kinds, opened])
    # At h* the gradients of f and g are z and -z, 0 where only one is asked for: states rest, each query and h is h*.
    sign = {"smooth": 1, "convex": -1} if {"smooth", "convex"} <= {*kinds, *opened} else {"smooth": 0, "convex": 0}
    star, (asked, before) = [1, 0], ([[Fraction(0), Fraction(sign[k])] for k in of] for of in (kinds, opened))
    begin = [[Fraction(1), Fraction(0)], *before]
    points, states = follow(method, times(method.start, begin, 2), asked, 2)
    need(states[1] == states[0], "h* is no fixed point")
    need(times(method.H, states[0], 2) == [star], "at h* another h is reported")
    queries = [*(y for y, _ in points), *times(method.opening, begin, 2)]
    need(all(y == star for y in queries), "at h* a query is elsewhere")
    return method


def follow(method: Method, xi: Matrix, gradients: Matrix, n: int) -> tuple[Points, list[Matrix]]:
    """The queries of some steps with the gradients that they get, and the states from the first to the last."""
    q, points, states = len(method.kinds), [], [xi]
    for t in range(len(gradients) // q):
        u = gradients[q * t : q * (t + 1)]
        y = [plus(c, d) for c, d in zip(times(method.C, xi, n), times(method.D, u, n), strict=True)]
        points += list(zip(y, u, strict=True))
        xi = [plus(a, b) for a, b in zip(times(method.A, xi, n), times(method.B, u, n), strict=True)]
        states.append(xi)
    return points, states


def rest(n: int) -> tuple[Row, Row]:
    """The minimum, which is point 0."""
    return [Fraction(0)] * n, [Fraction(0)] * n


def _point(chosen: Any, queries: int) -> int | None:
    """The point of the one query in a list, if there is one in it."""
    return 1 + position(items(chosen, 1)[0], queries) if items(chosen) else None


def measured(form: Form, c: Fraction, measure: str, x: Row, points: Points, at: int | None) -> None:
    """Add c times what is measured at x, which is point `at` where gradient or value are needed."""
    need(measure == "distance" or (at is not None and points[at][0] == x), "h is no point with a gradient")
    if measure == "value":
        form.f[at or 0] += c
    else:
        v = [x if measure == "distance" else points[at or 0][1]]
        form.add(c, v, v)


def words(me: Method) -> str:
    """The method, written out: the gradient u_j is taken at y_j, and before the first step w_i at z_i."""
    x, u, w = ([f"{a}{i}" for i in range(len(of))] for a, of in (("x", me.A), ("u", me.kinds), ("w", me.opened)))

    def row_of(name: str, row: Row, among: list[str]) -> str:
        terms = [f"{say(c)} {n}" for c, n in zip(row, among, strict=True) if c]
        return f"{name} = {' + '.join(terms) or '0'}"

    step = [row_of(f"y{j}", [*c, *d], x + u) for j, (c, d) in enumerate(zip(me.C, me.D, strict=True))]
    step += [row_of(f"{n}+", [*a, *b], x + u) for n, a, b in zip(x, me.A, me.B, strict=True)]
    named = [*((f"z{i}", row) for i, row in enumerate(me.opening)), *zip(x, me.start, strict=True)]
    begin = ", ".join(row_of(n, row, ["h_0", *w]) for n, row in named)
    convex = [n for n, kind in zip([*u, *w], [*me.kinds, *me.opened], strict=True) if kind == "convex"]
    of = f", {', '.join(convex)} of the convex part" if convex else ""
    return f"the method {', '.join([*step, row_of('h', me.H[0], x)])}, from {begin}, gradients u at y and w at z{of}"


class Rate:
    """What a certificate of kind "rate" claims, in three parts.

    V_k is a form in xi_k and the gradients of `window` steps plus multiples of the values there. With multipliers
    `decrease` it shrinks by rate^2 per step, with `positive` it is not below what is measured, and with `initial` it is
    at first not above `constant` times that. `reported` and `first` hold the query at h_k and h_0, but for distances.
    """

    def __init__(self, certificate: dict[str, Any]) -> None:
        _, m, M, method, self.measure, rate, constant, window, P, p, self.reported, self.first, *self.uses = fields(
            certificate, "kind", "m", "M", "method", "measure", "rate", "constant", "window", "P", "p", "reported",
            "first", "decrease", "positive", "initial",
        )  # fmt: skip
        self.m, self.M, self.rho, self.constant = number(m), number(M), number(rate), number(constant)
        self.method, self.window = read(method), position(window, 5)
        self.convex = "convex" in {*self.method.kinds, *self.method.opened}
        need(0 <= self.m < self.M and self.rho >= 0 and self.constant >= 0, "numbers are out of their range")
        need(type(self.measure) is str and self.measure in MEASURES, "an unknown measure")
        need(self.measure == "distance" or not self.convex, "with a convex part only distances are measured")
        self.s, self.q, self.r = len(self.method.A), len(self.method.kinds), len(self.method.opened)
        self.early, self.kinds = self.q * self.window, ["", *self.method.kinds * (self.window + 1)]
        size, entries = self.s + self.early, [items(entry, 3) for entry in items(P)]
        self.p = [number(x) for x in items(p, self.early)]
        self.P = [(position(i, size), position(j, size), number(x)) for i, j, x in entries]

    def _potential(self, form: Form, c: Fraction, xi: Matrix, u: Matrix, first_value: int) -> None:
        w = [*xi, *u]
        form.add(c, [[x * (1 if i == j else 2) * y for y in w[i]] for i, j, x in self.P], [w[j] for _, j, _ in self.P])
        for j, x in enumerate(self.p):
            form.f[first_value + j] += c * x

    def _run(self) -> tuple[Points, list[Matrix], Matrix, Form]:
        n = self.s + self.early + self.q
        e = unit(n)
        points, states = follow(self.method, e[: self.s], e[self.s :], n)
        return [rest(n), *points], states, e, Form(n, 1 + len(points))

    def check_decrease(self) -> None:
        """V_{k+1} <= rate^2 V_k."""
        points, states, e, form = self._run()
        self._potential(form, self.rho**2, states[0], e[self.s : self.s + self.early], 1)
        self._potential(form, Fraction(-1), states[1], e[self.s + self.q :], 1 + self.q)
        form.shown("the decrease", self.uses[0], points, self.kinds, self.m, self.M)

    def check_positive(self) -> None:
        """What is measured at h_k is <= V_k."""
        points, states, e, form = self._run()
        self._potential(form, Fraction(1), states[0], e[self.s : self.s + self.early], 1)
        h = times(self.method.H, states[0], len(e))[0]
        measured(form, Fraction(-1), self.measure, h, points, _point(self.reported, self.early))
        form.shown("the bound from below", self.uses[1], points, self.kinds, self.m, self.M)

    def check_initial(self) -> None:
        """V_0 <= constant times what is measured at h_0."""
        r, n = 1 + self.r, 1 + self.r + self.early
        e = unit(n)
        later, states = follow(self.method, times(self.method.start, e[:r], n), e[r:], n)
        points = [rest(n), *zip(times(self.method.opening, e[:r], n), e[1:r], strict=True), *later]
        form = Form(n, len(points))
        measured(form, self.constant, self.measure, e[0], points, _point(self.first, self.r + self.early))
        self._potential(form, Fraction(-1), states[0], e[r:], r)
        kinds = ["", *self.method.opened, *self.method.kinds * self.window]
        form.shown("the bound at the start", self.uses[2], points, kinds, self.m, self.M)


def check_rate(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "rate" shows."""
    claim = Rate(certificate)
    claim.check_decrease()
    claim.check_positive()
    claim.check_initial()
    what, composite = MEASURES[claim.measure], " plus a convex part" if claim.convex else ""
    bound = f"{say(claim.constant, 'upper')} ({say(claim.rho, 'upper')})^(2k) {what.replace('_k', '_0')}"
    return f"{what} <= {bound} for all k; m = {claim.m}, M = {claim.M}{composite}; {words(claim.method)}"
