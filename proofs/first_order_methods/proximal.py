"""Proximal point and proximal gradient."""

from eqt_theory import Finding, GradientDescent, prove, rate_attained, slip, theorem
from eqt_theory.engines.gram import Convex, Monotone, SmoothClass, Space
from eqt_theory.engines.line import cone, proximal_step, slow_run
from eqt_theory.engines.potential import by_potential
from first_order_methods.lemmas import F0, F1, SLOW, TIGHT, L, N, R, alpha, c, f0, f1, far, h0, h1, mu, n, reached, rho

x, g, s, v, w = Space(("x", "g", "s", "v", "g*")).vectors  # x* is 0, with gradient w of f and -w of h
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


for tight in (proximal_point, proximal_gradient):
    tight.shows("f = 0, h = F = c |x|, c = R/(2 alpha N), all alpha, so also 1/L", part="a slow function")(
        lambda: slow_run(cone(R / (2 * alpha * n)), proximal_step(alpha), R, R**2 / (4 * alpha * n), of=convex)
    )
(Gap,) = reached("F(x_N) - F*")
slip(
    proximal_point, "F = c |x|", id="proximal-point-as-gradient", why="gradient descent's constant, with 1/alpha for L"
).says(Gap <= R**2 / (4 * alpha * N + 2 * alpha), {N: 1, Gap: c * (R - alpha * c)})
slip(proximal_gradient, "f = 0, h = c |x|", id="proximal-gradient-as-gradient", why="gradient descent's constant").says(
    Gap <= L * R**2 / (4 * N + 2), {N: 1, Gap: c * (R - c / L)}
)


@theorem("Taylor, Hendrickx, Glineur 2018", parts=TIGHT, assumes=[mu < L], uses="gd-distance")
def proximal_gradient_distance() -> Finding:
    """f mu-strongly convex and L-smooth, h convex, x+ = prox_{alpha h}(x - alpha grad f(x)): |x+ - x*| <=
    max(|1 - alpha mu|, |1 - alpha L|) |x - x*|, 0 < mu < L, and no factor is smaller.

    With D and S the differences of gradients and subgradients, e = d - alpha D - alpha S: |e| <= |d - alpha D|.
    """
    e = x - alpha * g - alpha * s
    return prove(Monotone(0).says((e, s), 0), e.norm2 <= (x - alpha * g).norm2)


proximal_gradient_distance.shows("h = 0 and c x^2/2, c = mu or c = L", part="attained")(
    lambda: rate_attained(GradientDescent, SmoothClass(mu, L), rho, where=[mu < L], at={"step_size": alpha})
)
STRONG = "f convex and L-smooth, h mu-strongly convex, x+ = prox_{alpha h}(x - alpha grad f(x)), alpha <= 1/L:"
slip(
    proximal_gradient_distance,
    "f = 0, h = mu x^2/2",
    id="proximal-gradient-strong-h",
    why="the convexity of h for f's",
    setting=STRONG,
).says(far <= (1 - alpha * mu) ** N * R, {N: 1, far: R / (1 + alpha * mu)}, known=alpha <= 1 / L)
