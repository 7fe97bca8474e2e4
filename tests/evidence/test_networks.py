"""Which networks are understood, and that the bounds of the activations hold."""

from fractions import Fraction

import pytest
import sympy as sp
import torch
import torch.nn.utils.prune
from torch import nn

from eqt_theory.engines.interval import certify_on
from eqt_theory.evidence.networks import ACTIVATIONS, GELU, SIGMOID, SILU, TANH, NotUnderstood, read_network

SETTINGS = {
    nn.Softplus: {"beta": 2.0, "threshold": 60.0},
    nn.LeakyReLU: {"negative_slope": -0.3},
    nn.ELU: {"alpha": 1.7},
}
MODULES = [kind(**SETTINGS.get(kind, {})) for kind in ACTIVATIONS if kind is not nn.Dropout]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_slopes_and_bends_hold_on_a_fine_grid(module):
    phi = ACTIVATIONS[type(module)](module)
    t = torch.linspace(-12, 12, 20001, dtype=torch.float64)
    slopes = module(t).diff() / t.diff()
    assert float(phi.slope[0]) - 1e-9 <= float(slopes.min()) and float(slopes.max()) <= float(phi.slope[1]) + 1e-9
    # Not loose either, by more than a tenth of what is there.
    assert float(slopes.max()) >= float(phi.slope[1]) * 0.97
    if phi.bend is not None:
        bends = slopes.diff() / t.diff()[1:]
        assert float(phi.bend[0]) - 1e-6 <= float(bends.min()) and float(bends.max()) <= float(phi.bend[1]) + 1e-6
    if phi.slope_on is not None:
        for low, high in ((-3.0, -1.0), (-1.0, 2.0), (0.0, 0.5), (1.0, 4.0), (-2.0, 0.0)):
            inside = slopes[(t[:-1] >= low) & (t[1:] <= high)]
            least, most = phi.slope_on(low, high)
            assert least - 1e-9 <= float(inside.min()) and float(inside.max()) <= most + 1e-9


def test_the_rounded_constants_are_shown_in_ball_arithmetic():
    """Beyond |t| = 30 all of these are monotone tails within 1e-8 of their limits, which the bounds hold by far."""
    t = sp.Symbol("t", real=True)
    sigmoid = 1 / (1 + sp.exp(-t))
    cases = [(t * sigmoid, SILU), (sigmoid, SIGMOID), (sp.tanh(t), TANH)]
    for expression, phi in cases:
        for derivative, ends in ((sp.diff(expression, t), phi.slope), (sp.diff(expression, t, 2), phi.bend)):
            for line in (
                derivative <= sp.Rational(ends[1] + Fraction(1, 10**6)),
                derivative >= sp.Rational(ends[0]) - 1e-6,
            ):
                found = certify_on(line, {t: (-30, 30)})
                assert found.holds, (line, found.reason)


def test_the_rounded_constants_hold_at_the_extremes_in_closed_form():
    """tanh'' is extreme at tanh^2 = 1/3, sigmoid'' at tanh(t/2)^2 = 1/3, GELU' at t^2 = 2, GELU'' at 0 and t^2 = 4."""
    t = sp.Symbol("t", real=True)
    gelu = t * (1 + sp.erf(t / sp.sqrt(2))) / 2
    first, second, third = (sp.diff(gelu, t, k) for k in (1, 2, 3))
    bell = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    assert sp.simplify(second - (2 - t**2) * bell) == 0 and sp.simplify(third - (t**2 - 4) * t * bell) == 0
    extremes = [
        (GELU.slope, [first.subs(t, s * sp.sqrt(2)) for s in (1, -1)]),
        (GELU.bend, [second.subs(t, s) for s in (0, 2)]),
        (TANH.bend, [s * 4 / (3 * sp.sqrt(3)) for s in (1, -1)]),
        (SIGMOID.bend, [s / (6 * sp.sqrt(3)) for s in (1, -1)]),
    ]
    for (low, high), values in extremes:
        for value in values:
            assert sp.Rational(low) < value.evalf(40) < sp.Rational(high), (low, value.evalf(), high)


def test_layers_are_read_in_order():
    net = nn.Sequential(
        nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Identity()), nn.Linear(4, 5), nn.Linear(5, 2), nn.ReLU()
    )
    network = read_network(net)
    assert [tuple(w.shape) for w in network.weights] == [(4, 3), (5, 4), (2, 5), (2, 2)]
    assert [phi.name for phi in network.activations] == ["Tanh", "Identity", "ReLU"]
    both = read_network(nn.Sequential(nn.Linear(1, 1), nn.LeakyReLU(0.5), nn.LeakyReLU(0.5)))
    assert both.activations[0].slope == (Fraction(1, 4), 1) and both.activations[0].bend is None
    first = read_network(nn.Sequential(nn.Tanh(), nn.Linear(2, 3)))
    assert torch.equal(first.weights[0], torch.eye(2, dtype=torch.float64))


class Mine(nn.Linear):
    pass


@pytest.mark.parametrize(
    ("module", "word"),
    [
        (nn.Tanh(), "no linear layer"),
        (Mine(2, 2), "Mine"),
        (nn.LayerNorm(2), "LayerNorm"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softplus()), "Softplus"),
        (nn.Sequential(nn.Linear(2, 2), nn.GELU("tanh")), "GELU"),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "Dropout"),
        (nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)), "ParametrizedLinear"),
        (torch.nn.utils.prune.identity(nn.Linear(2, 2), "weight"), "hooks"),
        (nn.Sequential(nn.Linear(2, 2), nn.ELU(-1.0)), "ELU"),
        (nn.Sequential(nn.Linear(2, 2), nn.ELU(float("inf"))), "ELU"),
        (nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(float("nan"))), "LeakyReLU"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(4, 1)), "takes 4 numbers, the layer before it gives 3"),
        (nn.Linear(2, 2, dtype=torch.complex64), "real numbers"),
        (nn.Linear(2, 2, device="meta"), "real numbers"),
    ],
)
def test_what_is_not_understood_is_named(module, word):
    with pytest.raises(NotUnderstood, match=word):
        read_network(module)


def test_dropout_in_evaluation_mode_is_nothing():
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2)).eval()
    assert [phi.name for phi in read_network(net).activations] == ["Identity"]


def test_weights_that_are_not_finite():
    layer = nn.Linear(2, 2)
    layer.weight.data[0, 0] = float("nan")
    with pytest.raises(NotUnderstood, match="finite"):
        read_network(layer)
