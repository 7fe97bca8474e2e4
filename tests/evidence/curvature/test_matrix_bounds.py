from fractions import Fraction

import pytest
import torch

from eqt_theory.evidence.curvature import matrix_bounds
from eqt_theory.evidence.curvature.matrix_bounds import (
    diameter,
    gram_spectrum,
    root_down,
    root_up,
    spectrum,
    squared_norm,
)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (20, 4), (60, 60), (150, 120)])
@pytest.mark.parametrize("center", [False, True])
def test_squared_norm_is_above_and_close(shape, center):
    A = torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    B = A - A.mean(0) if center else A
    truth = float(torch.linalg.svdvals(B)[0]) ** 2
    bound = float(squared_norm(A, center=center))
    assert bound >= truth * (1 - 1e-12)
    if max(shape) <= 96:
        assert bound <= truth * (1 + 1e-8) + 1e-12


def test_exact_cases():
    assert squared_norm(torch.diag(torch.tensor([3.0, 2.0]))) >= 9
    assert float(squared_norm(torch.diag(torch.tensor([3.0, 2.0])))) == pytest.approx(9)
    assert float(squared_norm(torch.ones(4, 2, dtype=torch.float64), center=True)) == pytest.approx(0, abs=1e-20)


def test_diameter():
    rows = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]])
    assert Fraction(5) <= diameter(rows) <= Fraction(5) + Fraction(1, 10**12)
    many = torch.randn(5000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert float(diameter(many)) >= float(torch.pdist(many[:2000]).max())
    assert diameter(rows[:1]) == 0


def test_roots():
    for square in (Fraction(2), Fraction(1, 3), Fraction(10**12), Fraction(0)):
        assert root_down(square) ** 2 <= square <= root_up(square) ** 2
        assert root_up(square) - root_down(square) <= Fraction(1, 2**118)


def wide_misses() -> int:
    """Of matrices above 384 rows with equal entries, whose spectra are known exactly, how many bounds do not hold."""
    missed = 0
    for entry in (0.1, 0.3, 0.7, 1.1, 1.3, 1.7):
        n, d, x = 400, 390, Fraction(entry)
        A = torch.full((n, d), entry, dtype=torch.float64)
        square = squared_norm(A)
        missed += not x**2 * n * d <= square
        assert square <= x**2 * n * d * (1 + Fraction(1, 10**10))
        missed += gram_spectrum(A) != (0, square)
        low, high = spectrum(torch.full((n, n), entry, dtype=torch.float64))
        missed += not (low <= 0 and n * x <= high)
        assert high <= n * x * (1 + Fraction(1, 10**10))
        # One column of alternating signs, the rest 0: centred it is as it was, of norm x sqrt(n).
        B = torch.zeros(n, d, dtype=torch.float64)
        B[:, 0] = entry * (1 - 2 * (torch.arange(n, dtype=torch.float64) % 2))
        missed += not x**2 * n <= squared_norm(B, center=True)
    return missed


def test_sums_of_rows_above_the_largest_size(monkeypatch):
    assert wide_misses() == 0
    monkeypatch.setattr(matrix_bounds, "EPS", 0.0)
    assert wide_misses() > 0
