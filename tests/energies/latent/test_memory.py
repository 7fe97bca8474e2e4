import math

import pytest
import torch
from energies.cases import D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_value_by_hand_and_negative() -> None:
    z = torch.tensor([[2.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    h = torch.tensor([5.0, 0.0], dtype=torch.float64)
    assert float(eqt.EpisodicMemory(z, 0.5).value(h)) == pytest.approx(-math.log(math.exp(2) + 1), rel=1e-14)
    only = eqt.EpisodicMemory(z, 0.5, torch.tensor([True, False]))
    assert float(only.value(h)) == -2.0, "one aligned memory gives -1/tau"
    assert float(eqt.CosineMemory(z).value(h)) == -1.0


def test_irrelevant_memories_have_no_influence() -> None:
    z, h = draw(0, 4, D), draw(1, 6, D)
    used = torch.tensor([True, False, True, False])
    for kind in (eqt.EpisodicMemory, eqt.CosineMemory):
        a, b = kind(z, relevant=used), kind(z[used])
        for f, g in ((a.value, b.value), (a.gradient, b.gradient), (a.hessian, b.hessian)):
            assert torch.allclose(f(h), g(h), rtol=1e-12, atol=1e-14)


def _extremes(tau: float, lowest: bool, n: int = 4) -> float:
    """Climb on the memories, at |h| = 1, towards an extreme eigenvalue of the Hessian."""
    h = torch.zeros(12, D, dtype=torch.float64)
    h[:, 0] = 1.0
    z = draw(5, 12, n, D).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1)
    best = 0.0
    for _ in range(120):
        values = torch.linalg.eigvalsh(eqt.EpisodicMemory(z, tau).hessian(h))
        aim = values[:, 0] if lowest else -values[:, -1]
        best = min(best, float(aim.detach().min()))
        optimizer.zero_grad()
        aim.sum().backward()
        optimizer.step()
    return abs(best)


@pytest.mark.parametrize("tau", [0.5, 2 / math.sqrt(3), 2.0])
def test_constants_outside_a_ball_are_attained_and_not_exceeded(tau: float) -> None:
    weak, upper = eqt.EpisodicMemory(draw(6, 2, D), tau).curvature_outside(1.0)
    for bound, lowest in ((weak, True), (upper, False)):
        found = _extremes(tau, lowest)
        assert found <= bound
        assert found >= 0.99 * bound


def test_constants_scale_with_the_radius_and_the_gradient_is_bounded() -> None:
    energy = eqt.EpisodicMemory(draw(7, 3, D), 0.3)
    near, far = energy.curvature_outside(0.5), energy.curvature_outside(2.0)
    assert near[0] == pytest.approx(16 * far[0])
    h = draw(8, 200, D)
    length = h.norm(dim=-1)
    assert bool((energy.gradient(h).norm(dim=-1) <= (1 + 1e-12) / (0.3 * length)).all())


def test_cosine_constants_hold_and_are_attained() -> None:
    energy = eqt.CosineMemory(draw(9, 4, D))
    weak, upper = energy.curvature_outside(1.0)
    h = torch.nn.functional.normalize(draw(10, 20_000, D), dim=-1)
    values = torch.linalg.eigvalsh(energy.hessian(h))
    assert 0.99 * upper <= float(values.max()) <= upper
    assert 0.99 * weak <= -float(values.min()) <= weak


def test_moving_average_selects_by_the_dot_product() -> None:
    z = torch.tensor([[10.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    energy = eqt.EpisodicMemory(z, 0.7, torch.tensor([True, True]))
    h = torch.tensor([1.0, 2.0], dtype=torch.float64)
    new = energy.updated(h, beta=0.3)
    # The cosine prefers the second memory, the dot product of (Eq. 16) the first.
    assert torch.allclose(new.memories, torch.tensor([[3.7, 1.4], [0.0, 1.0]], dtype=torch.float64))
    assert torch.equal(energy.memories, z)
    assert new.tau == 0.7
    assert torch.allclose(new.units.norm(dim=-1), torch.ones(2, dtype=torch.float64))
    twice = energy.updated(torch.stack([h, h]), beta=0.3)
    assert torch.equal(twice.memories, new.updated(h, beta=0.3).memories)
    assert torch.equal(energy.updated(h, beta=1.0).memories, z)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.EpisodicMemory(torch.ones(2, 2), tau=0.0), "tau must be"),
        (
            lambda: eqt.EpisodicMemory(torch.ones(2, 2)).updated(torch.ones(2), beta=1.5),
            "beta must be a number",
        ),
        (lambda: eqt.EpisodicMemory(torch.ones(2, 2)).updated(torch.ones(1, 2, 2)), r"h must have shape \(d,\) or"),
        (lambda: eqt.EpisodicMemory(torch.ones(3, 2, 2)).updated(torch.ones(3, 2)), "one memory for all states"),
        (lambda: eqt.EpisodicMemory(torch.ones(1, 2)).updated(-torch.ones(2), beta=0.5), "not zero"),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
