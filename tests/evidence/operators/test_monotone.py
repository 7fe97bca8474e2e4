import pytest
import torch

from eqt_theory import Ball, Box, Inclusion, UsageError, Verdict, WholeSpace, check_monotone

D = torch.float64


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("d", [2, 6, 80])
def test_a_strongly_monotone_operator_that_is_no_gradient(d):
    B = seeded(d, d) / d**0.5
    # The skew part changes nothing, and tanh has slopes in [0, 1]: the modulus on a ball lies above 0.3.
    F = lambda h: 0.3 * h + torch.tanh(h) + (B - B.T) @ h  # noqa: E731
    ball = Ball([0.0] * d, 1.0)
    assert check_monotone(F, 0.3, ball, samples=16).verdict is Verdict.SUPPORTED
    found = check_monotone(F, 1.2, ball, samples=16)
    assert found.verdict is Verdict.REFUTED
    x, y = (torch.tensor(found.witness[name], dtype=D) for name in ("x", "y"))
    assert float((F(x) - F(y)) @ (x - y)) < 1.2 * float((x - y) @ (x - y))


@pytest.mark.parametrize("d", [3, 70])
def test_one_bad_direction_is_found(d):
    q = torch.linalg.qr(seeded(d, d))[0]
    values = torch.ones(d, dtype=D)
    values[d // 2] = -0.01
    F = lambda h: q @ (values * (q.T @ h))  # noqa: E731
    assert check_monotone(F, 0.0, Ball([0.0] * d, 1.0), samples=8).verdict is Verdict.REFUTED
    assert check_monotone(F, -0.01, Ball([0.0] * d, 1.0), samples=8).verdict is Verdict.SUPPORTED


def test_the_search_descends_to_a_dip():
    F = lambda h: h - 1.6 * torch.exp(-4 * (h - 0.7).square()) * (h - 0.7)  # noqa: E731
    assert check_monotone(F, 0.0, Ball([0.0] * 3, 2.0), samples=16).verdict is Verdict.REFUTED


def test_a_rotation_is_monotone_and_not_strongly():
    rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=D)
    F = lambda h: rotation @ h  # noqa: E731
    assert check_monotone(F, 0.0, WholeSpace(2)).verdict is Verdict.SUPPORTED
    assert check_monotone(F, 1e-3, WholeSpace(2)).verdict is Verdict.REFUTED


def test_jumps_rounding_and_what_is_not_finite():
    box = Box([-1.0], [1.0])
    assert check_monotone(lambda h: torch.where(h > 0.1237, h - 1, h), 0.0, box).verdict is Verdict.REFUTED
    assert check_monotone(lambda h: 0.5 * h + 1e6, 0.5, box).verdict is Verdict.SUPPORTED
    assert check_monotone(torch.log, 0.0, box).verdict is Verdict.INCONCLUSIVE


def test_of_an_inclusion_its_operator_is_judged():
    problem = Inclusion(lambda h: 2 * h, Ball([0.0], 1.0))
    assert check_monotone(problem, 2.0, Ball([0.0], 1.0)).verdict is Verdict.SUPPORTED
    assert check_monotone(problem, 2.1, Ball([0.0], 1.0)).verdict is Verdict.REFUTED


def test_bad_arguments():
    ball = Ball([0.0, 0.0], 1.0)
    for call, word in [
        (lambda: check_monotone(3, 0.0, ball), "F must be"),
        (lambda: check_monotone(torch.tanh, float("nan"), ball), "m must be"),
        (lambda: check_monotone(torch.eye(3), 0.0, ball), "dimension"),
        (lambda: check_monotone(torch.tanh, 0.0, None), "domain"),
    ]:
        with pytest.raises(UsageError, match=word):
            call()


def test_same_seed_same_finding():
    first, again = (check_monotone(torch.sin, 0.0, Ball([0.0] * 2, 3.0), seed=5) for _ in range(2))
    assert first.verdict is Verdict.REFUTED and first.witness == again.witness
