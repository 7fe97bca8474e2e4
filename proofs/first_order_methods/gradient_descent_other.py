"""Gradient descent with step 1/L: convex functions, weakly convex ones, the PL condition, values under convexity."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, Reading, Relation, prove, prove_by_multipliers, slip, theorem
from eqt_theory.engines.gram import Convex, Point, PolyakLojasiewicz, SmoothClass, Space, adds_up
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.potential import by_potential
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import BOOK, SLOW, TIGHT, A, L, R, a, alpha, kink, mu, n, quadratics

x, g, k = Space(("x", "g", "k")).vectors
f0, f1 = sp.symbols("f f_1", real=True)
star, here, there = Point(0 * x, 0 * x, 0), Point(x, g, f0), Point(x - g / L, k, f1)
convex, smooth = SmoothClass(0, L), SmoothClass(-L, L)


def by_weights(gain: sp.Expr) -> Finding:
    """A (f - f*) + |x - x*|^2/2 falls with A' = A + gain."""
    old, new = (f0, x), (f1, there.x)
    uses = convex.weighted(A + gain, here, there), convex.weighted(gain, star, here)
    return by_potential(old, new, *uses, A=A, gain=gain, weight=n / L, n=n, detail="gap <= L R^2/(2 N)")


@theorem(f"{BOOK}; Drori, Teboulle 2014 for the worst function", parts=SLOW, uses="descent-lemma")
def gd_convex() -> Finding:
    """f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(2 N), R = |x_0 - x*|; and some f has L R^2/(4 N + 2)."""
    return by_weights(1 / L)


@gd_convex.shows("T |h| - T^2/(2 L) beyond |h| = T/L, T = L R/(2 N + 1), for all N", part="a slow function")
def huber() -> Finding:
    """Every step goes T/L, and x_N is T/L or more."""
    T = L * R / (2 * n + 1)
    last = R - n * T / L
    return prove([], [last >= T / L, sp.Eq(T * last - T**2 / (2 * L), L * R**2 / (4 * n + 2))])


@theorem("Drori, Teboulle 2014, for every N", cases="N = 1, 2, 3, 4", uses=["descent-lemma", "gd-convex:huber"])
def gd_convex_tight() -> Finding:
    """f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(4 N + 2), which is attained.

    The multipliers of the class inequalities are found, not written down. The worst function is that of gd-convex.
    """
    parts = {}
    for steps in (1, 2, 3, 4):
        at, *gradients = Space(("x", *(f"g_{k}" for k in range(steps + 1)))).vectors
        start, f, values = at, convex.member(), sp.symbols(f"f_:{steps + 1}", real=True)
        f.at(0 * at, 0 * at, sp.Integer(0))
        for h, value in zip(gradients, values, strict=True):  # the gradients are L h
            f.at(at, L * h, value)
            at = at - h
        bound = values[-1] <= L * start.norm2 / (4 * steps + 2)
        parts[f"N = {steps}"] = prove_by_multipliers([], bound, f.inequalities, start.space, detail=f"N = {steps}")
    return together(parts, "the gap after N steps is at most L R^2/(4 N + 2)")


@slip(gd_convex, "N = 1, on a Huber function")
def gd_convex_quarter() -> Finding:
    """f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(4 N + 4)."""
    f = convex.member()
    f.points += [star, here, there]
    at = [*x.space.at(3, 1, 1), sp.Eq(L, 1), sp.Eq(f0, sp.Rational(5, 2))]
    return prove([*f.inequalities, *at], f1 <= L * x.norm2 / 8, detail="one step on a Huber function")


@slip(gd_convex_tight, "N = 1, f = L x^2/2", source="a usual slip: the bound of short steps, for all steps")
def gd_convex_long_steps() -> Finding:
    """f convex and L-smooth, step alpha < 2/L: f(x_N) - f* <= L R^2/(4 N alpha L + 2)."""
    after = L * (R - alpha * L * R) ** 2 / 2
    return prove([alpha < 2 / L], after <= L * R**2 / (4 * alpha * L + 2), detail="one long step")


@theorem("Abbaszadehpeivasti, de Klerk, Zamani 2022", parts=TIGHT, uses="descent-lemma")
def gd_nonconvex() -> Finding:
    """f L-smooth and bounded below by f*, step 1/L: the least |grad f(x_k)|^2, k <= N, is at most
    4 L (f(x_0) - f*)/(3 N + 2), and for some f it is that.

    4 L (f(x_0) - f(x_n)) >= 3 n m, m the least squared gradient; and f(x_N) - f* >= m/(2 L).
    """
    m, fall, drop = sp.Symbol("m", nonnegative=True), *sp.symbols("fall drop", real=True)
    step = adds_up(4 * L * (f0 - f1) - 2 * g.norm2 - k.norm2, smooth.weighted(4 * L, here, there), about="one step")
    least = smooth.weighted(1, here, there), (1, f1 >= 0)
    last = adds_up(f0 - g.norm2 / (2 * L), *least, about="f - f* >= |g|^2/(2 L)")
    falls = Quantity(fall, sp.Integer(0), fall + drop)
    sums = by_induction(4 * L * fall >= 3 * m * n, n, quantities=[falls], each=[4 * L * drop >= 3 * m])
    end = prove([4 * L * (f0 - f1) >= 3 * n * m, f1 >= m / (2 * L)], m <= 4 * L * f0 / (3 * n + 2))
    parts = {"one step": step, "the last point": last, "the sum": sums, "conclusion": end}
    return together(parts, "min |grad|^2 <= 4 L (f(x_0) - f*)/(3 N + 2)")


@gd_nonconvex.shows("on the line, f' going from T to T/2 and back in each step, a parabola at the end", part="attained")
def zigzag() -> Finding:
    T, s = sp.symbols("T s", positive=True)
    half = T / (2 * L)
    drop = sp.integrate(T - L * s, (s, 0, half)) + sp.integrate(T / 2 + L * s, (s, 0, half))
    return derive([("bound", 4 * L * (n * drop + T**2 / (2 * L)) / (3 * n + 2), T**2)], "every gradient is T")


@slip(gd_nonconvex, "N = 1, on the line: f bends down from x_0 = -3 to x_1 = -2, and up from there to the minimiser")
def gd_nonconvex_last() -> Finding:
    """f L-smooth and bounded below by f*, step 1/L: |grad f(x_N)|^2 <= 4 L (f(x_0) - f*)/(3 N + 2)."""
    f = smooth.member()
    f.points += [star, here, there]
    at = [*x.space.at(-3, -1, -2), sp.Eq(L, 1), sp.Eq(f0, sp.Rational(7, 2)), sp.Eq(f1, 2)]
    return prove([*f.inequalities, *at], k.norm2 <= 4 * L * f0 / 5, detail="the gradient has doubled")


def condition(weight: sp.Expr, point: Point) -> tuple[sp.Expr, Boolean]:
    return weight, PolyakLojasiewicz(mu, L, sp.Integer(0)).inequalities([point])[0]


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
    uses = smooth.weighted(1, here, there), condition(1 / (2 * L), here)
    return adds_up((1 - mu / L) * f0 - f1, *uses, about="the gap shrinks by 1 - mu/L")


@gd_pl.shows("the condition at both ends", reading="sharper", uses="descent-lemma")
def condition_at_both_ends() -> Finding:
    w, sharp = 2 * L / (2 * L + mu), (2 * L - 2 * mu) / (2 * L + mu)
    uses = smooth.weighted(w, here, there), condition(w / (2 * L), here), condition(w / (4 * L), there)
    finding = adds_up(sharp * f0 - f1, *uses, about="the gap shrinks by (2 L - 2 mu)/(2 L + mu)")
    return together({"step": finding, "smaller": prove([mu < L], sharp < 1 - mu / L)}, finding.detail)


@gd_pl.shows("the condition at x, x+ and x+ + grad f(x+)/(2 L)", reading="sharper again", uses="descent-lemma")
def condition_beyond() -> Finding:
    """At that point the exact inequalities leave no room for the gradient to be short."""
    x, g, k, b = Space(("x", "g", "k", "b")).vectors
    f2, sharp, factor = (
        sp.Symbol("f_2", real=True),
        (2 * L - 2 * mu) / (2 * L + mu),
        (4 * L - 4 * mu) / (4 * L + 3 * mu),
    )
    here, there = Point(x, g, f0), Point(x - g / L, k, f1)
    beyond = Point(there.x + k / (2 * L), b, f2)
    between = smooth.weighted(1, here, beyond), smooth.weighted(1 + mu / (2 * L), beyond, there)
    held = condition(1 / (2 * L), here), condition(1 / (8 * L), there), condition(1 / (4 * L), beyond)
    left = (1 - mu / L) * f0 - (1 + 3 * mu / (4 * L)) * f1
    finding = adds_up(left, *between, *held, about="the gap shrinks by (4 L - 4 mu)/(4 L + 3 mu)")
    return together({"step": finding, "smaller": prove([mu < L], factor < sharp)}, finding.detail)


@slip(gd_pl, "f = L u^2/2 on the plane, under the condition with mu = L, which has a line of minimisers", assumes=())
def gd_pl_distance() -> Finding:
    """f L-smooth under the PL condition, step 1/L: |x+ - x*|^2 <= (1 - mu/L) |x - x*|^2 for every minimiser x*."""
    u, v = sp.symbols("u v", real=True)
    step = u - L * u / L
    return prove([mu <= L, (L * u) ** 2 >= 2 * mu * (L * u**2 / 2)], step**2 + v**2 <= (1 - mu / L) * (u**2 + v**2))


@theorem(BOOK, parts=(*SLOW, "one step"), assumes=[mu < L], uses="descent-lemma")
def gd_strongly_convex_potential() -> Finding:
    """f mu-strongly convex and L-smooth, q = mu/L < 1, step 1/L: f(x_N) - f* <= mu R^2/(2 ((1 - q)^(-N) - 1)) for all
    N >= 1; and some f has mu R^2/(2 ((1 - q)^(-2 N) - 1 + q)), which no f exceeds at N = 1.

    A (f - f*) + (1 + mu A)/2 |x - x*|^2 falls with L a = 1 + mu (A + a), and 1 + mu A_n = (1 - q)^(-n).
    """
    more = A + a
    grad = (1 + mu * more) * g  # g scaled, so that nothing is divided
    p = x - a * g
    test = f0 + grad @ (p - x) + (1 + mu * more) * a / 2 * g.norm2 - f1 >= 0
    left = A * f0 + (1 + mu * A) / 2 * x.norm2 - more * f1 - (1 + mu * more) / 2 * p.norm2
    step = adds_up(left, Convex(mu).weighted(a, star, Point(x, grad, f0)), (more, test), about="the potential falls")
    B, gap = sp.symbols("B gap", nonnegative=True)
    b, r, share, power = sp.symbols("b r share power", positive=True)
    given, weight = [sp.Eq(r * (1 - share), 1)], Quantity(B, sp.Integer(0), B + b)
    growth = by_induction(sp.Eq(1 + B, r**n), n, given, quantities=[weight], each=[sp.Eq(b, share * (1 + B + b))])
    above = by_induction(r**n > 1, n, given, start=1)
    start = prove([sp.Eq(A, 0), sp.Eq(x.norm2, R**2)], A * f0 + (1 + mu * A) / 2 * x.norm2 <= R**2 / 2)
    end = prove([sp.Eq(1 + mu * A, power), power > 1, A * gap <= R**2 / 2], gap <= mu * R**2 / (2 * (power - 1)))
    parts = {"start": start, "potential": step, "weight": growth, "above 1": above, "conclusion": end}
    return together(parts, "gap <= mu R^2/(2 ((1 - q)^-N - 1))")


@gd_strongly_convex_potential.shows("f' = mu h + (L - mu) min(h, T), for all N and q", part="a slow function")
def shrinking_slopes() -> Finding:
    """On the outer slope a step multiplies h + c by 1 - q: P = (1 - q)^N."""
    return together({"function": kink(), "step": quadratics()}, "mu R^2/(2 ((1 - q)^(-2 N) - 1 + q))")


@gd_strongly_convex_potential.shows("every f, N = 1", part="one step", uses="descent-lemma")
def one_step() -> Finding:
    f, share, bound = SmoothClass(mu, L), (L - mu) / (2 * L - mu), mu / (2 * ((1 - mu / L) ** -2 - 1 + mu / L))
    uses = f.weighted(share, star, here), f.weighted(1 - share, star, there), f.weighted(share, here, there)
    return adds_up(bound * x.norm2 - f1, *uses, given=[mu < L], about="the gap after one step")


@slip(gd_strongly_convex_potential, "N = 1, on the line with f' = L h up to h = T and mu beyond, from R = 7 T/3")
def gd_strongly_convex_start() -> Finding:
    """As gd-strongly-convex-potential, with f(x_N) - f* <= (1 - q)^(2 N) mu R^2/2, as on mu x^2/2."""
    T = 3 * R / 7
    after = R - (L * T + mu * (R - T)) / L
    return prove([sp.Eq(L, 4 * mu), after <= T], L * after**2 / 2 <= (1 - mu / L) ** 2 * mu * R**2 / 2)
