import math

import pytest
import torch
from energies.cases import SHARED, D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError

TERMS = ("reverse-linear", "masked-linear", "confidence-frozen", "memory")


def test_default_weights_are_the_paper_s() -> None:
    terms = [SHARED[name]() for name in TERMS]
    h = draw(0, 4, D)
    by_hand = torch.stack([w * e.value(h) for w, e in zip((1.0, 0.5, 0.2, 0.1), terms, strict=True)]).sum(0)
    assert torch.allclose(eqt.paper_energy(*terms).value(h), by_hand)


def test_any_of_the_terms_and_other_weights() -> None:
    memory = SHARED["memory"]()
    energy = eqt.paper_energy(memory=memory, weights=eqt.PaperWeights(memory=2.0))
    h = draw(1, 4, D)
    assert torch.allclose(energy.value(h), 2 * memory.value(h))
    convex = eqt.paper_energy(*(SHARED[n]() for n in TERMS[:3]))
    assert convex.curvature is not None
    assert -math.inf < convex.curvature.lowest < 0
    assert eqt.paper_energy(*(SHARED[n]() for n in TERMS)).curvature is None, "the memory term has none"


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="at least one of"):
        eqt.paper_energy()
    with pytest.raises(UsageError, match="must be a finite number that is not negative"):
        eqt.paper_energy(SHARED["memory"](), weights=eqt.PaperWeights(reverse=-1.0))
