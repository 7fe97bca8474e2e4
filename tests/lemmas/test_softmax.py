"""Cross-entropy heads: proofs, planted faults, and a search that tries to exceed the constants."""

from fractions import Fraction

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict, prove
from eqt_theory.engines.interval import enclose
from eqt_theory.evidence.curvature import constants
from eqt_theory.evidence.curvature.search import search_curvature
from eqt_theory.lemmas import softmax as proof

LEMMAS = [name for name in dir(proof) if name.startswith("show_")]


@pytest.mark.parametrize("lemma", LEMMAS)
def test_lemmas_are_proved(lemma):
    assert getattr(proof, lemma)().verdict is Verdict.PROVED


def test_gelu_slope_is_certified():
    assert proof.certify_gelu_slope().verdict is Verdict.CERTIFIED
    x = torch.linspace(-6, 6, 10_001, dtype=torch.float64)
    slope = torch.func.vmap(torch.func.grad(torch.nn.functional.gelu))(x)
    bend = torch.func.vmap(torch.func.grad(torch.func.grad(torch.nn.functional.gelu)))(x)
    assert float(slope.abs().max()) == pytest.approx(float(enclose(proof.GELU_SLOPE).high), abs=1e-6)
    assert float(bend.abs().max()) == pytest.approx(float(enclose(proof.GELU_CURVATURE).high), abs=1e-6)
    assert float(enclose(proof.GELU_CURVATURE).high) == pytest.approx(0.7979, abs=1e-4)


def test_half_the_range_is_refuted():
    e1, e2, low, high = sp.symbols("e1 e2 low high", real=True)
    given = [low <= high, (low + high) * e1 - low * high - e2 >= 0]
    assert prove(given, e2 - e1**2 <= (high - low) ** 2 / 5).verdict is Verdict.REFUTED


def _token_energy(seed: int, kind: str) -> eqt.Energy:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, 4, (5,), generator=generator)
    mask = torch.tensor([True, False, True, False, True])
    if kind == "gelu":
        return eqt.MaskedPrediction(eqt.MaskedMLP(4, 3, 5, width=6, seed=seed), tokens, mask)
    if kind == "mlp":
        return eqt.PredictiveError(eqt.MLPHead(3, 5, 4, seed=seed), piece=seed % 4)
    return eqt.ReversePrediction(eqt.LinearHead(torch.randn(4, 3, generator=generator, dtype=torch.float64)), tokens)


@pytest.mark.parametrize("kind", ["linear", "gelu", "mlp"])
@pytest.mark.parametrize("seed", range(4))
def test_search_never_exceeds_the_constants(kind, seed):
    energy = _token_energy(seed, kind)
    known = constants.constants_outside(energy, Fraction(0))
    found = search_curvature(energy, eqt.Ball([0.0] * 3, 6.0), 64, seed)
    # The gradients at the ends of a segment are rounded, and their difference is divided by its length.
    length = float((found.least.b - found.least.a).norm())
    rounding = 1e-6 + 64 * torch.finfo(torch.float64).eps * float(known.slope) / length
    assert rounding < 1e-2 and found.least.curvature >= float(known.lower) - rounding
    assert found.most.curvature <= float(known.upper)
    assert float(energy.gradient(found.most.a).detach().norm()) <= float(known.slope)
    if kind != "linear":
        assert known.lower < 0 and found.least.curvature < 0  # not convex, and the bound says so


def test_the_pair_bound_is_sharp_for_two_classes():
    """Two rows at distance D: the curvature D^2/4 is reached half way."""
    weight = torch.tensor([[1.0, 2.0], [-2.0, 0.0]], dtype=torch.float64)
    energy = eqt.PredictiveError(eqt.LinearHead(weight), piece=0)
    known = constants.constants_outside(energy, Fraction(0))
    h = torch.zeros(2, dtype=torch.float64)
    assert float(torch.linalg.eigvalsh(energy.hessian(h))[-1]) == pytest.approx(float(known.upper), rel=1e-12)
