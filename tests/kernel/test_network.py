"""Certificates of networks: what they show, and what is refused once it is damaged."""

import copy

import pytest

from eqt_theory.kernel import Rejected, check

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


def test_a_right_one_is_accepted():
    assert "|f(x) - f(y)|^2 <= 1 |x - y|^2 for the network 1 - 1 - 1" in check(RIGHT)
    linear = {**RIGHT, "weights": [[["3", "0"]]], "slopes": [], "multipliers": [], "square": "9"}
    assert "network 2 - 1" in check({**linear, "factor": [["1", "0"], ["0", "1"]]})


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
def test_what_is_damaged_is_refused(change):
    with pytest.raises(Rejected):
        check({**copy.deepcopy(RIGHT), **change})
