"""Formulas are set, words are left alone, and nothing of a user's text becomes markup."""

import re

import pytest

from eqt_theory.core import mathml
from eqt_theory.core.typeset import typeset


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("rho = 1 - 2 alpha mu/(1 + kappa)", "ρ = 1 - 2 α μ/(1 + κ)"),
        ("-alpha*m + 1, non-alpha", "-α·m + 1, non-alpha"),
        (
            "|h_k - h*| <= rho^k |h_0 - h*|",
            "|h<sub>k</sub> - h<sup>*</sup>| ≤ ρ<sup>k</sup> |h<sub>0</sub> - h<sup>*</sup>|",
        ),
        ("l(h_opt).", "l(h<sub>opt</sub>)."),
        ("minimiser h_opt. If", "minimiser h<sub>opt</sub>. If"),
        ("<grad energy(h) - grad energy(h'), d> >= 0", "⟨∇ energy(h) - ∇ energy(h&#x27;), d⟩ ≥ 0"),
        ("(f*g + 2*k)**2", "(f·g + 2·k)<sup>2</sup>"),
        ("t'**2 - t'*z", "t&#x27;<sup>2</sup> - t&#x27;·z"),
        ("x^(1/2) and x**(a+b)", "x<sup>1/2</sup> and x<sup>a+b</sup>"),
        ("0 < mu < 1, a -> b, a != b", "0 &lt; μ &lt; 1, a → b, a ≠ b"),
        ("Abs(alpha*M - 1) <= q, Absolute(x)", "|α·M - 1| ≤ q, Absolute(x)"),
        ("multiplied, gradient, sigmoid, epsilons", "multiplied, gradient, sigmoid, epsilons"),
        ("see file_name.py and section-3.5-gamma", "see file_name.py and section-3.5-gamma"),
        (
            "z*(x) and x*, f(x) - f* <= 2*(a + b)*c",
            "z<sup>*</sup>(x) and x<sup>*</sup>, f(x) - f<sup>*</sup> ≤ 2·(a + b)·c",
        ),
        ("<g, g>*<x, x> - <x, g>**2", "⟨g, g⟩·⟨x, x⟩ - ⟨x, g⟩<sup>2</sup>"),
        ("Eq(<x, x>, 9)", "⟨x, x⟩ = 9"),
        ("Eq(a, f(b, c))", "a = f(b, c)"),
        ("Ne(x + y, 0)", "x + y ≠ 0"),
        ("Nest(x, 0)", "Nest(x, 0)"),
        (
            "value_and_gradient gives both, hessian_vector is H v",
            "value_and_gradient gives both, hessian_vector is H v",
        ),
        (
            "gap_next <= d_total + lambda_max, 2h_k",
            "gap<sub>next</sub> ≤ d<sub>total</sub> + λ<sub>max</sub>, 2h<sub>k</sub>",
        ),
        ("<lambda>.<locals>.<lambda> at lambda > 0", "&lt;lambda&gt;.&lt;locals&gt;.&lt;lambda&gt; at λ &gt; 0"),
        ("Eq(a, b) or Eq(c, d)", "Eq(a, b) or Eq(c, d)"),
        ("it costs $5 and $6", "it costs $5 and $6"),
        (r"of $\alpha$", 'of <math display="inline"><mrow><mi>α</mi></mrow></math>'),
        (r"no $\frac{$ formula", r"no $\frac{$ formula"),
    ],
)
def test_formulas(plain, html):
    assert str(typeset(plain)) == html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a, b onclick='x'>",
        "h^<b>",
        "x_{<i>}",
        "&lt;script&gt;",
    ],
)
def test_nothing_in_a_formula_is_other_markup(hostile):
    html = str(typeset(f"${hostile}$")) + str(typeset(rf"$\text{{{hostile}}} \href{{javascript:alert(1)}}{{x}}$"))
    assert set(re.findall(r"<([a-z]+)", html)) <= {*mathml._TAGS.split(), "sub", "sup"}
    assert not re.search(r"<[^>]*(href|on\w+|script|style)=", html)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a, b onclick='x'>",
        "h^<b>",
        "x_{<i>}",
        "&lt;script&gt;",
    ],
)
def test_no_markup_of_a_user_survives(hostile):
    html = str(typeset(hostile)).replace("<sup>", "").replace("</sup>", "").replace("<sub>", "").replace("</sub>", "")
    assert "<" not in html
    assert ">" not in html
