"""`eqt-theory check-energy MODULE:ATTR --dim D`."""

import pytest

MODULE = """
import torch
from eqt_theory.energies.base import Energy

def bowl(h):
    return h.square().sum(-1)

class Wrong(Energy):
    def value(self, h):
        return h.square().sum(-1)
    def gradient(self, h):
        return h

wrong = Wrong()
number = 3
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "their_energies.py").write_text(MODULE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_right_energy(cli):
    outcome = cli("check-energy", "their_energies:bowl", "--dim", 3)
    assert outcome.status == 0
    assert "bowl: 12 checks ran, 12 passed" in outcome.out


def test_a_wrong_energy(cli):
    outcome = cli("check-energy", "their_energies:wrong", "--dim", 2, "--samples", 16)
    assert outcome.status == 1
    assert "gradient_is_that_of_the_value" in outcome.out
    assert "h = [" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["their_energies:bowl"], "dim"),
        (["their_energies:bowl", "--dim", 0], "dim must be"),
        (["their_energies:number", "--dim", 2], "an Energy or a function"),
        (["their_energies:missing", "--dim", 2], "no attribute 'missing'"),
        (["nowhere_to_be_found:x", "--dim", 2], "no module"),
        (["their_energies", "--dim", 2], "MODULE:ATTR"),
    ],
)
def test_usage_errors(cli, arguments, message):
    outcome = cli("check-energy", *arguments)
    assert outcome.status == 2
    assert message in outcome.error


def test_the_page(cli, tmp_path):
    outcome = cli("check-energy", "their_energies:wrong", "--dim", 2, "--samples", 16, "--html", tmp_path / "e.html")
    assert outcome.status == 1 and f"page: {tmp_path / 'e.html'}" in outcome.out
    page = (tmp_path / "e.html").read_text("utf-8")
    assert "gradient is that of the value" in page and "16 states per check, dimension 2" in page
