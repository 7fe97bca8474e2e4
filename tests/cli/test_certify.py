from collections.abc import Callable
from pathlib import Path

import pytest

import eqt_theory as eqt


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_rules.py").write_text(
        "import eqt_theory as eqt\nnumber = 3\nnewton = eqt.Newton()\nball = eqt.HeavyBall(1 / 9, 4 / 9)\n"
        "def step(objective, h):\n    return h - 0.1 * objective.gradient(h)\n"
    )


def test_a_rate_and_its_certificate(cli: Callable, tmp_path: Path):
    outcome = cli("certify", "my_rules:step", "--mu", 1, "--lipschitz", 10, "--out", tmp_path / "rate.json")
    assert (outcome.status, outcome.err) == (0, "")
    assert "CERTIFIED" in outcome.out and "rate = 0.9" in outcome.out
    assert "for all k" in eqt.recheck(tmp_path / "rate.json")
    assert cli("recheck", tmp_path / "rate.json").status == 0


def test_a_rate_that_is_claimed(cli: Callable):
    assert cli("certify", "my_rules:step", "--mu", "1", "--lipschitz", "10", "--rate", "0.95").status == 0
    outcome = cli("certify", "my_rules:step", "--mu", 1, "--lipschitz", 10, "--rate", "4/5")
    assert outcome.status == 1 and "REFUTED" in outcome.out and "curvature 1" in outcome.out


def test_a_bound_after_some_steps(cli: Callable):
    outcome = cli("certify", "my_rules:step", "--mu", 0, "--lipschitz", 10, "--steps", 3, "--measure", "value")
    assert outcome.status == 0 and "bound = 0.714" in outcome.out


def test_what_is_not_decided_has_status_1(cli: Callable, tmp_path: Path):
    outcome = cli("certify", "my_rules:newton", "--mu", 1, "--lipschitz", 10, "--out", tmp_path / "no.json")
    assert outcome.status == 1 and "Hessian" in outcome.out and not (tmp_path / "no.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("my_rules:step", "--mu", "x", "--lipschitz", 1), "--mu must be a finite number"),
        (("my_rules:step", "--mu", "nan", "--lipschitz", 1), "--mu must be a finite number"),
        (("my_rules:step", "--mu", 2, "--lipschitz", 1), "0 <= m <= M"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--rate", -1), "negative"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--gamma", 0), "gamma"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--steps", 0), "steps"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--steps", 2, "--rate", 1), "exclude"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--measure", "value"), "--steps"),
        (("my_rules:step", "--mu", 1, "--lipschitz", 2, "--out", "nowhere/x.json"), "--out"),
        (("my_rules:number", "--mu", 1, "--lipschitz", 2), "solver must be"),
        (("my_rules:step",), "Missing option"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(cli: Callable, arguments: tuple, said: str):
    outcome = cli("certify", *arguments)
    assert outcome.status == 2
    assert said in outcome.error
