import pytest
import torch

from eqt_theory import Affine, Ball, FixedPoint, Inclusion, UsageError
from eqt_theory.operators.affine import as_map

D = torch.float64
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=D)


def test_it_is_affine():
    h = torch.tensor([[1.0, -1.0], [0.5, 2.0]], dtype=D)
    map_ = Affine(A, torch.ones(2, dtype=D))
    assert torch.equal(map_(h), h @ A.T + 1) and torch.equal(map_(h[0]), A @ h[0] + 1)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Affine(A[:1]), "A must have shape"),
        (lambda: Affine(A * torch.nan), "A must be finite"),
        (lambda: Affine(A, torch.ones(3, dtype=D)), "b must have shape"),
        (lambda: Affine(A, torch.ones(2)), "dtype"),
        (lambda: Affine(A.to("meta")), "A must be a matrix of numbers"),
        (lambda: as_map(3), "must be a FixedPoint"),
        (lambda: as_map(torch.nn.Tanh), "must be a FixedPoint"),
        (lambda: as_map(Inclusion(torch.tanh, Ball([0.0], 1.0)), "F"), "F must be a map"),
    ],
)
def test_bad_arguments(make, word):
    with pytest.raises(UsageError, match=word):
        make()


def test_what_stands_for_a_map():
    h = torch.ones(2, dtype=D)
    for thing in (A, Affine(A), lambda x: A @ x, FixedPoint(Affine(A))):
        assert torch.equal(as_map(thing)(h), A @ h)
    assert as_map(A).dim == as_map(Affine(A)).dim == 2
