"""formula: what it writes says the same as the expression, and no more."""

import pytest
import sympy as sp

from eqt_theory.core.formula import formula

alpha, mu, L, R, N = sp.symbols("alpha mu L R N", positive=True)
gap, far = sp.Symbol("f(x_N) - f*", real=True), sp.Symbol("|x_N - x*|", positive=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 - alpha * mu, "1 - alpha mu"),
        (-alpha - mu, "-alpha - mu"),
        (gap <= L * R**2 / (4 * N + 4), "f(x_N) - f* <= L R^2/(4 N + 4)"),
        (far**2 <= (1 - alpha) ** (2 * N) * R**2, "|x_N - x*|^2 <= R^2 (1 - alpha)^(2 N)"),
        (2 * gap <= L - gap, "2 (f(x_N) - f*) <= L - (f(x_N) - f*)"),
        (gap**2 < 1, "(f(x_N) - f*)^2 < 1"),
        (sp.Eq(alpha, mu), "alpha = mu"),
        (sp.Ne(alpha, mu), "alpha != mu"),
        (sp.And(alpha < mu, alpha < L), "alpha < L and alpha < mu"),
        (sp.And(alpha < mu, sp.Or(alpha < L, mu > L)), "(alpha < L or mu > L) and alpha < mu"),
        (sp.Max(sp.Abs(1 - alpha * mu), alpha), "max(|alpha mu - 1|, alpha)"),
        (sp.Abs(sp.Abs(alpha - mu) - L), "abs(L - |alpha - mu|)"),
        (-(alpha - mu) * L, "L (mu - alpha)"),
        ("every step", "every step"),
        (3, "3"),
    ],
)
def test_it_is_written_as_in_a_text(value: object, text: str):
    assert formula(value) == text
