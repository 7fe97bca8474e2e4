"""Proximal point and proximal gradient; Nesterov's method and FISTA, with and without backtracking."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Convex, Monotone, Space
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.potential import by_potential
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import (
    BOOK,
    F0,
    F1,
    SLOW,
    TIGHT,
    A,
    L,
    P,
    R,
    a,
    accelerated,
    accelerated_step,
    alpha,
    f0,
    f1,
    h0,
    h1,
    kink,
    mu,
    n,
    q,
    quadratics,
)

x, g, s, v, w = Space(("x", "g", "s", "v", "g*")).vectors  # x* is 0, with gradient w of f and -w of h
c = sp.Symbol("c", positive=True)
convex, star = Convex(0), (0 * x, w, 0)


@theorem("Gueler 1991", parts=SLOW)
def proximal_point() -> Finding:
    """F convex, x_{k+1} = prox_{alpha F}(x_k): F(x_N) - F* <= R^2/(2 alpha N), R = |x_0 - x*|; some F has half of that.

    A (F - F*) + |x - x*|^2/2 falls with A' = A + alpha; x+ = x - alpha s, s a subgradient at x+.
    """
    new = x - alpha * s
    return by_potential((F0, x), (F1, new), convex.says((x, g, F0), (new, s, F1), 0), gain=alpha)


@theorem("Beck, Teboulle 2009", parts=SLOW, uses="descent-lemma")
def proximal_gradient() -> Finding:
    """F = f + h, f convex and L-smooth, h convex, step 1/L: F(x_N) - F* <= L R^2/(2 N), R = |x_0 - x*|; some F has half
    of that.

    The potential of the proximal point method, alpha = 1/L; x+ = x - (grad f(x) + s)/L, s a subgradient of h at x+.
    """
    p = x - (g + s) / L
    f = [*convex.says((x, g, f0), star), f1 <= f0 + g @ (p - x) + L / 2 * (p - x).norm2]
    h = convex.says((x, v, h0), (p, s, h1), (0 * x, -w, 0))
    return by_potential((f0 + h0, x), (f1 + h1, p), f, h, gain=1 / L)


@proximal_point.shows("F = c |x|, c = R/(2 alpha N): a step goes alpha c, N steps R/2", part="a slow function")
@proximal_gradient.shows("f = 0, h = c |x|, c = R/(2 alpha N), alpha = 1/L", part="a slow function")
def cone() -> Finding:
    slope = R / (2 * alpha * n)
    value = "F(x_N)", slope * R / 2, R**2 / (4 * alpha * n)
    return derive([("x_N", R - n * alpha * slope, R / 2), value], "half the bound")


@slip(proximal_point, "N = 1, F = c |x|", source="a usual slip: gradient descent's constant, with 1/alpha for L")
def proximal_point_as_gradient() -> Finding:
    """F convex, x_{k+1} = prox_{alpha F}(x_k): F(x_N) - F* <= R^2/(4 alpha N + 2 alpha)."""
    return prove([alpha * c < R], c * (R - alpha * c) <= R**2 / (6 * alpha), detail="one step on c |x|")


@slip(proximal_gradient, "N = 1, f = 0, h = c |x|", source="a usual slip: gradient descent's constant")
def proximal_gradient_as_gradient() -> Finding:
    """F = f + h, f convex and L-smooth, h convex, step 1/L: F(x_N) - F* <= L R^2/(4 N + 2)."""
    return prove([c / L < R], c * (R - c / L) <= L * R**2 / 6, detail="one step on c |x|")


@theorem("Taylor, Hendrickx, Glineur 2018", parts=TIGHT, uses="gd-distance")
def proximal_gradient_distance() -> Finding:
    """f mu-strongly convex and L-smooth, h convex, x+ = prox_{alpha h}(x - alpha grad f(x)): |x+ - x*| <=
    max(|1 - alpha mu|, |1 - alpha L|) |x - x*|, 0 < mu < L, and no factor is smaller.

    With D and S the differences of gradients and subgradients, e = d - alpha D - alpha S: |e| <= |d - alpha D|.
    """
    e = x - alpha * g - alpha * s
    return prove(Monotone(0).says((e, s), 0), e.norm2 <= (x - alpha * g).norm2)


@slip(proximal_gradient_distance, "f = 0, h = mu x^2/2", source="a usual slip: the convexity of h does as much as f's")
def proximal_gradient_strong_h() -> Finding:
    """f convex and L-smooth, h mu-strongly convex, x+ = prox_{alpha h}(x - alpha grad f(x)), alpha <= 1/L: |x+ - x*| <=
    (1 - alpha mu) |x - x*|.
    """
    return prove([mu < L, alpha <= 1 / L], R / (1 + alpha * mu) <= (1 - alpha * mu) * R, detail="x+ = x/(1 + alpha mu)")


proximal_gradient_distance.shows("h = 0 and c x^2/2, c = mu or c = L", part="attained", uses="gd-distance")(quadratics)


def convex_rate(composite: bool) -> Finding:
    known = {"weight": (n + 1) ** 2 / (4 * L), "each": [sp.Eq(L * a**2, A + a)], "first": 1 / L}
    return by_potential(*accelerated_step(composite=composite), gain=a, **known)


def strong_rate(composite: bool) -> Finding:
    """gap_N <= R^2/(2 A_N) and L A_N (1 + root) >= r^N, root = sqrt(mu/L), r = 1/(1 - root); and (1 + root)/2 < 1."""
    root, r = sp.symbols("root r", positive=True)
    mu, more = root**2 * L, A + a
    known = {"mu": mu, "weight": r**n / (L * (1 + root)), "given": [sp.Eq(r * (1 - root), 1)], "first": 1 / (L - mu)}
    known |= {"each": [sp.Eq(L * a**2, more * (1 + mu * more))], "hence": [a >= root * more]}
    bound = by_potential(*accelerated_step(mu, composite=composite), gain=a, **known)
    return together({"bound": bound, "less": prove([root < 1], (1 + root) / 2 < 1)}, "gap < L (1 - sqrt(q))^N R^2")


@theorem(f"{BOOK}; Nesterov 1983", parts=SLOW, uses="descent-lemma")
def nesterov_convex() -> Finding:
    """f convex and L-smooth: Nesterov's method with A' = A + a, L a^2 = A' and A_0 = 0 has f(y_N) - f* <=
    2 L R^2/(N + 1)^2 for all N >= 1, R = |x_0 - x*|; some f has L R^2/((N + 1)^2 + 2).
    """
    return convex_rate(False)


@theorem(f"{BOOK}; Beck, Teboulle 2009", parts=SLOW, uses="descent-lemma")
def fista() -> Finding:
    """F = f + h, f convex and L-smooth, h convex: FISTA, with A' = A + a, L a^2 = A' and A_0 = 0, has F(y_N) - F* <=
    2 L R^2/(N + 1)^2 for all N >= 1, R = |x_0 - x*|; some F has half of that.
    """
    return convex_rate(True)


@nesterov_convex.shows("T |h| - T^2/(2 L) beyond |h| = T/L, T = L R/(2 S + 1), for all N", part="a slow function")
@fista.shows("f = 0, h = c |x|, c = L R/(2 S), for all N", part="a slow function")
def slopes() -> Finding:
    """Where the slope stays c, y_N = R - S c/L; S = S_N grows as S <= t^2, S_1 = 1, and S <= (N + 1)^2/4.

    With t = L a, L A = t^2. The slope stays while y >= 0, since q is y' + c/L; and at the end y_N >= T/L.
    """
    t, more, S, S1 = sp.symbols("t more S S_1", positive=True)
    old, moved = t**2 - t, S * (1 - 1 / t) + t  # L A, before t^2; the next S
    y = (old * (R - S * c / L) + t * (R - old * c / L - t * c / L)) / t**2  # A' y' = A y + a z'
    run = derive([("y", y, R - moved * c / L)], "the next S")
    known, new = sp.And(t <= (2 * n + 1) / 3, t >= 1, t**2 >= S, (n + 1) ** 2 / 4 >= S), t + more
    both = [Quantity(t, sp.Integer(1), new), Quantity(S, sp.Integer(1), S1)]
    each = [sp.Eq(new**2 - new, t**2), sp.Eq(S1 * new, S * (new - 1) + new**2)]
    grows = by_induction(known, n, start=1, quantities=both, each=each)
    T, slope = L * R / (2 * S + 1), L * R / (2 * S)
    ends = [
        ("Huber", T * (R - S * T / L) - T**2 / (2 * L), L * R**2 / (4 * S + 2)),
        ("c |x|", slope * (R - S * slope / L), L * R**2 / (4 * S)),
    ]
    return together(
        {"run": run, "S": grows, "gaps": derive(ends, "the gaps")}, "gaps of L R^2/(4 S + 2) and L R^2/(4 S)"
    )


@slip(nesterov_convex, "N = 3, on a Huber function", source="a usual slip: the optimized gradient method's bound")
def nesterov_convex_as_optimized() -> Finding:
    """As nesterov-convex, with f(y_N) - f* <= L R^2/(N + 1)^2."""
    t, u, S = sp.symbols("t_2 t_3 S", positive=True)  # S_2 = 2 for every t_2
    T, run = L * R / (2 * S + 1), [sp.Eq(t**2 - t, 1), sp.Eq(u**2 - u, t**2), sp.Eq(S * u, 2 * (u - 1) + u**2)]
    return prove(run, T * (R - S * T / L) - T**2 / (2 * L) <= L * R**2 / 16, detail="three steps")


@slip(fista, "N = 2, f = 0, h = c |x|, c = L R/4", source="a usual slip: the factor 2 is lost")
def fista_halved() -> Finding:
    """As fista, with F(y_N) - F* <= L R^2/(N + 1)^2."""
    t, y, z = sp.Symbol("t_2", positive=True), R * 3 / 4, R * 3 / 4  # after one step, A = 1/L, a = t_2/L
    z -= t * R / 4
    return prove([sp.Eq(t**2 - t, 1)], L * R / 4 * (y + t * z) / (1 + t) <= L * R**2 / 9, detail="two steps on c |x|")


@theorem(f"{BOOK}; Nesterov 2004", parts=SLOW, uses="descent-lemma")
def nesterov_strong() -> Finding:
    """f mu-strongly convex, L-smooth, q = mu/L < 1: with A' = A + a, L a^2 = A' (1 + mu A') and A_0 = 0 Nesterov's
    method has f(y_N) - f* <= L (1 - sqrt(q))^N R^2 for all N >= 1, attained by no f, as (1 + sqrt(q))/2 times it is a
    bound; some f has mu R^2/(2 ((1 + mu A_N)^2 - 1 + q)) or more.
    """
    return strong_rate(False)


@theorem(BOOK, parts=SLOW, uses="descent-lemma")
def fista_strong() -> Finding:
    """F = f + h, f mu-strongly convex and L-smooth, h convex, q = mu/L < 1: the accelerated proximal gradient method,
    with A' = A + a, L a^2 = A' (1 + mu A') and A_0 = 0, has F(y_N) - F* <= L (1 - sqrt(q))^N R^2 for all N >= 1,
    attained by no F, as (1 + sqrt(q))/2 times it is a bound; some F has mu R^2/(2 ((1 + mu A_N)^2 - 1 + q)) or more.
    """
    return strong_rate(True)


@nesterov_strong.shows("f' = mu h + (L - mu) min(h, T), for all N and q", part="a slow function")
@fista_strong.shows("the same f, h = 0, for all N and q", part="a slow function")
def means() -> Finding:
    """On the outer slope, where f' = mu (h + c), (1 + mu A) (z + c) and A' (y' + c) - A (y + c) - a (z' + c) stay.

    In units of R + c: P = y + c falls, P >= 1/(1 + mu A), so a step to y >= T began on that slope.
    """
    at, e, y, z, y1, z1 = sp.symbols("at e y z y_1 z_1", real=True)
    b, c = 1 + mu * A, 1 + mu * (A + a)
    here, ahead = at - a * b * e, at + A * c * e  # y and z around the point of the gradient, mu at; L a^2 = A' c
    run = derive([("y'", (A + a) * at - mu * at * a**2 / c, A * here + a * b * ahead / c)], "the mean, z' = b z/c")
    known, each = sp.And(sp.Eq(b * z, 1), y >= z, y <= 1), [sp.Eq(c * z1, b * z), sp.Eq((A + a) * y1, A * y + a * z1)]
    both = [Quantity(A, sp.Integer(0), A + a), Quantity(y, sp.Integer(1), y1), Quantity(z, sp.Integer(1), z1)]
    means = by_induction(known, n, quantities=both, each=each)
    falls = prove([known, *each], y1 <= y)
    end = prove([sp.Eq(b * z, 1), z <= P], P**2 * (b**2 - 1 + q) >= 1 - (1 - q) * P**2)
    parts = {"function": kink(), "a step": run, "P": means, "falls": falls, "gap": end}
    return together(parts, "mu R^2/(2 ((1 + mu A_N)^2 - 1 + q))")


r = sp.Symbol("r", positive=True)  # sqrt(q)


@slip(nesterov_strong, "N = 1, f = mu x^2/2, q near 1", source="a usual slip: the factor of distances for values")
def nesterov_strong_squared() -> Finding:
    """As nesterov-strong, with f(y_N) - f* <= L (1 - sqrt(q))^(2 N) R^2."""
    y = R - r**2 * R  # a step 1/L
    return prove([r < 1], r**2 * L * y**2 / 2 <= L * (1 - r) ** 2 * R**2, detail="one step on mu x^2/2")


@slip(fista_strong, "N = 1, f = mu x^2/2, h = 0", source="a usual slip: the factor of values for distances")
def fista_strong_distance() -> Finding:
    """As fista-strong, with |y_N - x*|^2 <= (1 - sqrt(q))^N R^2."""
    y = R - r**2 * R
    return prove([r < 1], y**2 <= (1 - r) * R**2, detail="one step on mu x^2/2")


@theorem(BOOK, parts=("mu = 0", "mu > 0"))
def fista_backtracking() -> Finding:
    """Whatever L' a step of the accelerated proximal gradient method takes, growing or falling, where y+ passes
    f(y+) <= f(q) + <grad f(q), y+ - q> + L'/2 |y+ - q|^2 and a^2 L' = A' (1 + mu A'), with f + h, f mu-strongly convex
    (mu >= 0), h convex: A (F(y) - F*) + (1 + mu A)/2 |z - x*|^2 does not grow. No smoothness is used.
    """
    return accelerated(0, composite=True)


@fista_backtracking.shows("all A, a and mu", part="mu > 0")
def any_accepted_step() -> Finding:
    return accelerated(mu, composite=True)


@slip(
    fista_backtracking,
    "f = 0, h = c |x|, a step from y with slope c",
    source="a usual slip: FISTA's t whatever L' does",
)
def fista_backtracking_weights() -> Finding:
    """As fista-backtracking with mu = 0, but with a = t'/L', t'^2 - t' = t^2: t^2/L (F(y) - F*) + |z - x*|^2/2 becomes
    t'^2/L' (F(y') - F*) + |z' - x*|^2/2 and does not grow, also where L' < L.
    """
    y, z, t, u, M = sp.symbols("y z t t' L'", positive=True)
    at, moved = (t**2 * y + u * z) / u**2 - c / M, z - u * c / M
    run = [sp.Eq(u**2 - u, t**2), M < L, at >= 0]
    return prove(run, u**2 / M * c * at + moved**2 / 2 <= t**2 / L * c * y + z**2 / 2, detail="L' < L")
