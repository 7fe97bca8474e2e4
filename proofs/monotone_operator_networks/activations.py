"""Activations as proximal operators, convolutions, and a sign in Appendix D."""

import sympy as sp

from eqt_theory import Finding, Reading, Relation, prove, theorem
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive
from monotone_operator_networks.lemmas import PROX, alpha

x, y, z = sp.symbols("x y z", real=True)


@theorem(
    "Section 3.2", "every entry", cites="z is the projection of x exactly if <x - z, y - z> <= 0 for all y of the set"
)
def relu() -> Finding:
    """[x]_+ is the proximal operator of the indicator of the nonnegative orthant, for every alpha."""
    z = sp.Max(x, 0)
    return prove([y >= 0], (x - z) * (y - z) <= 0, detail="the variational inequality")


def convex(
    back: sp.Expr, inverse: sp.Expr, slope: sp.Expr, given: list[sp.Basic], change: dict[sp.Expr, sp.Expr]
) -> Finding:
    """S takes its inverse back to z; the derivative of that is the slope, and slope - 1, which is f'', is >= 0."""
    steps = [("the inverse", back, z), ("slope", sp.diff(inverse, z).subs(change), slope)]
    derivative = derive(steps, "the inverse and its derivative")
    return together({"derivative": derivative, "convex": prove(given, slope - 1 >= 0)}, "f is convex")


@theorem("Section 3.2", "|z| < 1", parts=("tanh", "sigmoid", "softplus"), cites=PROX)
def smooth_activations() -> Finding:
    """tanh, the sigmoid and softplus are, exactly, proximal operators of convex functions f with f'(z) = s^(-1)(z) - z.

    Each on its range.
    """
    inverse = sp.atanh(z)
    return convex(sp.tanh(inverse), inverse, 1 / (1 - z**2), [z**2 < 1], {})


@smooth_activations.shows("0 < z < 1", part="sigmoid", cites=PROX)
def logistic() -> Finding:
    inverse = sp.log(z / (1 - z))
    return convex(1 / (1 + sp.exp(-inverse)), inverse, 1 / (z * (1 - z)), [z > 0, z < 1], {})


@smooth_activations.shows("z > 0; p = exp(z)", part="softplus", cites=PROX)
def softplus() -> Finding:
    p = sp.Symbol("p", positive=True)
    inverse = sp.log(sp.exp(z) - 1)
    return convex(sp.log(1 + sp.exp(inverse)), inverse, p / (p - 1), [p > 1], {sp.exp(z): p})


@theorem("Section 4.2", "one direction, for a pair of channels and given taps in the other directions; these add up")
def kernel_size() -> Finding:
    """If A and B are convolutions with 3 taps (in each direction), A^T A - B + B^T has at most 5, and 5 where the outer
    taps do not vanish.

    As polynomials in t and 1/t: the transpose is taken at 1/t; h, k, u are the taps of A in the other channel.
    """
    t, a, b, c, h, k, u = sp.symbols("t a b c h k u", real=True)
    e, f, g, p, q, r = sp.symbols("e f g p q r", real=True)  # of B, and of B in the other channel
    A, B = a / t + b + c * t, e / t + f + g * t
    product = (h * t + k + u / t) * A - B + (p * t + q + r / t)
    inner = (h * b + k * c - g + p) * t + h * a + k * b + u * c - f + q + (k * a + u * b - e + r) / t
    return derive([("taps -2 to 2", product, inner + h * c * t**2 + u * a / t**2)], "the outer taps are h c and u a")


@theorem(
    "Eq. D8 against Eq. 5 and W' = I + alpha (I - W)",
    "every entry (i, j): both hold only where B is symmetric",
    readings=[Reading("beside Eq. 5", "Eq. 5 has B - B^T in W, so W' has B^T - B.", Relation.CONTRADICTION)],
    remark="Harmless: B and -B parametrise the same matrices. Code must take one of the two.",
)
def equation_d8() -> Finding:
    """W'_11 = (1 + alpha m) I + alpha (A_11^T A_11 + A_21^T A_21 + B_11 - B_11^T)."""
    s, q, entry = sp.symbols("s q entry", real=True)  # of B - B^T, of A^T A off the diagonal, of W'
    first, second = sp.Eq(entry, alpha * (q + s)), sp.Eq(entry, -alpha * (-q + s))
    return prove([first, second], sp.Eq(s, 0), detail="B_11 would be symmetric")
