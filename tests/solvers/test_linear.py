import pytest
import torch

from eqt_theory.solvers.linear import conjugate_gradients


def systems(n=7, d=9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(n, d, d, generator=generator, dtype=torch.float64)
    return root @ root.mT + torch.eye(d, dtype=torch.float64), torch.randn(
        n, d, generator=generator, dtype=torch.float64
    )


def test_solves_each_system():
    A, b = systems()
    b[3] = 0.0
    solved = conjugate_gradients(lambda v: (A @ v.unsqueeze(-1)).squeeze(-1), b, 1e-12, 200)
    assert torch.allclose(solved.x, torch.linalg.solve(A, b), rtol=0, atol=1e-9)
    assert solved.definite.all() and (solved.x[3] == 0).all()


def test_negative_curvature_is_told_and_touches_nobody_else():
    A, b = systems()
    A[2] = -A[2]
    solved = conjugate_gradients(lambda v: (A @ v.unsqueeze(-1)).squeeze(-1), b, 1e-12, 200)
    assert solved.definite.tolist() == [i != 2 for i in range(7)]
    assert torch.equal(solved.first[2], b[2])
    others = [0, 1, 3, 4, 5, 6]
    assert torch.allclose(solved.x[others], torch.linalg.solve(A, b)[others], rtol=0, atol=1e-9)


def test_too_few_products_show_in_the_residual():
    A, b = systems()
    solved = conjugate_gradients(lambda v: (A @ v.unsqueeze(-1)).squeeze(-1), b, 1e-12, 2)
    true = torch.linalg.vector_norm(b - (A @ solved.x.unsqueeze(-1)).squeeze(-1), dim=-1)
    assert (solved.residual > 1e-6).all()
    assert solved.residual.tolist() == pytest.approx(true.tolist())
