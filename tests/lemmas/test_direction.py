"""The memory term's constants: proofs, planted faults, sharpness, and a search that tries to exceed them."""

import math

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict, prove
from eqt_theory.evidence.curvature.search import search_curvature
from eqt_theory.lemmas import direction as proof


@pytest.mark.parametrize("lemma", [name for name in dir(proof) if name.startswith("show_")])
def test_lemmas_are_proved(lemma):
    assert getattr(proof, lemma)().verdict is Verdict.PROVED


def test_smaller_constants_are_refuted():
    k, y, c, m, s = proof.k, proof.y, proof.c, proof.m, proof.s
    small = sp.Rational(9, 10) * k
    upper = small * y * (small * y - c * y + s * y**2) - (m * y) ** 2 >= 0
    assert prove([proof.root, *proof.moments], upper).verdict is Verdict.REFUTED
    no_moments = k * y * (k * y - c * y + s * y**2) - (m * y) ** 2 >= 0
    assert prove([proof.root], no_moments).verdict is Verdict.REFUTED


@pytest.mark.parametrize("tau", [0.2, 0.5, 1.0, 1.1547, 1.5, 3.0, 10.0])
def test_bounds_are_attained_by_one_or_two_memories(tau):
    """In the plane, at h = (1, 0)."""
    h = torch.tensor([1.0, 0.0], dtype=torch.float64)
    memory = eqt.EpisodicMemory(torch.ones(1, 2, dtype=torch.float64), tau=tau)
    weak, upper = memory.curvature_outside(1.0)

    def least(*cosines: float, signs: tuple[int, ...] = (1,)) -> tuple[float, float]:
        z = [[c, sign * math.sqrt(1 - c * c)] for c in cosines for sign in signs]
        values = torch.linalg.eigvalsh(eqt.EpisodicMemory(torch.tensor(z, dtype=torch.float64), tau=tau).hessian(h))
        return float(values[0]), float(values[-1])

    assert least(1 / math.sqrt(3))[1] == pytest.approx(upper, rel=1e-12)
    if tau <= 2 / math.sqrt(3):
        assert least(-tau / 2, signs=(1, -1))[0] == pytest.approx(-weak, rel=1e-12)
    else:
        assert least(-1 / math.sqrt(3))[0] == pytest.approx(-weak, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_search_never_exceeds_the_bounds(seed):
    generator = torch.Generator().manual_seed(seed)
    tau = (0.3, 0.8, 1.2, 2.5)[seed % 4]
    z = torch.randn(1 + seed, 3, generator=generator, dtype=torch.float64)
    center = [3.0, 0.0, 0.0]
    memory = eqt.EpisodicMemory(z, tau=tau)
    found = search_curvature(memory, eqt.Ball(center, 2.0), 64, seed)
    weak, upper = memory.curvature_outside(1.0)
    assert found.least.curvature >= -weak
    assert found.most.curvature <= upper
    slope = memory.gradient(found.least.a).norm() * found.least.a.norm()
    assert float(slope) <= 1 / tau


def test_moments_of_unit_vectors_and_of_longer_ones():
    assert proof.show_moments().verdict is Verdict.PROVED
    c, m, s, c2, t2 = proof.c, proof.m, proof.s, *sp.symbols("c2 t2", nonnegative=True)
    longer = [c2 >= c**2, c2 + t2 <= 2, sp.Eq(s, t2 - m**2)]
    assert prove(longer, c**2 + m**2 + s <= 1).verdict is Verdict.REFUTED
