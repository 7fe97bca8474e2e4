import time

import pytest

import eqt_theory as eqt
from eqt_theory.testing import CheckFailed, Outcome, check_energy, check_solver
from eqt_theory.testing.faults import gradients, memory
from eqt_theory.testing.faults.right import descent
from eqt_theory.testing.limits import Limits, OutOfTime


def test_work_is_counted_check_by_check():
    limits = Limits(3)
    limits.spend(2)
    assert not limits.spent
    limits.spend()
    assert limits.spent and not limits.expired
    limits.begin("next")
    assert not limits.spent and limits.check == "next"


def test_seconds_are_a_last_resort():
    limits = Limits(seconds=1e-9)
    time.sleep(1e-3)
    assert limits.expired
    with pytest.raises(OutOfTime):
        limits.spend()


def test_work_that_is_spent_draws_no_further_case_and_is_no_failure():
    few = check_solver(descent, on_fail=None, max_examples=8, max_work=50)
    assert few.passed and few["right_fixed_point"].examples < 8
    assert "as 50 steps were spent" in few["right_fixed_point"].detail
    again = check_solver(descent, on_fail=None, max_examples=8, max_work=50)
    assert [(f.check, f.detail, f.examples) for f in few] == [(f.check, f.detail, f.examples) for f in again]


def test_a_run_out_of_time_is_no_pass_and_says_how_far_it_came():
    report = check_solver(descent, on_fail=None, max_examples=50, seconds=0.3)
    assert not report.passed and not report.failed and report.unfinished
    assert "the 0.3 seconds were over" in report.explain() and "not done" in report.summary
    with pytest.raises(CheckFailed, match="0.3 seconds were over"):
        check_solver(descent, max_examples=50, seconds=0.3)


def test_the_first_failure_may_end_it():
    report = check_solver(gradients.sign_flip, on_fail=None, max_examples=2, fail_fast=True)
    assert [f.check for f in report.failed] == ["right_fixed_point"]
    assert {r.outcome for r in report.results[1:]} == {Outcome.UNFINISHED}
    energy = eqt.FunctionEnergy(lambda h: h.norm() * float("nan"))
    short = check_energy(energy, 2, samples=8, on_fail=None, fail_fast=True)
    assert len(short.failed) == 1 and short.unfinished


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda: gradients.gradient_error, "stops early"),
        (lambda: gradients.normalised_gradient, "hovers"),
        (memory.average_of_all_steps, "sublinear"),
        (lambda: gradients.sign_flip, "diverges"),
    ],
)
def test_one_cause_is_told_once(make, cause: str):
    report = check_solver(make(), on_fail=None, max_examples=1, max_shrinks=10)
    of_it = [f for f in report.failed if cause in f.detail]
    assert len(of_it) >= 4
    tellers = [f for f in of_it if "as told at" not in f.detail]
    assert len(tellers) == 1 and tellers[0].witness
    assert all(f.detail == f"{cause}, as told at {tellers[0].check}" for f in of_it if f not in tellers)
    assert report.explain().count("problem =") < len(report.failed)


@pytest.mark.parametrize("options", [{"max_work": 0}, {"max_work": 1.5}, {"seconds": 0}, {"seconds": "3"}])
def test_bad_arguments(options: dict):
    with pytest.raises(eqt.UsageError, match=next(iter(options))):
        check_solver(descent, **options)
