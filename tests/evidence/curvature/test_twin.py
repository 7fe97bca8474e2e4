"""A twin that is another function licences nothing."""

import pytest
import sympy as sp
import torch
from energies import cases

import eqt_theory as eqt
from eqt_theory import Verdict, check_contraction, check_smoothness, check_strong_convexity
from eqt_theory.evidence.curvature.twin import compare_twin


class Spike(eqt.Energy):
    """h^2/2 with a narrow kink at 3, which the twin forgets."""

    dim = 1

    def value(self, h):
        return (h.square() / 2 + 5 * (0.001 - (h - 3).abs()).relu()).sum(-1)

    def symbolic(self, h):
        return h[0] ** 2 / 2


class WrongGradient(eqt.Energy):
    dim = 2

    def value(self, h):
        return h.square().sum(-1) / 2

    def gradient(self, h):
        return h * 1.001

    def symbolic(self, h):
        return (h[0] ** 2 + h[1] ** 2) / 2


def objective(energy):
    return eqt.Objective(energy, torch.zeros(energy.dim or 2, dtype=torch.float64), 1.0)


def test_a_spike_that_the_twin_forgets_is_found():
    finding = check_contraction(objective(Spike()), eqt.GradientDescent(0.25), 0.55, eqt.Ball([0.0], 5.0))
    assert finding.verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)
    assert "twin" in finding.detail or finding.verdict is Verdict.REFUTED
    for found in (check_strong_convexity(Spike(), 0.9, eqt.Ball([0.0], 5.0)),
                  check_smoothness(Spike(), 1.1, eqt.Ball([0.0], 5.0))):  # fmt: skip
        assert found.verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)


def test_a_gradient_that_is_not_the_twins_is_found():
    finding = check_contraction(objective(WrongGradient()), eqt.GradientDescent(0.25), 0.55, eqt.Ball([0, 0], 1.0))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "gradient gives" in finding.detail


class Well(eqt.DoubleWell):
    """No closed form speaks of a subclass; its symbolic twin does."""


def test_what_is_certified_says_of_what():
    right = eqt.Objective(Well(), torch.tensor([0.9], dtype=torch.float64), 1.0)
    finding = check_contraction(right, eqt.GradientDescent(0.05), 0.8, eqt.Ball([1.0], 0.1))
    assert finding.verdict is Verdict.CERTIFIED
    assert "of the symbolic twin, which agrees with value and gradient at" in finding.detail


def symbols_of(energy):
    return [sp.Symbol(f"h{i + 1}", real=True) for i in range(energy.dim or 2)]


@pytest.mark.parametrize("name", sorted({*cases.TWINS, "diagonal", "spectrum"}))
def test_the_twins_of_the_library_agree(name):
    energy = cases.SHARED[name]()
    symbols = symbols_of(energy)
    ball = eqt.Ball([0.1] * len(symbols), 2.0)
    agreement = compare_twin(energy, energy.symbolic(symbols), symbols, ball, claimed=1e-3)
    assert agreement.difference == "" and agreement.states >= 256


class Tilted(eqt.Energy):
    """A steep slope, beside which half of the curvature that the twin shows is lost."""

    dim = 2

    def __init__(self, curvature: float = 0.005) -> None:
        self.half = curvature / 2

    def value(self, h):
        return 1e7 + (1e6 * h + self.half * h.square()).sum(-1)

    def symbolic(self, h):
        return 10**7 + sum(10**6 * x + sp.Rational("0.005") * x**2 for x in h)


def test_what_is_small_beside_a_gradient_may_be_all_that_is_claimed():
    ball = eqt.Ball([0.0, 0.0], 1.0)
    h = symbols_of(Tilted())
    found = compare_twin(Tilted(), Tilted().symbolic(h), h, ball, claimed=0.01)
    assert "the gradient curves by 0.00" in found.difference and "that of the twin by 0.0" in found.difference
    assert compare_twin(Tilted(0.01), Tilted().symbolic(h), h, ball, claimed=0.01).difference == ""
    assert check_strong_convexity(Tilted(), 0.01, ball).verdict is not Verdict.CERTIFIED
