"""Nesterov's method and FISTA, with and without backtracking."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Convex, Space, Vector
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.potential import by_potential
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import BOOK, SLOW, A, L, N, P, R, a, c, mu, n, q, reached

gap, Gap, far = reached("f(y_N) - f*", "F(y_N) - F*", "|y_N - x*|")


def accelerated_step(
    mu: sp.Expr | int = 0, *, composite: bool = False, factor: sp.Expr | int = 1
) -> tuple[tuple[sp.Expr, Vector], tuple[sp.Expr, Vector], list[Boolean]]:
    """A step of Nesterov's method on F = f + h from q between y and z, with F* and x* 0.

    y' = q - (g + s)/L', g = grad f(q), s a subgradient of h at y', which has passed the test of the descent lemma with
    L'; z' = ((1 + mu A) z + mu a q - a (g + s))/(1 + mu A'), A' = A + a and a^2 L' = A' (1 + mu A'). Written without
    denominators: e = (z - y)/(A' + 2 mu A A' - mu A^2) and u = (g + s)/(A' (1 + mu A')).

    Args:
        mu: strong convexity of f.
        composite: whether there is an h.
        factor: of a^2 in the step from q to y'; with another one than 1 there is no proof.

    Returns:
        The gap and z - x* before and after a step, and what is known.
    """
    q, e, u, *subgradients = Space(("q", "e", "u", "g_y", "s", "s_y", "g*")).vectors
    at_y, s, s_y, star = (v if composite or i == 0 else 0 * v for i, v in enumerate(subgradients))
    b, c, origin = 1 + mu * A, 1 + mu * (A + a), 0 * q
    g, y, z, p = (A + a) * c * u - s, q - a * b * e, q + A * c * e, q - factor * a**2 * u
    fy, fq, fp, hy, hp = sp.symbols("f_y f_q f_p h_y h_p", real=True)
    test = fp <= fq + g @ (p - q) + (A + a) * c * (factor * a) ** 2 / 2 * u.norm2
    known = [*Convex(mu).says((y, at_y, fy), (q, g, fq), (origin, star, 0)), test]
    after = q + b * A * e - a * (A + a) * u
    if not composite:
        return (fy, z), (fp, after), known
    return (fy + hy, z), (fp + hp, after), [*known, *Convex(0).says((y, s_y, hy), (p, s, hp), (origin, -star, 0))]


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
    huber = "Huber", T * (R - S * T / L) - T**2 / (2 * L), L * R**2 / (4 * S + 2)
    gaps = derive([huber, ("c |x|", slope * (R - S * slope / L), L * R**2 / (4 * S))], "the gaps")
    return together({"run": run, "S": grows, "gaps": gaps}, "gaps of L R^2/(4 S + 2) and L R^2/(4 S)")


t, u, S = sp.symbols("t_2 t_3 S", positive=True)
run, T = [sp.Eq(t**2 - t, 1), sp.Eq(u**2 - u, t**2), sp.Eq(S * u, 2 * (u - 1) + u**2)], L * R / (2 * S + 1)  # S_2 = 2
slip(nesterov_convex, "Huber", id="nesterov-convex-as-optimized", why="the optimized gradient method's").says(
    gap <= L * R**2 / (N + 1) ** 2, {N: 3, gap: T * (R - S * T / L) - T**2 / (2 * L)}, known=run
)
z = R * 3 / 4 - t * R / 4  # after a step to y = 3 R/4, A = 1/L, a = t_2/L
slip(fista, "f = 0, h = c |x|, c = L R/4", id="fista-halved", why="the factor 2 is lost").says(
    Gap <= L * R**2 / (N + 1) ** 2, {N: 2, Gap: L * R / 4 * (R * 3 / 4 + t * z) / (1 + t)}, known=run[0]
)


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


def kink() -> Finding:
    """f' = q L h + (1 - q) L min(h, T) on the line, where a method from R ends on the outer slope q L (h + c) with
    h + c = P (R + c): the gap is q L R^2/(2 (1/P^2 - 1 + q)), for a T with which h >= T.

    A gradient step 1/L from T + c ends at c, so one that ends at h >= 0 began on the outer slope.
    """
    T = q * P**2 * R / (1 - (1 - q) * P**2)
    c = (1 - q) * T / q
    h, f = P * (R + c) - c, q * L * P**2 * R**2 / (2 * (1 - (1 - q) * P**2))
    slope, step = ("slope", q * L * (h + c), q * L * h + (1 - q) * L * T), ("step", (1 - q) * (T + c), c)
    gap = "gap", q * L * h**2 / 2 + (1 - q) * L * (T * h - T**2 / 2), f
    ends = prove([P <= 1], h >= T)
    return together({"function": derive([slope, step, gap], "the gap"), "outside": ends}, "q L R^2/(2 (1/P^2 - 1 + q))")


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


y, root = R - q * R, sp.sqrt(q)  # after a step 1/L on mu x^2/2
slip(nesterov_strong, "f = mu x^2/2", id="nesterov-strong-squared", why="the factor of distances").says(
    gap <= L * (1 - root) ** (2 * N) * R**2, {N: 1, gap: q * L * y**2 / 2}, known=q < 1
)
slip(fista_strong, "f = mu x^2/2, h = 0", id="fista-strong-distance", why="the factor of values for distances").says(
    far**2 <= (1 - root) ** N * R**2, {N: 1, far: y}, known=q < 1
)


def accelerated(mu: sp.Expr | int = 0, *, composite: bool = False, factor: sp.Expr | int = 1) -> Finding:
    """A (F - F*) + (1 + mu A)/2 |z - x*|^2 does not grow in the step above."""
    (before, z), (following, moved), known = accelerated_step(mu, composite=composite, factor=factor)
    b, c = 1 + mu * A, 1 + mu * (A + a)
    return prove(known, A * before + b / 2 * z.norm2 >= (A + a) * following + c / 2 * moved.norm2)


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


@slip(fista_backtracking, "f = 0, h = c |x|, from y > 0", why="FISTA's t whatever L' does")
def fista_backtracking_weights() -> Finding:
    """As fista-backtracking with mu = 0, but with a = t'/L', t'^2 - t' = t^2: t^2/L (F(y) - F*) + |z - x*|^2/2 becomes
    t'^2/L' (F(y') - F*) + |z' - x*|^2/2 and does not grow, also where L' < L.
    """
    y, z, t, u, M = sp.symbols("y z t t' L'", positive=True)
    at, moved = (t**2 * y + u * z) / u**2 - c / M, z - u * c / M
    run = [sp.Eq(u**2 - u, t**2), M < L, at >= 0]
    return prove(run, u**2 / M * c * at + moved**2 / 2 <= t**2 / L * c * y + z**2 / 2, detail="L' < L")
