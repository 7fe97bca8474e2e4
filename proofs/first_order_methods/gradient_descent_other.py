"""Gradient descent with step 1/L on functions that are convex, weakly convex, or under the PL condition."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Claim, Finding, Reading, Relation, prove, prove_by_multipliers
from eqt_theory.engines.gram import Point, PolyakLojasiewicz, SmoothClass, Space
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, BOOK, A, L, Sum, by_potential, mu, n

x, g, k = Space(("x", "g", "k")).vectors
f0, f1 = sp.symbols("f f_1", real=True)
star, here, there = Point(0 * x, 0 * x, 0), Point(x, g, f0), Point(x - g / L, k, f1)

convex = Claim(
    id="gd-convex",
    source=f"{BOOK}, Section 4.2; Drori, Teboulle 2014 for the worst function",
    statement="f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(2 N), R = |x_0 - x*|; "
    "and some f has L R^2/(4 N + 2).",
    readings=[Reading("stated", "For all N >= 1, every such f and start.", parts=("bound", "a slow function"))],
)


def by_weights(gain: sp.Expr) -> Finding:
    """A (f - f*) + |x - x*|^2/2 falls with A' = A + gain."""
    falls = A * f0 + x.norm2 / 2 - (A + gain) * f1 - there.x.norm2 / 2
    step = Sum().exact(A + gain, here, there).exact(gain, star, here)
    return by_potential(step.shows(x.space, falls, [], "the potential falls"), n / L, gain, "gap <= L R^2/(2 N)")


@convex.shows(ALL, part="bound", uses="descent-lemma")
def bound() -> Finding:
    return by_weights(1 / L)


@convex.shows("all N", part="a slow function")
def huber() -> Finding:
    """T |h| - t^2/(2 L) beyond |h| = t/L, t = L R/(2 N + 1): every step goes t/L, and t/L <= x_N."""
    R = sp.Symbol("R", positive=True)
    t = L * R / (2 * n + 1)
    last = R - n * t / L
    return prove([], [last >= t / L, sp.Eq(t * last - t**2 / (2 * L), L * R**2 / (4 * n + 2))])


tight = Claim(
    id="gd-convex-tight",
    source="Drori, Teboulle 2014, for every N",
    statement="f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(4 N + 2), which is attained.",
    remark="The multipliers of the class inequalities are found, not written down. The worst function is gd-convex's.",
)


@tight.shows(ALL, cases="N = 1, 2, 3, 4", uses=["descent-lemma", "gd-convex:huber"])
def found_multipliers() -> Finding:
    parts = {}
    for steps in (1, 2, 3, 4):
        at, *gradients = Space(("x", *(f"g_{k}" for k in range(steps + 1)))).vectors
        start, f, values = at, SmoothClass(0, L).member(), sp.symbols(f"f_:{steps + 1}", real=True)
        f.at(0 * at, 0 * at, sp.Integer(0))
        for h, value in zip(gradients, values, strict=True):  # the gradients are L h
            f.at(at, L * h, value)
            at = at - h
        bound = values[-1] <= L * start.norm2 / (4 * steps + 2)
        parts[f"N = {steps}"] = prove_by_multipliers([], bound, f.inequalities, start.space, detail=f"N = {steps}")
    return together(parts, "the gap after N steps is at most L R^2/(4 N + 2)")


convex_wrong = Claim(
    id="gd-convex-quarter",
    source="a usual slip",
    statement="f convex and L-smooth, step 1/L: f(x_N) - f* <= L R^2/(4 N + 4).",
    repair="gd-convex",
)


@convex_wrong.shows("N = 1")
def one_step() -> Finding:
    f = SmoothClass(0, L).member()
    f.points += [star, here, there]
    at = [sp.Eq(L, 1), sp.Eq(x.norm2, 9), sp.Eq(x @ g, 3), sp.Eq(g.norm2, 1), sp.Eq(f0, sp.Rational(5, 2))]
    return prove([*f.inequalities, *at], f1 <= L * x.norm2 / 8, detail="one step on a Huber function")


nonconvex = Claim(
    id="gd-nonconvex",
    source="Abbaszadehpeivasti, de Klerk, Zamani 2022",
    statement="f L-smooth and bounded below by f*, step 1/L: "
    "the least |grad f(x_k)|^2, k <= N, is at most 4 L (f(x_0) - f*)/(3 N + 2).",
)


@nonconvex.shows(ALL, uses="descent-lemma")
def least_gradient() -> Finding:
    """4 L (f(x_0) - f(x_n)) >= 3 n m, m the least squared gradient; and f(x_N) - f* >= m/(2 L)."""
    m, fall, drop = sp.Symbol("m", nonnegative=True), *sp.symbols("fall drop", real=True)
    step = Sum(-L).exact(4 * L, here, there).shows(x.space, 4 * L * (f0 - f1) - 2 * g.norm2 - k.norm2, [], "one step")
    least = Sum(-L).exact(1, here, there).also(1, f1 >= 0)
    last = least.shows(x.space, f0 - g.norm2 / (2 * L), [], "f - f* >= |g|^2/(2 L)")
    falls = Quantity(fall, sp.Integer(0), fall + drop)
    sums = by_induction(4 * L * fall >= 3 * m * n, n, quantities=[falls], each=[4 * L * drop >= 3 * m])
    end = prove([4 * L * (f0 - f1) >= 3 * n * m, f1 >= m / (2 * L)], m <= 4 * L * f0 / (3 * n + 2))
    parts = {"one step": step, "the last point": last, "the sum": sums, "conclusion": end}
    return together(parts, "min |grad|^2 <= 4 L (f(x_0) - f*)/(3 N + 2)")


last = Claim(
    id="gd-nonconvex-last",
    source="a usual slip: the last gradient for the least",
    statement="f L-smooth and bounded below by f*, step 1/L: |grad f(x_N)|^2 <= 4 L (f(x_0) - f*)/(3 N + 2).",
    repair="gd-nonconvex",
)


@last.shows("N = 1, on the line: f bends down from x_0 = -3 to x_1 = -2, and up from there to the minimiser")
def last_gradient() -> Finding:
    f = SmoothClass(-L, L).member()
    f.points += [star, here, there]
    values = (-3, -1, -2)  # of x, g and k on the line
    at = [sp.Eq(x.space.gram[i, j], a * b) for i, a in enumerate(values) for j, b in enumerate(values) if i <= j]
    given = [*f.inequalities, *at, sp.Eq(L, 1), sp.Eq(f0, sp.Rational(7, 2)), sp.Eq(f1, 2)]
    return prove(given, k.norm2 <= 4 * L * f0 / 5, detail="the gradient has doubled")


pl = Claim(
    id="gd-pl",
    source="Polyak 1963; Karimi, Nutini, Schmidt 2016; Abbaszadehpeivasti, de Klerk, Zamani 2023 for the sharper one",
    statement="f L-smooth, |grad f|^2 >= 2 mu (f - f*), step 1/L: f(x+) - f* <= (1 - mu/L) (f(x) - f*).",
    readings=[
        Reading("stated", "Every such f, convex or not, every dimension and start."),
        Reading("sharper", "The factor is (2 L - 2 mu)/(2 L + mu), which is smaller where mu < L.", Relation.SHARPER),
    ],
    assumes=[mu < L],
)


def condition(point: Point) -> Boolean:
    return PolyakLojasiewicz(mu, L, sp.Integer(0)).inequalities([point])[0]


@pl.shows(ALL, uses="descent-lemma")
def polyak() -> Finding:
    total = Sum(-L).exact(1, here, there).also(1 / (2 * L), condition(here))
    return total.shows(x.space, (1 - mu / L) * f0 - f1, [], "the gap shrinks by 1 - mu/L")


@pl.shows(ALL, reading="sharper", uses="descent-lemma")
def condition_at_both_ends() -> Finding:
    w, sharp = 2 * L / (2 * L + mu), (2 * L - 2 * mu) / (2 * L + mu)
    total = Sum(-L).exact(w, here, there).also(w / (2 * L), condition(here)).also(w / (4 * L), condition(there))
    finding = total.shows(x.space, sharp * f0 - f1, [], "the gap shrinks by (2 L - 2 mu)/(2 L + mu)")
    return together({"step": finding, "smaller": prove([mu < L], sharp < 1 - mu / L)}, finding.detail)


pl_wrong = Claim(
    id="gd-pl-distance",
    source="a usual slip",
    statement="f L-smooth under the PL condition, step 1/L: |x+ - x*|^2 <= (1 - mu/L) |x - x*|^2 for every "
    "minimiser x*.",
    repair="gd-pl",
)


@pl_wrong.shows("f = L u^2/2 on the plane, under the condition with mu = L, which has a line of minimisers")
def a_line_of_minimisers() -> Finding:
    u, v = sp.symbols("u v", real=True)
    step = u - L * u / L
    return prove([mu <= L, (L * u) ** 2 >= 2 * mu * (L * u**2 / 2)], step**2 + v**2 <= (1 - mu / L) * (u**2 + v**2))
