"""Curvature of network energies, layer by layer, from norms of their weights that are rounded up."""

from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.energies.analytic.input_convex import InputConvexNetwork
from eqt_theory.energies.analytic.network import NetworkEnergy
from eqt_theory.energies.base import Energy
from eqt_theory.energies.layered import Layer, reach
from eqt_theory.evidence.curvature.matrix_bounds import root_up, squared_norm
from eqt_theory.evidence.curvature.region import Constants, Region
from eqt_theory.evidence.networks import NotUnderstood, read_network

_ZERO = Fraction(0)
_SOURCE = "norms of the layers, rounded up"


def input_convex_constants(energy: Energy, region: Region) -> Constants | None:
    """At least the ridge: increasing convex functions of sums of convex ones are convex, if no weight is negative."""
    assert isinstance(energy, InputConvexNetwork)
    sharpness, ridge = Fraction(energy.sharpness), Fraction(energy.ridge)
    through, out = energy.weights()
    tensors = [*energy.parameters(), *through, out]
    if sharpness <= 0 or not all(bool(torch.isfinite(x).all()) for x in tensors):
        return None
    if not all(type(x) in (Tensor, torch.nn.Parameter) for x in energy.parameters()):
        return None
    if not all(bool((x >= 0).all()) for x in (*through, out)):
        return None
    bend = sharpness / 4
    layers = []
    for U, W in zip([None, *through], energy.straight, strict=True):  # noqa: N806
        size, row = (_ZERO, _ZERO) if U is None else _sizes(U)
        layers.append(Layer(size, _sizes(W)[0], row, _sizes(W)[1], Fraction(1), bend))
    found = reach(layers)
    largest, length = Fraction(float(out.detach().max())), root_up(squared_norm(out.unsqueeze(0)))
    upper = largest * bend * found.first**2 + length * found.second
    return Constants(ridge, ridge + upper, None, f"convex by construction; {_SOURCE}")


def network_constants(energy: Energy, region: Region) -> Constants | None:
    """Both sides, for smooth activations: `sum u_i phi''(pre_i)(D pre_i v)^2` and what the layers before add."""
    assert isinstance(energy, NetworkEnergy)
    try:
        network = read_network(energy.network)
    except NotUnderstood:
        return None
    ridge, out = Fraction(energy.ridge), network.weights[-1]
    if len(out) != 1:
        return None
    if not network.activations:
        return Constants(ridge, ridge, None, "linear")
    layers: list[Layer] = []
    for k, (W, phi) in enumerate(zip(network.weights, network.activations, strict=False)):  # noqa: N806
        if phi.bend is None:
            return None
        size, row = _sizes(W)
        straight, through = ((size, row), (_ZERO, _ZERO)) if k == 0 else ((_ZERO, _ZERO), (size, row))
        bend = max(-phi.bend[0], phi.bend[1])
        layers.append(Layer(through[0], straight[0], through[1], straight[1], phi.steepest, bend))
    found, last = reach(layers), network.activations[-1]
    assert last.bend is not None
    ends = [Fraction(u) * b for u in out[0].tolist() for b in last.bend]
    rest = root_up(squared_norm(out)) * last.steepest * found.second
    lower = min(_ZERO, *ends) * found.first**2 - rest
    upper = max(_ZERO, *ends) * found.first**2 + rest
    return Constants(ridge + lower, ridge + upper, None, _SOURCE)


def _sizes(matrix: Tensor) -> tuple[Fraction, Fraction]:
    """The norm and the longest row, from above."""
    rows = [sum((Fraction(x) ** 2 for x in row), _ZERO) for row in matrix.detach().double().tolist()]
    return root_up(squared_norm(matrix)), root_up(max(rows, default=_ZERO))
