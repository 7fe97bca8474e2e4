"""What a class of functions says of one point, with symbols for m and M: values and gradients against the distance."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram import Point, SmoothClass, Space, combine
from eqt_theory.engines.rational import factored
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.trace_symbols import Parametric


def like_the_distance(measure: str, m: sp.Expr, M: sp.Expr, hypotheses: Sequence[Any], timeout: float) -> list[Finding]:
    """That what is measured lies between two positive multiples of |h - h*|^2, so that it falls as that does.

    Args:
        measure: "value", between m/2 and M/2, or "gradient", between m^2 and M^2.
        m: strong convexity, in the symbols.
        M: Lipschitz constant of the gradient, above m.
        hypotheses: what is assumed of the symbols.
        timeout: of each prover for each obligation.

    Returns:
        The findings: that m > 0, and both bounds.
    """
    h, G = Space(("h", "G")).vectors
    f = sp.Symbol("f", real=True)
    here, star, members = Point(h, G, f), Point(0 * h, 0 * h, sp.Integer(0)), SmoothClass(m, M)
    unit = 1 / (2 * (M - m))  # `values` is multiplied by 2 (M - m)
    if measure == "value":
        lower = (f - m / 2 * h.norm2, [(unit, members.values(here, star))])
        upper = (M / 2 * h.norm2 - f, [(unit, members.values(star, here))])
    else:
        between = members.gradients(h, G)
        lower = (G.norm2 - m**2 * h.norm2, [(2 * m / (M - m), between)])
        upper = (M**2 * h.norm2 - G.norm2, [(2 * M / (M - m), between)])
    bounds = [combine(hypotheses, left >= 0, uses, h.space, timeout=timeout) for left, uses in (lower, upper)]
    positive = m > 0
    return bounds if positive == sp.true else [prove(hypotheses, positive, timeout), *bounds]


def on_one_curvature(
    method: Parametric, curvature: sp.Expr, square: sp.Expr, hypotheses: Sequence[Any], timeout: float
) -> Finding | None:
    """That a method with one state keeps to a rate where m = M: all functions are quadratics there, gradients M y.

    Args:
        method: its recurrence; entries are SymPy expressions.
        curvature: M.
        square: of the rate.
        hypotheses: what is assumed of the symbols, m = M too.
        timeout: of each prover for each obligation.

    Returns:
        The proof that h - h* is multiplied by a factor whose square is no larger, and with it what is measured, which
        is a multiple of |h - h*|^2; None where there is none.
    """
    if method.states != 1:
        return None
    factor = on_quadratics(method, curvature)
    claim = factor**2 <= square
    # What SymPy decides by itself, as where the rate is that factor, is put to the provers as it stands.
    claim = sp.Le(factor**2, square, evaluate=False) if claim in (sp.true, sp.false) else claim
    finding = prove(hypotheses, claim, timeout)
    return finding if finding.proof is not None else None


def on_quadratics(method: Parametric, curvature: sp.Expr) -> sp.Expr:
    """By what a step of a method with one state multiplies h - h* where the gradient is a multiple of it.

    Args:
        method: its recurrence; entries are SymPy expressions.
        curvature: that multiple.

    Returns:
        The factor, of any sign; gradients are multiplied by it, too, and gaps by its square.
    """
    gradients: list[sp.Expr] = []
    for c, d in zip(method.C, method.D, strict=True):
        y = sp.sympify(c[0]) + sp.Add(*(a * u for a, u in zip(d, gradients, strict=False)))
        gradients.append(factored(curvature * y))
    return factored(method.A[0][0] + sp.Add(*(b * u for b, u in zip(method.B[0], gradients, strict=True))))
