import math

import pytest
import sympy
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.linear import exact, matvec, nonempty_rows, squared_singular_range

from .cases import draw


def test_matvec_on_shared_and_batched_maps() -> None:
    A, v = draw(0, 4, 3), draw(1, 5, 3)
    assert torch.allclose(matvec(A, v), v @ A.T)
    table = draw(2, 5, 4, 3)
    assert torch.allclose(matvec(table, v), torch.einsum("bij,bj->bi", table, v))


def test_singular_values_are_enclosed_closely() -> None:
    # A = U diag(s) V^T with known s, up to the rounding of the product.
    u, v = torch.linalg.qr(draw(3, 20, 4)).Q, torch.linalg.qr(draw(4, 4, 4)).Q
    s = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
    low, high = squared_singular_range((u * s) @ v.T)
    assert low < 0.25 < low + 1e-11
    assert high - 1e-11 < 9 < high
    assert squared_singular_range(draw(5, 2, 4))[0] == 0.0
    wide = squared_singular_range(torch.stack([torch.eye(2), 3 * torch.eye(2)]).double())
    assert wide == pytest.approx((1.0, 9.0), rel=1e-12)


def test_squares_beyond_the_range_of_floats_are_rounded_outwards() -> None:
    eye = torch.eye(2, dtype=torch.float64)
    low, high = squared_singular_range(1e-200 * eye)
    assert low == 0.0 < high < 1e-300
    low, high = squared_singular_range(1e200 * eye)
    assert low < math.inf == high
    assert squared_singular_range(0 * eye) == (0.0, 0.0)


def test_exact_keeps_the_float() -> None:
    assert exact(torch.tensor([[0.1, 2.0]], dtype=torch.float64)) == [[sympy.Rational(0.1), 2]]
    assert exact(torch.tensor(0.1)) == sympy.Rational(float(torch.tensor(0.1)))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,)])
def test_empty_rows_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="rows must have"):
        nonempty_rows("rows", torch.ones(shape))
