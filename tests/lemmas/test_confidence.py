"""The confidence term's constants: proofs, planted faults, and searches that try to exceed them."""

from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.energies.latent.confidence import logit_curvature
from eqt_theory.lemmas import confidence as proof

AUDIT = {3: 0.068606, 10: 0.234964, 50: 0.432468, 32_000: 1.2228}


@pytest.mark.parametrize(
    "lemma", [proof.show_hessian, proof.show_attained, proof.show_bound_lemmas, proof.show_two_classes]
)
def test_lemmas_are_proved(lemma):
    assert lemma().verdict is Verdict.PROVED


def test_three_classes_are_certified_up_to_the_attained_value():
    found = proof.certify_three_classes()
    assert found.verdict is Verdict.CERTIFIED
    assert found.enclosures["bound"] == pytest.approx(0.0686062110, abs=1e-9)
    assert proof.certify_three_classes(Fraction(-1, 1000)).verdict is Verdict.INCONCLUSIVE  # below the attained value
    assert proof.certify_three_classes(most=100).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("classes", AUDIT)
def test_attained_values(classes):
    found = proof.attained_weak_convexity(classes)
    assert float(found.low) <= AUDIT[classes] * (1 + 1e-4)
    assert float(found.high) == pytest.approx(AUDIT[classes], rel=1e-4)


def test_two_classes_have_none_and_one_is_refused():
    assert proof.attained_weak_convexity(2).high == 0
    assert proof.bound_for_all(2)[0] == 0
    assert proof.bound_for_all(1) == (0, 0)
    with pytest.raises(eqt.UsageError, match="at least 2"):
        proof.attained_weak_convexity(1)


@pytest.mark.parametrize("classes", [2, 3, 4, 10, 50, 1000])
def test_rigorous_bounds_cover_the_attained_ones_and_match_the_declared(classes):
    weak, upper = proof.bound_for_all(classes)
    assert weak >= proof.attained_weak_convexity(classes).low
    lower, declared = logit_curvature(classes)
    assert float(weak) == pytest.approx(-lower, rel=1e-3)
    assert float(weak) <= -lower
    assert float(upper) == pytest.approx(declared, rel=1e-3)
    assert float(upper) <= declared


def _extremes(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    log_p = torch.log_softmax(z, -1)
    p = log_p.exp()
    q = p * (log_p - (p * log_p).sum(-1, keepdim=True))
    across = q.unsqueeze(-1) * p.unsqueeze(-2)
    values = torch.linalg.eigvalsh(across + across.mT - torch.diag_embed(q))
    return values[..., 0], values[..., -1]


@pytest.mark.parametrize("classes", [2, 3, 4, 6, 10, 30])
@pytest.mark.parametrize("end", [0, 1])
def test_ascent_never_exceeds_the_bounds(classes, end):
    """Gradient ascent on the extreme eigenvalue from random logits; for w it comes close to the attained value."""
    generator = torch.Generator().manual_seed(classes)
    z = (2 * torch.randn(48, classes, generator=generator, dtype=torch.float64)).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=0.1)
    sign = 1.0 if end == 0 else -1.0
    for _ in range(200):
        loss = sign * _extremes(z)[end].sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nan_to_num_(z.grad)
        optimiser.step()
    worst = float((sign * _extremes(z.detach())[end]).min())
    weak, upper = proof.bound_for_all(classes)
    if end == 1:
        assert -worst <= float(upper)
        return
    attained = float(proof.attained_weak_convexity(classes).high)
    assert -worst <= float(weak) + 1e-12
    assert -worst <= attained * (1 + 1e-9) + 1e-12  # the formula may well be optimal for every V
    assert -worst >= 0.99 * attained


def test_the_invariant_fails_where_it_should():
    """A wrong sign in the invariant is noticed at once."""
    _, _, reason = proof._positive_on_simplex("T + 2 w", -proof.attained_weak_convexity(3).ball, 1000)
    assert "fails" in reason
