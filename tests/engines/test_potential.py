"""by_potential and by_factor: rates of N steps, and what becomes of them where a piece is wrong."""

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.engines.potential import by_factor, by_potential

L, a, q, n, s = sp.symbols("L a q n s", positive=True)
A = sp.Symbol("A", nonnegative=True)
FAST = [sp.Eq(L * a**2, A + a)]


@pytest.mark.parametrize(
    ("gain", "weight", "named", "verdict"),
    [
        (1 / L, n / L, {}, Verdict.PROVED),
        (1 / L, 2 * n / L, {}, Verdict.INCONCLUSIVE),
        (a, n**2 / (4 * L), {"each": FAST}, Verdict.PROVED),
        (a, (n + 1) ** 2 / (4 * L), {"each": FAST}, Verdict.INCONCLUSIVE),
        (a, (n + 1) ** 2 / (4 * L), {"each": FAST, "first": 1 / L}, Verdict.PROVED),
        (a, (n + 1) ** 2 / (2 * L), {"each": FAST, "first": 2 / L}, Verdict.INCONCLUSIVE),
        (a, n**2 / (4 * L), {}, Verdict.INCONCLUSIVE),
    ],
)
def test_the_bound_is_what_the_weights_allow(gain: sp.Expr, weight: sp.Expr, named: dict, verdict: Verdict):
    found = by_potential(sample.proved(), A, gain, weight, n, detail="the gap", **named)
    assert found.verdict is verdict
    assert found.detail.startswith("the gap")


def test_a_rate_needs_the_step():
    assert by_potential(sample.unknown(), A, 1 / L, n / L, n, detail="d").verdict is Verdict.INCONCLUSIVE
    assert by_factor(sample.unknown(), q, n, detail="d").verdict is Verdict.INCONCLUSIVE
    assert by_factor(sample.proved(), q, n, detail="d", other=sample.unknown()).verdict is Verdict.INCONCLUSIVE


def test_powers_of_a_factor_with_and_without_noise():
    assert by_factor(sample.proved(), q, n, detail="d").verdict is Verdict.PROVED
    assert by_factor(sample.proved(), q, n, given=[q < 1], noise=s, detail="d").verdict is Verdict.PROVED
    negative = sp.Symbol("b", real=True)
    assert by_factor(sample.proved(), negative, n, detail="d").verdict is Verdict.INCONCLUSIVE
