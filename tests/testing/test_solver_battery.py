import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.testing import SOLVER_CHECKS, check_solver
from eqt_theory.testing.battery import run_battery, says
from eqt_theory.testing.faults.gradients import gradient_error
from eqt_theory.testing.faults.right import exact_solve
from eqt_theory.testing.solver_battery import as_solver, solver_bench


def test_a_good_solver_gets_a_full_report():
    report = check_solver(exact_solve, max_examples=2, differentiable=True)
    assert report.passed and [f.check for f in report.skipped if "same_on_cuda" not in f.check] == [
        "declared_rate_for_every_function",
        "declared_rate",
        "declared_rate_ill_conditioned",
        "declared_rate_at_the_border",
        "carries_the_true_gradient",
        "equivariance",
    ]
    for finding in report:
        assert (finding.verdict, finding.method) == (Verdict.SUPPORTED, Method.PROPERTY) and finding.examples > 0
    assert report.subject == "exact_solve" and "M/m = 4" in str(report)
    assert all(says(check) for check in SOLVER_CHECKS)


def test_the_same_seed_gives_the_same_report_and_leaves_the_global_state_alone():
    torch.manual_seed(3)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()
    runs = [check_solver(gradient_error, max_examples=3, on_fail=None, max_shrinks=20) for _ in range(2)]
    assert torch.equal(before, torch.get_rng_state()) and np.array_equal(numbers, np.random.get_state()[1])
    details = [[(f.check, f.detail, f.examples) for f in report] for report in runs]
    assert details[0] == details[1]
    assert all(f.replay is not None and f.replay.confirms for f in runs[0].failed)


def test_what_a_solver_declares_of_itself_is_asked_for():
    bench = solver_bench(eqt.GradientDescent(0.1))
    assert bench.equivariant and bench.differentiable and bench.accuracy == 0
    assert solver_bench(eqt.ScipyLBFGS()).accuracy == 1e-6
    assert not solver_bench(eqt.GradientDescent(0.1), equivariant=False).equivariant


def test_in_float32():
    assert check_solver(exact_solve, max_examples=2, dtype=torch.float32).passed


def test_expected_failures():
    floor = {
        name: "it adds 1e-4 to the gradient"
        for name in ("right_fixed_point", "right_fixed_point_off_quadratics", "linear_convergence")
    }
    report = check_solver(gradient_error, max_examples=2, on_fail=None, expected_failures=floor, max_shrinks=0)
    assert set(floor) <= {f.check for f in report.skipped} and not set(floor) & {f.check for f in report.failed}
    report = check_solver(exact_solve, max_examples=1, on_fail=None, expected_failures={"empty_batch": "it used to"})
    assert [f.check for f in report.failed] == ["empty_batch"]


def test_bad_arguments():
    for arguments, said in (
        ({"solver": 0.1}, "solver must be a Solver .* or a function, got 0.1"),
        ({"solver": eqt.Newton}, "got the class Newton"),
        ({"seed": -1}, "seed must be an integer from 0"),
        ({"max_examples": 0}, "max_examples must be an integer of at least 1"),
        ({"max_shrinks": True}, "max_shrinks must be an integer"),
        ({"dtype": torch.int64}, "dtype must be"),
        ({"device": "tpu"}, "device must be cpu or cuda"),
        ({"accuracy": 2.0}, "accuracy must lie in"),
        ({"on_fail": "warn"}, "on_fail must be"),
        ({"expected_failures": {"nope": "x"}}, "must name checks"),
    ):
        with pytest.raises(ValueError, match=said):
            check_solver(**({"solver": exact_solve} | arguments))
    assert isinstance(as_solver(exact_solve), eqt.StepRule)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda():
    assert check_solver(eqt.GradientDescent(0.1), max_examples=2, device="cuda").passed

    def to_the_cpu(objective, h):
        return exact_solve(objective, h).cpu()

    assert "same_on_cuda" in {f.check for f in check_solver(to_the_cpu, max_examples=2, on_fail=None).failed}


def test_tiny_gradients_far_from_the_origin_are_judged_at_their_own_size():
    # Newton is tried down to M = 1e-4; a shift of 3 once entered the comparison of gradients with its own rounding.
    bench = solver_bench(eqt.Newton(), seed=1, max_examples=6, max_shrinks=0)
    checks = [check for check in SOLVER_CHECKS if check.__name__ == "carries_the_true_gradient"]
    assert run_battery("newton", checks, bench, on_fail=None).passed


def test_what_a_solver_raises_is_told_once():
    def fails(objective, h):
        raise KeyError("mine")

    report = check_solver(fails, max_examples=2, on_fail=None)
    told = [finding.check for finding in report.failed if "as told at" not in finding.detail]
    assert len(report.failed) > 10 and told == ["right_fixed_point"] and report.explain().count("KeyError") <= 3
