"""Nesterov's worst function: no first-order method does well on it before d steps."""

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, Positive, Weight, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.arguments import FloatType


@checked
def nesterov_worst(dim: Count, lipschitz: Positive, mu: Weight = 0.0, dtype: FloatType = torch.float64) -> Quadratic:
    """The tridiagonal quadratic `(L - mu)/8 (h_1^2 + sum (h_i - h_{i+1})^2 + h_d^2 - 2 h_1) + mu/2 |h|^2`.

    From 0, a method that adds gradients reaches one new coordinate a step (Nesterov 2004, Sections 2.1.2 and 2.1.4).
    The tridiagonal matrix (-1, 2, -1) has its eigenvalues in (0, 4), so the Hessian's lie in (mu, L).

    Args:
        dim: d, at least 1.
        lipschitz: L, above mu.
        mu: not negative.
        dtype: precision of the coefficients.

    Returns:
        The quadratic; it declares the extreme eigenvalues of its matrix.

    Raises:
        UsageError: a number is out of range.
    """
    lipschitz, mu = float(lipschitz), float(mu)
    if mu >= lipschitz:
        raise UsageError(f"mu must be below lipschitz, got {mu} and {lipschitz}")
    refuse_beyond_memory("the matrix", dim, dim)
    scale = (lipschitz - mu) / 4
    ones: Tensor = torch.ones(dim - 1, dtype=dtype)
    A = (2 * scale + mu) * torch.eye(dim, dtype=dtype) - scale * (torch.diag(ones, 1) + torch.diag(ones, -1))
    b = torch.zeros(dim, dtype=dtype)
    b[0] = -scale
    return Quadratic(A, b)
