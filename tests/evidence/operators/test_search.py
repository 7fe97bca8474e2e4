import pytest
import torch

from eqt_theory import Ball, Box, FixedPoint, UsageError, Verdict, WholeSpace, check_lipschitz, check_monotone
from eqt_theory.evidence.operators.search import extent, undirected

D = torch.float64
BALL = Ball([0.0, 0.0], 1.0)


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("fn", "wanted"),
    [
        (torch.tanh, False),
        (lambda h: h.detach() * 0.5, True),
        (lambda h: torch.as_tensor(0.5 * h.detach().numpy()), True),
        (lambda h: 0.5 * h.detach() + 0.4 * h, True),
        (torch.sign, False),
        (lambda h: torch.zeros_like(h), False),
        (lambda h: 2 * h.abs(), False),
    ],
)
def test_whether_derivatives_are_those_of_the_images(fn, wanted):
    states = torch.randn(20, 2, dtype=D, generator=generator())
    assert undirected(FixedPoint(fn), states, generator()) is wanted


def test_samples_alone_support_nothing():
    hidden = FixedPoint(lambda h: 0.5 * h.detach(), 2)
    assert check_lipschitz(hidden, 0.5, BALL).verdict is Verdict.INCONCLUSIVE
    assert check_lipschitz(hidden, 0.4, BALL).verdict is Verdict.REFUTED
    assert check_monotone(hidden, 0.5, BALL).verdict is Verdict.INCONCLUSIVE
    assert check_monotone(hidden, 0.6, BALL).verdict is Verdict.REFUTED


def test_what_was_searched_is_said():
    found = check_lipschitz(FixedPoint(torch.tanh, 2), 1.0, BALL, samples=20)
    assert found.verdict is Verdict.SUPPORTED
    assert "searched: the Jacobian at 20 states, ascent on it from the 6 worst" in found.detail


def test_the_extent_of_a_domain():
    assert (extent(BALL), extent(Box([0.0, 0.0], [3.0, 4.0])), extent(WholeSpace(3))) == (2.0, 5.0, 1.0)


def test_what_remembers_or_draws_is_no_map():
    calls = []

    def drifting(h):
        calls.append(1)
        return 0.5 * h + 1e-3 * len(calls)

    for fn in (drifting, lambda h: 0.5 * h + 1e-3 * torch.randn(2, dtype=D)):
        for finding in (check_lipschitz(fn, 0.9, BALL), check_monotone(fn, 0.1, BALL)):
            assert finding.verdict is Verdict.INCONCLUSIVE and "no map" in finding.detail


def test_a_hole_that_no_sample_meets_is_no_support():
    # The samples are few and lie elsewhere; pairs around them fall into the hole.
    def holed(h):
        return torch.where((h[:1] > 0.02) & (h[:1] < 0.2), torch.nan, 0.5 * h)

    assert check_lipschitz(holed, 0.5, BALL, samples=6).verdict is not Verdict.SUPPORTED
    assert check_monotone(holed, 0.5, BALL, samples=6).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize("below", [1e-3, 1e-9, 1e-12, 1e-14])
def test_a_rotation_is_never_a_contraction(below):
    rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=D)
    found = check_lipschitz(lambda h: rotation @ h, 1 - below, Ball([0.0, 0.0], 5.0), samples=16)
    assert found.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE)
    assert check_lipschitz(rotation, 1 - below, BALL).verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE)


def test_an_infinite_slope_is_no_support():
    assert check_lipschitz(lambda h: 0.1 * h.abs().sqrt(), 50.0, Ball([0.0], 1.0)).verdict is not Verdict.SUPPORTED
    assert check_lipschitz(lambda h: 0.5 * h / (1 + h.norm()), 0.5, BALL).verdict is Verdict.SUPPORTED


def test_in_place_maps_and_maps_that_return_their_state():
    assert check_lipschitz(lambda h: h.mul_(0.5), 0.5, BALL, samples=16).verdict is Verdict.SUPPORTED
    assert check_lipschitz(lambda h: h.mul_(0.5), 0.49, BALL, samples=16).verdict is Verdict.REFUTED
    assert check_lipschitz(lambda h: h, 1.0, BALL, samples=16).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("fn", [lambda h: h[:1], lambda h: h.sum(), lambda h: torch.cat([h, h])])
def test_a_map_between_other_spaces_is_refused(fn):
    with pytest.raises(UsageError, match="must return a state"):
        check_lipschitz(fn, 1.0, BALL)


@pytest.mark.parametrize("fn", [lambda h: 0.9 * h + 3e4, lambda h: torch.tanh(0.9 * h) * 1e-20])
def test_single_precision_refutes_no_truth(fn):
    layer = torch.nn.Identity()
    layer.register_buffer("kept", torch.zeros(1))
    inner = FixedPoint(layer, 2)
    single = FixedPoint(torch.nn.Sequential(layer, Applied(fn)), 2)
    assert inner.reference().dtype is torch.float32
    assert check_lipschitz(single, 0.9 * (1 + 1e-6), BALL, samples=16).verdict is not Verdict.REFUTED


class Applied(torch.nn.Module):
    """A function as a module."""

    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, h):
        return self.fn(h)


@pytest.mark.parametrize(
    ("jumps", "constant"),
    [
        (torch.round, 1e4),
        (lambda h: 0.3 * h + 1e-6 * torch.sign(h - 0.123), 0.9),
        (lambda h: torch.where(h.abs() >= h.abs().max(), h, 0.0), 1e3),
    ],
)
def test_a_jump_has_no_constant(jumps, constant):
    found = check_lipschitz(jumps, constant, Ball([0.0, 0.1, 0.0], 2.0), samples=64)
    assert found.verdict is Verdict.REFUTED and found.witness["factor"] > constant


def test_a_jump_downwards_has_no_modulus():
    down = lambda h: h - 1e-4 * torch.sign(h - 0.1)  # noqa: E731
    assert check_monotone(down, -50.0, Ball([0.0, 0.0], 2.0)).verdict is Verdict.REFUTED
    assert check_monotone(lambda h: h + torch.sign(h - 0.1), 1.0, Ball([0.0, 0.0], 2.0)).verdict is Verdict.SUPPORTED
