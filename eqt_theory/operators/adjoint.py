"""The adjoint of a residual's Jacobian: its products, and the linear system that implicit derivatives need."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.operators.slope import products

_DENSE = 128
"""Dimension up to which the matrix of a state is formed and factorised."""
_KRYLOV = 60
"""Vectors of a subspace, for more dimensions."""

Product = Callable[[Tensor], Tensor]


def transposed(residual: Callable[[Tensor], Tensor], h: Tensor) -> Product:
    """`w -> J_r(h)^T w`, (..., d) -> (..., d), each state for itself; J_r = I - J for the residual h - T(h)."""
    return products(residual, h)[1]


def adjoint_solution(product: Product, v: Tensor, tolerance: float, steps: int) -> Tensor:
    """The solution of `product(w) = v` for each state of a batch, by factorisation or by GMRES.

    Args:
        product: linear, (..., d) -> (..., d), each state for itself.
        v: right sides, shape (..., d).
        tolerance: relative residual to stop at.
        steps: products at most, by GMRES.

    Returns:
        Approximate solutions, shape (..., d); the caller looks at their residuals.
    """
    d = v.shape[-1]
    if d > _DENSE:
        return _gmres(product, v, tolerance, steps)
    columns = [product(torch.zeros_like(v).index_fill(-1, torch.tensor([i], device=v.device), 1.0)) for i in range(d)]
    matrix = torch.stack(columns, dim=-1)
    found, failed = torch.linalg.solve_ex(matrix, v.unsqueeze(-1))
    return torch.where((failed == 0)[..., None], found.squeeze(-1), torch.nan)


def _gmres(product: Product, v: Tensor, tolerance: float, steps: int) -> Tensor:
    """Restarted GMRES (Saad and Schultz 1986) for every state at once."""
    x, used = torch.zeros_like(v), 0
    wanted = tolerance * torch.linalg.vector_norm(v, dim=-1)
    while used < steps:
        r = v - product(x)
        size = torch.linalg.vector_norm(r, dim=-1)
        if bool((size <= wanted).all()) or not bool(torch.isfinite(size).any()):
            break
        basis = [r / size.clamp_min(torch.finfo(v.dtype).tiny).unsqueeze(-1)]
        images: list[Tensor] = []
        for _ in range(min(_KRYLOV, v.shape[-1], steps - used)):
            w = product(basis[-1])
            images.append(w)
            used += 1
            for _ in range(2):  # twice is enough (Kahan)
                for b in basis:
                    w = w - (w * b).sum(-1, keepdim=True) * b
            length = torch.linalg.vector_norm(w, dim=-1, keepdim=True)
            basis.append(torch.where(length > 0, w / length.clamp_min(torch.finfo(v.dtype).tiny), 0.0))
        # The least residual over the subspace; a rank-deficient end of a breakdown is what lstsq is for.
        A = torch.stack(images, dim=-1)
        coefficients = torch.linalg.pinv(A, rtol=torch.finfo(v.dtype).eps) @ r.unsqueeze(-1)
        x = x + (torch.stack(basis[:-1], dim=-1) @ coefficients).squeeze(-1)
        used += 1
    return x
