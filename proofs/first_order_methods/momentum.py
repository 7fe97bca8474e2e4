"""Momentum: Nesterov's with constant weights, triple momentum, the optimized gradient method, Polyak's heavy ball."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Convex, SmoothClass, Space, Vector
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.potential import by_factor
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import BOOK, SLOW, TIGHT, L, N, R, f0, f1, gap, n, reached

r = sp.Symbol("r", positive=True)
"""sqrt(mu/L), below 1."""
mu = r**2 * L
y, z, g, k = Space(("y", "z", "g", "k")).vectors
fx, t = sp.Symbol("f_x", real=True), sp.Symbol("t", positive=True)
far, far0, phi0, last_gap = reached("|y_N - x*|", "|y_0 - x*|", "phi_0", "f(q_N) - f*")


@theorem(f"{BOOK}; Nesterov 2004", parts=SLOW, uses="descent-lemma")
def nesterov_constant_momentum(share: sp.Expr = r) -> Finding:
    """f mu-strongly convex and L-smooth, r = sqrt(mu/L) < 1, x = (y + {share} z)/(1 + {share}), y+ = x - grad f(x)/L,
    z+ = r (x - grad f(x)/mu) + (1 - r) z: f(y_N) - f* <= (1 - r)^N (f(y_0) - f* + mu/2 |z_0 - x*|^2); and on some f
    y_N = (1 - r)^N (1 + N r) y_0, from y_0 = z_0.

    f(y) - f* + mu/2 |z - x*|^2 shrinks by 1 - r; k is a gradient at y.
    """
    x = (y + share * z) / (1 + share)
    p, moved = x - g / L, r * (x - g / mu) + (1 - r) * z
    known = [*Convex(mu).says((y, k, f0), (x, g, fx), 0), f1 <= fx + g @ (p - x) + L / 2 * (p - x).norm2]
    old, new = f0 + mu / 2 * z.norm2, f1 + mu / 2 * moved.norm2
    return by_factor(old, new, known, factor=1 - r, given=[r < 1], detail="f(y_N) - f* <= (1 - r)^N phi_0")


@nesterov_constant_momentum.shows("f = mu x^2/2 on the line, for all N and r", part="a slow function")
def double_root() -> Finding:
    """In units of (1 - r)^k y_0, y_k = 1 + k r and z_k = 1; the slope at x is mu x."""
    x = (1 + n * r + r) / (1 + r)
    next_y, next_z = x - mu * x / L, r * (x - mu * x / mu) + 1 - r
    return derive([("y", next_y, (1 - r) * (1 + (n + 1) * r)), ("z", next_z, 1 - r)], "y_N = (1 - r)^N (1 + N r) y_0")


@slip(nesterov_constant_momentum, "f = L x^2/4 on the line, mu = L/100, the third step from y = z = 1")
def nesterov_monotone() -> Finding:
    """As nesterov-constant-momentum, with f(y+) <= f(y) in every step."""
    at, ahead, values = sp.Integer(1), sp.Integer(1), []
    for _ in range(3):
        x = (at + r * ahead) / (1 + r)
        slope = L * x / 2
        at, ahead = x - slope / L, r * (x - slope / mu) + (1 - r) * ahead
        values.append(sp.factor(L * at**2 / 4))
    return prove([sp.Eq(r, sp.Rational(1, 10))], values[2] <= values[1], detail="f(y_3) <= f(y_2)")


slip(nesterov_constant_momentum, "f = mu x^2/2", id="nesterov-distance", why="distances for the potential").says(
    far**2 <= (1 - r) ** N * far0**2, {N: 1, far: R - mu * R / L, far0: R}, known=r < 1
)


def psi(y: Vector, g: Vector, f: sp.Expr) -> sp.Expr:
    """(1 - r^2) (f - f* - |g|^2/(2 L)) - mu/2 |y - g/L - x*|^2."""
    return (1 - r**2) * (f - g.norm2 / (2 * L)) - mu / 2 * (y - g / L).norm2


@theorem(f"{BOOK}; Van Scoy, Freeman, Lynch 2018", parts=TIGHT, uses="descent-lemma")
def triple_momentum() -> Finding:
    """f mu-strongly convex and L-smooth, r = sqrt(mu/L) < 1: the triple momentum method, g = grad f(y), y+ =
    ((1 - r) (y - g/L) + 2 r z)/(1 + r), z+ = r (y+ - grad f(y+)/mu) + (1 - r) z, has mu |z_N - x*|^2 <=
    (1 - r)^(2 N) phi_0, where phi = (1 - r^2) (f(y) - f* - |g|^2/(2 L)) - mu/2 |y - g/L - x*|^2 + mu |z - x*|^2, and no
    factor is smaller.
    """
    q = ((1 - r) * (y - g / L) + 2 * r * z) / (1 + r)
    moved, old, new, f = r * (q - k / mu) + (1 - r) * z, (y, g, f0), (q, k, f1), SmoothClass(mu, L)
    phi, after = psi(*old) + mu * z.norm2, psi(*new) + mu * moved.norm2
    positive = prove([r < 1, *f.says(old, 0)], psi(*old) >= 0)
    return by_factor(phi, after, f.says(old, new, 0), factor=(1 - r) ** 2, given=[r < 1], positive=positive)


@triple_momentum.shows("f = mu x^2/2 on the line, where phi = mu z^2", part="attained")
def slowest_parabola() -> Finding:
    y, z, ahead = sp.symbols("y z ahead", real=True)
    bend = (1 - r**2) * (mu * y**2 / 2 - (mu * y) ** 2 / (2 * L)) - mu / 2 * (y - mu * y / L) ** 2
    step = "z", r * (ahead - mu * ahead / mu) + (1 - r) * z, (1 - r) * z
    return derive([step, ("phi", bend + mu * z**2, mu * z**2)], "z+ = (1 - r) z")


first = ((1 - r) * (R - mu * R / L) + 2 * r * R) / (1 + r)
slip(triple_momentum, "f = mu x^2/2, y_0 = z_0", id="triple-momentum-gradients", why="the rate of z for y").says(
    mu * far**2 <= (1 - r) ** (2 * N) * phi0, {N: 1, far: first, phi0: mu * R**2}, known=r < 1
)


def ogm_step(last: bool, greedy: bool = False, step: sp.Expr | int = 1) -> Finding:
    """A (f(y) - |g|^2/(2 L)) + L/2 |z - x*|^2 falls as A = m (t^2 - t) becomes m t^2, m = 2, at the last step 1.

    q lies on the way from y - g/L to z, t q = (t - 1) (y - g/L) + z. A greedy method has its gradient k at q orthogonal
    to the difference of the two sides: y, q and z lie in x_0 + span of the gradients before k, and so does y - g/L.

    Args:
        last: whether it is the last step.
        greedy: whether q is what an exact search over all former gradients finds.
        step: 1; with another step from y the sum does not come out.
    """
    y, q, g, k, w = Space(("y", "q", "g", "k", "z")).vectors
    m, mixed = 1 if last else 2, t * q - (t - 1) * (y - step * g / L)
    z = w if greedy else mixed
    known = [
        t >= 1,
        *SmoothClass(0, L).says((y, g, f0), (q, k, f1), 0),
        *([sp.Eq(k @ (z - mixed), 0)] if greedy else []),
    ]
    gap = f1 if last else f1 - k.norm2 / (2 * L)
    before = m * (t**2 - t) * (f0 - g.norm2 / (2 * L)) + L / 2 * z.norm2
    return prove(known, before >= m * t**2 * gap + L / 2 * (z - m * t * k / L).norm2)


def ogm_rate(greedy: bool) -> Finding:
    """theta_0 = 1, theta_{k+1}^2 - theta_{k+1} = theta_k^2, at the end t^2 - t = 2 theta_{N-1}^2."""
    theta, more = sp.symbols("theta more", positive=True)
    grows = Quantity(theta, sp.Integer(1), theta + more)
    each = [sp.Eq((theta + more) ** 2 - theta - more, theta**2)]
    weights = by_induction(2 * theta >= n + 2, n, quantities=[grows], each=each)
    gap, R = sp.symbols("gap R", nonnegative=True)
    reached = [sp.Eq(t**2 - t, 2 * theta**2), 2 * theta >= n + 1, t**2 * gap <= L * R**2 / 2]
    end = prove(reached, gap <= L * R**2 / (n + 1) ** 2)
    parts = {"steps": ogm_step(False, greedy), "last": ogm_step(True, greedy), "weights": weights, "conclusion": end}
    return together(parts, "f(q_N) - f* <= L R^2/(2 t^2) <= L R^2/(N + 1)^2")


@theorem(f"{BOOK}; Kim, Fessler 2016", parts=TIGHT, uses="descent-lemma")
def optimized_gradient_method() -> Finding:
    """f convex and L-smooth: the optimized gradient method has f(q_N) - f* <= L R^2/(2 theta^2), theta that of the last
    step, which is attained and at most L R^2/(N + 1)^2, for all N >= 1, R = |x_0 - x*|.
    """
    return ogm_rate(False)


@optimized_gradient_method.shows("f = L x^2/2 on the line, for all N", part="attained")
def steepest_parabola() -> Finding:
    """y - g/L = 0, so q = z/t: a step takes z to -z, and |z_N| = R."""
    z = sp.Symbol("z", real=True)
    last = "f(q_N)", L * (z / t) ** 2 / 2, L * z**2 / (2 * t**2)
    return derive([("z", z - 2 * t * (L * z / t) / L, -z), last], "f(q_N) = L R^2/(2 t^2)")


COUNTED = {"id": "optimized-gradient-method-shifted", "why": "N counted from 1 and from 0"}
slip(optimized_gradient_method, "theta = 2, f = L x^2/2", **COUNTED).says(
    last_gap <= L * R**2 / (N + 2) ** 2, {N: 1, last_gap: L * (R / 2) ** 2 / 2}
)


@theorem(
    f"{BOOK}; Drori, Taylor 2020",
    cites="at the minimiser on a plane the gradient is orthogonal to that plane",
    uses="descent-lemma",
)
def greedy_first_order_method() -> Finding:
    """f convex and L-smooth, x_k the minimiser of f on x_0 + span of all gradients so far (on quadratics: conjugate
    gradients): f(x_N) - f* <= L R^2/(2 theta^2) <= L R^2/(N + 1)^2 for all N >= 1.
    """
    return ogm_rate(True)


x, gx, kx = Space(("x", "g", "k")).vectors  # x* = 0 = x_0 - 2 g - 2 k for L = 1; x_1 is lowest on x_0 - s g
known = SmoothClass(0, 1).says((x, gx, f0), (x - 3 * gx / 2, kx, f1), 0)
known += [*x.space.at((4, 2 * sp.sqrt(2)), (2, 0), (0, sp.sqrt(2))), sp.Eq(f0, 6), sp.Eq(f1, 3)]
slip(
    greedy_first_order_method, "the first bound attained, L = 1, gradients 2 e_1, sqrt(2) e_2", id="greedy-shifted"
).says(gap <= L * R**2 / (N + 2) ** 2, {N: 1, L: 1, gap: f1, R**2: x.norm2}, known=known)


@theorem("Polyak 1964", "all curvatures in [mu, L]")
def heavy_ball_quadratic() -> Finding:
    """On every quadratic with curvature in [mu, L], 0 < mu < L, the heavy ball with alpha = 4/(sqrt(L) + sqrt(mu))^2
    and beta = ((sqrt(L) - sqrt(mu))/(sqrt(L) + sqrt(mu)))^2 has, on each eigenvector, two characteristic roots of
    modulus sqrt(beta).

    z^2 - (1 + beta - alpha c) z + beta has no two different real roots, so both have modulus sqrt(beta).
    """
    a, b, c = sp.symbols("a b c", positive=True)
    alpha, beta = 4 / (a + b) ** 2, ((a - b) / (a + b)) ** 2
    return prove([b**2 <= c, c <= a**2], (1 + beta - alpha * c) ** 2 <= 4 * beta)


@slip(
    heavy_ball_quadratic,
    "mu = 1, L = 25, a cycle of three points",
    source="a usual slip; the cycle is that of Lessard, Recht, Packard 2016",
)
def heavy_ball_global() -> Finding:
    """With these parameters the heavy ball converges on every mu-strongly convex L-smooth function: it has no cycle but
    the minimiser.

    The gradients at the points of a cycle are those that the method needs; a function has them.
    """
    space = Space(("x_0", "x_1", "x_2"))
    cycle, at, values = space.vectors, [sp.Rational(c, 1225) for c in (792, -2208, 2592)], sp.symbols("f_:3", real=True)
    slopes = [9 * (x - cycle[i - 2]) + 4 * (x - cycle[i - 1]) for i, x in enumerate(cycle)]
    known = [25 * at[0] ** 2 / 2, 25 * at[1] ** 2 / 2, 38 + 25 * (at[2] ** 2 - 4) / 2 - 24 * (at[2] - 2)]
    f = SmoothClass(1, 25).says(*zip(cycle, slopes, values, strict=True), 0)
    return prove([*f, *space.at(*at), *map(sp.Eq, values, known)], sp.Eq(cycle[0].norm2, 0))
