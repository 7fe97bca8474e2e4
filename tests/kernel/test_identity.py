import pytest

from eqt_theory.kernel import Rejected, check


def _identity(left: object, right: object, symbols: object = ("x", "y")) -> dict:
    return {
        "kind": "identity",
        "symbols": list(symbols) if isinstance(symbols, tuple) else symbols,
        "left": left,
        "right": right,
    }


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x", "x"),
        ("(* (+ x y) (- x y))", "(- (* x x) (* y y))"),
        ("(/ (- (* x x) 1) (- x 1))", "(+ x 1)"),
        ("(+ (/ 1 x) (/ 1 y))", "(/ (+ x y) (* x y))"),
        ("(/ 1 (/ x y))", "(/ y x)"),
        ("(- (/ x (+ x y)) 1)", "(/ (- y) (+ x y))"),
        ("(/ x x)", "1"),
        ("(- x)", "(* (- 1) x)"),
    ],
)
def test_sides_that_agree(left: str, right: str):
    assert "wherever no denominator" in check(_identity(left, right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x", "y"),
        ("(* x x)", "x"),
        ("(/ 1 x)", "(/ 1 y)"),
        ("(/ (* x 0) y)", "1"),
        ("(/ 0 x)", "(/ 1 x)"),
        ("(/ 1 0)", "(/ 1 0)"),
        ("(/ x (- x x))", "(/ y (- x x))"),
        ("(/ x (- x x))", "(/ x (- x x))"),
        ("(* 0 (/ 1 (- x x)))", "0"),
        ("(/ x y y)", "(/ x (* y y))"),
        ("(/ x)", "x"),
        ("(+ x)", "x"),
        ("(*)", "1"),
        ("z", "z"),
        ("x x", "x"),
        ("", ""),
        (None, None),
        (["x"], ["x"]),
    ],
)  # fmt: skip
def test_sides_that_differ_or_mean_nothing_are_rejected(left: object, right: object):
    with pytest.raises(Rejected):
        check(_identity(left, right))


def test_symbols_are_texts_and_no_field_is_unknown():
    for wrong in ([1], [["x"]], "x", None):
        with pytest.raises(Rejected):
            check(_identity("x", "x", wrong))
    with pytest.raises(Rejected):
        check(_identity("x", "x") | {"because": "trust me"})
