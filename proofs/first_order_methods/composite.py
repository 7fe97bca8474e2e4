"""Proximal point and proximal gradient; Nesterov's method and FISTA, with and without backtracking."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.gram import Convex, Monotone, Point, Space, combine
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import ALL, BOOK, A, L, a, accelerated, alpha, by_potential, mu, n

x, g, s, v = Space(("x", "g", "s", "v")).vectors
F0, F1, f0, h0, h1, f1 = sp.symbols("F F_1 f h h_1 f_1", real=True)

point = Claim(
    id="proximal-point",
    source="Gueler 1991",
    statement="F convex, x_{k+1} = prox_{alpha F}(x_k): F(x_N) - F* <= R^2/(2 alpha N), R = |x_0 - x*|; and some F has "
    "half of that.",
    readings=[Reading("stated", "For all N >= 1, every such F and start.", parts=("bound", "a slow function"))],
)


@point.shows("all N", part="a slow function")
def cone() -> Finding:
    """F = c |x| with c = R/(2 alpha N): every step goes alpha c, and N of them reach R/2, not 0."""
    R = sp.Symbol("R", positive=True)
    c = R / (2 * alpha * n)
    return derive([("x_N", R - n * alpha * c, R / 2), ("F(x_N)", c * R / 2, R**2 / (4 * alpha * n))], "half the bound")


@point.shows(ALL, part="bound")
def proximal_point() -> Finding:
    """A (F - F*) + |x - x*|^2/2 falls with A' = A + alpha; x+ = x - alpha s, s a subgradient at x+."""
    new, old, star = Point(x - alpha * s, s, F1), Point(x, g, F0), Point(0 * x, 0 * x, 0)
    uses = [(A, Convex(0).inequalities([old, new])[0]), (alpha, Convex(0).inequalities([star, new])[0])]
    fall = A * F0 + x.norm2 / 2 - (A + alpha) * F1 - new.x.norm2 / 2
    step = combine([], fall >= 0, uses, x.space, detail="the potential falls")
    return by_potential(step, alpha * n, alpha, "F(x_N) - F* <= R^2/(2 alpha N)")


gradient = Claim(
    id="proximal-gradient",
    source="Beck, Teboulle 2009, Theorem 3.1",
    statement="F = f + h, f convex and L-smooth, h convex, step 1/L: F(x_N) - F* <= L R^2/(2 N), R = |x_0 - x*|.",
)


@gradient.shows(ALL, uses="descent-lemma")
def proximal_gradient() -> Finding:
    """The same potential; x+ = x - (grad f(x) + s)/L, s a subgradient of h at x+."""
    p = x - (g + s) / L
    new, old, star, here = Point(p, s, h1), Point(x, v, h0), Point(0 * x, 0 * x, 0), Point(x, g, f0)
    descent = f0 + g @ (p - x) + L / 2 * (p - x).norm2 - f1 >= 0
    convex = Convex(0).inequalities
    uses = [(A + 1 / L, descent), (1 / L, convex([star, here])[0]), (A, convex([old, new])[0])]
    fall = A * (f0 + h0) + x.norm2 / 2 - (A + 1 / L) * (f1 + h1) - p.norm2 / 2
    step = combine([], fall >= 0, [*uses, (1 / L, convex([star, new])[0])], x.space, detail="the potential falls")
    return by_potential(step, n / L, 1 / L, "F(x_N) - F* <= L R^2/(2 N)")


as_gradient = Claim(
    id="proximal-gradient-as-gradient",
    source="a usual slip: the constant of gradient descent (Drori, Teboulle 2014) for the composite problem",
    statement="F = f + h, f convex and L-smooth, h convex, step 1/L: F(x_N) - F* <= L R^2/(4 N + 2).",
    repair="proximal-gradient",
)


@as_gradient.shows("N = 1, f = 0, h = c |x| on the line, from R > c/L")
def absolute_value() -> Finding:
    R, c = sp.symbols("R c", positive=True)
    return prove([c / L < R], c * (R - c / L) <= L * R**2 / 6, detail="one step on c |x|")


distance = Claim(
    id="proximal-gradient-distance",
    source="Taylor, Hendrickx, Glineur 2018",
    statement="f mu-strongly convex and L-smooth, h convex, x+ = prox_{alpha h}(x - alpha grad f(x)): |x+ - x*| <= "
    "max(|1 - alpha mu|, |1 - alpha L|) |x - x*|, 0 < mu < L.",
)


@distance.shows(ALL, uses="gd-distance:any_two_trajectories")
def resolvent_does_not_expand() -> Finding:
    """With D and S the differences of gradients and subgradients, e = d - alpha D - alpha S: |e| <= |d - alpha D|."""
    e = x - alpha * g - alpha * s
    pair = Monotone(0).inequalities([Point(e, s), Point(0 * e, 0 * s)])
    left = (x - alpha * g).norm2 - e.norm2
    return combine([], left >= 0, [(2 * alpha, pair[0])], x.space, detail="the proximal map does not expand")


def convex_rate(composite: bool, factor: int = 1) -> Finding:
    step = accelerated(0, composite=composite, factor=factor)
    return by_potential(step, n**2 / (4 * L), a, "gap <= 2 L R^2/N^2", [sp.Eq(L * a**2, A + a)])


def strong_rate(composite: bool) -> Finding:
    """gap_N <= R^2/(2 A_N) and L A_N (1 + root) >= r^N, root = sqrt(mu/L), r = 1/(1 - root)."""
    root, r, power = sp.symbols("root r power", positive=True)
    gap, C, Z, R = sp.symbols("gap C Z R", nonnegative=True)
    given, heavy = [sp.Eq(r * (1 - root), 1)], L * A * (1 + root) >= r**n
    first = 1 / (L * (1 - root**2))
    weights = Quantity(A, first, A + a)
    one = prove([sp.Eq(L * a**2, a * (1 + root**2 * L * a))], sp.Eq(a, first))  # A_1, from A_0 = 0
    start = prove([sp.Eq(A, 0), sp.Eq(Z, R**2)], A * gap + (1 + mu * A) / 2 * Z <= R**2 / 2)
    gain = a >= root * (A + a)
    each = prove([sp.Eq(L * a**2, (A + a) * (1 + root**2 * L * (A + a)))], gain)
    growth = by_induction(heavy, n, given, start=1, quantities=[weights], each=[gain])
    bounded = A * gap + C * Z <= R**2 / 2
    half = prove([heavy.subs(r**n, power), root < 1], power <= 2 * L * A)
    end = prove([power <= 2 * L * A, bounded], power * gap <= L * R**2)
    parts = {
        "start": start,
        "potential": accelerated(mu, composite=composite),
        "first weight": one,
        "gain": each,
        "weight": growth,
        "half": half,
        "conclusion": end,
    }
    return together(parts, "gap <= L (1 - sqrt(q))^N R^2")


nesterov = Claim(
    id="nesterov-convex",
    source=f"{BOOK}, Section 4.4; Nesterov 1983",
    statement="f convex and L-smooth: Nesterov's method with A' = A + a, L a^2 = A' and A_0 = 0 has f(y_N) - f* <= 2 L "
    "R^2/N^2 for all N >= 1, R = |x_0 - x*|.",
)
nesterov_strong = Claim(
    id="nesterov-strong",
    source=f"{BOOK}, Section 4.5; Nesterov 2004",
    statement="f mu-strongly convex, L-smooth, q = mu/L < 1: with A' = A + a, L a^2 = A' (1 + mu A') and A_0 = 0 "
    "Nesterov's method has f(y_N) - f* <= L (1 - sqrt(q))^N R^2 for all N >= 1.",
)
fista = Claim(
    id="fista",
    source=f"{BOOK}, Section 4.7; Beck, Teboulle 2009, Theorem 4.4",
    statement="F = f + h, f convex and L-smooth, h convex: FISTA, with A' = A + a, L a^2 = A' and A_0 = 0, has F(y_N) "
    "- F* <= 2 L R^2/N^2 for all N >= 1, R = |x_0 - x*|.",
)
fista_strong = Claim(
    id="fista-strong",
    source=f"{BOOK}, Section 4.7",
    statement="F = f + h, f mu-strongly convex and L-smooth, h convex, q = mu/L < 1: the accelerated proximal "
    "gradient method, with A' = A + a, L a^2 = A' (1 + mu A') and A_0 = 0, has F(y_N) - F* <= L (1 - sqrt(q))^N R^2 "
    "for all N >= 1.",
)
backtracking = Claim(
    id="fista-backtracking",
    source=f"{BOOK}, Section 4.7",
    statement="Whatever L' a step of the accelerated proximal gradient method takes, growing or falling, where y+ "
    "passes f(y+) <= f(q) + <grad f(q), y+ - q> + L'/2 |y+ - q|^2 and a^2 L' = A' (1 + mu A'), with f + "
    "h, f mu-strongly convex (mu >= 0), h convex: A (F(y) - F*) + (1 + mu A)/2 |z - x*|^2 does not grow. "
    "No smoothness is used.",
    readings=[Reading("stated", "For all A, a and mu.", parts=("mu = 0", "mu > 0"))],
)


@nesterov.shows(ALL, uses="descent-lemma")
def nesterov_rate() -> Finding:
    return convex_rate(False)


@nesterov_strong.shows(ALL, uses="descent-lemma")
def nesterov_strong_rate() -> Finding:
    return strong_rate(False)


@fista.shows(ALL, uses="descent-lemma")
def fista_rate() -> Finding:
    return convex_rate(True)


@fista_strong.shows(ALL, uses="descent-lemma")
def fista_strong_rate() -> Finding:
    return strong_rate(True)


@backtracking.shows(ALL, part="mu = 0")
def any_accepted_step() -> Finding:
    return accelerated(0, composite=True)


@backtracking.shows(ALL, part="mu > 0")
def any_accepted_step_strong() -> Finding:
    return accelerated(mu, composite=True)
