"""Section 3: the equilibrium as a zero of F + G, the parametrisation, and the two iterations."""

import sympy as sp

from eqt_theory import Finding, Reading, prove, theorem
from eqt_theory.engines.gram import Lipschitz, Monotone, Operators
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive
from monotone_operator_networks.lemmas import EVERY, PROX, F, G, L, alpha, d, m

z, w, c, v = sp.symbols("z w c v", real=True)  # w and c stand for entries of W z and U x + b
all_matrices = Operators(("A", "B", "W"), ("x", "u"))
(A, B, W), (x, u), eye = all_matrices.matrices, all_matrices.points, all_matrices.identity
BANACH = "Banach's fixed point theorem"


@theorem("Theorem 1 and Eq. 6", EVERY, cites=PROX)
def theorem_1() -> Finding:
    """z = prox_f(W z + U x + b) exactly if 0 is in F(z) + G(z), F(z) = (I - W) z - (U x + b), G = subdifferential of f;
    the forward-backward step is prox with (1 - alpha) z + alpha (W z + U x + b), and its fixed points are the same.

    z = prox_{alpha f}(y) says y - z in alpha G(z); for both y the left side is -alpha F(z).
    """
    zero, step = z - w - c, (1 - alpha) * z + alpha * (w + c)
    both = ("alpha = 1: W z + U x + b - z", (w + c) - z, -zero), ("every alpha", step - z, -alpha * zero)
    return derive([*both, ("the step", step, z - alpha * zero)], "y - z = -alpha F(z)")


@theorem("Proposition 1", "all A, B", parts=("if", "only if"))
def proposition_1(sign: int = 1) -> Finding:
    """I - W >= m I, that is <(I - W) d, d> >= m |d|^2 for all d, exactly if W = (1 - m) I - A^T A + B - B^T for some
    A, B.
    """
    form = (1 - m) * eye - sign * A.T @ A + B - B.T
    return prove([], (eye - form).form(x) >= m * x.norm2, detail="<(I - W) x, x> >= m |x|^2")


@proposition_1.shows("every W", part="only if", cites="a symmetric positive semidefinite S is A^T A")
def the_form_is_needed() -> Finding:
    """S = (1 - m) I - (W + W^T)/2 is positive semidefinite, and B = W/2."""
    S = (1 - m) * eye - (W + W.T) / 2
    form = (1 - m) * eye - S + W / 2 - (W / 2).T
    same = derive([("<u, W x>", form.between(u, x), W.between(u, x))], "the form gives W")
    positive = prove([(eye - W).form(x) >= m * x.norm2], S.form(x) >= 0, detail="<S x, x> >= 0")
    return together({"sum": same, "semidefinite": positive}, "W has the form")


@theorem("Section 3.3", EVERY, uses="forward-backward-repaired", cites=BANACH)
def unique_equilibrium() -> Finding:
    """If I - W >= m I with m > 0, the equilibrium exists and is unique.

    Of two zeros, -F is the difference in G; and the step with a small alpha contracts, which gives one.
    """
    return prove([*Monotone(m).says((d, F), 0), *Monotone(0).says((d, -F), 0)], m * d.norm2 <= 0)


@theorem(
    "Section 3.4",
    "n = 2, f = 0",
    readings=[
        Reading("any constants", "m and L are constants with which I - W is strongly monotone and Lipschitz."),
        Reading("best constants", "L is the operator norm and m the least eigenvalue of the symmetric part."),
    ],
    repair="forward-backward-repaired",
    remark="Appendix A states alpha < 2 m/L^2. At equality a rotation by a right angle neither grows nor shrinks.",
)
def forward_backward() -> Finding:
    """The iteration of Eq. 6 converges linearly to the equilibrium for alpha <= 2 m/L^2, m and L the constants of
    I - W.
    """
    s = sp.Symbol("s", positive=True)  # I - W = [[m, -s], [s, m]]; |d - alpha F|^2 is a multiple of |d|^2
    norm, factor = m**2 + s**2, (1 - alpha * m) ** 2 + alpha**2 * s**2
    return prove([alpha * norm <= 2 * m], factor < 1, detail="a step brings the state closer")


forward_backward.shows("n = 2, f = 0; both constants are attained by every d", reading="best constants")(
    lambda: forward_backward.form()
)


@theorem("Appendix A; Ryu, Boyd 2016", EVERY, assumes=[alpha * L**2 < 2 * m])
def forward_backward_repaired(square: sp.Expr = 1 - 2 * alpha * m + alpha**2 * L**2) -> Finding:
    """For 0 < alpha < 2 m/L^2 each step of Eq. 6 brings any two states, so a state and the equilibrium, closer:
    |z+ - y+|^2 <= {square} |z - y|^2, and the factor is below 1.

    d+ = d - alpha F - alpha G with G in the subdifferential at the new point.
    """
    new = d - alpha * F - alpha * G
    known = [*Monotone(m).says((d, F), 0), *Lipschitz(L).says((d, F), 0), *Monotone(0).says((new, G), 0)]
    step = prove(known, new.norm2 <= square * d.norm2)
    below = prove([alpha * L**2 < 2 * m], sp.Lt(square, 1, evaluate=False))
    return together({"step": step, "range": below}, "contraction")


@theorem(
    "Section 3.4 and Algorithm 2; Ryu, Boyd 2016",
    EVERY,
    uses=["cayley-nonexpansive", "cayley-repaired", "theorem-1"],
    cites=BANACH,
)
def peaceman_rachford() -> Finding:
    """For every alpha > 0 the Peaceman-Rachford iteration u+ = C_F C_G u of monDEQ converges linearly: with
    I - W >= m I and L = |I - W|, |u+ - u*|^2 <= (1 - 4 alpha m/(1 + 2 alpha m + alpha^2 L^2)) |u - u*|^2.

    The factor is below 1, so there is one fixed point: u - z in alpha G(z) and (2 z - u) - z in alpha F(z).
    """
    square = 4 * alpha * m / (1 + 2 * alpha * m + alpha**2 * L**2)
    fixed = derive([("the two add up to 0", (v - z) + ((2 * z - v) - z), sp.Integer(0))], "z is a zero of F + G")
    return together({"factor": prove([], sp.Lt(1 - square, 1, evaluate=False)), "zero": fixed}, "linear convergence")
