"""Certificates of spectra and of networks: bounds that hold are accepted, sharp ones too, and nothing beyond."""

import copy
from typing import Any

import pytest

from eqt_theory import kernel
from eqt_theory.kernel import Rejected

# A^T A = [[2, 1], [1, 2]], eigenvalues 1 and 3.
SHARP: dict[str, Any] = {
    "kind": "spectrum",
    "rows": [["1", "0"], ["0", "1"], ["1", "1"]],
    "weights": ["1", "1", "1"],
    "low": "1",
    "high": "3",
}


def test_sharp_bounds_are_accepted():
    assert "lie in [1, 3]" in kernel.check(SHARP)


@pytest.mark.parametrize(
    "damage",
    [
        {"low": "1000000001/1000000000"},
        {"high": "2999999999/1000000000"},
        {"weights": ["1", "1", "101/100"]},
        {"weights": ["1", "-1", "1"]},
        {"weights": ["1", "1"]},
        {"rows": [["1", "0"], ["0", "1"], ["1", "2"]]},
        {"rows": [["1", "0"], ["0", "1"], ["1"]]},
        {"rows": []},
        {"rows": [[]], "weights": ["1"]},
        {"low": 1},
        {"high": "3.0"},
        {"more": "1"},
    ],
)
def test_what_is_damaged_is_rejected(damage: dict[str, Any]):
    with pytest.raises(Rejected):
        kernel.check({**copy.deepcopy(SHARP), **damage})


def test_negative_weights_give_negative_eigenvalues():
    one = {"kind": "spectrum", "rows": [["1"]], "weights": ["-2"], "low": "-2", "high": "-2"}
    assert "[-2, -2]" in kernel.check(one)
    with pytest.raises(Rejected, match="below 0"):
        kernel.check({**one, "low": "0", "high": "1"})


# Any slope in [0, 1] between two weights: f = 2 phi(x / 2), so |f(x) - f(y)| <= |x - y|. With t the multiplier the
# form is square x^2 - 4 v^2 + t v (v - x/2); t = 8 and square = 1 give (x - 2 v)^2.
RIGHT = {
    "kind": "network",
    "weights": [[["1/2"]], [["2"]]],
    "slopes": [["0", "1"]],
    "multipliers": [["8"]],
    "square": "1",
    "factor": [["1", "0"], ["2", "1"]],
}


def test_a_right_network_is_accepted():
    assert "|f(x) - f(y)|^2 <= 1 |x - y|^2 for the network 1 - 1 - 1" in kernel.check(RIGHT)
    linear = {**RIGHT, "weights": [[["3", "0"]]], "slopes": [], "multipliers": [], "square": "9"}
    assert "network 2 - 1" in kernel.check({**linear, "factor": [["1", "0"], ["0", "1"]]})


@pytest.mark.parametrize(
    "change",
    [
        {"square": "99/100"},
        {"weights": [[["1/2"]], [["21/10"]]]},
        {"weights": [[["6/10"]], [["2"]]]},
        {"slopes": [["0", "11/10"]]},
        {"slopes": [["-1/10", "1"]]},
        {"slopes": [["1", "0"]]},
        {"slopes": []},
        {"multipliers": [["7"]]},
        {"multipliers": [["-8"]]},
        {"multipliers": []},
        {"factor": [["1", "0"], ["0", "0"]]},
        {"factor": [["1", "1"], ["2", "1"]]},
        {"factor": [["1", "0"], ["0", "1"]]},
        {"weights": [[["1/2"]], [["2", "1"]]]},
        {"weights": []},
        {"weights": [[[]]]},
        {"square": 1},
    ],
)
def test_a_damaged_network_is_refused(change):
    with pytest.raises(Rejected):
        kernel.check({**copy.deepcopy(RIGHT), **change})
