"""The local certificate on many instances: trajectories keep it, and false ones are noticed."""

import dataclasses
import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.curvature.local import largest_gamma, local_certificate

COUNT = 56


def instance(seed: int) -> tuple[eqt.WeightedSum, torch.Tensor]:
    """Four terms with random linear heads, memories and proposal."""
    generator = torch.Generator().manual_seed(seed)
    d, classes = 2 + seed % 6, 2 + seed % 5

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    tokens = torch.randint(0, classes, (5,), generator=generator)
    mask = torch.tensor([True, False, True, True, False])

    def head() -> eqt.LinearHead:
        return eqt.LinearHead(0.3 * draw(classes, d), draw(classes))

    energy = eqt.paper_energy(
        eqt.ReversePrediction(head(), tokens, window=3),
        eqt.MaskedPrediction(head(), tokens, mask),
        eqt.Confidence(head()),
        eqt.EpisodicMemory(draw(4, d), tau=0.5 + float(torch.rand(1, generator=generator))),
    )
    f = draw(d)
    return energy, f / f.norm() * (2 + 6 * float(torch.rand(1, generator=generator)))


def trajectories(found, f, starts: int = 16, steps: int = 25):
    """How far states get from f, and how slow the slowest step is, from starts all over the ball."""
    objective = eqt.Objective(found.energy, f, found.gamma)
    star = eqt.solve(objective, eqt.GradientDescent(1 / found.M), tolerance=1e-12, max_steps=500).h
    away = torch.randn(starts, len(f), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    h = f + found.radius * (1 - 1e-9) * away / away.norm(dim=-1, keepdim=True)
    h[0] = f
    farthest = slowest = 0.0
    for _ in range(steps):
        after = h - found.step_size * objective.gradient(h)
        before, now = (h - star).norm(dim=-1), (after - star).norm(dim=-1)
        clear = before > 1e-6
        if bool(clear.any()):
            slowest = max(slowest, float((now / before)[clear].max()))
        farthest = max(farthest, float((after - f).norm(dim=-1).max()))
        h = after
    return farthest, slowest


@pytest.mark.parametrize("group", range(4))
def test_trajectories_keep_the_certificate(group):
    for seed in range(group, COUNT, 4):
        energy, f = instance(seed)
        largest = largest_gamma(energy, f)
        assert 0 < largest < math.inf
        found = local_certificate(energy, f, (0.3 + 0.65 * (seed % 10) / 9) * largest)
        assert found.holds and found.reason == ""
        assert found.radius < float(f.norm())
        farthest, slowest = trajectories(found, f)
        assert farthest <= found.radius * (1 + 1e-12)
        assert slowest <= found.rate + 1e-8
        assert found.rate < 1


def test_curvature_on_the_ball_is_as_certified():
    energy, f = instance(1)
    found = local_certificate(energy, f, 0.9 * largest_gamma(energy, f))
    phi = eqt.Objective(found.energy, f, found.gamma)
    ball = eqt.Ball(f.tolist(), found.radius)
    assert eqt.check_strong_convexity(phi, found.m - 1e-9, ball, samples=32).verdict is eqt.Verdict.CERTIFIED
    assert eqt.check_smoothness(phi, found.M + 1e-9, ball, samples=32).verdict is eqt.Verdict.CERTIFIED


def test_the_given_step_size_is_used_and_checked():
    energy, f = instance(2)
    gamma = 0.5 * largest_gamma(energy, f)
    best = local_certificate(energy, f, gamma)
    short = local_certificate(energy, f, gamma, step_size=best.step_size / 10)
    assert short.holds and short.rate > best.rate and short.radius == best.radius
    with pytest.raises(eqt.UsageError, match="at most gamma"):
        local_certificate(energy, f, gamma, step_size=2 * gamma)


def test_a_smaller_radius_is_left():
    """The planted fault: a ball of a tenth of the radius is not invariant, and one around 0 has no certificate."""
    energy, f = instance(3)
    found = local_certificate(energy, f, 0.9 * largest_gamma(energy, f))
    farthest, _ = trajectories(found, f, starts=1)
    assert farthest > found.radius / 10


def test_a_step_that_is_too_long_breaks_the_rate():
    energy, f = instance(4)
    found = local_certificate(energy, f, 0.9 * largest_gamma(energy, f))
    _, slowest = trajectories(dataclasses.replace(found, step_size=2.5 * found.gamma), f)
    assert slowest > found.rate


@pytest.mark.parametrize(
    ("gamma", "scale", "reason"),
    [(50.0, 1.0, "is not above gamma G0"), (0.05, 0.01, "no radius keeps"), (1.0, 1.0, "not below 1/gamma")],
)
def test_reasons_why_there_is_none(gamma, scale, reason):
    head = eqt.LinearHead(0.05 * torch.eye(3, dtype=torch.float64))
    energy = eqt.paper_energy(
        confidence=eqt.Confidence(head),
        memory=eqt.EpisodicMemory(torch.eye(3, dtype=torch.float64), tau=0.5),
        weights=eqt.PaperWeights(confidence=1.0, memory=0.37 if reason.startswith("not") else 0.1),
    )
    f = scale * torch.tensor([1.9, 0.0, 0.0], dtype=torch.float64)
    found = local_certificate(energy, f, gamma)
    assert not found.holds
    assert reason in found.reason
    assert found.rate is None


def test_without_memory_the_origin_is_no_obstacle():
    head = eqt.LinearHead(torch.eye(2, dtype=torch.float64))
    energy = eqt.paper_energy(confidence=eqt.Confidence(head))
    f = torch.tensor([0.1, 0.0], dtype=torch.float64)
    found = local_certificate(energy, f, 1.0)
    assert found.holds
    assert found.radius == pytest.approx(0.2 * 2**0.5 * (1 + math.log(2)))
    assert largest_gamma(energy, f) == math.inf  # V = 2 is convex


def test_same_argmax_is_seen():
    head = eqt.LinearHead(torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64))
    energy = eqt.paper_energy(confidence=eqt.Confidence(head))
    far, near = torch.tensor([3.0, 0.0], dtype=torch.float64), torch.tensor([0.1, 0.0], dtype=torch.float64)
    assert local_certificate(energy, far, 0.5).same_argmax is True
    assert local_certificate(energy, near, 0.5).same_argmax is False


def test_frozen_energy_is_the_active_one_at_the_proposal():
    energy, f = instance(5)
    found = local_certificate(energy, f, 0.1)
    assert float(found.energy.value(f)) == pytest.approx(float(energy.value(f)), rel=1e-14)


def test_refusals():
    energy, f = instance(0)
    zero = torch.zeros_like(f)
    assert not local_certificate(energy, zero, 1.0).holds
    assert largest_gamma(energy, zero) == 0.0
    for wrong, message in ((f[None], "one finite state"), (f * math.nan, "one finite state"), (f[:-1], "shape")):
        with pytest.raises(eqt.UsageError, match=message):
            local_certificate(energy, wrong, 1.0)
    with pytest.raises(eqt.UsageError, match="gamma"):
        local_certificate(energy, f, 0.0)
    assert "is not above gamma G0 = inf" in local_certificate(100 * energy, f, 1e308).reason
    with pytest.raises(eqt.UsageError, match="no constants are proved for DoubleWell"):
        local_certificate(energy + eqt.DoubleWell(), f, 1.0)
    with pytest.raises(eqt.UsageError, match="no bound on the gradient"):
        local_certificate(eqt.LogSumExp(torch.eye(3, dtype=torch.float64), ridge=0.1), torch.ones(3).double(), 1.0)
