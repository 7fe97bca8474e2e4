"""Certificates: constant Hessians in fractions, enclosed Hessians, formulas by type; and when there is none."""

import pytest
import sympy as sp
import torch
from energies import cases

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.evidence.curvature.certify import by_formula, certify, named, positive_semidefinite

BOX = eqt.Box([-0.5, -0.5], [0.5, 0.5])


class Well(eqt.DoubleWell):
    """No closed form speaks of a subclass; its symbolic twin does."""


WELL = Well()


def test_constant_hessians_are_decided_in_fractions():
    energy = eqt.Quadratic(torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64))
    assert certify(energy, 1.0, 3.0, eqt.WholeSpace(2)).verdict is Verdict.CERTIFIED
    assert certify(energy, 1.0 + 1e-15, 3.0, eqt.WholeSpace(2)) is None
    assert certify(energy, 1.0, 3.0 - 1e-15, eqt.WholeSpace(2)) is None


def test_enclosed_hessians():
    curved = eqt.FunctionEnergy(lambda h: (h**4).sum(), dim=2)
    assert certify(curved, 0.0, 4.0, BOX) is None  # no twin
    hessian = torch.linalg.eigvalsh(WELL.hessian(torch.tensor([[0.0, 0.0], [0.5, 0.5]], dtype=torch.float64)))
    low, high = float(hessian.min()), float(hessian.max())
    found = certify(WELL, low - 0.1, high + 0.1, BOX)
    assert found.verdict is Verdict.CERTIFIED and found.enclosures["pieces"] >= 1
    assert certify(WELL, low - 0.1, None, eqt.WholeSpace(2)) is None
    refuted = certify(WELL, low + 0.1, None, BOX)
    assert refuted.verdict is Verdict.REFUTED


def test_a_violation_outside_the_ball_but_in_its_box_says_nothing():
    corner = eqt.Ball([0.0, 0.0], 0.5)
    energy = WELL + eqt.Quadratic(4 * torch.eye(2, dtype=torch.float64))
    high = float(torch.linalg.eigvalsh(energy.hessian(torch.tensor([0.5, 0.0], dtype=torch.float64)))[-1]) + 1e-3
    found = certify(energy, None, high, corner)
    assert found is None or found.verdict is Verdict.CERTIFIED


@pytest.mark.parametrize(
    "name", ["confidence-frozen", "predictive-frozen", "reverse-linear", "masked-window", "masked-mlp"]
)
def test_formulas_cover_all_of_space(name):
    energy = cases.SHARED[name]()
    space = eqt.WholeSpace(energy.dim or 3)
    found = by_formula(energy, -1e3, 1e3, space)
    assert found.verdict is Verdict.CERTIFIED
    assert found.enclosures["proved in"].startswith("lemmas.")
    assert by_formula(energy, 0.01, 1e3, space) is None
    assert by_formula(energy, -1e3, 1e-6, space) is None


def test_formulas_in_many_dimensions():
    weight = torch.randn(10, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    energy = eqt.Confidence(eqt.LinearHead(weight), piece=3)
    declared = energy.curvature
    assert eqt.check_strong_convexity(energy, declared.mu, eqt.WholeSpace(64), samples=16).verdict is Verdict.CERTIFIED
    # Much less than the rigorous bound cannot be certified, and a search does not exceed it either way.
    assert (
        eqt.check_strong_convexity(energy, declared.mu / 8, eqt.WholeSpace(64), samples=16).verdict
        is not Verdict.CERTIFIED
    )


def test_nothing_for_kinks_and_for_large_twins():
    kinked = eqt.PiecewiseCurvature.switching(0.5, 8.0, 2, seed=0)
    assert certify(kinked, 0.5, 8.0, BOX) is None
    assert certify(eqt.LogSumExp(torch.eye(8, dtype=torch.float64)), 0.1, 1.0, eqt.WholeSpace(8)) is None
    assert certify(eqt.Quadratic(torch.eye(8, dtype=torch.float64)), 1.0, 1.0, eqt.WholeSpace(8)) is not None


def test_definiteness_in_fractions():
    assert positive_semidefinite(sp.Matrix([[1, 1], [1, 1]]))
    assert not positive_semidefinite(sp.Matrix([[1, 2], [2, 1]]))
    assert not positive_semidefinite(sp.Matrix([[0, 1], [1, 0]]))
    assert positive_semidefinite(sp.zeros(3))


def test_names_of_bounds():
    assert named(1.0, None) == "curvature >= 1"
    assert named(None, 2.0) == "curvature <= 2"
    assert named(-1.0, 2.0) == "curvature between -1 and 2"
