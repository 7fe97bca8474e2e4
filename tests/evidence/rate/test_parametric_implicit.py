"""The proximal point method with symbols for its numbers has the rate of its inexact steps, and no smaller one."""

import pytest
import sympy as sp

from eqt_theory import Finding, GradientDescent, ProximalPoint, Verdict, prove_rate
from eqt_theory.core.verdict import ShownBy

m, M, s, a = sp.symbols("m M s a", positive=True)
INEXACT = (1 + a) / (1 + s * m - a)


def proximal(rate: sp.Expr | None = None, **more: object) -> Finding:
    options = {"m": m, "M": M, "where": [m <= M, a < 1], **more}
    return prove_rate(lambda s, m, M, a: ProximalPoint(s, accuracy=a), (s, m, M, a), rate, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [None, INEXACT, INEXACT + a])
def test_the_rate_with_its_accuracy_and_larger_ones_are_proved(rate: sp.Expr | None):
    found = proximal(rate)
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, ShownBy.KERNEL)
    assert f"({INEXACT if rate is None else rate})^2" in found.detail
    assert "where every inner solve meets its accuracy" in found.detail
    assert set(found.assumes) == {"m", "M", "s", "a"}


def test_an_accuracy_that_is_a_number():
    found = prove_rate(lambda s, m, M: ProximalPoint(s, accuracy=0.5), (s, m, M), m=m, M=M, where=[m <= M])
    assert found.verdict is Verdict.PROVED
    assert "3/(2*(m*s + 1/2))" in found.detail


def test_the_rate_of_exact_steps_is_not_that_of_inexact_ones():
    found = proximal(1 / (1 + s * m))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "misses by its accuracy" in found.detail and ".py, line" not in found.detail


@pytest.mark.parametrize(
    "rate", [1 / (1 + s * M), 1 / (1 + 2 * s * m), sp.Max(1 / (1 + s * M), (1 + a) / (1 + 3 * s * m))]
)
def test_a_rate_below_that_of_exact_steps_is_refuted_by_a_quadratic(rate: sp.Expr):
    found = proximal(rate)
    assert found.verdict is Verdict.REFUTED and "quadratic of curvature m" in found.detail
    at = {symbol: found.witness[symbol] for symbol in (m, M, s, a)}  # type: ignore[index]
    assert at[m] <= at[M] and at[a] < 1
    assert rate.subs(at) < 1 / (1 + at[s] * at[m])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"m": 0}, "where m > 0"),
        ({"where": [m <= M]}, "must imply"),
        ({"measure": "value"}, "distances alone"),
        ({"where": [a < 1], "m": m - M, "M": m}, "must imply"),
    ],
)
def test_what_is_not_shown_of_it(options: dict[str, object], words: str):
    found = proximal(**options)
    assert found.verdict is Verdict.INCONCLUSIVE and words in found.detail


def test_what_cannot_be_traced_names_the_line_of_the_users_code():
    def rounds(length: float, *_: float) -> GradientDescent:
        return GradientDescent(round(length))  # here

    found = prove_rate(rounds, (s, m, M), m=m, M=M, where=[m <= M])
    assert "test_parametric_implicit.py" in found.detail and "# here" in found.detail
