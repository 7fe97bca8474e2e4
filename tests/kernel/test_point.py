import copy

import pytest
from sample_certificates import POINT, about, text

from eqt_theory.kernel import Rejected, check


def _rational(assertion: str, x: str) -> dict:
    return about("point", text(assertion, names="x"), roots={}, values={"x": x})


@pytest.mark.parametrize(
    "assertion", ["(<= x 1)", "(= x 1)", "(not (< x 1))", "(or false (< 0 x))", "true", "(not (= x 0))"]
)
def test_a_point_where_it_holds(assertion: str):
    assert "hold together" in check(_rational(assertion, "1"))


@pytest.mark.parametrize(
    "assertion", ["(< x 1)", "(= x 2)", "(not (<= x 1))", "(and true (< x 0))", "false", "(or false)"]
)
def test_a_point_where_it_does_not(assertion: str):
    with pytest.raises(Rejected):
        check(_rational(assertion, "1"))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("roots", "r"), [["-2", "0", "1"], "-1", "1"]),  # no root between
        (("roots", "r"), [["-2", "0", "1"], "-2", "2"]),  # the signs at the ends are the same
        (("roots", "r"), [["-2", "0", "1"], "2", "1"]),
        (("roots", "r"), [["-2", "0", "1"], "-2", "-1"]),  # the other root: x > 0 fails
        (("roots", "r"), [["-3", "0", "1"], "1", "2"]),
        (("roots", "r"), [["2", "0", "1"], "1", "2"]),
        (("roots", "r"), [[], "1", "2"]),
        (("roots", "r"), [["-2", "0", "1"], "1"]),
        (("roots",), {}),
        (("roots",), [["-2", "0", "1"], "1", "2"]),
        (("values", "x"), "(* r r)"),
        (("values", "x"), "(/ 1 r)"),
        (("values", "x"), "y"),
        (("values",), {"x": "r"}),
        (("values",), {"x": "r", "y": "0", "z": "0"}),
        (("values", "y"), "1"),  # neither x < y nor 2 y <= 1
    ],
)  # fmt: skip
def test_a_damaged_point_is_rejected(where: tuple[str, ...], value: object):
    assert check(POINT)
    damaged = copy.deepcopy(POINT)
    *path, last = where
    inner = damaged
    for key in path:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(Rejected):
        check(damaged)


def test_what_holds_at_no_rational_point_holds_at_a_root():
    golden = about(
        "point",
        text("(= (* x x) (+ x 1))", "(< 1 x)", "(= (* x y) 1)", "(< (* 10 y) 7)", "(< 6 (* 10 y))"),
        roots={"t": [["-1", "-1", "1"], "21/13", "13/8"]},
        values={"x": "t", "y": "(- t 1)"},
    )
    assert check(golden)
    golden["roots"]["t"][1] = "3/2"  # the interval is too wide to see that 10 y > 6
    with pytest.raises(Rejected):
        check(golden)
