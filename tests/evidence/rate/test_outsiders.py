"""Methods and claims of other people, kept apart from those that the search was made on: all come out right."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch
from method_zoo import nesterov, polyak, triple_momentum
from outsiders import CERTIFIED, M, Pair, Stated, proximal, several, sgd

import eqt_theory as eqt
from eqt_theory import Verdict, bound_after, certify_rate
from eqt_theory.evidence.rate.declared import decide_guarantee
from eqt_theory.evidence.rate.spectrum import slow_quadratic
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness
from eqt_theory.solvers.scheduled import ScheduledGradientDescent
from eqt_theory.testing import check_solver, from_torch_optimizer

TEXTBOOK = 1 - 1 / math.sqrt(10)


def test_there_are_enough_of_them():
    assert len(CERTIFIED) >= 25


@pytest.mark.parametrize("name", CERTIFIED)
def test_a_method_has_its_known_rate_and_a_short_certificate(name):
    solver, low, high = CERTIFIED[name]
    found = certify_rate(solver, 1, M)
    assert found.verdict is Verdict.CERTIFIED, found.detail
    assert low - 1e-6 * (1 - low) <= float(found.rate) <= high + 1e-6 * (1 - high)
    assert len(found.certificate._text) < 5000
    # Not below what a quadratic forces in fractions: a rate a little smaller than the root there is refuted.
    method = eqt.trace(solver)
    if {*method.kinds, *method.opened} == {"smooth"}:
        forced = slow_quadratic(method, Fraction(1), Fraction(M), Fraction(1, 100))
        assert forced is not None and Fraction(forced["reached"]) < found.rate


def normalised(o, h):
    g = o.gradient(h)
    return h - 0.1 * g / g.norm()


def restarts_when_it_rises(o, h):
    g = o.gradient(h)
    return h - 0.1 * g if float((g * h).sum()) > 0 else h - 0.05 * g


REFUSED = {
    "normalised": normalised,
    "a branch": restarts_when_it_rises,
    "noise": lambda o, h: h - 0.1 * o.gradient(h) + 1e-3 * torch.randn_like(h),
    "clipped": lambda o, h: h - 0.1 * o.gradient(h).clamp(-1, 1),
    "by numpy": lambda o, h: torch.from_numpy(h.numpy() - 0.1 * o.gradient(h).numpy()),
    "weight decay": sgd(lr=0.1, weight_decay=0.01),
    "Adam": from_torch_optimizer(lambda p: torch.optim.Adam(p, lr=0.1)),
    "a schedule": ScheduledGradientDescent([0.1, 0.2]),
    "two weights": lambda o, h: o.prox(h - 0.1 * o.gradient(h), 0.1001),
    "diverges on all quadratics": several(0.25),
    "long steps that converge on quadratics": several(0.1152, 0.431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_method_of_the_kind_or_has_no_rate_is_never_certified(name):
    found = certify_rate(REFUSED[name], 1, M)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.detail and found.rate is None


def test_roundings_between_a_gradient_and_a_proximal_step_are_mended_and_spoken_of():
    found = certify_rate(lambda o, h: o.prox(h - o.gradient(h) / M, 1 / M), 1, M)
    assert float(found.rate) == pytest.approx(0.9, abs=1e-6)
    assert "moved by" in found.note
    assert certify_rate(proximal(0.1), 1, M).note == ""


def claims(rate, metric=Metric.DISTANCE, per_step=False, constant=None):
    constant = 1.0 if per_step else constant
    return Guarantee(rate, metric, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, "claimed", per_step, constant)


FALSE = {
    "a rate slightly too good": (eqt.GradientDescent(2 / 11), claims(0.81, per_step=True), 10),
    "steps beyond 2/M": (eqt.GradientDescent(0.21), claims(1.0, per_step=True), 10),
    "the rate on quadratics": (polyak(1, 25), claims(2 / 3), 25),
    "a constant too small": (nesterov(1, 10), claims(0.76, constant=1.0), 10),
    "every single step": (nesterov(1, 10), claims(0.76, per_step=True), 10),
    "the rate of a distance, squared twice, for values": (
        eqt.GradientDescent(2 / 11), claims((9 / 11) ** 4, Metric.GAP, per_step=True), 10,
    ),
    "the textbook's rate of values for distances": (nesterov(1, 10), claims(TEXTBOOK**2), 10),
    "a rate below all": (triple_momentum(1, 10), claims(0.68), 10),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_false_guarantee_is_refuted(name):
    solver, guarantee, high = FALSE[name]
    found = decide_guarantee(solver, guarantee, 1, high, 2.0)
    assert found.verdict is Verdict.REFUTED
    assert eqt.recheck(found.certificate)


def test_the_heavy_ball_at_1_and_25_has_no_rate_near_that_on_quadratics():
    found = certify_rate(polyak(1, 25), 1, 25, 0.7)
    assert found.verdict is Verdict.REFUTED and found.certificate.kind == "cycle"


@dataclass(frozen=True)
class Promises(eqt.Solver):
    """A gradient step of length 2/11 that speaks where m >= 1 and M <= 10 only, where it promises too much."""

    rate: float

    def init(self, objective, h):
        return eqt.State(h)

    def step(self, objective, state):
        return eqt.State(state.h - 2 / 11 * objective.gradient(state.h))

    def guarantee(self, m, M, gamma=None):  # noqa: N803
        return claims(self.rate, per_step=True) if m >= 1 and M <= 10 else None


def test_the_battery_fails_a_promise_that_is_false_at_its_border_only():
    assert not check_solver(Promises(0.81), on_fail=None, max_examples=3).passed
    assert check_solver(Promises(math.nextafter(9 / 11, 1)), on_fail=None, max_examples=3).passed


def test_no_rate_of_a_random_method_is_below_what_quadratics_force():
    rng = np.random.default_rng(0)
    certified = 0
    for _ in range(6):
        a, b, c = rng.uniform(0.02, 0.16), rng.uniform(0, 0.6), rng.uniform(0, 0.6)

        def step(o, s, a=a, b=b, c=c):
            y = s.h + c * (s.h - s.other)
            return Pair(s.h + b * (s.h - s.other) - a * o.gradient(y), s.h)

        solver = Stated(lambda o, h: Pair(h, h), step)
        found = certify_rate(solver, 1, 10)
        method = eqt.trace(solver)
        forced = slow_quadratic(method, Fraction(1), Fraction(10), Fraction(1, 100))
        assert forced is not None
        if found.verdict is Verdict.CERTIFIED:
            certified += 1
            assert found.rate > Fraction(forced["reached"])
            below = Fraction(forced["reached"]) * (1 - Fraction(1, 10**6))
            assert certify_rate(solver, 1, 10, below).verdict is Verdict.REFUTED
    assert certified >= 3


def test_a_run_of_long_steps_grows_beyond_what_quadratics_show():
    """Chebyshev's two steps contract by a half on quadratics; other functions throw them back."""
    found = bound_after(several(0.1152, 0.431), 1, 1, 10, measure="distance")
    assert found.enclosures["attained"] > Fraction(3, 4) > Fraction(504, 1000) ** 2


@pytest.mark.parametrize("kappa", [10**4, 10**8])
def test_a_buffer_of_gradients_is_counted_in_units_of_its_own(kappa):
    """Of torch.optim.SGD, whose buffer is M times as large as h; the root of z^2 - (1 + b - m/M) z + b, b = .3."""
    found = certify_rate(sgd(lr=1 / kappa, momentum=0.3), 1, kappa)
    trace = 1.3 - 1 / kappa
    left = 1 - (trace + math.sqrt(trace**2 - 1.2)) / 2
    assert found.verdict is Verdict.CERTIFIED, found.detail
    assert float(1 - found.rate) == pytest.approx(left, rel=1e-6)
    assert len(found.certificate._text) < 5000
