"""Values come back from JSON as they were, to the bit; what is no value ends in one clear error, and nothing is run."""

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory import UsageError
from eqt_theory.core.saved import decoded, encoded

x, n = sp.Symbol("x", positive=True), sp.Symbol("n", integer=True, nonnegative=True)
VALUES = {
    "nothing": None,
    "flags": [True, False, 0, 1],
    "texts": ["", "a\nb", "\ud800", "\u2028", '{"int": "1"}'],
    "wholes": [0, -1, 2**53, 2**53 + 1, -(10**4000)],
    "floats": [0.1, -0.0, 5e-324, 1.7976931348623157e308, float("nan"), float("inf"), -float("inf")],
    "fractions": [Fraction(1, 3), Fraction(-(10**300), 7), Fraction(0)],
    "decimal": Decimal("1.10"),
    "nested": ([1, (2, [3])], {"a": {"b": (1,)}, x: Fraction(1, 2), 3: [4]}),
    "of NumPy": [np.float64(0.1), np.int64(7), np.bool_(True)],
    "of SymPy": [x, n, sp.Rational(1, 3), sp.Integer(10**400), sp.Float("0.1", 50), sp.sqrt(2) + sp.pi, -sp.oo, sp.E],
    "expressions": [sp.exp(-x) * sp.log(1 + x), sp.Max(x, 1), sp.Abs(n - 2) ** 3, sp.Eq(x, n), sp.And(x < 2, n > 1)],
    "pieces": sp.Piecewise((x, x < 1), (x**2, True)),
    "roots": sp.CRootOf(sp.Symbol("y") ** 5 - sp.Symbol("y") + 1, 0),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_values_come_back_as_they_were(value):
    assert _equal(decoded(json.loads(json.dumps(encoded(value), allow_nan=False))), value)


def _equal(one, other):
    if isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return str(one) == str(other) and (one == other or one != one)


def test_assumptions_of_symbols_come_back():
    back = decoded(encoded({x: 1, sp.Symbol("x"): 2}))
    assert list(back) == [x, sp.Symbol("x")]
    assert back[x] == 1


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.fractions(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(plain)
def test_anything_plain_comes_back(value):
    back = decoded(json.loads(json.dumps(encoded(value), allow_nan=False)))
    assert repr(back) == repr(value)


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, [lambda: 0], {"a": np.zeros(2)}, sp.Function("f")(x), sp.Matrix([1]), 1j, b"x"]
)
def test_what_has_no_exact_form_is_told_with_its_place(value):
    with pytest.raises(UsageError, match=r"witness.* cannot be saved"):
        encoded(value, "witness")


deep = 1
for _ in range(300):
    deep = [deep]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1},
        {"int": "x"},
        {"int": 3},
        {"float": "1"},
        {"fraction": "0x1/0x0"},
        {"fraction": "0x1"},
        {"fraction": None},
        {"decimal": "x"},
        {"decimal": []},
        {"tuple": 3},
        {"map": [[1]]},
        {"map": [[[1], 2]]},
        {"sympy": "1"},
        {"sympy": {"call": "lambdify", "of": []}},
        {"sympy": {"call": "Pow", "of": ["0x2/0x1", "0xfffffffff/0x1"]}},
        {"sympy": {"call": "sin", "of": []}},
        {"sympy": {"call": "sin", "of": ["0x1/0x1", "0x1/0x1"]}},
        {"sympy": {"symbol": "x", "assumes": {"positive": True, "negative": True}}},
        {"sympy": {"symbol": "x", "assumes": {"nonsense": True}}},
        {"sympy": {"constant": "__class__"}},
        {"sympy": {"real": [0, "0x1", 10**9, 53]}},
        deep,
        {"map": [["a", deep]]},
    ],
)
def test_damaged_data_end_in_one_clear_error(data):
    with pytest.raises(UsageError):
        decoded(data)


def test_what_is_too_deep_is_refused_when_it_is_saved():
    with pytest.raises(UsageError, match="too deeply"):
        encoded(deep)
