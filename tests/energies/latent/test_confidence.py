import math

import pytest
import torch
from energies.cases import draw

import eqt_theory as eqt
from eqt_theory.energies.latent.confidence import logit_curvature


def _identity(v: int) -> eqt.LinearHead:
    return eqt.LinearHead(torch.eye(v, dtype=torch.float64))


def test_wide_gaps_stay_finite() -> None:
    energy = eqt.Confidence(_identity(3))
    z = torch.tensor([[1e4, 0.0, -1e4], [800.0, 0.0, 0.0]], dtype=torch.float64)
    for f in (energy.value, energy.gradient, energy.hessian):
        assert torch.isfinite(f(z)).all()
    naive = torch.softmax(z, -1)
    assert torch.isnan(naive * naive.log()).any(), "the naive formula fails here"


def test_value_by_hand() -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    by_hand = -sum(x * math.log(x) for x in p.tolist()) - math.log(0.5)
    assert float(eqt.Confidence(_identity(3)).value(p.log())) == pytest.approx(by_hand, rel=1e-14)


def _extremes(v: int, lowest: bool) -> float:
    """Climb on the logits towards the least, or greatest, eigenvalue of the Hessian."""
    energy = eqt.Confidence(_identity(v), 0)
    scale = 5 * torch.rand(12, 1, generator=torch.Generator().manual_seed(v), dtype=torch.float64)
    z = (scale * draw(v, 12, v)).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1)
    best = 0.0
    for _ in range(120):
        values = torch.linalg.eigvalsh(energy.hessian(z))
        aim = values[:, 0] if lowest else -values[:, -1]
        best = min(best, float(aim.detach().min()))
        optimizer.zero_grad()
        aim.sum().backward()
        optimizer.step()
    return abs(best)


@pytest.mark.parametrize("v", [2, 3, 10])
def test_search_does_not_exceed_the_logit_bounds(v: int) -> None:
    lower, upper = logit_curvature(v)
    down, up = _extremes(v, lowest=True), _extremes(v, lowest=False)
    assert down <= -lower + 1e-14
    assert up <= upper
    # The attained weak convexity: max over a of a (1 - 2a) ln(a (V-2)/(1-2a)), and 0 for two classes.
    known = {2: 0.0, 3: 0.068606, 10: 0.234964}[v]
    assert down == pytest.approx(known, abs=2e-6)


def test_logit_bounds_hold_on_a_fine_grid() -> None:
    # Three classes: the whole simplex, as a check of the proof by other means.
    a = torch.linspace(-12, 12, 400, dtype=torch.float64)
    z = torch.cartesian_prod(a, a)
    z = torch.cat([z, torch.zeros(len(z), 1, dtype=torch.float64)], -1)
    values = torch.linalg.eigvalsh(eqt.Confidence(_identity(3), 0).hessian(z))
    lower, upper = logit_curvature(3)
    assert lower <= float(values.min()) < -0.0685
    assert 0.3 < float(values.max()) <= upper


def test_constants_used_in_the_proof() -> None:
    t = torch.linspace(1e-6, 0.5, 2_000_001, dtype=torch.float64)
    assert 0.2238 < float((t * (1 - t) * ((1 - t) / t).log()).max()) < 0.22389
    for v in (3, 50, 32_000):
        a = torch.linspace(1 / v, 1 - 1e-9, 1_000_001, dtype=torch.float64)
        r = (1 - a) * (a * (v - 1) / (1 - a)).log()
        reference = float((torch.minimum(a, 2 * a * (1 - a)) * r.clamp(min=0)).max())
        lower = -logit_curvature(v)[0]
        assert reference <= lower <= reference * 1.001


def test_declared_curvature_ignores_a_common_row() -> None:
    weight = draw(1, 5, 3)
    a, b = eqt.Confidence(eqt.LinearHead(weight), 0), eqt.Confidence(eqt.LinearHead(weight + 10), 0)
    assert a.curvature is not None
    assert b.curvature is not None
    assert b.curvature.lowest == pytest.approx(a.curvature.lowest, rel=1e-9)
    one = eqt.Confidence(eqt.LinearHead(draw(2, 1, 3)), 0)
    assert one.curvature is not None
    assert (one.curvature.lowest, one.curvature.highest) == (0.0, 0.0)
