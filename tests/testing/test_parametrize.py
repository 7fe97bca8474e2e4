import json
import subprocess
import sys
from pathlib import Path

import pytest

import eqt_theory as eqt
from eqt_theory.testing import parametrize_with_checks
from eqt_theory.testing.as_test import CheckAsTest
from eqt_theory.testing.battery import NotApplicable
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


def test_the_solver_that_is_given_is_checked():
    (case,) = [
        c for c in parametrize_with_checks([exact_solve], max_examples=1).args[1] if c.id.endswith("one_dimension")
    ]
    check = case.values[1]
    check(exact_solve)
    for wrong in (sign_flip, lambda objective, h: h * float("nan")):
        with pytest.raises(AssertionError, match="one_dimension"):
            check(wrong)
    check(exact_solve)


def test_options_reach_the_checks():
    def rounds(objective, h):
        return (exact_solve(objective, h) * 1e7).round() / 1e7

    with pytest.raises(AssertionError):
        _call(rounds, "right_fixed_point")
    _call(rounds, "right_fixed_point", accuracy=1e-6)
    _call(rounds, "right_fixed_point", accuracy=lambda solver: 1e-6 if solver is rounds else None)
    with pytest.raises(ValueError, match="accuracy must lie in"):
        parametrize_with_checks([rounds], accuracy=2.0)
    cases = parametrize_with_checks([sign_flip], max_examples=1, fail_fast=True).args[1]
    with pytest.raises(AssertionError):
        cases[0].values[1](sign_flip)
    with pytest.raises(pytest.skip.Exception, match="fail_fast: right_fixed_point failed"):
        cases[1].values[1](sign_flip)


def test_fail_fast_goes_on_after_a_check_that_does_not_apply():
    def nothing_to_say(bench):
        raise NotApplicable("it is another kind")

    solver = eqt.GradientDescent(0.1)
    shared = parametrize_with_checks([solver], max_examples=1, fail_fast=True).args[1][0].values[1].shared
    with pytest.raises(pytest.skip.Exception, match="another kind"):
        CheckAsTest(nothing_to_say, shared)(solver)
    assert not shared.failed


PROJECT = {
    "test_climbs.py": (
        "from eqt_theory.testing import check_solver, parametrize_with_checks\n"
        "def climbs(objective, h):\n    return h + 0.1 * objective.gradient(h)\n"
        "@parametrize_with_checks([climbs], max_examples=1)\n"
        "def test_mine(solver, check):\n    check(solver)\n"
        "def test_whole():\n    check_solver(climbs, max_examples=1, fail_fast=True)\n"
    ),
    "test_mine.py": (
        "from eqt_theory.testing import parametrize_with_checks\n"
        "from eqt_theory.testing.faults.right import exact_solve\n"
        "def climbs(objective, h):\n    return h + 0.1 * objective.gradient(h)\n"
        "def rounds(objective, h):\n    return (exact_solve(objective, h) * 1e7).round() / 1e7\n"
        "@parametrize_with_checks([climbs, rounds])\n"
        "def test_mine(solver, check):\n    check(solver)\n"
    ),
}
OPTIONS = ("--eqt-accuracy", "1e-6", "--eqt-fail-fast", "--eqt-examples", "1", "--eqt-seed", "2")
CALLS = {
    "each": ["test_climbs.py", "-k", "right_fixed_point and not off"],
    "whole": ["test_climbs.py", "-k", "whole"],
    "options": [
        "test_mine.py", "-k", "fixed_point or empty_batch", *OPTIONS, "--eqt-expect", "empty_batch=it used to fail",
    ],
    "bad accuracy": ["test_mine.py", "--co", "--eqt-accuracy", "x"],
    "no check": ["test_mine.py", "--co", "--eqt-expect", "nope"],
    "a check of no such name": ["test_mine.py", "--co", "--eqt-expect", "nope=x"],
    "too few examples": ["test_mine.py", "--co", "--eqt-examples", "0"],
}  # fmt: skip
"""Calls of pytest, all in one process of their own, since each process would import torch."""
_CODE = """
import contextlib, io, json, sys, pytest
for name, options in json.loads(sys.argv[1]).items():
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        status = int(pytest.main(["-q", "-rA", "-p", "no:cacheprovider", "-W", "error", *options]))
    print(json.dumps([name, status, said.getvalue()]))
"""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """The status and what is said, for each of the calls."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in PROJECT.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-c", _CODE, json.dumps(CALLS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=200, check=True)
    return {name: (status, said) for name, status, said in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize(("name", "line"), [("each", "    check(solver)"), ("whole", "check_solver(climbs")])
def test_a_failure_shows_the_users_line_and_no_frame_of_ours(called: dict[str, tuple[int, str]], name: str, line: str):
    status, said = called[name]
    assert status == 1, said
    assert line in said
    assert "eqt_theory/" not in said.partition("short test summary")[0]
    assert said.count("\n") < 40


def test_options_of_the_command_line(called: dict[str, tuple[int, str]]):
    _, said = called["options"]
    assert "PASSED test_mine.py::test_mine[rounds-right_fixed_point]" in said
    assert "FAILED test_mine.py::test_mine[climbs-right_fixed_point]" in said
    assert (
        "FAILED test_mine.py::test_mine[rounds-empty_batch]" in said
        and "was expected to fail (it used to fail)" in said
    )
    assert "fail_fast: right_fixed_point failed" in said


@pytest.mark.parametrize("name", [name for name, options in CALLS.items() if "--co" in options])
def test_bad_options_of_the_command_line(called: dict[str, tuple[int, str]], name: str):
    status, said = called[name]
    assert status == 4 and "Traceback" not in said, said


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
