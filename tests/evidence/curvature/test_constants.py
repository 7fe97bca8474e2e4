"""Closed-form constants by type: what they are computed from, and what they refuse."""

import math
from fractions import Fraction

import pytest
import torch
import torch.nn.utils.prune
from energies import cases

import eqt_theory as eqt
from eqt_theory.evidence.curvature.check import check_curvature
from eqt_theory.evidence.curvature.constants import TABLE, constants, constants_outside
from eqt_theory.evidence.curvature.region import region_of
from eqt_theory.evidence.curvature.search import search_curvature

AWAY = eqt.Ball([3.0, 0.0, 0.0], 1.0)
KNOWN = [name for name in cases.SHARED if constants(cases.SHARED[name](), AWAY) is not None]


def test_which_energies_have_constants():
    assert {type(cases.SHARED[name]()) for name in KNOWN} >= set(TABLE)
    assert "confidence-active" not in KNOWN
    assert "reverse-transformer" not in KNOWN


@pytest.mark.parametrize("name", KNOWN)
def test_search_never_exceeds_them(name):
    energy = cases.SHARED[name]()
    known = constants(energy, AWAY)
    if "piecewise" in name or "cycle" in name:  # values across a kink are rounded by more than the margins below
        found = check_curvature(energy, float(known.lower), float(known.upper), AWAY, samples=48, certificates=False)
        assert found.verdict is not eqt.Verdict.REFUTED
        return
    found = search_curvature(energy, AWAY, 48, 0)
    assert float(known.lower) - 1e-9 <= found.least.curvature
    assert found.most.curvature <= float(known.upper) + 1e-9
    if known.slope is not None:
        assert float(energy.gradient(found.most.a).detach().norm()) <= float(known.slope)


# Where the search comes near the closed form: it is tight there, and a smaller constant would be refuted.
TIGHT = ["quadratic", "diagonal", "spectrum", "nesterov-worst", "double-well", "pseudo-huber-plain"]


@pytest.mark.parametrize("name", TIGHT)
def test_some_are_tight(name):
    energy, ball = cases.SHARED[name](), eqt.Ball([0.0, 0.0, 0.0], 1.0)
    known, found = constants(energy, ball), search_curvature(energy, ball, 48, 0)
    assert found.least.curvature <= float(known.lower) + (1.1 if name == "pseudo-huber-plain" else 1e-6)
    assert found.most.curvature >= float(known.upper) * (1 - 1e-5)


def test_two_patterns_attain_the_bound_of_hopfield():
    patterns = torch.tensor([[1.0, 2.0, 0.0], [-3.0, 1.0, 2.0]], dtype=torch.float64)
    energy = eqt.Hopfield(patterns, beta=0.7)
    known = constants(energy, eqt.WholeSpace(3))
    apart = patterns[0] - patterns[1]
    assert float(known.lower) == pytest.approx(1 - 0.7 * float(apart @ apart) / 4)
    assert known.upper == 1
    middle = torch.linalg.lstsq((patterns[:1] - patterns[1:]), torch.zeros(1, 1, dtype=torch.float64))[0].flatten()
    assert float(torch.linalg.eigvalsh(energy.hessian(middle))[0]) == pytest.approx(float(known.lower), abs=1e-12)
    ball = eqt.Ball([0.0, 0.0, 0.0], 1.0)
    assert eqt.check_strong_convexity(energy, float(known.lower) - 1e-9, ball).verdict is eqt.Verdict.CERTIFIED
    assert eqt.check_strong_convexity(energy, float(known.lower) + 1e-3, ball).verdict is eqt.Verdict.REFUTED


def test_hopfield_is_a_difference():
    patterns = cases.draw(90, 6, 3)
    by_hand = eqt.Quadratic(torch.eye(3, dtype=torch.float64)) - (1 / 0.5) * eqt.LogSumExp(0.5 * patterns)
    here, there = constants(eqt.Hopfield(patterns, 0.5), AWAY), constants(by_hand, AWAY)
    assert float(here.lower) == pytest.approx(float(there.lower)) and float(there.upper) == pytest.approx(1)
    h = cases.draw(91, 4, 3)
    torch.testing.assert_close(eqt.Hopfield(patterns, 0.5).value(h), by_hand.value(h))


def test_one_token_attains_the_bound_of_self_attention():
    # Its attention is 1, so that the energy is ridge |x|^2/2 - x . W x; as the ball shrinks the variance has no part.
    W = torch.diag(torch.tensor([1.5, -0.5], dtype=torch.float64)).unsqueeze(0)
    energy, ball = eqt.SelfAttention(W, 1, beta=2.0, ridge=1.0), eqt.Ball([0.0, 0.0], 1e-6)
    known = constants(energy, ball)
    least = float(torch.linalg.eigvalsh(energy.hessian(torch.zeros(2, dtype=torch.float64)))[0])
    assert least == pytest.approx(1 - 2 * 1.5) == pytest.approx(float(known.lower))
    assert eqt.check_strong_convexity(energy, float(known.lower) - 1e-9, ball).verdict is eqt.Verdict.CERTIFIED
    assert eqt.check_strong_convexity(energy, float(known.lower) + 1e-3, ball).verdict is eqt.Verdict.REFUTED
    assert constants(energy, eqt.WholeSpace(2)) is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("radius", [0.3, 3.0])
def test_self_attention_is_bounded_on_balls(seed, radius):
    weights = cases.draw(100 + seed, 2, 2, 2)
    energy, ball = eqt.SelfAttention(weights, 3, beta=1.3, radius=radius), eqt.Ball([0.0] * 6, radius)
    known, declared = constants(energy, ball), energy.curvature
    assert declared.mu == pytest.approx(float(known.lower)) and declared.mu <= known.lower
    assert declared.lipschitz == pytest.approx(float(known.upper)) and declared.lipschitz >= known.upper
    states = radius * torch.nn.functional.normalize(cases.draw(seed, 400, 6), dim=-1)
    # Tokens that lie opposite each other, and a state that is one token, are the worst.
    states[0], states[1] = 0.0, radius * torch.eye(6, dtype=torch.float64)[0]
    states[2, 2:4], states[2, 4:] = -states[2, :2], 0.0
    states[2] *= radius / states[2].norm()
    spectra = torch.linalg.eigvalsh(energy.hessian(states))
    assert float(known.lower) <= float(spectra.min())
    assert float(spectra.max()) <= float(known.upper)
    found = search_curvature(energy, ball, 48, seed)
    assert float(known.lower) <= found.least.curvature
    assert found.most.curvature <= float(known.upper)
    # No bound that is much smaller would do: it is for attention of all tokens to one, which needs room.
    assert found.least.curvature < 1 + (float(known.lower) - 1) / 16
    shifted = constants(energy, eqt.Ball([radius] + [0.0] * 5, radius))
    assert shifted.lower < known.lower
    assert constants(energy, eqt.Box([-radius] * 6, [radius] * 6)).lower < known.lower


@pytest.mark.parametrize("d", [7, 65, 200])
def test_closed_forms_at_any_dimension(d):
    ball = eqt.Ball([0.0] * d, 1.0)
    saddle = eqt.Quadratic(torch.diag(torch.tensor([-1.0] + [1.0] * (d - 1), dtype=torch.float64)))
    assert eqt.check_strong_convexity(saddle, -1.0, ball, samples=8).verdict is eqt.Verdict.CERTIFIED
    assert eqt.check_strong_convexity(saddle, -0.999, ball, samples=8).verdict is eqt.Verdict.REFUTED
    rows = cases.draw(92, 9, d)
    energy = eqt.Logistic(rows, torch.ones(9, dtype=torch.float64), ridge=0.5) - 0.1 * eqt.PseudoHuber(
        b=torch.zeros(d, dtype=torch.float64)
    )
    top = float(torch.linalg.svdvals(rows)[0]) ** 2 / 4 + 0.5
    assert check_curvature(energy, 0.4 - 1e-9, top + 1e-6, ball, samples=8).verdict is eqt.Verdict.CERTIFIED


def test_networks_are_bounded_layer_by_layer():
    energy = cases.SHARED["network"]()
    known = constants(energy, eqt.WholeSpace(3))
    assert known.lower < 0.5 < known.upper
    one = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh(), torch.nn.Linear(1, 1)).double()
    with torch.no_grad():
        one[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
        one[2].weight.fill_(-2.0)
    single = constants(eqt.NetworkEnergy(one), eqt.WholeSpace(2))
    # tanh'' lies within 4/(3 sqrt 3): times 2 and |w|^2 = 25.
    assert 2 * 25 * 0.769800 <= float(single.upper) <= 2 * 25 * 0.7701
    assert single.lower == -single.upper
    state = torch.tensor([-0.658479 / 5 * 0.6, -0.658479 / 5 * 0.8], dtype=torch.float64)
    with torch.no_grad():
        one[0].bias.zero_()
    steepest = torch.linalg.eigvalsh(eqt.NetworkEnergy(one).hessian(state).detach())
    assert max(abs(steepest)) == pytest.approx(2 * 25 * 0.7698, rel=1e-4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda net: net[0].register_forward_hook(lambda *_: None),
        lambda net: torch.nn.utils.prune.identity(net[0], "weight"),
        lambda net: torch.nn.utils.parametrizations.spectral_norm(net[0]),
        lambda net: net.__setattr__("1", torch.nn.ReLU()),
        lambda net: net.append(torch.nn.LayerNorm(1)),
        lambda net: setattr(net, "forward", lambda h: h.sum(-1, keepdim=True)),
        lambda net: net[4].weight.data.fill_(math.nan),
    ],
)
def test_networks_that_are_not_understood_have_none(spoil):
    net = cases.network(3)
    assert constants(eqt.NetworkEnergy(net), AWAY) is not None
    spoil(net)
    assert constants(eqt.NetworkEnergy(net), AWAY) is None


def test_input_convex_networks_are_convex_whatever_is_stored():
    energy = eqt.InputConvexNetwork(4, [8, 8, 5], seed=1, sharpness=2.0)
    ball = eqt.Ball([0.0] * 4, 3.0)
    for raw in energy.parameters():
        raw.normal_(generator=torch.Generator().manual_seed(2)).mul_(2)
    known = constants(energy, ball)
    assert known.lower == 0
    assert eqt.check_strong_convexity(energy, 0.0, ball, samples=32).verdict is eqt.Verdict.CERTIFIED
    found = search_curvature(energy, ball, 32, 0)
    assert found.least.curvature > -1e-4 and found.most.curvature <= float(known.upper)
    energy.straight[0][0, 0] = math.inf
    assert constants(energy, ball) is None


def test_closed_forms_refuse_what_was_edited():
    quadratic = eqt.Quadratic(torch.eye(3, dtype=torch.float64))
    quadratic.A[0, 1] = 0.5
    assert constants(quadratic, AWAY) is None
    ridge = eqt.PositionRidge(*(x.clone() for x in cases.RIDGE), cases.draw(27, 3, 2))
    ridge.weights[0] = -3.0
    assert constants(ridge, AWAY).lower < 0
    chain = cases.SHARED["coupled-chain"]()
    chain.couplings.mul_(5.0).clamp_(min=1.5)
    assert constants(chain, AWAY) is None


def test_the_memory_has_none_at_the_origin():
    memory = cases.SHARED["memory"]()
    assert constants(memory, eqt.WholeSpace(3)) is None
    assert constants(memory, eqt.Ball([1.0, 0.0, 0.0], 1.0)) is None
    assert constants(memory, eqt.Box([0.5, -1, -1], [1, 1, 1])).upper > 0


def test_nothing_that_a_user_sets_enters():
    energy = cases.SHARED["confidence-frozen"]()
    before = constants(energy, AWAY)
    energy._curvature = eqt.Curvature(5.0, 6.0)
    assert energy.curvature.mu == 5.0
    assert constants(energy, AWAY) == before


def test_only_the_exact_type_counts():
    class Mine(eqt.Confidence):
        def value(self, h):
            return 10 * super().value(h)

    mine = Mine(cases.HEAD, piece=1)
    assert constants(mine, AWAY) is None
    assert constants(eqt.Confidence(cases.HEAD, piece=1) + mine, AWAY) is None


def test_sums_and_objectives():
    a, b = cases.SHARED["confidence-frozen"](), cases.SHARED["masked-linear"]()
    alone = [constants(x, AWAY) for x in (a, b)]
    both = constants(0.25 * a + 2 * b, AWAY)
    assert both.lower == alone[0].lower / 4
    assert both.upper == alone[0].upper / 4 + 2 * alone[1].upper
    phi = constants(eqt.Objective(a, torch.zeros(3, dtype=torch.float64), 0.5), AWAY)
    assert phi.lower == alone[0].lower + 2


def test_batches_have_none():
    assert constants(cases.BATCHED["confidence"](), AWAY) is None


def test_position_wise_heads_are_averaged():
    weight = torch.stack([torch.eye(3, dtype=torch.float64) * k for k in (1.0, 3.0)])
    tokens = torch.tensor([0, 1])
    first = eqt.MaskedPrediction(eqt.LinearHead(weight), tokens, torch.tensor([True, False]))
    both = eqt.MaskedPrediction(eqt.LinearHead(weight), tokens, torch.tensor([True, True]))
    assert float(constants_outside(first, Fraction(0)).slope) == pytest.approx(2**0.5)
    assert float(constants_outside(both, Fraction(0)).slope) == pytest.approx(2 * 2**0.5)


def test_regions():
    assert float(region_of(eqt.Ball([3.0, 4.0], 2.0)).near) == pytest.approx(3.0)
    assert region_of(eqt.Ball([1.0], 2.0)).near == 0
    assert region_of(eqt.Ball([1.0, 0.5], 2.0)).box == ((-1, 3), (-1.5, 2.5))
    assert float(region_of(eqt.Box([3.0, -1.0], [5.0, 1.0])).near) == pytest.approx(3.0)
    assert float(region_of(eqt.Box([-5.0, 4.0], [-3.0, 6.0])).near) == pytest.approx(5.0)
    assert region_of(eqt.WholeSpace(2)) == region_of(eqt.WholeSpace(3))
    assert region_of(eqt.WholeSpace(2)).near == 0 and region_of(eqt.WholeSpace(2)).box is None
