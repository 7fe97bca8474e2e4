"""Does autograd see the map: are its derivatives those of the images?"""

import torch
from torch import Tensor

from eqt_theory.core.finding import Finding
from eqt_theory.operators.slope import products
from eqt_theory.testing.differences import directional_derivative
from eqt_theory.testing.operator_bench import OperatorBench

_TOLERANCE = 1e-8
_SURE = 16


def derivative_is_that_of_the_image(bench: OperatorBench) -> Finding:
    """Products J v by autograd agree with extrapolated differences of the images."""
    h = bench.states()
    v = bench.directions(h)
    measured, error = directional_derivative(bench.images, h, v)
    told = torch.stack([products(bench.map.image, x)[0](w) for x, w in zip(h, v, strict=True)])
    size = torch.maximum(measured.norm(dim=-1), told.norm(dim=-1)).unsqueeze(-1)
    allowed = _SURE * error + _TOLERANCE * (size + 1e-3)
    # A difference that is not sharp, as at a kink, tells nothing.
    allowed = torch.where(error <= 1e-4 * (size + 1e-3), allowed, torch.inf)
    return bench.compared(told, measured, allowed, h, "J v by autograd is the derivative along v")


def transpose_is_that_of_the_derivative(bench: OperatorBench) -> Finding:
    """J^T w, which implicit derivatives need, is the transpose of what differences of the images show."""
    h = bench.states(stream=3)
    v, w = bench.directions(h), bench.directions(h, stream=4)
    measured, error = directional_derivative(bench.images, h, v)
    told = torch.stack([products(bench.map.image, x)[1](u) for x, u in zip(h, w, strict=True)])
    left, right = (told * v).sum(-1, keepdim=True), (measured * w).sum(-1, keepdim=True)
    size = torch.maximum(measured.norm(dim=-1), told.norm(dim=-1)).unsqueeze(-1)
    rough: Tensor = error.norm(dim=-1, keepdim=True)
    allowed = torch.where(rough <= 1e-4 * (size + 1e-3), _SURE * rough + _TOLERANCE * (size + 1e-3), torch.inf)
    return bench.compared(left, right, allowed, h, "<J^T w, v> is <w, J v>")
