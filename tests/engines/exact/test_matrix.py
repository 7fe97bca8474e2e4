from fractions import Fraction as F

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact.matrix import distance2, dot, semidefinite, solve, times

entries = st.fractions(-3, 3, max_denominator=4)


@st.composite
def square_matrices(draw):
    d = draw(st.integers(1, 4))
    return [[draw(entries) for _ in range(d)] for _ in range(d)]


@given(square_matrices(), st.data())
def test_solutions_solve(matrix, data):
    right = [data.draw(entries) for _ in matrix]
    singular = sp.Matrix(matrix).det() == 0
    if singular:
        with pytest.raises(UsageError, match="singular"):
            solve(matrix, right)
    else:
        assert times(matrix, solve(matrix, right)) == tuple(right)


@settings(max_examples=100, deadline=None)
@given(square_matrices(), st.sampled_from([F(0), F(1), F(-1, 2)]), st.booleans())
def test_definiteness_agrees_with_the_eigenvalues(matrix, shift, squared):
    d = len(matrix)
    if squared:  # semidefinite, often singular
        matrix = [[dot(matrix[i][: d - 1], matrix[j][: d - 1]) for j in range(d)] for i in range(d)]
    symmetric = [[matrix[min(i, j)][max(i, j)] + (shift if i == j else 0) for j in range(d)] for i in range(d)]
    least = np.linalg.eigvalsh(np.array(symmetric, dtype=float))[0]
    if abs(least) > 1e-9:
        assert semidefinite(symmetric) == semidefinite(symmetric, strictly=True) == (least > 0)
    else:
        exact = sp.Matrix(symmetric)
        assert semidefinite(symmetric) == bool(exact.is_positive_semidefinite)
        assert semidefinite(symmetric, strictly=True) == bool(exact.is_positive_definite)


def test_a_zero_pivot_is_looked_at():
    """Planted fault: a zero on the diagonal passes only where the rest of its row is zero."""
    assert semidefinite([[0, 0], [0, 1]]) and not semidefinite([[0, 0], [0, 1]], strictly=True)
    assert not semidefinite([[0, 1], [1, 5]])


def test_distance():
    assert distance2((F(1), F(0)), (F(0), F(1, 2))) == F(5, 4)
