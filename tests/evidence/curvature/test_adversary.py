"""Inputs on which a search of random pairs, a gradient believed or a twin compared too loosely would go wrong."""

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict


@pytest.mark.parametrize("d", [65, 200])
def test_a_saddle_never_passes(d: int):
    q = eqt.Quadratic(torch.diag(torch.tensor([-1.0] + [1.0] * (d - 1), dtype=torch.float64)))
    found = eqt.check_strong_convexity(q, 0.0, eqt.Ball([0.0] * d, 1.0), samples=16)
    assert found.verdict is Verdict.REFUTED and found.witness["curvature"] == pytest.approx(-1.0)


@pytest.mark.parametrize("d", [10, 70])
def test_the_extreme_of_a_constant_hessian_is_found(d: int):
    q = eqt.Quadratic(torch.diag(torch.linspace(1, 5, d, dtype=torch.float64)))
    ball = eqt.Ball([0.0] * d, 1.0)
    assert eqt.check_strong_convexity(q, 1.0005, ball, samples=16).verdict is Verdict.REFUTED
    assert eqt.check_smoothness(q, 4.9995, ball, samples=16).verdict is Verdict.REFUTED
    assert eqt.check_strong_convexity(q, 1.0, ball, samples=16).verdict is not Verdict.REFUTED


class WrongGradient(eqt.Energy):
    dim = 1

    def value(self, h):
        return 0 * h.sum(-1)

    def gradient(self, h):
        return torch.where((h - 0.3).abs() < 0.2, 0 * h, torch.sin(10 * h))


def test_a_refutation_rests_on_values():
    found = eqt.check_smoothness(WrongGradient(), 0.1, eqt.Box([-1.0], [1.0]))
    assert found.verdict is Verdict.INCONCLUSIVE and "disagree" in found.detail


def test_a_witness_lies_across_the_kink_and_violates_as_printed():
    kink = eqt.FunctionEnergy(lambda h: torch.relu(h - 0.1237).sum(), dim=1)
    found = eqt.check_smoothness(kink, 0.5, eqt.Box([-1.0], [1.0]))
    assert found.verdict is Verdict.REFUTED and found.witness["curvature"] > 0.5
    ends = sorted(found.witness["a"] + found.witness["b"])
    assert ends[0] < 0.1237 < ends[1]


class FlatBox(eqt.Energy):
    dim = 2

    def value(self, h):
        return -(h[..., 0] ** 2) * (1 + h[..., 1] ** 2) + h[..., 1] ** 2

    def symbolic(self, h):
        return -(h[0] ** 2) * (1 + h[1] ** 2) + h[1] ** 2


def test_on_a_flat_box_only_its_own_directions_count():
    flat = eqt.Box([0.0, -1.0], [0.0, 1.0])
    assert eqt.check_strong_convexity(FlatBox(), 1.0, flat).verdict is Verdict.SUPPORTED
    assert eqt.check_strong_convexity(FlatBox(), 2.5, flat).verdict is Verdict.REFUTED


@pytest.mark.parametrize("offset", [0, 10**20])
def test_a_twin_is_compared_where_it_is_small(offset: int):
    class Hidden(eqt.Energy):
        dim = 1

        def value(self, h):
            return float(offset) + h[..., 0] ** 12 - 50 * h[..., 0] ** 2

        def symbolic(self, h):
            return sp.Integer(offset) + h[0] ** 12

    found = eqt.check_strong_convexity(Hidden(), -1.0, eqt.Ball([0.0], 10.0))
    assert found.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE)


def test_control_flow_and_foreign_errors():
    ball = eqt.Ball([1.0, 0.0], 0.5)
    branch = eqt.FunctionEnergy(lambda h: (h**2).sum() if h[0] > 0 else 2 * (h**2).sum(), dim=2)
    assert eqt.check_strong_convexity(branch, 1.0, ball, samples=16).verdict is Verdict.SUPPORTED
    single = torch.eye(2)
    with pytest.raises(eqt.UsageError, match="dtype"):
        eqt.check_strong_convexity(eqt.FunctionEnergy(lambda h: h @ single @ h, dim=2), 1.0, ball)
