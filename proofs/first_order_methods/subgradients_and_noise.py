"""The Polyak step t = (f(x) - f*)/|g|^2, x+ = x - t g; stochastic gradients, unbiased and of bounded variance."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Convex, SmoothClass, Space
from eqt_theory.engines.induction import together
from eqt_theory.engines.potential import by_factor, by_fall
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import TIGHT, L, alpha, mu, n, rho

x, g = Space(("x", "g")).vectors
t, f, G, m, Z, fall = sp.symbols("t f G m Z fall", nonnegative=True)
h, sigma = sp.symbols("h sigma", positive=True)


@theorem("Polyak 1969", parts=("one step", "least gap", "attained"))
def polyak_step(step: sp.Expr = t) -> Finding:
    """f convex, x+ = x - {step} g, g a subgradient, t |g|^2 = f(x) - f*: |x+ - x*|^2 <= |x - x*|^2 - t (f(x) - f*);
    where |g| <= G, min over k < N of f(x_k) - f* <= G R/sqrt(N). Both are attained.
    """
    return prove([*Convex(0).says((x, g, f), 0), sp.Eq(t * g.norm2, f)], (x - step * g).norm2 <= x.norm2 - t * f)


@polyak_step.shows("every such f, N and start", part="least gap", uses="polyak_step")
def least_gap() -> Finding:
    """With m <= f(x_k) - f* for all k < N: t (f - f*) >= m^2/G^2, so N m^2 <= G^2 R^2; Z is |x - x*|^2."""
    each = prove([m <= f, sp.Eq(t * h**2, f), h <= G], t * f * G**2 >= m**2)  # h is |g|
    sums = by_fall(G**2 * Z, G**2 * (Z - fall), G**2 * fall >= m**2, fall=m**2)
    return together({"one step": each, "sum": sums}, "N min (f - f*)^2 <= G^2 R^2")


@polyak_step.shows("f = G max |x_i| on R^N from x_0 with all entries h = R/sqrt(N), for all N", part="attained")
def one_entry_after_the_other() -> Finding:
    """The subgradient is G e_i: a step takes the i-th of the entries to 0, and until N are done f is G h."""
    steep = sp.Symbol("G", positive=True)
    gap, move = steep * h, steep * h / steep**2
    entry, lost = ("entry", h - move * steep, sp.Integer(0)), ("fall of |x|^2", h**2, move * gap)
    return derive([entry, lost, ("N gap^2", n * gap**2, steep**2 * (n * h**2))], "N gap^2 = G^2 R^2")


slip(polyak_step, "one step", id="polyak-step-doubled", why="the step under strong convexity").by(step=2 * t)

d, D, e = Space(("d", "D", "e")).vectors
SGD = "f mu-strongly convex, L-smooth, x+ = x - alpha (grad f(x) + e), E[e | x] = 0, E[|e|^2 | x] <= sigma^2: "
noise = [sp.Eq(e @ d, 0), sp.Eq(e @ D, 0), e.norm2 <= sigma**2]


SOURCE = "Moulines, Bach 2011; Bottou, Curtis, Nocedal 2018, for distances"
TOWER = "the tower property: E<e, h(x)> = E<E[e | x], h(x)>, which is 0"


@theorem(SOURCE, setting=SGD, parts=TIGHT, uses="gd-distance", cites=TOWER)
def sgd(variance: sp.Expr = sigma**2) -> Finding:
    """with rho = max(|1 - alpha mu|, |1 - alpha L|) < 1, E|x_N - x*|^2 <= rho^(2 N) |x_0 - x*|^2 + alpha^2 {variance}
    (1 - rho^(2 N))/(1 - rho^2), with equality for some f.

    The products of the Space are expectations E<u, v>; e is orthogonal to what is known of x.
    """
    rate, moved = sp.Symbol("rate", nonnegative=True), d - alpha * D  # of |d|^2 in a step without noise
    known, after = [rate * d.norm2 >= moved.norm2, *noise], moved - alpha * e
    return by_factor(d.norm2, after.norm2, known, factor=rate, given=[rate < 1], noise=alpha**2 * variance)


@sgd.shows("f = c x^2/2 on the line, c = mu or c = L, e = sigma or -sigma, equally likely", part="attained")
def two_values() -> Finding:
    c = sp.Symbol("c", positive=True)
    after = [(h - alpha * (c * h + e)) ** 2 for e in (sigma, -sigma)]
    return derive([("E|x+|^2", sum(after) / 2, (1 - alpha * c) ** 2 * h**2 + alpha**2 * sigma**2)], "in every step")


@slip(sgd, "every such f", setting=SGD)
def sgd_no_floor() -> Finding:
    """E|x+ - x*|^2 <= max(|1 - alpha mu|, |1 - alpha L|)^2 E|x - x*|^2."""
    given = [mu < L, SmoothClass(mu, L).gradients(d, D), *noise]
    return prove(given, (d - alpha * D - alpha * e).norm2 <= rho**2 * d.norm2)
