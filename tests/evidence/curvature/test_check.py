"""Strong convexity and smoothness over domains: every verdict, planted faults, kinks."""

import copy

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Verdict, check_smoothness, check_strong_convexity
from eqt_theory.evidence.curvature.check import check_curvature
from eqt_theory.evidence.curvature.search import search_curvature

BALL = eqt.Ball([0.0, 0.0], 2.0)
BOWL = eqt.Quadratic(torch.diag(torch.tensor([0.5, 3.0], dtype=torch.float64)))


def test_every_verdict():
    assert check_strong_convexity(BOWL, 0.5, BALL).verdict is Verdict.CERTIFIED
    assert check_smoothness(BOWL, 3.0, BALL).verdict is Verdict.CERTIFIED
    refuted = check_strong_convexity(BOWL, 0.51, BALL)
    assert refuted.verdict is Verdict.REFUTED
    assert refuted.witness["curvature"] == pytest.approx(0.5, abs=1e-2)
    plain = eqt.FunctionEnergy(lambda h: torch.cosh(h).sum(), dim=2)
    supported = check_strong_convexity(plain, 1.0, BALL)
    assert supported.verdict is Verdict.SUPPORTED and supported.examples > 0
    endless = eqt.FunctionEnergy(lambda h: torch.exp(400 * h.square()).sum(), dim=2)
    assert check_smoothness(endless, 1.0, BALL).verdict is Verdict.INCONCLUSIVE


def test_witness_pairs_violate_in_plain_floats():
    energy = eqt.DoubleWell()
    finding = check_strong_convexity(energy, 0.0, BALL)
    a, b = (torch.tensor(finding.witness[k], dtype=torch.float64) for k in "ab")
    assert BALL.contains(a.tolist()) and BALL.contains(b.tolist())
    middle = energy.value((a + b) / 2)
    assert float(energy.value(a) + energy.value(b) - 2 * middle) < 0


@pytest.mark.parametrize("domain", [BALL, eqt.Box([-2.0, -2.0], [2.0, 2.0]), eqt.WholeSpace(2)])
def test_an_exceeded_bound_is_found_on_every_kind_of_domain(domain):
    bump = eqt.FunctionEnergy(lambda h: 0.5 * h.square().sum() + torch.exp(-(h - 0.7).square().sum() / 0.2), dim=2)
    assert check_strong_convexity(bump, 0.9, domain).verdict is Verdict.REFUTED
    assert check_smoothness(bump, 1.1, domain).verdict is Verdict.REFUTED


@pytest.mark.parametrize("share", [1.001, 0.999])
def test_bounds_just_inside_and_outside(share):
    """log-cosh has curvature in (0, 1], greatest at 0."""
    energy = eqt.FunctionEnergy(lambda h: torch.log(torch.cosh(h)).sum(), dim=2)
    found = check_smoothness(energy, share, BALL)
    assert found.verdict is (Verdict.SUPPORTED if share > 1 else Verdict.REFUTED)


def test_kinks_have_no_curvature_bound():
    absolute = eqt.FunctionEnergy(lambda h: h.abs().sum(), dim=2)
    assert check_smoothness(absolute, 1e3, BALL).verdict is Verdict.REFUTED
    assert check_strong_convexity(absolute, 0.0, BALL).verdict is Verdict.SUPPORTED
    head = eqt.LinearHead(torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64))
    tie = check_strong_convexity(eqt.Confidence(head), -1e3, BALL)
    assert tie.verdict is Verdict.REFUTED
    assert check_strong_convexity(eqt.Confidence(head, piece=0), 0.0, BALL).verdict is Verdict.CERTIFIED  # V = 2


def test_piecewise_curvature_is_within_its_bounds():
    energy = eqt.PiecewiseCurvature.switching(0.5, 8.0, 2, seed=0)
    assert check_strong_convexity(energy, 0.5, BALL).verdict in (Verdict.SUPPORTED, Verdict.CERTIFIED)
    assert check_strong_convexity(energy, 0.6, BALL).verdict is Verdict.REFUTED
    assert check_smoothness(energy, 7.9, BALL).verdict is Verdict.REFUTED


def test_a_false_gradient_does_not_refute():
    """The search believes the gradient; the values do not confirm it."""

    class Liar(eqt.Energy):
        def value(self, h):
            return h.square().sum(-1) / 2

        def gradient(self, h):
            return -h

    finding = check_strong_convexity(Liar(), 0.5, BALL)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "do not confirm" in finding.detail


def test_objectives_and_single_sides():
    phi = eqt.Objective(BOWL, torch.zeros(2, dtype=torch.float64), 2.0)
    assert check_strong_convexity(phi, 1.0, BALL).verdict is Verdict.CERTIFIED
    assert check_curvature(phi, None, 3.5, BALL).verdict is Verdict.CERTIFIED
    assert check_curvature(phi, None, 3.4, BALL).verdict is Verdict.REFUTED
    assert check_curvature(phi, None, 3.5, BALL, certificates=False).verdict is Verdict.SUPPORTED


def test_same_seed_same_finding():
    first, second = (check_strong_convexity(eqt.DoubleWell(), 0.0, BALL, seed=3) for _ in range(2))
    assert first.witness == second.witness


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_strong_convexity(BOWL, float("nan"), BALL), "mu must be"),
        (lambda: check_smoothness(BOWL, -1.0, BALL), "L must be"),
        (lambda: check_smoothness(BOWL, 1.0, eqt.Ball([0.0], 1.0)), "dimension"),
        (lambda: check_smoothness(eqt.Quadratic(torch.eye(2).double().expand(3, 2, 2)), 1.0, BALL), "batch"),
        (lambda: check_smoothness(BOWL, 1.0, BALL, samples=0), "samples"),
        (lambda: check_curvature(BOWL, None, None, BALL), "low and high"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(eqt.UsageError, match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused_by_name(dtype):
    energy = eqt.LogSumExp(torch.eye(2, dtype=dtype), torch.zeros(2, dtype=dtype))
    with pytest.raises(eqt.UsageError, match=f"float64 or float32 .* got {dtype}"):
        eqt.check_smoothness(energy, 1.0, eqt.Ball([0.0, 0.0], 1.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_rounding_hides_of_short_segments_shows_on_longer_ones(dtype):
    """In float32 the worst segments, halved often, were of a length at which rounding may be all that there is."""
    weights = torch.randn(24, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = torch.nn.Parameter(weights.to(dtype))

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = rows

        def forward(self, h):
            return -0.05 * torch.nn.functional.softplus(self.rows @ h).sum() + 0.5 * h.square().sum()

    least = float(torch.linalg.eigvalsh(torch.eye(16) - 0.05 * 0.25 * weights.float().T @ weights.float())[0])
    energy, ball = eqt.FunctionEnergy(Network(), dim=16), eqt.Ball([0.0] * 16, 1.0)
    assert eqt.check_strong_convexity(energy, least - 0.3, ball).verdict is Verdict.SUPPORTED
    assert eqt.check_strong_convexity(energy, least + 0.15, ball).verdict is Verdict.REFUTED


def test_a_bound_that_rounding_hides_is_not_supported():
    """The trained decoder of a latent energy, near enough: curvature below the bound in a small region alone."""
    torch.manual_seed(0)
    decoder = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Softplus(), torch.nn.Linear(32, 24))
    with torch.no_grad():
        decoder[0].weight *= 3
        decoder[2].weight *= 2
    seen = 3 * torch.randn(24)

    def energies(net, x):
        return eqt.FunctionEnergy(lambda h: (x - net(h)).square().sum() / 2 + h.square().sum(), dim=16)

    ball = eqt.Ball([0.0] * 16, 0.5)
    single = eqt.Objective(energies(decoder, seen), torch.zeros(16), 1e6)
    double = eqt.Objective(energies(copy.deepcopy(decoder).double(), seen.double()), torch.zeros(16).double(), 1e6)
    bound = search_curvature(double, ball, 256, 0).least.curvature + 0.02
    assert check_strong_convexity(double, bound, ball).verdict is Verdict.REFUTED
    assert check_strong_convexity(single, bound, ball).verdict is not Verdict.SUPPORTED
