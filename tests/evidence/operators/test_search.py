import pytest
import torch

from eqt_theory import Ball, Box, FixedPoint, Verdict, WholeSpace, check_lipschitz, check_monotone
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
