from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval import eigenvalue_bounds
from eqt_theory.engines.interval.expression import number
from eqt_theory.engines.interval.spectrum import positive_definite

entries = st.fractions(-5, 5, max_denominator=8)
radii = st.sampled_from([Fraction(0), Fraction(1, 100), Fraction(1, 3), Fraction(2)])


@st.composite
def interval_matrices(draw):
    d = draw(st.integers(1, 5))
    upper = {(i, j): (draw(entries), draw(radii)) for i in range(d) for j in range(i, d)}
    return d, upper


def sampled(d, upper, generator, corner: bool):
    matrix = np.zeros((d, d))
    for (i, j), (middle, radius) in upper.items():
        share = generator.choice([-1.0, 1.0]) if corner else generator.uniform(-1, 1)
        matrix[i, j] = matrix[j, i] = float(middle) + share * float(radius)
    return matrix


def ranges(d, upper):
    at = {place: (m - r, m + r) for place, (m, r) in upper.items()}
    return [[at[min(i, j), max(i, j)] for j in range(d)] for i in range(d)]


@settings(max_examples=150, deadline=None)
@given(interval_matrices(), st.integers(0, 10**6))
def test_the_bounds_hold_every_sampled_eigenvalue(case, seed):
    d, upper = case
    generator = np.random.default_rng(seed)
    bounds = eigenvalue_bounds(ranges(d, upper))
    definite = positive_definite([[number(x) for x in row] for row in ranges(d, upper)])
    assert bounds.low is not None and bounds.high is not None
    for corner in (True, True, False):
        found = np.linalg.eigvalsh(sampled(d, upper, generator, corner))
        assert float(bounds.low) - 1e-9 <= found[0] and found[-1] <= float(bounds.high) + 1e-9
        if definite:
            assert found[0] > -1e-12


def ends(matrix) -> tuple[Fraction, Fraction]:
    bounds = eigenvalue_bounds(matrix)
    assert bounds.low is not None and bounds.high is not None
    return bounds.low, bounds.high


def test_exact_matrices_get_tight_bounds():
    low, high = ends([[2, 1], [1, 2]])
    assert 1 - Fraction(1, 10**12) < low <= 1 and 3 <= high < 3 + Fraction(1, 10**12)
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(8, 8))
    matrix = matrix + matrix.T
    (low, high), truth = ends(matrix.tolist()), np.linalg.eigvalsh(matrix)
    assert abs(float(low) - truth[0]) < 1e-10 and abs(float(high) - truth[-1]) < 1e-10


def test_only_the_symmetric_matrices_count():
    assert eigenvalue_bounds([[1, (-1, 0)], [(0, 1), 1]]) == eigenvalue_bounds([[1, 0], [0, 1]])
    with pytest.raises(UsageError, match="exclude each other"):
        eigenvalue_bounds([[1, 0], [1, 1]])
    with pytest.raises(UsageError, match="square"):
        eigenvalue_bounds([[1, 0]])


def test_nothing_is_known_of_a_matrix_with_an_unknown_entry():
    unknown = number((-1, 1)).inverse()
    bounds = eigenvalue_bounds([[unknown, 0], [0, 1]])
    assert bounds.low is None and bounds.high is None
    assert not positive_definite([[unknown]])


@pytest.mark.parametrize("smallest, definite", [("1/10000000", True), ("0", False), ("-1/10000000", False)])
def test_definiteness_near_the_edge(smallest, definite):
    """Planted fault: the least eigenvalue of [[1, 1], [1, 1 + s]] has the sign of s."""
    matrix = [[1, 1], [1, 1 + Fraction(smallest)]]
    assert positive_definite([[number(x) for x in row] for row in matrix]) is definite
