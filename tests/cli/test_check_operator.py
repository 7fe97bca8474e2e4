"""`eqt-theory check-operator MODULE:ATTR --dim D`."""

import pytest

MODULE = """
import torch
from eqt_theory import Box, FixedPoint, Inclusion

def layer(h):
    return torch.tanh(0.5 * h)

proud = FixedPoint(layer, 2, contraction=0.4)
constrained = Inclusion(lambda h: 2 * h - 1, Box([-1.0, -1.0], [0.25, 1.0]), mu=2.0)
matrix = torch.eye(2, dtype=torch.float64) / 2
number = 3
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "their_maps.py").write_text(MODULE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("name", ["layer", "constrained", "matrix"])
def test_right_maps(cli, name):
    outcome = cli("check-operator", f"their_maps:{name}", "--dim", 2, "--samples", 8)
    assert outcome.status == 0
    assert "0 failed" in outcome.out


def test_a_wrong_map(cli, tmp_path):
    page = tmp_path / "site"
    outcome = cli("check-operator", "their_maps:proud", "--dim", 2, "--samples", 8, "--html", page)
    assert outcome.status == 1
    assert "declared_contraction" in outcome.out and "x = [" in outcome.out
    assert "declared contraction" in (page / "operator.html").read_text("utf-8").replace("_", " ")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("their_maps:number", "--dim", 2), "T must be"),
        (("their_maps:nothing", "--dim", 2), "nothing"),
        (("their_maps:layer", "--dim", 0), "--dim"),
        (("their_maps:proud", "--dim", 3), "dim must be 2"),
        (("their_maps:layer",), "--dim"),
    ],
)
def test_usage_errors(cli, arguments, word):
    outcome = cli("check-operator", *arguments)
    assert outcome.status == 2
    assert word in outcome.err and "Traceback" not in outcome.err
