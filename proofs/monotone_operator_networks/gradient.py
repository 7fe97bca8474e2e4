"""Section 3.5: the implicit gradient, and how it is computed."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Finding, Reading, prove, theorem
from eqt_theory.engines.induction import together
from monotone_operator_networks.lemmas import F, alpha, d, m

u, w, v, D, J = sp.symbols("u w v D J", real=True)
x, y = sp.symbols("x y", real=True)  # an entry of x, and of W^T x


@theorem(
    "Theorem 2, with its proof in B.3",
    "every such W and J, every dimension",
    remark="Whether the equilibrium is differentiable there is another matter: with W = 0 and ReLU it is max(b, 0).",
)
def theorem_2(upper: sp.Expr | int = 1) -> Finding:
    """If I - W >= m I with m > 0 and J is diagonal with 0 <= J_ii <= {upper}, then I - J W is nonsingular, so that the
    formula (I - J W)^(-1) J always has a value.

    Where u = J W u, u_i ((W u)_i - u_i) = J_i (1 - J_i) (W u)_i^2 >= 0; but <(I - W) u, u> > 0.
    """
    total = prove([F @ d >= d.norm2, d.norm2 - F @ d >= m * d.norm2], m * d.norm2 <= 0)
    entry = prove([J >= 0, upper >= J, sp.Eq(u, J * w)], u * (w - u) >= 0, detail="u_i (w_i - u_i) >= 0")
    return together({"each entry": entry, "the sum": total}, "only u = 0 has u = J W u")


@theorem("Theorem 3", "every W and J with entries in (0, 1], and 0 by x_i = 0, every dimension")
def theorem_3() -> Finding:
    """The solution of (I - W^T J) u = v is u = v + W^T x, where x is a zero of (I - W^T) x + D x - v and
    J = (I + D)^(-1); where J_ii = 0, x_i = 0.

    With u = v + y: x = J u in each entry exactly if (x - y) + D x - v = 0 there; and then u - y = v.
    """
    inclusion, is_j = sp.Eq(x - y + D * x - v, 0), sp.Eq(J * (1 + D), 1)
    there = prove([is_j, inclusion], sp.Eq(x, J * (v + y)), detail="x = J u")
    back = prove([is_j, sp.Eq(x, J * (v + y))], inclusion, detail="the inclusion")
    return together({"x = J u": there, "inclusion": back}, "u = v + W^T J u")


def fixed_point(denominator: sp.Expr, inverse: sp.Expr, *given: Boolean) -> Finding:
    """An entry x of a fixed point of the step, y that of W^T x; is x = J (v + y)?"""
    step = sp.Eq(x * denominator, (1 - alpha) * x + alpha * y + alpha * v)
    return prove([sp.Eq(J * inverse, 1), step, *given], sp.Eq(x, J * (v + y)), detail="the fixed point is the zero")


@theorem(
    "Algorithms 3 and 4 against Theorem 3",
    "n = 1, W = y/x < 1",
    readings=[
        Reading("D of Theorem 3", "J = (I + D)^(-1)."),
        Reading("D the inverse of J", "J = D^(-1), if the letter stands for another matrix here."),
    ],
    repair="algorithm-3-repaired",
    remark="Read in a copy of arXiv v2 made by machine, where both algorithms have this denominator. The resolvent "
    "of D x - v has 1 + alpha D_ii.",
)
def algorithm_3() -> Finding:
    """The step u_i := (u_i + alpha v_i)/(1 + alpha (1 + D_ii)) after u := (1 - alpha) u + alpha W^T u has the zero of
    Theorem 3 as its fixed point.
    """
    return fixed_point(1 + alpha * (1 + D), 1 + D, D >= 0, x * (x - y) > 0)


algorithm_3.shows("n = 1, W = y/x < 1", reading="D the inverse of J")(
    lambda: fixed_point(1 + alpha * (1 + D), D, D >= 0, J <= 1, x * (x - y) > 0)
)


@theorem("corrects Algorithms 3 and 4 by Eq. 14", "every entry, whatever W^T x is there")
def algorithm_3_repaired() -> Finding:
    """Where J_ii > 0, with the denominator 1 + alpha D_ii, the fixed point of the step is the zero of Theorem 3."""
    return fixed_point(1 + alpha * D, 1 + D)
