import subprocess
import sys
from pathlib import Path

import pytest

import eqt_theory as eqt
from eqt_theory.testing import parametrize_with_checks
from eqt_theory.testing.faults.gradients import sign_flip
from eqt_theory.testing.faults.right import exact_solve


@parametrize_with_checks([exact_solve], max_examples=2)
def test_a_right_solver_passes_each(solver, check):
    check(solver)


def test_ids_are_readable():
    cases = parametrize_with_checks([exact_solve, eqt.Newton(), eqt.Newton()]).args[1]
    ids = [case.id for case in cases]
    assert ids[0] == "exact_solve-right_fixed_point"
    assert "Newton()#1-empty_batch" in ids and "Newton()#2-empty_batch" in ids
    assert len(set(ids)) == len(ids)


def _call(solver, name: str, **options):
    cases = parametrize_with_checks([solver], max_examples=2, **options).args[1]
    (case,) = [case for case in cases if case.values[1].name == name]
    case.values[1](solver)


def test_what_happens_in_a_test():
    with pytest.raises(AssertionError, match="right_fixed_point"):
        _call(sign_flip, "right_fixed_point")
    with pytest.raises(pytest.skip.Exception, match="does not declare"):
        _call(sign_flip, "equivariance")
    with pytest.raises(pytest.xfail.Exception, match="it climbs"):
        _call(sign_flip, "right_fixed_point", expected_failures={"right_fixed_point": "it climbs"})
    with pytest.raises(AssertionError, match="was expected to fail"):
        _call(exact_solve, "empty_batch", expected_failures=lambda solver: {"empty_batch": "no reason"})


def test_bad_arguments():
    with pytest.raises(ValueError, match="at least one solver"):
        parametrize_with_checks([])
    with pytest.raises(ValueError, match="solver must be a Solver"):
        parametrize_with_checks([1])
    with pytest.raises(ValueError, match="must name checks"):
        parametrize_with_checks([exact_solve], expected_failures={"nope": "x"})
    with pytest.raises(ValueError, match="put a single one in brackets"):
        parametrize_with_checks(exact_solve)
    with pytest.raises(ValueError, match="expected_failures must be a dict of check names and reasons, got None"):
        parametrize_with_checks([exact_solve], expected_failures=lambda solver: None)
    with pytest.raises(ValueError, match="max_examples must be an integer of at least 1, got 0"):
        parametrize_with_checks([exact_solve], max_examples=0)


def test_in_somebody_elses_project(tmp_path: Path):
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n"
        "import eqt_theory as eqt\n"
        "from eqt_theory.testing import parametrize_with_checks\n"
        "@parametrize_with_checks([eqt.Newton()], max_examples=1)\n"
        "def test_mine(solver, check):\n    check(solver)\n"
        "@pytest.mark.parametrize('solver', [eqt.GradientDescent(0.1)])\n"
        "def test_ids(solver):\n    pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-W", "error", "-k"]
    command += ["empty_batch or one_dimension or equivariance or test_ids", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED test_mine.py::test_mine[Newton()-one_dimension]" in done.stdout
    assert "PASSED test_mine.py::test_ids[GradientDescent(step_size=0.1)]" in done.stdout
