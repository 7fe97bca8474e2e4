"""The bound on the steps of the stopping rule: its judgement, planted faults, and examples in plain floats."""

import math

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("corollary_5_steps")
    assert ledger.entry("corollary-5-steps").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_strictness_matters():
    G, T, q, g = sp.symbols("G T q g", positive=True)
    value, phi, best, tau = sp.symbols("value phi best tau", real=True)
    moved = sp.Symbol("moved", nonnegative=True)
    given = [T <= G, q < 1, phi - best <= q * G, sp.Eq(tau, T + best), sp.Eq(phi, value + g * moved / 2)]
    returned = sp.Implies(sp.Eq(moved, 0), sp.Eq(phi - best, G))
    assert prove([*given, returned], sp.Implies(q * G <= T, value < tau)).verdict is Verdict.PROVED
    assert prove(given, sp.Implies(q * G <= T, value < tau)).verdict is Verdict.REFUTED  # had not moved
    assert prove([*given, returned], sp.Implies(q * G <= T, phi < tau)).verdict is Verdict.REFUTED  # ceil for Phi


@pytest.mark.parametrize(("alpha", "tau"), [(0.25, 0.25), (0.1, 0.05), (0.4, 1e-3), (0.3, 0.9)])
def test_bounds_on_a_quadratic(alpha, tau):
    """Phi = h^2, energy = h^2/2 + h - 1/2, f = 1, gamma = 1: Phi* = 0, rho = 1 - 2 alpha."""
    x = math.log(1 / tau) / (2 * math.log(1 / (1 - 2 * alpha)))
    h, k, by_phi, by_energy = 1.0, 0, None, None
    while by_phi is None or by_energy is None:
        if by_phi is None and h * h < tau:
            by_phi = k
        if by_energy is None and h * h / 2 + h - 0.5 < tau:
            by_energy = k
        h, k = h - alpha * 2 * h, k + 1
    assert by_phi <= math.floor(x + 1e-12) + 1
    assert by_energy <= max(1, math.ceil(x - 1e-12))
    if (alpha, tau) == (0.25, 0.25):
        assert by_phi == 2  # x = 1
