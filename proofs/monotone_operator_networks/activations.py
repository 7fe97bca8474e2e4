"""Activations as proximal operators, convolutions, and a sign in Appendix D."""

import sympy as sp

from eqt_theory import Finding, Reading, Relation, prove
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive
from monotone_operator_networks.lemmas import PROX, alpha, claimed

x, y = sp.symbols("x y", real=True)

relu = claimed(
    "relu",
    "Section 3.2",
    "[x]_+ is the proximal operator of the indicator of the nonnegative orthant, for every alpha.",
)


@relu.shows(
    "every entry, so every dimension", cites="z is the projection of x exactly if <x - z, y - z> <= 0 on the set"
)
def projection() -> Finding:
    z = sp.Max(x, 0)
    return prove([y >= 0], (x - z) * (y - z) <= 0, detail="the variational inequality")


smooth = claimed(
    "smooth-activations",
    "Section 3.2",
    "tanh, the sigmoid and softplus are, exactly, proximal operators of convex functions f with f'(z) = s^(-1)(z) - z.",
    readings=[Reading("stated", "On the range of each.", parts=("tanh", "sigmoid", "softplus"))],
)
z = sp.Symbol("z", real=True)


def convex(
    back: sp.Expr, inverse: sp.Expr, slope: sp.Expr, given: list[sp.Basic], change: dict[sp.Expr, sp.Expr]
) -> Finding:
    """S takes its inverse back to z; the derivative of that is the slope, and slope - 1, which is f'', is >= 0."""
    steps = [("the inverse", back, z), ("slope", sp.diff(inverse, z).subs(change), slope)]
    derivative = derive(steps, "the inverse and its derivative")
    return together({"derivative": derivative, "convex": prove(given, slope - 1 >= 0)}, "f is convex")


@smooth.shows("|z| < 1", part="tanh", cites=PROX)
def hyperbolic() -> Finding:
    inverse = sp.atanh(z)
    return convex(sp.tanh(inverse), inverse, 1 / (1 - z**2), [z**2 < 1], {})


@smooth.shows("0 < z < 1", part="sigmoid", cites=PROX)
def logistic() -> Finding:
    inverse = sp.log(z / (1 - z))
    return convex(1 / (1 + sp.exp(-inverse)), inverse, 1 / (z * (1 - z)), [z > 0, z < 1], {})


@smooth.shows("z > 0; p = exp(z)", part="softplus", cites=PROX)
def softplus() -> Finding:
    p = sp.Symbol("p", positive=True)
    inverse = sp.log(sp.exp(z) - 1)
    return convex(sp.log(1 + sp.exp(inverse)), inverse, p / (p - 1), [p > 1], {sp.exp(z): p})


kernel = claimed(
    "kernel-size",
    "Section 4.2",
    "If A and B are convolutions with 3 taps (in each direction), A^T A - B + B^T has at most 5, and 5 where the outer "
    "taps do not vanish.",
)


@kernel.shows("one direction, for a pair of channels and given taps in the other directions; these add up")
def five_taps() -> Finding:
    """As polynomials in t and 1/t: the transpose is taken at 1/t; h, k, u are the taps of A in the other channel."""
    t, a, b, c, h, k, u = sp.symbols("t a b c h k u", real=True)
    e, f, g, p, q, r = sp.symbols("e f g p q r", real=True)  # of B, and of B in the other channel
    A, B = a / t + b + c * t, e / t + f + g * t
    product = (h * t + k + u / t) * A - B + (p * t + q + r / t)
    inner = (h * b + k * c - g + p) * t + h * a + k * b + u * c - f + q + (k * a + u * b - e + r) / t
    return derive([("taps -2 to 2", product, inner + h * c * t**2 + u * a / t**2)], "the outer taps are h c and u a")


sign = claimed(
    "equation-d8",
    "Eq. D8 against Eq. 5 and W' = I + alpha (I - W)",
    "W'_11 = (1 + alpha m) I + alpha (A_11^T A_11 + A_21^T A_21 + B_11 - B_11^T).",
    readings=[Reading("beside Eq. 5", "Eq. 5 has B - B^T in W, so W' has B^T - B.", Relation.CONTRADICTION)],
    remark="Harmless: B and -B parametrise the same matrices. Code must take one of the two.",
)


@sign.shows("every entry (i, j): both hold only where B is symmetric")
def both_signs() -> Finding:
    """S is an entry of B - B^T, q one of A^T A off the diagonal."""
    s, q, entry = sp.symbols("s q entry", real=True)
    first, second = sp.Eq(entry, alpha * (q + s)), sp.Eq(entry, -alpha * (-q + s))
    return prove([first, second], sp.Eq(s, 0), detail="B_11 would be symmetric")
