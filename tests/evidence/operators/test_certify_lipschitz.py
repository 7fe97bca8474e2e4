"""Lipschitz constants of networks: above what is reached, near the truth, none for what is not understood."""

from fractions import Fraction

import mpmath
import pytest
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.finding import ShownBy
from eqt_theory.core.verdict import Method
from eqt_theory.evidence.networks import read_network
from eqt_theory.evidence.operators import network_bound
from eqt_theory.evidence.operators.network_bound import by_inequality, by_jacobian, by_norms

D = torch.float64


def network(*sizes: int, act: type[nn.Module] = nn.Tanh, seed: int = 0) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for a, b in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(a, b, dtype=D), act()]
    net = nn.Sequential(*layers[:-1]).requires_grad_(False)
    for parameter in net.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=D) / parameter.shape[-1] ** 0.5)
    return net


def steepest(net: nn.Module, dim: int, scale: float = 1.0, count: int = 500) -> float:
    x = scale * torch.randn(count, dim, dtype=D, generator=torch.Generator().manual_seed(1))
    return float(torch.linalg.matrix_norm(torch.func.vmap(torch.func.jacrev(net))(x), 2).max())


@pytest.mark.parametrize("act", [nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid])
def test_every_bound_is_above_what_is_reached(act):
    net = network(3, 8, 6, 2, act=act)
    read, reached = read_network(net), steepest(net, 3, 2.0)
    norms, solved = by_norms(read), by_inequality(read)
    assert solved is not None and solved.certificate is not None
    assert reached <= float(solved.constant) <= float(norms.constant)
    on_box = by_jacobian(read, eqt.Box([-0.5] * 3, [0.5] * 3))
    points = torch.rand(500, 3, dtype=D, generator=torch.Generator().manual_seed(2)) - 0.5
    inside = float(torch.linalg.matrix_norm(torch.func.vmap(torch.func.jacrev(net))(points), 2).max())
    assert inside <= float(on_box.constant)


def test_known_constants_are_met():
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=D, generator=torch.Generator().manual_seed(0)))[0]
    layer = nn.Sequential(nn.Linear(5, 5, dtype=D), nn.Tanh()).requires_grad_(False)
    layer[0].weight.copy_(0.9 * rotation)
    assert float(Fraction(eqt.certify_lipschitz(layer).enclosures["lipschitz"])) == pytest.approx(0.9, rel=1e-6)
    ball = eqt.Ball([0.0] * 5, 2.0)
    deq = eqt.FixedPoint(layer, dim=5)
    assert eqt.check_contraction(deq, rate=0.9 + 1e-6, domain=ball).verdict is Verdict.CERTIFIED
    assert eqt.check_lipschitz(deq, 0.9 - 1e-2, eqt.Ball([0.0] * 5, 10.0)).verdict is not Verdict.CERTIFIED
    linear = nn.Linear(2, 2, dtype=D).requires_grad_(False)
    linear.weight.copy_(torch.diag(torch.tensor([3.0, -2.0])))
    assert Fraction(eqt.certify_lipschitz(linear).enclosures["lipschitz"]) >= 3
    assert eqt.certify_lipschitz(linear, 3 + 1e-12).verdict is Verdict.CERTIFIED
    assert eqt.certify_lipschitz(linear, 3 - 1e-12).verdict is Verdict.INCONCLUSIVE


def test_the_inequality_beats_the_product_where_layers_do_not_line_up():
    """relu(x) - relu(-x) = x: the constant is 1, the product of norms 2."""
    net = nn.Sequential(nn.Linear(1, 2, dtype=D), nn.ReLU(), nn.Linear(2, 1, dtype=D)).requires_grad_(False)
    net[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
    net[2].weight.copy_(torch.tensor([[1.0, -1.0]]))
    read = read_network(net)
    assert float(by_norms(read).constant) == pytest.approx(2)
    # One slope at a time: sqrt(2) or more without coupling, 2 at worst.
    assert float(by_inequality(read).constant) < 2 + 1e-6
    mixed = network(2, 12, 12, 2, act=nn.ReLU)
    found = eqt.certify_lipschitz(mixed)
    assert found.certificate is not None and found.shown_by is ShownBy.KERNEL
    assert float(Fraction(found.enclosures["lipschitz"])) < 0.75 * float(by_norms(read_network(mixed)).constant)
    assert "network 2 - 12 - 12 - 2" in eqt.recheck(found.certificate)


def test_a_domain_helps_where_activations_saturate():
    net = network(2, 6, 1)
    for bias in (net[0].bias,):
        bias.add_(6.0)
    near = eqt.certify_lipschitz(net, domain=eqt.Ball([0.0, 0.0], 0.5))
    anywhere = eqt.certify_lipschitz(net)
    assert float(Fraction(near.enclosures["lipschitz"])) < 0.1 * float(Fraction(anywhere.enclosures["lipschitz"]))
    assert "pieces" in near.detail


def test_what_is_not_understood_is_named_and_only_sampled():
    net = network(3, 4, 3)
    net[0].register_forward_hook(lambda module, inputs, output: 5 * output)
    assert eqt.certify_lipschitz(net).verdict is Verdict.INCONCLUSIVE
    assert "hooks" in eqt.certify_lipschitz(net).detail
    ball = eqt.Ball([0.0] * 3, 1.0)
    assert eqt.check_lipschitz(eqt.FixedPoint(net, dim=3), 100.0, ball).verdict is Verdict.SUPPORTED
    assert eqt.check_lipschitz(eqt.FixedPoint(network(3, 4, 3), dim=3), 100.0, ball).verdict is Verdict.CERTIFIED
    with pytest.raises(eqt.UsageError, match="dimension"):
        eqt.certify_lipschitz(network(3, 4, 3), domain=eqt.Ball([0.0], 1.0))


def test_a_zero_layer_and_float32():
    net = network(2, 3, 2)
    net[2].weight.zero_()
    assert eqt.certify_lipschitz(net).enclosures["lipschitz"] == "0"
    single = network(2, 3, 2).float()
    found = float(Fraction(eqt.certify_lipschitz(single).enclosures["lipschitz"]))
    assert steepest(single.double(), 2) <= found


SLOPES = {
    nn.Tanh: (mpmath.tanh, lambda t: 1 / mpmath.cosh(t) ** 2),
    nn.LeakyReLU: (lambda t: t if t > 0 else mpmath.mpf(0.01) * t, lambda t: mpmath.mpf(1 if t > 0 else 0.01)),
}


def misses(act: type[nn.Module]) -> int:
    """Of 40 networks with one output, how many enclosures at a single state do not hold what 50 digits show."""
    missed = 0
    value, slope = SLOPES[act]
    with mpmath.workdps(50):
        for seed in range(40):
            net = network(3, 7, 7, 1, act=act, seed=seed)
            x = torch.randn(3, dtype=D, generator=torch.Generator().manual_seed(seed))
            state, jacobian = mpmath.matrix(x.tolist()), mpmath.eye(3)
            for layer in net:
                if isinstance(layer, nn.Linear):
                    W = mpmath.matrix(layer.weight.tolist())
                    state, jacobian = W * state + mpmath.matrix(layer.bias.tolist()), W * jacobian
                else:
                    jacobian = mpmath.diag([slope(t) for t in state]) * jacobian
                    state = state.apply(value)
            bound, reached = network_bound._enclosed(read_network(net), x, x)
            truth = mpmath.norm(jacobian.T)
            missed += not reached <= truth <= mpmath.mpf(bound.numerator) / bound.denominator
            assert truth > (1 - 1e-10) * float(bound)
    return missed


@pytest.mark.parametrize("act", SLOPES)
def test_the_enclosure_holds_in_fifty_digits(act):
    assert misses(act) == 0


def test_without_the_share_for_rounding_it_would_not(monkeypatch):
    monkeypatch.setattr(network_bound, "EPS", 0.0)
    assert misses(nn.LeakyReLU) > 0


def test_the_way_is_named_by_its_method():
    net = network(2, 6, 1)
    near = eqt.certify_lipschitz(net, domain=eqt.Ball([0.0, 0.0], 0.5))
    assert "pieces" in near.detail and near.method is Method.INTERVAL and near.certificate is None
    assert eqt.certify_lipschitz(net).method is Method.EXACT


@pytest.mark.parametrize(
    ("weights", "verdict"),
    [
        ((1e200, 1e200), Verdict.INCONCLUSIVE),  # no float is as large
        ((1e308, 1e-300), Verdict.CERTIFIED),
        ((1e-308, 1e-308), Verdict.CERTIFIED),
        ((1e-320, 1.0), Verdict.CERTIFIED),
    ],
)
@pytest.mark.parametrize("domain", [None, eqt.Box([-1.0] * 2, [1.0] * 2), eqt.Box([-1e308] * 2, [1e308] * 2)])
def test_weights_at_the_edge_of_what_floats_hold(weights, verdict, domain):
    net = network(2, 3, 1, act=nn.ReLU)
    for layer, size in zip((net[0], net[2]), weights, strict=True):
        layer.weight.fill_(size)
    found = eqt.certify_lipschitz(net, domain=domain)
    assert found.verdict is verdict
    if verdict is Verdict.CERTIFIED:  # all three neurons on: 3 a b (1, 1)
        a, b = map(Fraction, weights)
        assert Fraction(found.enclosures["lipschitz"]) ** 2 >= 18 * a**2 * b**2


def test_slopes_at_the_edge_of_what_floats_hold():
    net = nn.Sequential(nn.Linear(2, 2, dtype=D), nn.LeakyReLU(1e300), nn.LeakyReLU(1e300), nn.Linear(2, 1, dtype=D))
    assert eqt.certify_lipschitz(net, domain=eqt.Box([-1.0] * 2, [1.0] * 2)).verdict is Verdict.INCONCLUSIVE
