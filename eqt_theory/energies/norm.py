"""The Euclidean norm of states, also where squares leave the range of floating-point numbers."""

import torch
from torch import Tensor

from eqt_theory.energies.arguments import holds_everywhere


def norm(x: Tensor) -> Tensor:
    """`|x|` along the last dimension, (..., d) -> (...), scaled where the sum of squares under- or overflows."""
    plain = torch.linalg.vector_norm(x, dim=-1)
    info = torch.finfo(x.dtype)
    # Above, what squares lose to underflow is far below a rounding of the sum.
    safe = (plain > (info.tiny / info.eps) ** 0.5) & (plain < torch.inf)
    if x.shape[-1] == 0 or holds_everywhere(safe):
        return plain
    largest = x.abs().amax(-1, keepdim=True)
    scale = torch.where((largest > 0) & (largest < torch.inf), largest, 1.0)
    return torch.where(safe, plain, scale.squeeze(-1) * torch.linalg.vector_norm(x / scale, dim=-1))
