"""`eqt-theory diagnose MODULE:ATTR`."""

import itertools
import json

import pytest

from eqt_theory.core import budget

MODULE = """
import torch
import eqt_theory as eqt

D = torch.float64
point = eqt.FixedPoint(lambda z: 0.5 * torch.tanh(z) + 1, 2)
stretched = eqt.FixedPoint(lambda z: 1 - 3 * z, 2)
constrained = eqt.Inclusion(lambda h: 2 * h - 1, eqt.Box([-1.0, -1.0], [0.25, 1.0]))
objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=D)), torch.ones(4, 2, dtype=D))
nameless = eqt.FixedPoint(torch.tanh)
layer = torch.nn.Linear(2, 2)
number = 3
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "their_problems.py").write_text(MODULE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "more", "verdict"),
    [
        ("point", (), "converges"),
        ("stretched", (), "oscillates"),
        ("constrained", ("--step-size", 0.3), "converges"),
        ("objective", ("--step-size", 0.3), "converges"),
    ],
)
def test_problems_of_a_module(cli, name, more, verdict):
    outcome = cli("diagnose", f"their_problems:{name}", "--steps", 16, *more)
    assert outcome.status == 0
    assert f"their_problems:{name}: verdict {verdict}" in outcome.out
    assert ("KrasnoselskiiMann" in outcome.out) is (name == "stretched")


def test_json(cli, tmp_path):
    outcome = cli("diagnose", "their_problems:point", "--json", tmp_path / "found.json")
    assert outcome.status == 0
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["overall"] == "converges" and found["steps"] == 32 and found["states"] == 32


@pytest.mark.parametrize("name", ["point", "constrained", "objective"])
def test_after_its_seconds_it_ends_with_what_it_has_and_says_so(cli, monkeypatch, name):
    seconds = itertools.count()  # one passes whenever somebody looks
    monkeypatch.setattr(budget.time, "monotonic", lambda: float(next(seconds)))
    more = () if name == "point" else ("--step-size", 0.3)
    outcome = cli("diagnose", f"their_problems:{name}", "--seconds", 3, *more)
    assert outcome.status == 0
    assert "the 3 s were over" in " ".join(outcome.out.split())
    assert "verdict converges" not in outcome.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("their_problems:number",), "must be an Objective"),
        (("their_problems:layer",), "FixedPoint(layer, dim)"),
        (("their_problems.py",), "is a file"),
        (("their_problems:constrained",), "--step-size"),
        (("their_problems:nameless",), "dimension"),
        (("their_problems:nothing",), "nothing"),
        (("their_problems:point", "--steps", -1), "--steps"),
        (("their_problems:point", "--html", "site"), "no page"),
        (("their_problems:point", "--seconds", -1), "seconds"),
    ],
)
def test_usage_errors(cli, arguments, word):
    outcome = cli("diagnose", *arguments)
    assert outcome.status == 2
    assert word in outcome.err and "Traceback" not in outcome.err
