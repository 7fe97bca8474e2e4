"""The optimized gradient method, conjugate gradients on convex functions, and gradient descent by its potential."""

import sympy as sp

from eqt_theory import Claim, Finding, prove
from eqt_theory.engines.gram import Point, Space
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, BOOK, A, L, Sum, a, mu, n

y, q, g, k, w = Space(("y", "q", "g", "k", "z")).vectors
f0, f1 = sp.symbols("f f_1", real=True)
t = sp.Symbol("t", positive=True)
star = Point(0 * y, 0 * y, 0)


def ogm_step(last: bool, greedy: bool = False, step: sp.Expr | int = 1) -> Finding:
    """A (f(y) - |g|^2/(2 L)) + L/2 |z - x*|^2 falls as A = m (t^2 - t) becomes m t^2, m = 2, at the last step 1.

    q lies on the way from y - g/L to z, t q = (t - 1) (y - g/L) + z. A greedy method has its gradient k at q orthogonal
    to the difference of the two sides: y, q and z lie in x_0 + span of the gradients before k, and so does y - g/L.

    Args:
        last: whether it is the last step.
        greedy: whether q is what an exact search over all former gradients finds.
        step: 1; with another step from y the sum does not come out.
    """
    m = 1 if last else 2
    old, new = Point(y, g, f0), Point(q, k, f1)
    mixed = t * q - (t - 1) * (y - step * g / L)
    z = w if greedy else mixed
    total = Sum(0).exact(m * (t**2 - t), old, new).exact(m * t, star, new)
    if greedy:
        total.also(m * t, k @ (z - mixed) >= 0)
    moved = z - m * t * k / L
    gap = f1 if last else f1 - k.norm2 / (2 * L)
    left = m * (t**2 - t) * (f0 - g.norm2 / (2 * L)) + L / 2 * z.norm2 - m * t**2 * gap - L / 2 * moved.norm2
    return total.shows(y.space, left, [t >= 1], "the potential falls")


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


ogm = Claim(
    id="optimized-gradient-method",
    source=f"{BOOK}, Section 4.3; Kim, Fessler 2016",
    statement="f convex and L-smooth: the optimized gradient method has f(q_N) - f* <= L R^2/(2 theta^2), theta "
    "that of the last step, which is at most L R^2/(N + 1)^2, for all N >= 1, R = |x_0 - x*|.",
)
greedy = Claim(
    id="greedy-first-order-method",
    source=f"{BOOK}, Section 4.3; Drori, Taylor 2020",
    statement="f convex and L-smooth, x_k the minimiser of f on x_0 + span of all gradients so far (on quadratics: "
    "conjugate gradients): f(x_N) - f* <= L R^2/(2 theta^2) <= L R^2/(N + 1)^2 for all N >= 1.",
)


@ogm.shows(ALL, uses="descent-lemma")
def optimized_rate() -> Finding:
    return ogm_rate(False)


@greedy.shows(ALL, uses="descent-lemma", cites="at the minimiser on a plane the gradient is orthogonal to that plane")
def greedy_rate() -> Finding:
    return ogm_rate(True)


strong = Claim(
    id="gd-strongly-convex-potential",
    source=BOOK,
    statement="f mu-strongly convex and L-smooth, q = mu/L < 1, step 1/L: f(x_N) - f* <= mu R^2/(2 ((1 - q)^(-N) - "
    "1)) for all N >= 1.",
)


@strong.shows(ALL, uses="descent-lemma")
def strong_potential() -> Finding:
    """A (f - f*) + (1 + mu A)/2 |x - x*|^2 falls with L a = 1 + mu (A + a), and 1 + mu A_n = (1 - q)^(-n)."""
    more = A + a
    grad = (1 + mu * more) * g  # g scaled, so that nothing is divided
    p = y - a * g
    test = f0 + grad @ (p - y) + (1 + mu * more) * a / 2 * g.norm2 - f1 >= 0
    total = Sum(mu).subgradient(a, star, Point(y, grad, f0), mu).also(more, test)
    left = A * f0 + (1 + mu * A) / 2 * y.norm2 - more * f1 - (1 + mu * more) / 2 * p.norm2
    step = total.shows(y.space, left, [], "the potential falls")
    B, gap, R = sp.symbols("B gap R", nonnegative=True)
    b, r, share, power = sp.symbols("b r share power", positive=True)
    given = [sp.Eq(r * (1 - share), 1)]
    each = [sp.Eq(b, share * (1 + B + b))]
    growth = by_induction(sp.Eq(1 + B, r**n), n, given, quantities=[Quantity(B, sp.Integer(0), B + b)], each=each)
    above = by_induction(r**n > 1, n, given, start=1)
    start = prove([sp.Eq(A, 0), sp.Eq(y.norm2, R**2)], A * f0 + (1 + mu * A) / 2 * y.norm2 <= R**2 / 2)
    end = prove([sp.Eq(1 + mu * A, power), power > 1, A * gap <= R**2 / 2], gap <= mu * R**2 / (2 * (power - 1)))
    parts = {"start": start, "potential": step, "weight": growth, "above 1": above, "conclusion": end}
    return together(parts, "gap <= mu R^2/(2 ((1 - q)^-N - 1))")
