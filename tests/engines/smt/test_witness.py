"""Models become exact numbers, and small ones where the relations allow."""

import pytest
import sympy as sp

from eqt_theory.engines.smt.witness import point_of, simplify

x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["rational", "-7/3"], sp.Rational(-7, 3)),
        (["root", ["-2", "0", "1"], 0], -sp.sqrt(2)),
        (["root", ["-2", "0", "1"], 1], sp.sqrt(2)),
        (["between", ["-2", "0", "1"], ["-3/2", "-5/4"]], -sp.sqrt(2)),
        (["between", ["-1", "2"], ["0", "1"]], sp.Rational(1, 2)),
        (["between", ["0", "-2", "0", "1"], ["0", "2"]], sp.sqrt(2)),  # the interval is open: 0 is another root
        (["between", ["1/3", "0", "-1"], ["0", "1"]], sp.sqrt(3) / 3),
    ],
)
def test_values_are_exact(value: list, expected: sp.Expr) -> None:
    assert point_of({"x": value}, [x]) == {x: expected}


def test_a_root_of_high_degree_stays_exact() -> None:
    root = point_of({"x": ["root", ["-1", "-1", "0", "0", "0", "1"], 0]}, [x])[x]
    assert sp.minimal_polynomial(root, x) == x**5 - x - 1


def test_a_symbol_that_the_model_leaves_out_is_zero() -> None:
    odd = sp.Symbol("x y", real=True)
    assert point_of({"x_y": ["rational", "2"]}, [odd, y]) == {odd: 2, y: 0}


def test_simplify_keeps_only_points_that_confirm() -> None:
    asked = []

    def confirms(point: dict) -> bool:
        asked.append(point)
        return bool(point[x] > sp.sqrt(2) and point[x] * point[y] > 1)

    start = {x: sp.sqrt(3) + sp.Rational(1, 7), y: sp.Rational(123457, 100000)}
    assert confirms(start)
    simple = simplify(start, confirms)
    assert confirms(simple)
    assert all(v.is_Integer for v in simple.values())
    assert len(asked) > 2


def test_simplify_returns_the_point_where_nothing_simpler_confirms() -> None:
    start = {x: sp.sqrt(2), y: sp.Rational(1, 3)}
    assert simplify(start, lambda point: point == start) == start
