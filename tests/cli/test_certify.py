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


def test_a_page_with_the_recurrence_and_the_potential_or_the_worst_function(cli: Callable, tmp_path: Path):
    outcome = cli(
        "certify", "my_rules:ball", "--mu", 1, "--lipschitz", 25, "--rate", "4/5", "--html", tmp_path / "a.html"
    )
    assert outcome.status == 1
    refuted = (tmp_path / "a.html").read_text()
    assert refuted.count("<svg") == 1 and "refuted" in refuted and "The potential" not in refuted
    assert "--rate 4/5" in refuted and "x0+" in refuted
    outcome = cli("certify", "my_rules:step", "--mu", 1, "--lipschitz", 10, "--html", tmp_path / "pages")
    assert outcome.status == 0
    certified = (tmp_path / "pages" / "rate.html").read_text()
    assert "The potential" in certified and "decrease" in certified and certified.count("<svg") == 1
    assert cli("certify", "my_rules:newton", "--mu", 1, "--lipschitz", 2, "--html", tmp_path / "n.html").status == 1
    assert "Hessian" in (tmp_path / "n.html").read_text()


def test_a_page_is_of_a_rate(cli: Callable, tmp_path: Path):
    outcome = cli("certify", "my_rules:step", "--mu", 0, "--lipschitz", 1, "--steps", 2, "--html", tmp_path / "b.html")
    assert outcome.status == 2 and "--steps" in outcome.err
