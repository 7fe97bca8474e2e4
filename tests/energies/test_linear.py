import math

import numpy as np
import pytest
import sympy
import torch
from torch.autograd import forward_ad

import eqt_theory.energies.linear as linear
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.linear import exact, matvec, nonempty_rows, squared_singular_range, symmetric_matvec

from .cases import draw


def test_matvec_on_shared_and_batched_maps() -> None:
    A, v = draw(0, 4, 3), draw(1, 5, 3)
    assert torch.allclose(matvec(A, v), v @ A.T)
    table = draw(2, 5, 4, 3)
    assert torch.allclose(matvec(table, v), torch.einsum("bij,bj->bi", table, v))


def test_products_by_numpy_are_those_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    product = np.matmul
    monkeypatch.setattr(linear.np, "matmul", lambda v, A: taken.append(1) or product(v, A))  # type: ignore[func-returns-value]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for shape in ((5, 12, 9), (2, 3, 12, 9), (0, 12, 9), (1, 90, 91)):
            for dtype in (torch.float64, torch.float32):
                A, v = draw(6, *shape).to(dtype), draw(7, *shape[:-2], shape[-1]).to(dtype)
                for one, other in ((A, v), (A.mT.contiguous().mT, v), (A[:1], v)):
                    if one.shape[0] and dtype is torch.float64:
                        assert torch.allclose(matvec(one, other), torch.einsum("...ij,...j->...i", one, other))
                    with torch.no_grad():
                        taken.clear()
                        found = matvec(one, other)
                    assert len(taken) == 1 and found.dtype is dtype
                    assert torch.allclose(found, matvec(one, other), 0, 2e-5 if dtype is torch.float32 else 2e-14)
        A, v = draw(6, 5, 12, 12), draw(7, 5, 12)
        A[1], v[2, 0], v[3] = 1e308, torch.nan, 1e308
        with torch.no_grad():  # nothing is said of what is not finite
            taken.clear()
            found = symmetric_matvec(A + A.mT, v)
            assert taken and torch.equal(found.isfinite().all(-1), torch.tensor([True, False, False, False, True]))
            taken.clear()
            # As its own kind is computed what torch is to see, what is large, and what NumPy would have to copy.
            matvec(A[..., ::2], v[..., ::2].contiguous())
            matvec(draw(1, 2, 100, 100), draw(2, 2, 100))
            matvec(A[:, :2, :2].contiguous(), v[:, :2])
            matvec(A.half(), v.half())
            torch.func.vmap(lambda x: matvec(A, x))(v.expand(2, 5, 12))
            torch.set_num_threads(4)
            matvec(A, v)
            assert not taken
    finally:
        torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_products_by_numpy_are_neither_traced_nor_of_another_sign() -> None:
    A, v, w = draw(6, 5, 12, 12), draw(7, 5, 12), draw(8, 5, 12)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            traced = torch.jit.trace(lambda x: matvec(A, x), (v,))  # would else keep the product of this v
            assert torch.allclose(traced(w), matvec(A, w), 0, 2e-14)  # pyright: ignore[reportCallIssue]
            negative = torch.complex(v, v).conj().imag  # whose sign stands apart from its numbers
            assert negative.is_neg() and torch.allclose(matvec(A, negative), -matvec(A, v), 0, 2e-14)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, at the first dual number
def test_derivatives_of_products_are_those_of_torch() -> None:
    A, v = draw(6, 5, 12, 12), draw(7, 5, 12)
    with torch.no_grad():
        slope = torch.func.grad(lambda x: (matvec(A, x) ** 2).sum())(v)
        assert torch.allclose(slope, 2 * torch.einsum("bij,bik,bk->bj", A, A, v))
        with forward_ad.dual_level():
            moved = forward_ad.unpack_dual(matvec(A, forward_ad.make_dual(v, v))).tangent
        assert moved is not None and torch.allclose(moved, torch.einsum("bij,bj->bi", A, v))


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
