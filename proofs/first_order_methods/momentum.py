"""Constant momentum: Nesterov's, the triple momentum method, and Polyak's heavy ball with its cycle."""

import sympy as sp

from eqt_theory import Claim, Finding, prove
from eqt_theory.engines.gram import Point, SmoothClass, Space
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, BOOK, L, Sum

r = sp.Symbol("r", positive=True)
"""sqrt(mu/L), below 1."""
mu, n = r**2 * L, sp.Symbol("n", nonnegative=True)
y, z, g = Space(("y", "z", "g")).vectors
f0, f1, fx = sp.symbols("f f_1 f_x", real=True)


def powers(factor: sp.Expr, step: Finding, detail: str, **parts: Finding) -> Finding:
    """phi_N <= factor^N phi_0, where one step has phi' <= factor phi."""
    phi, after, first = sp.symbols("phi after first", nonnegative=True)
    rate = by_induction(
        phi <= first * factor**n, n, [r < 1], quantities=[Quantity(phi, first, after)], each=[after <= factor * phi]
    )
    return together({"step": step, "powers": rate, **parts}, detail)


nesterov = Claim(
    id="nesterov-constant-momentum",
    source=f"{BOOK}, Section 4.5; Nesterov 2004",
    statement="f mu-strongly convex and L-smooth, r = sqrt(mu/L) < 1, x = (y + r z)/(1 + r), y+ = x - grad f(x)/L, "
    "z+ = r (x - grad f(x)/mu) + (1 - r) z: f(y_N) - f* <= (1 - r)^N (f(y_0) - f* + mu/2 |z_0 - x*|^2).",
)


def momentum_step(share: sp.Expr) -> Finding:
    x = (y + share * z) / (1 + share)
    here, p = Point(x, g, fx), x - g / L
    test = fx + g @ (p - x) + L / 2 * (p - x).norm2 - f1 >= 0
    total = Sum(mu).subgradient(1 - r, Point(y, 0 * y, f0), here, mu).subgradient(r, Point(0 * y, 0 * y, 0), here, mu)
    moved = r * (x - g / mu) + (1 - r) * z
    left = (1 - r) * (f0 + mu / 2 * z.norm2) - f1 - mu / 2 * moved.norm2
    return total.also(1, test).shows(y.space, left, [r < 1], "f(y) - f* + mu/2 |z - x*|^2 shrinks by 1 - r")


@nesterov.shows(ALL, uses="descent-lemma")
def nesterov_momentum() -> Finding:
    return powers(1 - r, momentum_step(r), "f(y_N) - f* <= (1 - r)^N phi_0")


rises = Claim(
    id="nesterov-monotone",
    source="a usual slip",
    statement="The same method has f(y+) <= f(y) in every step.",
    repair="nesterov-constant-momentum",
)


@rises.shows("f = L x^2/4 on the line, mu = L/100, the third step from y = z = 1")
def ripples() -> Finding:
    at, ahead, values = sp.Integer(1), sp.Integer(1), []
    for _ in range(3):
        x = (at + r * ahead) / (1 + r)
        slope = L * x / 2
        at, ahead = x - slope / L, r * (x - slope / mu) + (1 - r) * ahead
        values.append(sp.factor(L * at**2 / 4))
    return prove([sp.Eq(r, sp.Rational(1, 10))], values[2] <= values[1], detail="f(y_3) <= f(y_2)")


triple = Claim(
    id="triple-momentum",
    source=f"{BOOK}, Section 4.6; Van Scoy, Freeman, Lynch 2018",
    statement="f mu-strongly convex and L-smooth, r = sqrt(mu/L) < 1: the triple momentum method, g = grad f(y), y+ = "
    "((1 - r) (y - g/L) + 2 r z)/(1 + r), z+ = r (y+ - grad f(y+)/mu) + (1 - r) z, has mu |z_N - x*|^2 <= (1 - r)^(2 "
    "N) phi_0, where phi = (1 - r^2) (f(y) - f* - |g|^2/(2 L)) - mu/2 |y - g/L - x*|^2 + mu |z - x*|^2.",
)
q, b, h, k = Space(("q", "b", "h", "k")).vectors


def psi(point: Point) -> sp.Expr:
    """(1 - r^2) (f - f* - |g|^2/(2 L)) - mu/2 |y - g/L - x*|^2."""
    bend = mu / 2 * (point.x - point.gradient / L).norm2
    return (1 - r**2) * (point.value - point.gradient.norm2 / (2 * L)) - bend


def triple_step(rho: sp.Expr) -> Finding:
    """From y with b = y - g/L and z to q, (2 - rho) q = rho b + 2 (1 - rho) z; z+ = (1 - rho) (q - grad/mu) + rho z.

    The gradients are L h at y and L r k at q.
    """
    old, new, star = Point(b + h, L * h, f0), Point(q, L * r * k, f1), Point(0 * q, 0 * q, 0)
    z = ((2 - rho) * q - rho * b) / (2 * (1 - rho))
    moved = (1 - rho) * (q - k / r) + rho * z
    left = rho**2 * (psi(old) + mu * z.norm2) - psi(new) - mu * moved.norm2
    total = Sum(mu).exact(rho**2 * (1 - r**2), old, new).exact((1 - rho**2) * (1 - r**2), star, new)
    return total.shows(q.space, left, [r < 1], "phi shrinks by (1 - r)^2")


@triple.shows(ALL, uses="descent-lemma")
def triple_momentum() -> Finding:
    here, star = Point(b + h, L * h, f0), Point(0 * q, 0 * q, 0)
    positive = Sum(mu).exact(1 - r**2, here, star).shows(q.space, psi(here), [r < 1], "psi >= 0")
    return powers((1 - r) ** 2, triple_step(1 - r), "|z_N - x*|^2 shrinks by (1 - r)^2 per step", positive=positive)


ball = Claim(
    id="heavy-ball-quadratic",
    source="Polyak 1964",
    statement="On every quadratic with curvature in [mu, L], 0 < mu < L, the heavy ball with alpha = 4/(sqrt(L) + "
    "sqrt(mu))^2 and beta = ((sqrt(L) - sqrt(mu))/(sqrt(L) + sqrt(mu)))^2 has, on each eigenvector, two "
    "characteristic roots of modulus sqrt(beta).",
)


@ball.shows("all curvatures in [mu, L]")
def roots() -> Finding:
    """z^2 - (1 + beta - alpha c) z + beta has no two different real roots, so both have modulus sqrt(beta)."""
    a, b, c = sp.symbols("a b c", positive=True)
    alpha, beta = 4 / (a + b) ** 2, ((a - b) / (a + b)) ** 2
    return prove([b**2 <= c, c <= a**2], (1 + beta - alpha * c) ** 2 <= 4 * beta)


global_ball = Claim(
    id="heavy-ball-global",
    source="a usual slip; the cycle is that of Lessard, Recht, Packard 2016",
    statement="With these parameters the heavy ball converges on every mu-strongly convex L-smooth function: it "
    "has no cycle but the minimiser.",
    repair="heavy-ball-quadratic",
)


@global_ball.shows("mu = 1, L = 25, cycles of three points")
def no_cycle() -> Finding:
    """The gradients at the points of a cycle are those that the method needs; a function has them."""
    space = Space(("x_0", "x_1", "x_2"))
    cycle = space.vectors
    f = SmoothClass(1, 25).member()
    f.at(0 * cycle[0], 0 * cycle[0], sp.Integer(0))
    at = [sp.Rational(c, 1225) for c in (792, -2208, 2592)]
    values = sp.symbols("f_0 f_1 f_2", real=True)
    for i, value in enumerate(values):
        here, before, after = cycle[i], cycle[i - 1], cycle[(i + 1) % 3]
        f.at(here, 9 * (here - after) + 4 * (here - before), value)
    known = [25 * at[0] ** 2 / 2, 25 * at[1] ** 2 / 2, 38 + 25 * (at[2] ** 2 - 4) / 2 - 24 * (at[2] - 2)]
    given = [sp.Eq(space.gram[i, j], at[i] * at[j]) for i in range(3) for j in range(i, 3)]
    return prove([*f.inequalities, *given, *map(sp.Eq, values, known)], sp.Eq(cycle[0].norm2, 0))
