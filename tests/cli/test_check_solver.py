from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_solvers.py").write_text(
        "import eqt_theory as eqt\nnewton = eqt.Newton()\nnumber = 3\ndef wrong(objective, h):\n    return -h\n"
        "def rounds(objective, h):\n    h = newton.step(objective, newton.init(objective, h)).h\n"
        "    return (h * 1e7).round() / 1e7\n"
    )


def test_a_right_solver(cli: Callable):
    outcome = cli("check-solver", "my_solvers:newton", "--examples", 1, "--seed", 3)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("Newton(): 24 checks ran, 24 passed, 0 failed")
    assert "right_fixed_point" in outcome.out and "passed" in outcome.out


def test_a_wrong_one(cli: Callable):
    outcome = cli("check-solver", "my_solvers:wrong", "--examples", 2)
    assert (outcome.status, outcome.err) == (1, "")
    assert "FAILED" in outcome.out and "    problem = quadratic Phi" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("my_solvers:nope",), "my_solvers has no attribute 'nope'"),
        (("my_solvers:number",), "solver must be a Solver or a function (objective, h) -> h, got int"),
        (("nowhere_at_all:x",), "there is no module 'nowhere_at_all'"),
        (("my_solvers:newton", "--examples", 0), "--examples must be at least 1"),
        (("my_solvers",), "expected MODULE:ATTR"),
        (("my_solvers:newton", "--accuracy", 3), "accuracy must lie in [0, 1)"),
        (("my_solvers:newton", "--expect", "one_dimension"), "an expected failure must be NAME=REASON"),
        (("my_solvers:newton", "--expect", "nope=x"), "expected_failures must name checks"),
        (("my_solvers:newton", "--seconds", -1), "seconds must be a positive number"),
        ((), "Missing argument"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(cli: Callable, arguments: tuple, said: str):
    outcome = cli("check-solver", *arguments)
    assert outcome.status == 2
    assert said in outcome.error


def test_the_page_of_a_wrong_solver(cli: Callable, tmp_path: Path):
    outcome = cli("check-solver", "my_solvers:wrong", "--examples", 1, "--html", tmp_path / "pages")
    assert outcome.status == 1
    file = tmp_path / "pages" / "solver.html"
    assert outcome.out.rstrip().endswith(f"page: {file}")
    page = file.read_text("utf-8")
    assert "The smallest failing cases found" in page
    assert "eqt-theory check-solver my_solvers:wrong --examples 1 --seed 0" in page


def test_a_page_that_cannot_be_written_is_said_before_the_checks_run(cli: Callable, tmp_path: Path):
    outcome = cli("check-solver", "my_solvers:newton", "--html", tmp_path / "absent" / "page.html")
    assert (outcome.status, outcome.out) == (2, "")
    assert "does not exist" in outcome.error
    outcome = cli("check-solver", "my_solvers:newton", "--html", tmp_path / "my_solvers.py")
    assert outcome.status == 2 and "must name a folder, got the file" in outcome.error


def test_options_reach_the_battery(cli: Callable):
    outcome = cli("check-solver", "my_solvers:rounds", "--examples", 1, "--accuracy", 1e-6)
    assert (outcome.status, outcome.err) == (0, "")
    outcome = cli("check-solver", "my_solvers:wrong", "--examples", 1, "--fail-fast")
    assert outcome.status == 1 and "1 checks ran, 0 passed, 1 failed; 25 not done" in outcome.out
    outcome = cli("check-solver", "my_solvers:newton", "--examples", 1, "--expect", "empty_batch=it used to fail")
    assert outcome.status == 1 and "was expected to fail (it used to fail)" in outcome.out
    outcome = cli("check-solver", "my_solvers:newton", "--seconds", 0.1)
    assert outcome.status == 1 and "0.1 seconds were over" in outcome.out
