"""Certificates of a spectrum: bounds that hold are accepted, sharp ones too, and nothing beyond."""

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
