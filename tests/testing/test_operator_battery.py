"""check_operator: every fault is caught, right maps pass, bad arguments are refused."""

import pytest
import torch

from eqt_theory import Ball, Box, FixedPoint, Inclusion, UsageError, Verdict
from eqt_theory.testing import OPERATOR_CHECKS, CheckFailed, check_operator
from eqt_theory.testing.faults.operators import DIM, FAULTS, RIGHT, OperatorFault, layer

D = torch.float64


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("seed", [0, 5])
def test_every_fault_is_caught(fault: OperatorFault, seed: int):
    report = check_operator(fault.make(), DIM, on_fail=None, seed=seed, samples=32)
    assert not report.passed
    assert fault.caught_by in [finding.check for finding in report.failed]
    if fault.name not in ("rounds", "drops_a_coordinate", "a_number", "answers_in_float32"):
        assert report[fault.caught_by].verdict is Verdict.REFUTED


def test_every_check_catches_a_fault():
    assert {fault.caught_by for fault in FAULTS} == {check.__name__ for check in OPERATOR_CHECKS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", [0, 3])
def test_right_maps_pass(name: str, seed: int):
    report = check_operator(RIGHT[name](), DIM, seed=seed, samples=24)
    assert report.passed and len(report) >= 9


def test_the_report_says_which_map_and_where():
    report = check_operator(layer, DIM, samples=8)
    assert report.subject == "layer" and "states of length up to 3, d = 3" in str(report)
    assert check_operator(RIGHT["on_a_ball"](), DIM, samples=8).notes == (f"states in {Ball([1.0] * 3, 0.5)!r}",)


def test_a_domain_keeps_states_in():
    with pytest.raises(CheckFailed, match="finite"):
        check_operator(torch.log, 2)
    assert check_operator(torch.log, 2, domain=Box([0.5, 0.5], [2.0, 2.0]), samples=8).passed


def test_expected_failures_fail_fast_and_the_smallest_case():
    fault = next(f for f in FAULTS if f.name == "too_proud")
    report = check_operator(fault.make(), DIM, expected_failures={"declared_contraction": "known"}, samples=8)
    assert report.passed and len(report.skipped) >= 1
    with pytest.raises(CheckFailed, match="declared_contraction") as caught:
        check_operator(fault.make(), DIM, samples=8)
    assert "x = [" in str(caught.value)
    noisy = next(f for f in FAULTS if f.name == "noisy")
    assert check_operator(noisy.make(), DIM, on_fail=None, fail_fast=True, samples=8).unfinished


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: check_operator(3, 2), "T must be"),
        (lambda: check_operator(torch.tanh, 0), "dim"),
        (lambda: check_operator(torch.tanh, 2, samples=1), "samples"),
        (lambda: check_operator(torch.tanh, 2, domain=Ball([0.0], 1.0)), "domain"),
        (lambda: check_operator(torch.tanh, 2, accuracy=2), "accuracy"),
        (lambda: check_operator(torch.tanh, 2, expected_failures={"x": "y"}), "expected_failures"),
        (lambda: check_operator(FixedPoint(torch.tanh, 3), 2), "dim must be 3"),
        (lambda: check_operator(FixedPoint(lambda h, x: h + x, 2, inputs=torch.ones(4, 2, dtype=D)), 2), "batch"),
        (lambda: check_operator(torch.nn.Linear(2, 2), 2), "float64"),
        (lambda: check_operator(Inclusion(torch.tanh, Ball([0.0], 1.0)), 2), "dim must be 1"),
        (lambda: check_operator(torch.tanh, 2, on_fail="x"), "on_fail"),
    ],
)
def test_bad_arguments(call, word):
    with pytest.raises(UsageError, match=word):
        call()
