"""Guarantees on whole classes: decided both ways, and never against the truth."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Verdict, kernel
from eqt_theory.evidence.rate.declared import decide_guarantee, root
from eqt_theory.evidence.rate.replay import runs_along
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness
from eqt_theory.testing import from_torch_optimizer


def says(rate, constant=1.0, per_step=True, metric=Metric.DISTANCE, of=FunctionClass.STRONGLY_CONVEX):
    return Guarantee(rate, metric, of, Sharpness.UPPER, "on purpose", per_step, constant)


NESTEROV = eqt.Nesterov.optimal(1.0, 10.0)


@pytest.mark.parametrize("kappa", [1.5, 10.0, 100.0])
def test_what_nesterov_declares_is_certified_with_its_constant(kappa):
    solver = eqt.Nesterov.optimal(1.0, kappa)
    declared = solver.guarantee(1.0, kappa)
    found = decide_guarantee(solver, declared, 1.0, kappa, 1.0)
    assert found.verdict is Verdict.CERTIFIED and found.rate == Fraction(declared.rate)
    assert found.enclosures["constant"] <= Fraction(declared.constant) ** 2
    assert "<=" in eqt.recheck(found.certificate)


def test_a_rate_that_holds_with_another_constant_only_is_refuted_by_a_function_of_few_steps():
    below = decide_guarantee(NESTEROV, says(0.7, 1.5, False), 1.0, 10.0, 1.0)
    assert below.verdict is Verdict.REFUTED and below.certificate.kind == "worst function"
    data = dict(below.certificate.data)
    kernel.check(data)
    assert Fraction(data["below"]["attained"]) > (Fraction(1.5) * Fraction(0.7) ** below.witness["steps"]) ** 2
    assert runs_along(NESTEROV, Fraction(1), data, below.witness["steps"]) < 1e-12
    # The replay notices another solver.
    assert runs_along(eqt.Nesterov(0.1, 0.9), Fraction(1), data, below.witness["steps"]) > 1e-3


def test_the_two_false_guarantees_of_old_are_refuted():
    step = decide_guarantee(eqt.GradientDescent(2 / 11), says(0.81), 1.0, 10.0, 1.0)
    assert step.verdict is Verdict.REFUTED and step.certificate.kind == "slow quadratic"
    polyak = eqt.HeavyBall.optimal(1.0, 25.0)
    for rate in (2 / 3, 0.7, 0.8):
        ball = decide_guarantee(polyak, says(rate, None, False), 1.0, 25.0, 1.0)
        assert ball.verdict is Verdict.REFUTED, rate
    assert ball.certificate.kind == "cycle" and "keeps to it" in ball.note


def test_true_guarantees_are_certified_and_a_hair_less_is_not():
    solver = eqt.GradientDescent(0.1)
    for m, M in ((1.0, 10.0), (Fraction(1, 3), Fraction(17, 2)), (2.0, 2.0)):
        m, M = float(m), float(M)
        declared = solver.guarantee(m, M)
        assert decide_guarantee(solver, declared, m, M, 1.0).verdict is Verdict.CERTIFIED
        less = replace(declared, rate=declared.rate * (1 - 1e-9))
        assert decide_guarantee(solver, less, m, M, 1.0).verdict is Verdict.REFUTED
        # within the room that is left for rounding it is not held against the solver
        room = decide_guarantee(
            solver, replace(declared, rate=declared.rate * (1 - 1e-13)), m, M, 1.0, room=Fraction(1, 2**40)
        )
        assert room.verdict is Verdict.CERTIFIED


def test_the_room_for_rounding_makes_no_false_rate_true_however_near_to_1():
    solver, room = eqt.GradientDescent(1.0), Fraction(1, 2**40)
    for m in (1e-6, 1e-11, 1e-13):
        true = decide_guarantee(solver, says(math.nextafter(1 - m, 0)), m, 1.0, 1.0, room=room)
        assert true.verdict is not Verdict.REFUTED
        assert decide_guarantee(solver, says(1 - 2 * m), m, 1.0, 1.0, room=room).verdict is Verdict.REFUTED


def test_gaps_are_decided_by_their_root():
    solver = eqt.GradientDescent(0.1)
    square = solver.guarantee(1.0, 10.0).rate ** 2
    gap = says(square * (1 + 1e-9), metric=Metric.GAP)
    assert decide_guarantee(solver, gap, 1.0, 10.0, 1.0).verdict is Verdict.CERTIFIED
    assert decide_guarantee(solver, says(square * 0.999, metric=Metric.GAP), 1.0, 10.0, 1.0).verdict is Verdict.REFUTED
    for up in (True, False):
        assert (root(gap, up) ** 2 >= Fraction(gap.rate)) is up
        assert float(root(gap, up)) == pytest.approx(math.sqrt(gap.rate), rel=1e-15)


def test_quadratics_alone_are_refuted_but_not_certified():
    polyak = eqt.HeavyBall.optimal(1.0, 25.0)
    true = polyak.guarantee(1.0, 25.0)
    assert decide_guarantee(polyak, true, 1.0, 25.0, 1.0).verdict is Verdict.INCONCLUSIVE
    assert decide_guarantee(polyak, replace(true, rate=0.6), 1.0, 25.0, 1.0).verdict is Verdict.REFUTED


def test_what_cannot_be_traced_is_left_open():
    found = decide_guarantee(eqt.Newton(), says(0.5), 1.0, 10.0, 1.0)
    assert found.verdict is Verdict.INCONCLUSIVE and "Hessian" in found.detail


def test_a_first_step_of_its_own_keeps_no_false_rate_from_being_refuted():
    """The buffer of torch.optim.SGD is made in the first step; its rate on quadratics is known, (Polyak 1964)."""
    solver = from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.3))
    truth = (1.2 + math.sqrt(1.2**2 - 1.2)) / 2  # the root of z^2 - (1 + .3 - .1) z + .3, at curvature 1
    assert eqt.trace(solver).skipped == 1
    for constant in (None, 50.0):
        below = decide_guarantee(solver, says(truth - 5e-5, constant, False), 1.0, 10.0, 1.0)
        assert below.verdict is Verdict.REFUTED and below.certificate.kind == "slow quadratic"
    assert decide_guarantee(solver, says(truth - 5e-5), 1.0, 10.0, 1.0).verdict is Verdict.REFUTED
    assert decide_guarantee(solver, says(truth + 1e-6, None, False), 1.0, 10.0, 1.0).verdict is Verdict.CERTIFIED
    # Of its constant the recurrence from the second step on says nothing; a function of few steps may.
    assert decide_guarantee(solver, says(truth + 1e-6, 50.0, False), 1.0, 10.0, 1.0).verdict is Verdict.INCONCLUSIVE
    assert decide_guarantee(solver, says(truth + 1e-6, 0.5, False), 1.0, 10.0, 1.0).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("power", "constant", "verdict"),
    [
        (1.0, 10.001, Verdict.CERTIFIED),
        (0.5, 10.001, Verdict.CERTIFIED),
        (1.5, 10.0, Verdict.REFUTED),  # 10/2^1.5 after one step, where 10/2 is left
        (1.01, 10.0 * 2**0.01, Verdict.REFUTED),  # right after one step
    ],
)
def test_powers_that_are_no_whole_numbers_are_decided(power, constant, verdict):
    """Gradient steps of 1/M leave |grad Phi| <= M |h_0 - h*|/(N + 1), which a Huber function attains."""
    said = Guarantee(
        1.0, Metric.GRADIENT, FunctionClass.CONVEX, Sharpness.UPPER, "on purpose", per_step=False,
        constant=constant, power=power, first=Metric.DISTANCE,
    )  # fmt: skip
    found = decide_guarantee(eqt.GradientDescent(0.1), said, 0.0, 10.0, 1.0, room=Fraction(1, 2**40))
    assert found.verdict is verdict
