"""Certificates of rates: each part is needed, and whatever is changed, no rate below the truth is accepted."""

import copy
import random
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from method_zoo import descent, heun, nesterov, triple_momentum

import eqt_theory as eqt
from eqt_theory.kernel import Rejected, check

RATES = {
    "nesterov": (nesterov(1, 10), {}),
    "triple momentum": (triple_momentum(1, 10), {}),
    "heun": (heun(0.1), {}),
    "values": (descent(0.15), {"measure": "value"}),
    "gradients": (descent(0.15), {"measure": "gradient"}),
    "composite": (lambda o, h: o.prox(h - 0.1 * o.gradient(h), 0.1), {}),
    "our own": (eqt.HeavyBall(0.1, 0.3), {}),
}


@cache
def valid(name):
    """A certificate that is accepted, found where a test first asks for it."""
    solver, more = RATES[name]
    return dict(eqt.certify_rate(solver, 1, 10, **more).certificate.data)


def floor(certificate):
    """The slowest quadratic, by numpy, over a grid of curvatures of the class that is named."""
    me = {k: np.array([[float(Fraction(x)) for x in row] for row in certificate["method"][k]]) for k in "ABCD"}
    weights = [float(kind == "smooth") for kind in certificate["method"]["kinds"]]
    radii = []
    for c in np.linspace(float(Fraction(certificate["m"])), float(Fraction(certificate["M"])), 60):
        w = c * np.array(weights)
        y = np.linalg.solve(np.eye(len(w)) - me["D"] * w, me["C"])
        radii.append(np.abs(np.linalg.eigvals(me["A"] + (me["B"] * w) @ y)).max())
    return max(radii)


def rejected(certificate):
    try:
        check(certificate)
    except Rejected:
        return True
    return False


@pytest.mark.parametrize("name", RATES)
def test_what_is_shown_is_said(name):
    said = check(valid(name))
    assert "for all k" in said and "m = 1, M = 10" in said
    assert float(Fraction(valid(name)["rate"])) >= floor(valid(name)) - 1e-12


def _numbers(value, path=()):
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, (*path, key))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _numbers(part, (*path, i))
    elif isinstance(value, str) and value.lstrip("-")[:1].isdigit():
        yield path, value


def _put(certificate, path, value):
    made = copy.deepcopy(certificate)
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


@pytest.mark.parametrize("name", RATES)
def test_whatever_number_is_changed_no_false_rate_is_accepted(name):
    draw = random.Random(name)
    accepted = tried = 0
    for path, text in _numbers(valid(name)):
        x = Fraction(text)
        for other in (x * Fraction(9, 10), x * Fraction(11, 10), -x, x + Fraction(1, 7), Fraction(draw.randint(-3, 3))):
            damaged = _put(valid(name), path, str(other))
            tried += other != x
            if other == x or rejected(damaged):
                continue
            accepted += 1
            rate = float(Fraction(damaged["rate"]))
            assert rate >= floor(damaged) - 1e-12 or path[:2] == ("method", "opening")
    assert accepted < tried / 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rate": "1/2"}, "decrease"),
        ({"rate": "-1"}, "range"),
        ({"constant": "0"}, "start"),
        ({"constant": "-1"}, "range"),
        ({"decrease": []}, "decrease"),
        ({"positive": []}, "below"),
        ({"initial": []}, "start"),
        ({"p": []}, "items"),
        ({"P": []}, "not shown"),
        ({"P": [[0, 0]]}, "items"),
        ({"P": [[0, 9, "1"]]}, "position"),
        ({"decrease": [[0, 1, "-1"]]}, "not negative"),
        ({"decrease": [[1, 1, "1"]]}, "two points"),
        ({"decrease": [[0, 1]]}, "items"),
        ({"measure": "speed"}, "measure"),
        ({"measure": ["value"]}, "measure"),
        ({"measure": "value"}, "no point"),
        ({"measure": "gradient", "reported": [0], "first": [0]}, "no point"),
        ({"window": 2}, "items"),
        ({"window": 9}, "position"),
        ({"m": "10"}, "range"),
        ({"m": "-1"}, "range"),
        ({"M": "100"}, "decrease"),
    ],
)
def test_each_part_is_needed(change, why):
    with pytest.raises(Rejected, match=why):
        check({**valid("nesterov"), **change})


def _method(**change):
    return {**valid("nesterov"), "method": {**valid("nesterov")["method"], **change}}


@pytest.mark.parametrize(
    "change",
    [
        {"A": [["1", "0"], ["0", "0"]]},
        {"C": [["2", "0"]]},
        {"H": [["0", "0"]]},
        {"start": [["1"], ["2"]]},
        {"B": [["1"]]},
        {"kinds": ["other"]},
        {"kinds": []},
        {"kinds": ["convex"]},
        {"opened": ["smooth"]},
        {"extra": []},
    ],
)
def test_the_method_must_rest_at_the_solution(change):
    with pytest.raises(Rejected):
        check(_method(**change))


def test_a_method_that_weighs_the_two_parts_differently_is_rejected():
    damaged = copy.deepcopy(valid("composite"))
    damaged["method"]["B"][0][1] = "-1/5"
    with pytest.raises(Rejected, match="fixed point"):
        check(damaged)


def test_inequalities_between_points_of_two_functions_are_rejected():
    damaged = copy.deepcopy(valid("composite"))
    damaged["decrease"].append([1, 2, "1"])
    with pytest.raises(Rejected, match="one function"):
        check(damaged)


SLOW = dict(eqt.certify_rate(nesterov(1, 10), 1, 10, 0.5).certificate.data)


@pytest.mark.parametrize(
    "change",
    [
        {"reached": "4/5"},
        {"reached": "1/2"},
        {"reached": "1/4"},
        {"curvature": "11"},
        {"curvature": "1/2"},
        {"curvature": "5"},
        {"gradients": [["9"], *SLOW["gradients"][1:]]},
        {"gradients": [*SLOW["gradients"][:-1], ["0"]]},
        {"gradients": [["0"] for _ in SLOW["gradients"]]},
        {"gradients": SLOW["gradients"][:-1]},
        {"polynomial": ["1"]},
        {"polynomial": ["-1", "1"]},
        {"polynomial": ["0", *SLOW["polynomial"]]},
        {"polynomial": [*SLOW["polynomial"][:-1], "2"]},
        {"rate": "-1"},
        {"m": "2"},
    ],
)
def test_slow_quadratics_that_are_damaged_are_rejected(change):
    assert "not O(rate^k)" in check(SLOW)
    with pytest.raises(Rejected):
        check({**SLOW, **change})


def test_a_recurrence_that_is_not_the_shortest_is_no_evidence():
    """h_k = (1 - a c)^k obeys (z - 1 + a c)(z - 3) too, but 3 is no root that shows."""
    slow = dict(eqt.certify_rate(descent(0.1), 1, 10, 0.5).certificate.data)
    doubled = copy.deepcopy(slow)
    me = doubled["method"]
    me["A"], me["B"], me["C"] = [["1", "0"], ["0", "3"]], [me["B"][0], ["0"]], [["1", "0"]]
    me["H"], me["start"] = [["1", "0"]], [["1"], ["0"]]
    low, one = Fraction(slow["polynomial"][0]), Fraction(1)
    doubled["polynomial"] = [str(-3 * low), str(low - 3), str(one)]
    doubled["reached"] = "2"
    doubled["gradients"] = [[str(Fraction(slow["curvature"]) * (-low) ** k)] for k in range(3)]
    with pytest.raises(Rejected, match="shorter"):
        check(doubled)


def test_a_quadratic_on_which_a_step_is_not_determined_is_no_evidence():
    """y = x1 + u / c with u = c y: where x1 = h_0 - w / c = 0 every y will do, also one from which h triples."""
    method = {
        "A": [["1", "0"], ["0", "1"]], "B": [["1"], ["0"]], "C": [["0", "1"]], "D": [["1"]], "H": [["1", "0"]],
        "start": [["1", "0"], ["1", "-1"]], "opening": [["1", "0"]], "kinds": ["smooth"], "opened": ["smooth"],
    }  # fmt: skip
    free = {
        **SLOW, "method": method, "curvature": "1", "gradients": [["1"], ["2"], ["6"]], "polynomial": ["-3", "1"],
        "reached": "2",
    }  # fmt: skip
    with pytest.raises(Rejected, match="not determined"):
        check(free)


def test_long_numbers_are_said_on_the_safe_side():
    long = Fraction(10**400 + 1, 3)
    said = check({**valid("nesterov"), "constant": str(long)})
    assert Fraction(said.split("<= ")[1].split()[0]) >= long
    rate = Fraction(valid("composite")["rate"]) + Fraction(1, 3**80)
    said = check({**valid("composite"), "rate": str(rate)})
    assert rate <= Fraction(said.split(" (")[1].split(")")[0]) <= rate * (1 + Fraction(1, 10**15))


def test_what_each_gradient_is_of_is_said():
    assert check(valid("composite")).endswith("gradients u at y and w at z, u1 of the convex part")
    assert check(valid("our own")).endswith("gradients u at y and w at z")
