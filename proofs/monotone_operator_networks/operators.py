"""Appendix A: what is said of monotone operators, resolvents and Cayley operators."""

import sympy as sp

from eqt_theory import Finding, Reading, prove, theorem
from eqt_theory.engines.gram import Lipschitz, Monotone, Operators
from eqt_theory.engines.symbolic import derive
from monotone_operator_networks.lemmas import F, L, alpha, d, m

u, reflected = d + alpha * F, d - alpha * F  # the resolvent maps u to d, the Cayley operator to d - ..
every = Operators(("G",), ("x",))
(matrix,), (x,) = every.matrices, every.points


@theorem("Appendix A", "every such F and alpha > 0")
def resolvent() -> Finding:
    """The resolvent (I + alpha F)^(-1) of a maximal monotone F is nonexpansive; with F strongly monotone it contracts
    by 1/(1 + alpha m).
    """
    k = sp.Symbol("m", nonnegative=True)  # 0 where F is monotone and no more
    return prove(Monotone(k).says((d, F), 0), (1 + alpha * k) ** 2 * d.norm2 <= u.norm2)


@theorem("Appendix A", "every monotone F")
def cayley_nonexpansive() -> Finding:
    """The Cayley operator C = 2 (I + alpha F)^(-1) - I is nonexpansive for every maximal monotone F."""
    return prove(Monotone(0).says((d, F), 0), reflected.norm2 <= u.norm2)


@theorem(
    "Appendix A",
    "two elements of the image of one point, as a normal cone has",
    repair="cayley-repaired",
    remark="The operators of a monDEQ are linear, so Lipschitz, and Peaceman-Rachford converges as the paper says.",
)
def cayley() -> Finding:
    """The Cayley operator of a strongly monotone F is contractive: it has a Lipschitz constant below 1."""
    return prove([*Monotone(m).says((d, F), 0), u.norm2 > 0], reflected.norm2 < u.norm2, detail="distances shrink")


@cayley.lemma("F(x) = m x + x^3, from 0 to x: also a function on all of R has no such constant")
def cubic() -> Finding:
    """|C x|/|u| = |1 - alpha s|/(1 + alpha s), s = m + x^2; above any q < 1 where alpha x^2 = 2/(1 - q)."""
    y, q = sp.symbols("y q", positive=True)  # y = x^2
    return prove([sp.Eq(alpha * y * (1 - q), 2)], alpha * (m + y) - 1 > q * (1 + alpha * (m + y)))


@theorem("corrects Appendix A; Giselsson, Boyd 2017 for sharper factors", "every such F, dimension and alpha > 0")
def cayley_repaired(share: sp.Expr = 4 * alpha * m) -> Finding:
    """If F is m-strongly monotone and L-Lipschitz, |C u - C u'|^2 <= (1 - {share}/(1 + 2 alpha m + alpha^2 L^2))
    |u - u'|^2, a factor below 1 for every alpha > 0.
    """
    known = [*Monotone(m).says((d, F), 0), *Lipschitz(L).says((d, F), 0)]
    return prove(known, reflected.norm2 <= (1 - share / (1 + 2 * alpha * m + alpha**2 * L**2)) * u.norm2)


@theorem(
    "Appendix A, with Eq. A4",
    "n = 1",
    readings=[
        Reading("with parameter m", "Strongly monotone with the parameter m of the condition, as Eq. A4 defines it."),
        Reading("with some parameter", "Strongly monotone with a parameter that the condition gives."),
    ],
    repair="linear-strongly-monotone-repaired",
    remark="Proposition 1 and its footnote take half of G + G^T, as the repaired statement does.",
)
def linear_strongly_monotone() -> Finding:
    """A linear operator G z + h is strongly monotone if G + G^T >= m I."""
    g, entry = sp.symbols("g x", real=True)
    return prove([2 * g >= m], g * entry * entry >= m * entry**2, detail="<G x, x> >= m |x|^2")


linear_strongly_monotone.shows("every G", reading="with some parameter")(
    lambda: prove([(matrix + matrix.T).form(x) >= m * x.norm2], matrix.form(x) >= m / 2 * x.norm2, detail="with m/2")
)


@theorem("corrects Appendix A", "every G")
def linear_strongly_monotone_repaired() -> Finding:
    """G z + h is strongly monotone with parameter m exactly if (G + G^T)/2 >= m I."""
    return derive([("<x, G x>", ((matrix + matrix.T) / 2).form(x), matrix.form(x))], "both have the same form")
