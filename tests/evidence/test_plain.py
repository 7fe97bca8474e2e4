"""A class licences a certificate only where its methods are its own: no subclass, no replaced method."""

from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import FunctionClass, UsageError, Verdict
from eqt_theory.evidence.curvature.constants import constants
from eqt_theory.evidence.curvature.local import local_certificate
from eqt_theory.evidence.map.certify import certify_mode
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.rate.certify_class import certify_rate, recurrence
from eqt_theory.evidence.rate.certify_domain import certify_limit


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
    with pytest.raises(UsageError, match="subclasses may take other steps; got " + type(solver).__name__):
        certify_rate(solver, 1, 3, 0.99, on=FunctionClass.QUADRATIC)
    if not isinstance(solver, eqt.GradientDescent):
        with pytest.raises(UsageError, match="itself"):
            recurrence(solver, 1)


def test_the_rule_itself_still_has_one():
    assert eqt.check_contraction(OBJ, eqt.GradientDescent(0.2), 0.41, DISC).verdict is Verdict.CERTIFIED
    assert certify_limit(OBJ, eqt.HeavyBall(0.2, 0.1), Fraction(19, 20), DISC).verdict is Verdict.CERTIFIED
    assert certify_rate(eqt.GradientDescent(0.2), 1, 3, 0.99).verdict is Verdict.CERTIFIED


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
