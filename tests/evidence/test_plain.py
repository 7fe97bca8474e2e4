"""A class licences a certificate only where its methods are its own: no subclass, no replaced method."""

from fractions import Fraction

import pytest
import torch
from torch.nn.utils import parametrizations, parametrize, prune

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict
from eqt_theory.evidence.curvature.constants import constants
from eqt_theory.evidence.curvature.local import local_certificate
from eqt_theory.evidence.map.certify import certify_mode
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.rate.certify_domain import certify_limit
from eqt_theory.evidence.rate.linear_method import two_terms


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


OBJ = eqt.Objective(eqt.Quadratic(2 * torch.eye(1).double()), tensor(0.5), 1.0)
DISC = eqt.Ball([0.0], 1.0)


class WrongNearOnePoint(eqt.GradientDescent):
    def step(self, objective, state):
        right = super().step(objective, state)
        h = torch.where((state.h - 0.3).abs() < 1e-5, state.h, right.h)
        return type(right)(h, objective.gradient(h), state.scale)


class Still(eqt.GradientDescent):
    def step(self, objective, state):
        return state


class StillBall(eqt.HeavyBall):
    def step(self, objective, state):
        return state


class StillNesterov(eqt.Nesterov):
    def step(self, objective, state):
        return state


class Spiked(eqt.Quadratic):
    """Another value and gradient than 0.5 h^T A h near one point."""

    def value(self, h):
        return super().value(h) + 5 * (0.001 - (h[..., 0] - 0.7).abs()).relu()

    def gradient(self, h):
        return super().gradient(h) - 5 * torch.sign(h - 0.7) * ((h - 0.7).abs() < 0.001)


class Tilted(eqt.Objective):
    def gradient(self, h):
        return super().gradient(h) + (h > 0.9).double()


def test_plain_means_the_class_itself_and_its_own_methods():
    assert is_plain(eqt.GradientDescent(0.1), eqt.GradientDescent, eqt.HeavyBall)
    assert not is_plain(Still(0.1), eqt.GradientDescent)
    patched = eqt.Quadratic(torch.eye(1).double())
    assert is_plain(patched, eqt.Quadratic)
    patched.value = lambda h: h[..., 0]
    assert not is_plain(patched, eqt.Quadratic)


@pytest.mark.parametrize(
    "solver", [WrongNearOnePoint(0.2), Still(0.2), StillBall(0.2, 0.1), StillNesterov(0.2, 0.1)], ids=repr
)
def test_no_certificate_for_a_subclass_of_a_step_rule(solver):
    assert eqt.check_contraction(OBJ, solver, 0.95, DISC).verdict is not Verdict.CERTIFIED
    assert certify_limit(OBJ, solver, Fraction(19, 20), DISC) is None
    assert eqt.certify_rate(solver, 1, 3, 0.99).verdict is not Verdict.CERTIFIED
    if not isinstance(solver, eqt.GradientDescent):
        with pytest.raises(UsageError, match="itself"):
            two_terms(solver, 1)


def test_the_rule_itself_still_has_one():
    assert eqt.check_contraction(OBJ, eqt.GradientDescent(0.2), 0.41, DISC).verdict is Verdict.CERTIFIED
    assert certify_limit(OBJ, eqt.HeavyBall(0.2, 0.1), Fraction(19, 20), DISC).verdict is Verdict.CERTIFIED
    assert eqt.certify_rate(eqt.GradientDescent(0.2), 1, 3, 0.99).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize(
    "obj",
    [
        eqt.Objective(Spiked(2 * torch.eye(1).double()), tensor(0.5), 1.0),
        Tilted(eqt.Quadratic(2 * torch.eye(1).double()), tensor(0.5), 1.0),
    ],
    ids=["energy", "objective"],
)
def test_no_certificate_for_a_subclass_of_an_energy(obj):
    assert eqt.check_contraction(obj, eqt.GradientDescent(0.2), 0.41, DISC).verdict is not Verdict.CERTIFIED
    assert certify_limit(obj, eqt.HeavyBall(0.2, 0.1), Fraction(19, 20), DISC) is None
    assert certify_mode(obj, [0.5 / 3], 1.0) is None
    assert eqt.check_strong_convexity(obj, 1.9, DISC).verdict is not Verdict.CERTIFIED
    assert eqt.check_smoothness(obj, 3.1, DISC).verdict is not Verdict.CERTIFIED


def test_formulas_by_type_do_not_speak_of_subclasses():
    class Other(eqt.LogSumExp):
        def value(self, h):
            return 100 * super().value(h)

    assert constants(Other(torch.eye(2).double()), eqt.WholeSpace(2)) is None
    assert constants(1.0 * Other(torch.eye(2).double()), eqt.WholeSpace(2)) is None


def test_formulas_do_not_speak_of_replaced_methods_or_sums_that_are_not_sums():
    energy = eqt.LogSumExp(torch.eye(2).double())
    assert constants(energy, eqt.WholeSpace(2)) is not None
    energy.gradient = lambda h: -h
    assert constants(energy, eqt.WholeSpace(2)) is None

    class Twice(eqt.energies.base.WeightedSum):
        def value(self, h):
            return 2 * super().value(h)

    term = eqt.LogSumExp(torch.eye(2).double())
    assert local_certificate(1.0 * term, tensor(1.0, 2.0), 1.0).holds
    with pytest.raises(UsageError, match="Twice"):
        local_certificate(Twice([(1.0, term)]), tensor(1.0, 2.0), 1.0)


# Modules and parameters that are not what they were ------------------------------------------------------------------


def _twice(layer, *args):
    """A hook of any kind: what comes out, or goes in, is doubled."""
    return 2 * args[-1] if isinstance(args[-1], torch.Tensor) else tuple(2 * x for x in args[-1])


TAMPERED = {
    "a forward hook": lambda layer: layer.register_forward_hook(_twice),
    "a forward hook before": lambda layer: layer.register_forward_pre_hook(_twice),
    "a backward hook": lambda layer: layer.register_full_backward_hook(_twice),
    "a backward hook before": lambda layer: layer.register_full_backward_pre_hook(_twice),
    "pruning": lambda layer: prune.identity(layer, "weight"),
    "pruning of some": lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5),
    "weight_norm": lambda layer: parametrizations.weight_norm(layer, "weight"),
    "spectral_norm": lambda layer: parametrizations.spectral_norm(layer, "weight"),
    "a parametrisation": lambda layer: parametrize.register_parametrization(layer, "weight", torch.nn.Tanh()),
    "a forward of its own": lambda layer: setattr(layer, "forward", lambda x: layer.weight @ x),
}


def _terms(tamper):
    """Energies with closed forms, one layer of each tampered with."""
    for kind in ("linear", "MLP, first", "MLP, second", "MLP itself", "masked", "masked context"):
        if kind == "linear":
            head = eqt.LinearHead(torch.nn.Parameter(torch.eye(3).double()))
            tamper(head)
            yield eqt.Confidence(head, piece=0)
        elif kind.startswith("MLP"):
            head = eqt.MLPHead(2, 4, 3, 0)
            if kind == "MLP itself":
                head.forward = lambda h, head=head: 5 * head.first(h)[..., :3]
            else:
                tamper(getattr(head, kind.split(", ")[1]))
            yield eqt.PredictiveError(head, piece=0)
        else:
            head = eqt.MaskedMLP(3, 2, 4, 5)
            tamper(head.out if kind == "masked" else head.context)
            yield eqt.MaskedPrediction(head, torch.tensor([0, 1]), torch.tensor([True, False]))


@pytest.mark.parametrize("name", TAMPERED)
def test_a_layer_that_was_tampered_with_has_no_closed_form(name: str):
    for energy in _terms(lambda layer: None):
        overridden = isinstance(energy, eqt.PredictiveError) and "forward" in vars(energy.head)
        assert (constants(energy, DISC) is None) == overridden
    for energy in _terms(TAMPERED[name]):
        assert constants(energy, DISC) is None, energy
        assert constants(0.5 * energy + eqt.LogSumExp(torch.eye(energy.dim or 2).double()), DISC) is None
        with pytest.raises(UsageError):
            local_certificate(energy, torch.full((energy.dim or 2,), 0.1, dtype=torch.float64), 0.05)


def test_a_hook_of_all_modules_leaves_no_closed_form():
    energy = eqt.Confidence(eqt.LinearHead(torch.eye(3).double()), piece=0)
    handle = torch.nn.modules.module.register_module_forward_hook(lambda m, i, o: 2 * o)
    try:
        assert constants(energy, DISC) is None
    finally:
        handle.remove()
    assert constants(energy, DISC) is not None


class Twisted(torch.Tensor):
    """A tensor whose products are others."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})


def test_a_tensor_of_a_class_of_its_own_licences_nothing():
    energy = eqt.LogSumExp(torch.eye(2).double())
    assert constants(energy, DISC) is not None
    energy.A = energy.A.as_subclass(Twisted)
    assert not is_plain(energy, eqt.LogSumExp)


def _edited():
    q = eqt.Quadratic(torch.eye(2).double())
    q.A[0, 1] = 6.0
    yield q
    q = eqt.Quadratic(torch.eye(2).double())
    q.A[0, 0] = torch.nan
    yield q
    memory = eqt.EpisodicMemory(torch.eye(2).double())
    memory.units *= 10
    yield memory
    memory = eqt.CosineMemory(torch.eye(2).double())
    memory.memories[0, 1] = 1.0
    yield memory


@pytest.mark.parametrize("energy", list(_edited()))
def test_parameters_edited_into_what_the_constructor_refuses(energy: eqt.Energy):
    h = torch.ones(2, dtype=torch.float64)
    for energy_ in (energy, 2.0 * energy, eqt.Objective(energy, h, 1.0)):
        for ask in (
            lambda e: eqt.check_strong_convexity(e, -9.0, eqt.Ball([1.0, 1.0], 0.1)),
            lambda e: eqt.check_smoothness(e, 99.0, eqt.Ball([1.0, 1.0], 0.1)),
            lambda e: eqt.measure_curvature(e, h),
            lambda e: eqt.local_certificate(e, h, 0.1),
            lambda e: eqt.largest_gamma(e, h),
        ):
            with pytest.raises(UsageError, match="edited"):
                ask(energy_)
    o = eqt.Objective(energy, h, 1.0)
    with pytest.raises(UsageError, match="edited"):
        eqt.check_map(o, h)
    with pytest.raises(UsageError, match="edited"):
        eqt.check_contraction(o, eqt.GradientDescent(0.1), 0.9, eqt.Ball([0.0, 0.0], 1.0))


def test_declared_curvature_follows_what_was_edited_or_trained():
    q = eqt.Quadratic(torch.eye(2).double())
    assert (q.curvature.mu, q.curvature.lipschitz) == (1.0, 1.0)
    q.A[1, 1] = 5.0
    assert (q.curvature.mu, q.curvature.lipschitz) == (1.0, 5.0)
    q.A = torch.eye(2).double() * 3
    assert (q.curvature.mu, q.curvature.lipschitz) == (3.0, 3.0)
    softplus = eqt.SoftplusSum(torch.eye(2).double(), ridge=1.0)
    before = softplus.curvature.mu
    softplus.ridge = 2.0
    assert softplus.curvature.mu == before + 1
    layer = torch.nn.Linear(2, 2).double()
    energy = eqt.PredictiveError(layer, piece=0)
    before = energy.curvature.lipschitz
    with torch.no_grad():
        layer.weight.mul_(3)
    assert energy.curvature.lipschitz == pytest.approx(9 * before)
    batch = eqt.Quadratic(torch.eye(2).double() * torch.tensor([1.0, 2.0]).double()[:, None, None])
    assert batch.curvature.lowest == 1.0
    assert batch.select(torch.tensor([1])).curvature.lowest == 2.0
