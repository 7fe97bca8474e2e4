"""Gradient descent with step 1/L: convex functions, weakly convex ones, the PL condition, values under convexity."""

import sympy as sp

from eqt_theory import Finding, GradientDescent, Reading, Relation, prove, rate_attained, slip, theorem
from eqt_theory.engines.gram import Convex, Point, SmoothClass, Space
from eqt_theory.engines.induction import together
from eqt_theory.engines.line import gradient_step, kinked, slow_run
from eqt_theory.engines.potential import by_fall, by_potential
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import BOOK, SLOW, TIGHT, A, L, N, R, a, alpha, f0, f1, gap, gap0, mu, n, q, reached

x, g, k, b = Space(("x", "g", "k", "b")).vectors
here, there = (x, g, f0), (x - g / L, k, f1)
convex, smooth = SmoothClass(0, L), SmoothClass(-L, L)


@theorem(f"{BOOK}; Drori, Teboulle 2014 for the worst function", parts=SLOW, uses="descent-lemma")
def gd_convex(gain: sp.Expr = 1 / L) -> Finding:
    """f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(2 N), R = |x_0 - x*|; and some f has L R^2/(4 N + 2)."""
    return by_potential((f0, x), (f1, x - g / L), convex.says(here, there, 0), gain=gain)


gd_convex.shows("T |h| - T^2/(2 L) beyond |h| = T/L, T = L R/(2 N + 1), for all N", part="a slow function")(
    lambda: slow_run(kinked(L * R / (2 * n + 1), L), gradient_step(1 / L), R, L * R**2 / (4 * n + 2), of=convex)
)


@theorem(
    "Drori, Teboulle 2014, for every N", cases="N = 1, 2, 3, 4", uses=["descent-lemma", "gd-convex:a_slow_function"]
)
def gd_convex_tight() -> Finding:
    """f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(4 N + 2), which is attained.

    The worst function is that of gd-convex.
    """
    parts = {}
    for steps in (1, 2, 3, 4):
        at, *slopes = Space(("x", *(f"g_{k}" for k in range(steps + 1)))).vectors  # the gradients are L times these
        f, points = sp.symbols(f"f_:{steps + 1}", real=True), []
        for slope, value in zip(slopes, f, strict=True):
            points.append((at if not points else points[-1][0] - slopes[len(points) - 1], L * slope, value))
        parts[f"N = {steps}"] = prove(convex.says(*points, 0), f[-1] <= L * at.norm2 / (4 * steps + 2))
    return together(parts, "the gap after N steps is at most L R^2/(4 N + 2)")


slip(gd_convex, "a Huber function", id="gd-convex-quarter").says(
    gap <= L * R**2 / (4 * N + 4), {N: 1, gap: f1, R**2: x.norm2}, known=convex.says(here, there, 0)
)
LONG = {"setting": "f convex and L-smooth, step alpha < 2/L:", "why": "the bound of short steps, for all steps"}
slip(gd_convex_tight, "f = L x^2/2", id="gd-convex-long-steps", **LONG).says(
    gap <= L * R**2 / (4 * N * alpha * L + 2), {N: 1, gap: L * (R - alpha * L * R) ** 2 / 2}, known=alpha < 2 / L
)


@theorem("Abbaszadehpeivasti, de Klerk, Zamani 2022", parts=TIGHT, uses="descent-lemma")
def gd_nonconvex() -> Finding:
    """f L-smooth and bounded below by f*, step 1/L: the least |grad f(x_k)|^2, k <= N, is at most
    4 L (f(x_0) - f*)/(3 N + 2), and for some f it is that.

    4 L (f(x_0) - f(x_n)) >= 3 n m, m the least squared gradient; and f(x_N) - f* >= m/(2 L).
    """
    m = sp.Symbol("m", nonnegative=True)
    known = [*smooth.says(here, there), g.norm2 >= m]
    ends = {"fall": 3 * m, "rest": 2 * m, "last": [*known, f1 >= 0]}
    return by_fall(4 * L * f0, 4 * L * f1, known, k.norm2 >= m, **ends, detail="(3 N + 2) m <= 4 L (f(x_0) - f*)")


@gd_nonconvex.shows("on the line, f' going from T to T/2 and back in each step, a parabola at the end", part="attained")
def zigzag() -> Finding:
    T, s = sp.symbols("T s", positive=True)
    half = T / (2 * L)
    drop = sp.integrate(T - L * s, (s, 0, half)) + sp.integrate(T / 2 + L * s, (s, 0, half))
    return derive([("bound", 4 * L * (n * drop + T**2 / (2 * L)) / (3 * n + 2), T**2)], "every gradient is T")


(slope,) = reached("|grad f(x_N)|")
bends = "on the line: f bends down from x_0 = -3 to x_1 = -2, and up from there to the minimiser"
slip(gd_nonconvex, bends, id="gd-nonconvex-last").says(
    slope**2 <= 4 * L * gap0 / (3 * N + 2),
    {N: 1, slope**2: k.norm2, gap0: f0},
    known=[*smooth.says(here, there, 0), f1 >= 0],
)


def shrinks(factor: sp.Expr, *points: tuple) -> Finding:
    """By what smoothness says of x and x+ and the condition at some points."""
    held = [slope.norm2 >= 2 * mu * value for _, slope, value in points]
    return prove([*smooth.says(here, there), *held], f1 <= factor * f0)


@theorem(
    "Polyak 1963; Karimi, Nutini, Schmidt 2016; Abbaszadehpeivasti, de Klerk, Zamani 2023 for the sharper one",
    readings=[
        Reading("stated", "Every such f, convex or not, every dimension and start."),
        Reading("sharper", "The factor is (2 L - 2 mu)/(2 L + mu), which is smaller where mu < L.", Relation.SHARPER),
        Reading(
            "sharper again",
            "The factor is (4 L - 4 mu)/(4 L + 3 mu), smaller than both: no f attains either of them.",
            Relation.SHARPER,
        ),
    ],
    assumes=[mu < L],
    uses="descent-lemma",
)
def gd_pl() -> Finding:
    """f L-smooth, |grad f|^2 >= 2 mu (f - f*), step 1/L: f(x+) - f* <= (1 - mu/L) (f(x) - f*)."""
    return shrinks(1 - mu / L, here)


@gd_pl.shows("the condition at both ends", reading="sharper", uses="descent-lemma")
def condition_at_both_ends() -> Finding:
    sharp = (2 * L - 2 * mu) / (2 * L + mu)
    return together({"step": shrinks(sharp, here, there), "smaller": prove([mu < L], sharp < 1 - mu / L)}, "the gap")


@gd_pl.shows("the condition at x, x+ and x+ + grad f(x+)/(2 L)", reading="sharper again", uses="descent-lemma")
def condition_beyond() -> Finding:
    """At that point the exact inequalities leave no room for the gradient to be short."""
    sharp, factor = (2 * L - 2 * mu) / (2 * L + mu), (4 * L - 4 * mu) / (4 * L + 3 * mu)
    beyond = Point(x - g / L + k / (2 * L), b, sp.Symbol("f_2", real=True))
    between = smooth.values(Point(*here), beyond), smooth.values(beyond, Point(*there))
    held = [p.norm2 >= 2 * mu * f for p, f in ((g, f0), (k, f1), (b, beyond.value))]
    step = prove([*between, *held], factor * f0 >= f1)
    return together({"step": step, "smaller": prove([mu < L], factor < sharp)}, "by (4 L - 4 mu)/(4 L + 3 mu)")


@slip(gd_pl, "f = L u^2/2 on the plane, under the condition with mu = L, which has a line of minimisers", assumes=())
def gd_pl_distance() -> Finding:
    """f L-smooth under the PL condition, step 1/L: |x+ - x*|^2 <= (1 - mu/L) |x - x*|^2 for every minimiser x*."""
    u, v = sp.symbols("u v", real=True)
    step = u - L * u / L
    return prove([mu <= L, (L * u) ** 2 >= 2 * mu * (L * u**2 / 2)], step**2 + v**2 <= (1 - mu / L) * (u**2 + v**2))


@theorem("after Polyak 1963", "functions on the line", parts=TIGHT, assumes=[mu < L], cites="the mean value theorem")
def gd_pl_line() -> Finding:
    """f as in gd-pl, on the line: f(x+) - f* <= (1 - mu/L)^2 (f(x) - f*), which mu x^2/2 attains; so that, in whatever
    dimension, no factor below (1 - mu/L)^2 does for every f.

    s = sqrt(f - f*) has |s'| >= c = sqrt(mu/2) where s > 0; and a step does not go beyond the minimiser x* that it
    goes towards, as |f'(x)| <= L |x - x*|, so s(x+) <= s(x) - c |f'(x)|/L.
    """
    s, after, slope, c = sp.symbols("s s_1 slope c", nonnegative=True)
    known = [sp.Eq(mu, 2 * c**2), slope >= 2 * c * s, after <= s - c * slope / L]
    return prove(known, after**2 <= (1 - mu / L) ** 2 * s**2)


gd_pl_line.shows("mu x^2/2, all mu and L", part="attained")(
    lambda: rate_attained(GradientDescent, SmoothClass(mu, L), 1 - mu / L, where=[mu < L], at={"step_size": 1 / L})
)


slip(gd_pl_line, "mu x^2/2", id="gd-pl-line-halved", why="the first two terms for the square").says(
    gap <= (1 - 2 * mu / L) ** N * gap0, {N: 1, gap: mu * (R - mu * R / L) ** 2 / 2, gap0: mu * R**2 / 2}
)


@theorem(BOOK, parts=(*SLOW, "one step"), assumes=[mu < L], uses="descent-lemma")
def gd_strongly_convex_potential() -> Finding:
    """f mu-strongly convex and L-smooth, q = mu/L < 1, step 1/L: f(x_N) - f* <= mu R^2/(2 ((1 - q)^(-N) - 1)) for all
    N >= 1; and some f has mu R^2/(2 ((1 - q)^(-2 N) - 1 + q)), which no f exceeds at N = 1.

    A (f - f*) + (1 + mu A)/2 |x - x*|^2 falls with L a = 1 + mu (A + a), and 1 + mu A_n = (1 - q)^(-n).
    """
    slope, r = 1 + mu * (A + a), sp.Symbol("r", positive=True)  # slope is L a, and g the gradient over it
    p, grad = x - a * g, slope * g
    test = f1 <= f0 + grad @ (p - x) + slope * a / 2 * g.norm2
    known = {"weight": (r**n - 1) / mu, "given": [sp.Eq(r * (1 - mu / L), 1)], "each": [sp.Eq(L * a, slope)]}
    return by_potential((f0, x), (f1, p), Convex(mu).says((x, grad, f0), 0), test, mu=mu, gain=a, **known)


P = (1 - q) ** n
worst, step = kinked(q * L * P**2 * R / (1 - (1 - q) * P**2), L, q * L), gradient_step(1 / L)
gd_strongly_convex_potential.shows("f' = mu h + (L - mu) min(h, T), for all N and q", part="a slow function")(
    lambda: slow_run(worst, step, R, q * L * R**2 / (2 * (P**-2 - 1 + q)), of=SmoothClass(q * L, L), given=q < 1)
)


@gd_strongly_convex_potential.shows("every f, N = 1", part="one step", uses="descent-lemma")
def one_step() -> Finding:
    bound = mu / (2 * ((1 - mu / L) ** -2 - 1 + mu / L))
    return prove([mu < L, *SmoothClass(mu, L).says(here, there, 0)], f1 <= bound * x.norm2)


T = 3 * R / 7
after = R - (L * T + mu * (R - T)) / L
slip(gd_strongly_convex_potential, "f' = L h up to h = T = 3 R/7, mu beyond", id="gd-strongly-convex-start").says(
    gap <= (1 - mu / L) ** (2 * N) * mu * R**2 / 2, {N: 1, gap: L * after**2 / 2}, known=[sp.Eq(L, 4 * mu), after <= T]
)
