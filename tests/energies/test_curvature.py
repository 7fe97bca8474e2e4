import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.domain import Ball, Box, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import Curvature, add_down, combine, round_down, round_up

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@settings(derandomize=True, max_examples=200)
@given(st.fractions(-1000, 1000))
def test_rounding_encloses(x: Fraction) -> None:
    low, high = round_down(x), round_up(x)
    assert Fraction(low) <= x <= Fraction(high)
    assert high <= math.nextafter(low, math.inf)


def test_rounding_beyond_the_floats() -> None:
    assert round_down(Fraction(10) ** 400) == math.nextafter(math.inf, 0)
    assert round_up(Fraction(10) ** 400) == math.inf
    assert round_down(-(Fraction(10) ** 400)) == -math.inf


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.floats(0.001, 1000), numbers), min_size=1, max_size=5))
def test_add_down_is_never_above_the_sum(terms: list[tuple[float, float]]) -> None:
    exact = sum((Fraction(w) * Fraction(c) for w, c in terms), Fraction(0))
    total = add_down([(Fraction(w), c) for w, c in terms])
    assert isinstance(total, float)
    assert Fraction(total) <= exact
    assert math.nextafter(total, math.inf) > exact or Fraction(total) == exact
    tensor = add_down([(Fraction(w), torch.tensor([c, c], dtype=torch.float64)) for w, c in terms])
    assert isinstance(tensor, torch.Tensor)
    assert Fraction(float(tensor[1])) <= exact
    assert float(exact - Fraction(float(tensor[1]))) <= 1e-13 * sum(abs(w * c) for w, c in terms) + 1e-321


def test_extremes_over_a_batch() -> None:
    c = Curvature(torch.tensor([1.0, -2.0]), torch.tensor([3.0, 5.0]))
    assert (c.lowest, c.highest, c.gradient_lipschitz) == (-2.0, 5.0, 5.0)
    assert c.everywhere
    assert Curvature(-7.0, 2.0).gradient_lipschitz == 7.0


def test_combination_of_domains() -> None:
    ball, box = Ball([0.0], 1.0), Box([0.0], [1.0])
    whole = combine([1.0, 1.0], [Curvature(1, 2), Curvature(0, 1, WholeSpace(1))])
    assert whole == Curvature(1, 3)
    inside = combine([2.0, 1.0], [Curvature(1, 2, ball), Curvature(-1, 1)])
    assert inside == Curvature(1, 5, ball)
    assert combine([1.0, 1.0], [Curvature(1, 2, ball), Curvature(1, 2, ball)]) == Curvature(2, 4, ball)
    assert combine([1.0, 1.0], [Curvature(1, 2, ball), Curvature(1, 2, box)]) is None
    assert combine([1.0, 1.0], [Curvature(1, 2), None]) is None


def test_unknown_sides_stay_unknown() -> None:
    assert combine([1.0, 1.0], [Curvature(1.0), Curvature(1.0, 2.0)]) == Curvature(2.0, math.inf)
    per_state = combine([1.0, 1.0], [Curvature(torch.tensor([1.0, 2.0])), Curvature(-math.inf, 1.0)])
    assert per_state is not None
    assert per_state.lowest == -math.inf
    assert per_state.highest == math.inf


@pytest.mark.parametrize(("mu", "lipschitz"), [(2.0, 1.0), (math.nan, 1.0), (0.0, math.nan)])
def test_bad_bounds(mu: float, lipschitz: float) -> None:
    with pytest.raises(UsageError, match="mu|lipschitz"):
        Curvature(mu, lipschitz)
    with pytest.raises(UsageError, match="mu|lipschitz"):
        Curvature(torch.tensor([0.0, mu]), torch.tensor([1.0, lipschitz]))
