import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory.core.domain import Ball, Box, WholeSpace
from eqt_theory.core.errors import UsageError

numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=1, max_size=4), st.floats(1e-3, 1e3))
def test_a_ball_holds_its_center_and_not_what_is_twice_its_radius_away(center: list[float], radius: float):
    ball = Ball(center, radius)
    assert ball.dim == len(center)
    assert ball.contains(center)
    assert not ball.contains([center[0] + 2 * radius, *center[1:]])


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4))
def test_a_box_holds_its_corners_and_nothing_beyond(pairs: list[tuple[float, float]]):
    low, high = [min(p) for p in pairs], [max(p) for p in pairs]
    box = Box(low, high)
    assert box.contains(low)
    assert box.contains(high)
    assert not box.contains([high[0] + 1, *high[1:]])
    assert not box.contains([low[0] - 1, *low[1:]])


def test_the_whole_space_holds_what_is_finite():
    assert WholeSpace(2).contains([1e300, -1.0])
    assert not WholeSpace(2).contains([math.inf, 0.0])
    assert not WholeSpace(1).contains([math.nan])


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Ball([], 1), "center"),
        (lambda: Ball([math.nan], 1), "center"),
        (lambda: Ball(["x"], 1), "center"),  # type: ignore[list-item]
        (lambda: Ball(3, 1), "center"),  # type: ignore[arg-type]
        (lambda: Ball([0], 0), "radius"),
        (lambda: Ball([0], -1), "radius"),
        (lambda: Ball([0], math.inf), "radius"),
        (lambda: Box([0], [1, 2]), "length"),
        (lambda: Box([1], [0]), "low must not exceed high"),
        (lambda: Box([-math.inf], [0]), "low"),
        (lambda: WholeSpace(0), "dim"),
        (lambda: WholeSpace(True), "dim"),
        (lambda: WholeSpace(1.5), "dim"),  # type: ignore[arg-type]
        (lambda: Ball([0, 0], 1).contains([0]), "2 entries"),
        (lambda: Box([0], [1]).contains([0, 0]), "1 entries"),
    ],
)
def test_bad_input_is_named(make, named: str):
    with pytest.raises(UsageError, match=named):
        make()
