"""Softmax cross-entropy on logits, `log sum exp(z) - z_i`, through a linear head and a two-layer GELU head.

In the logits the Hessian is `diag(p) - p p^T`, so along v the curvature is the variance of v under p. Through a linear
head z = W h it is the variance of the rows along a direction; through `z = B gelu(A h + a) + b` that of `B
diag(gelu') A` plus `A^T diag(k_j gelu''_j) A`, where `k_j = sum_i (p_i - e_i) B_ij` lies within the range of column j
of B.
"""

import sympy as sp

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval import certify_on, enclose
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

t = sp.Symbol("t", real=True)
density = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
gelu = t * (1 + sp.erf(t / sp.sqrt(2))) / 2
GELU_CURVATURE = 2 / sp.sqrt(2 * sp.pi)
"""The greatest |gelu''|, at 0: 0.797885."""
GELU_SLOPE = gelu.diff(t).subs(t, sp.sqrt(2))
"""The greatest |gelu'|, at sqrt 2: 1.128904."""


def show_variance_bounds() -> Finding:
    """A variance is at most range^2/4 (Popoviciu) and, for a unit vector, at most 1/2; and it is not negative.

    With mean e1 and mean square e2 of numbers in [low, high]: the mean of (high - x)(x - low) is not negative. The
    greatest Gershgorin sum of diag(p) - p p^T is max 2 p_j (1 - p_j).

    Returns:
        The finding.
    """
    e1, e2, low, high = sp.symbols("mean mean_square low high", real=True)
    p = sp.Symbol("p", nonnegative=True)
    return prove(
        [low <= high, (low + high) * e1 - low * high - e2 >= 0, e2 >= e1**2, p <= 1],
        [e2 - e1**2 <= (high - low) ** 2 / 4, e2 - e1**2 >= 0, 2 * p * (1 - p) <= sp.Rational(1, 2)],
        detail="the curvature through a linear head lies in [0, min(D^2/4, sigma_max^2/2)]",
    )


def show_slope() -> Finding:
    """The gradient is a mean of differences of rows, `sum p_j (w_j - w_i)`, so it is no longer than D."""
    along, D = sp.symbols("along D", real=True)
    low, high = sp.symbols("least greatest", real=True)
    return prove(
        [low <= along, along <= high, low >= -D, high <= D, D >= 0],
        sp.Abs(along) <= D,
        detail="along any unit vector the mean of numbers in [-D, D] lies in [-D, D]: |grad| <= D",
    )


def show_flat_at_infinity() -> Finding:
    """The curvature along v tends to 0 as h = x v grows: it is at most (n-1) D^2 times the odds of the other rows.

    For two classes and logits (0, x) the variance is p(1 - p) <= 1 - p, and 1 - p <= 1/(1 + x) as exp(x) >= 1 + x. No
    mu > 0 is a lower bound: at x = 1/mu the curvature is below mu.

    Returns:
        The finding.
    """
    mu, x = sp.symbols("mu x", positive=True)
    growth = sp.Symbol("exp_x", positive=True)
    p = growth / (1 + growth)
    return prove(
        [growth >= 1 + x, sp.Eq(x, 1 / mu)],
        p * (1 - p) < mu,
        detail="two classes, logits (0, x): for every mu > 0 the curvature at x = 1/mu is below mu",
    )


def show_gelu_derivatives() -> Finding:
    """The second derivative of GELU is `density(t) (2 - t^2)`."""
    second = density * (2 - t**2)
    return derive(
        [
            ("gelu'' = phi(t) (2 - t^2)", sp.diff(gelu, t, 2), second),
            ("gelu'(t) + gelu'(-t) = 1", gelu.diff(t) + gelu.diff(t).subs(t, -t), sp.Integer(1)),
        ],
        "second derivative of GELU; its slope grows up to sqrt 2, where gelu'' changes sign, and falls after",
    )


def show_gelu_curvature() -> Finding:
    """|gelu''| <= 2/sqrt(2 pi): |2 - t^2| <= 2 exp(t^2/2), as exp(x) >= 1 + x."""
    growth = sp.Symbol("exp_half_square", positive=True)
    return prove(
        [growth >= 1 + t**2 / 2],
        sp.Abs(2 - t**2) <= 2 * growth,
        detail="|gelu''(t)| = |2 - t^2| exp(-t^2/2)/sqrt(2 pi) <= 2/sqrt(2 pi), reached at 0",
    )


def certify_gelu_slope() -> Finding:
    """|gelu'| <= 1.12891: the greatest slope is at sqrt 2, the least at -sqrt 2, as gelu'' has the sign of 2 - t^2."""
    top = enclose(GELU_SLOPE)
    found = certify_on(gelu.diff(t) <= sp.Rational(112891, 100000), {t: (-8, 8)})
    if not found.holds or not top.high <= sp.Rational(112891, 100000):
        return inconclusive(Method.INTERVAL, f"slope {top}: {found.reason or 'fails'}")
    return Finding(
        Verdict.CERTIFIED,
        Method.INTERVAL,
        f"gelu' <= {top}, at sqrt 2, and gelu' >= 1 minus that, at -sqrt 2",
        enclosures={"gelu'(sqrt 2)": str(top), "pieces": found.boxes},
        note="not put to the kernel, which does not know erf",
    )


def show_gelu_head() -> Finding:
    """Weak convexity 0.7979 max_j range_j |A|^2, and the upper curvature, from the parts.

    Along a unit v: the variance of (J v) lies in [0, U kappa^2 a^2] with U the bound of the linear head B and a =
    |A|; the second part lies within beta K |A v|^2, K the greatest column range.

    Returns:
        The finding.
    """
    spread, U, kappa, beta, K, a2, Av2 = sp.symbols("variance U kappa beta K norm2 Av2", nonnegative=True)
    second = sp.Symbol("second_part", real=True)
    return prove(
        [Av2 <= a2, spread <= U * kappa**2 * Av2, sp.Abs(second) <= beta * K * Av2],
        [spread + second >= -beta * K * a2, spread + second <= (U * kappa**2 + beta * K) * a2],
        detail="two-layer GELU head: curvature in [-beta K |A|^2, (U kappa^2 + beta K)|A|^2]",
    )
