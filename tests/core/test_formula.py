"""formula: what it writes says the same as the expression, and no more."""

import pytest
import sympy as sp

from eqt_theory.core.formula import formula, written

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
        ([mu < L, alpha < 2 / L], "mu < L, alpha < 2/L"),
        ("every step", "every step"),
        (3, "3"),
    ],
)
def test_it_is_written_as_in_a_text(value: object, text: str):
    assert formula(value) == text


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("<= {f} |x|", 1 - alpha * mu, "<= (1 - alpha mu) |x|"),
        ("<= ({f})^2 |x|", 1 - alpha * mu, "<= (1 - alpha mu)^2 |x|"),
        ("({f} + 1)", 1 - mu, "((1 - mu) + 1)"),
        ("step {f}: ", 2 / (mu + L), "step 2/(L + mu): "),
        ("{f}^2", mu / L, "(mu/L)^2"),
        ("{f}^2", sp.Max(mu, L), "max(L, mu)^2"),
        ("{f}^2", sp.sqrt(mu), "(sqrt(mu))^2"),
        ("1/{f}", 2 * mu, "1/(2 mu)"),
        ("1/{f}", mu, "1/mu"),
        ("1 / {f}", 2 * mu, "1 / (2 mu)"),
        ("{f} ^ 2", mu / L, "(mu/L) ^ 2"),
        ("L^{f} x", 2 * mu, "L^(2 mu) x"),
        ("L^{f} x", mu, "L^mu x"),
        ("x - {f}", -mu, "x - (-mu)"),
        ("x - {f} t", 2, "x - 2 t"),
        ("x - {f} t", -2, "x - (-2) t"),
        ("x - {f} t", sp.Rational(-1, 2), "x - (-1/2) t"),
        ("f, {f}: ", [mu < L, alpha < 1], "f, mu < L, alpha < 1: "),
    ],
)
def test_a_value_in_a_text_stands_in_brackets_where_it_must(text: str, value: object, said: str):
    assert written(text, {"f": value}) == said
