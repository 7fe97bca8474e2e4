from fractions import Fraction

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic
from eqt_theory.engines.exact import exact_replay


def test_lines_hold_exactly():
    replay = exact_replay([("a", Fraction(1, 3), "<", Fraction(2, 3))], [("b", 1, ">=", Fraction(10**30 + 1, 10**30))])
    assert replay.confirms and replay.arithmetic is Arithmetic.EXACT
    assert replay.hypotheses[0].margin == "1/3 < 2/3"


@pytest.mark.parametrize(
    "relation, holds", [("<", False), ("<=", True), ("=", True), ("!=", False), (">=", True), (">", False)]
)
def test_relations_at_equality(relation, holds):
    (line,) = exact_replay([], [("x", 2, relation, Fraction(2))]).conclusions
    assert line.holds is holds


@pytest.mark.parametrize("value", [0.5, True, "1"])
def test_only_exact_numbers_are_taken(value):
    with pytest.raises(UsageError, match="exact rationals"):
        exact_replay([], [("x", value, "<", 1)])


def test_an_unknown_relation_is_refused():
    with pytest.raises(UsageError, match="relation must be one of"):
        exact_replay([], [("x", 1, "~", 1)])
