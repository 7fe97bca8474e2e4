import math
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from method_zoo import ThreeParameter, descent, nesterov, polyak, triple_momentum, zoo

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict, certify_rate, kernel
from eqt_theory.core.errors import UnsupportedEvidence
from eqt_theory.evidence.rate import centres
from eqt_theory.evidence.rate.centres import smallest
from eqt_theory.evidence.rate.potential import Search, shows
from eqt_theory.evidence.rate.spectrum import slowest
from eqt_theory.evidence.rate.window import Window

KAPPAS = (2.0, 10.0, 100.0, 1000.0)


def run_on_quadratics(solver, m, M, steps):
    """|h_k - h*| along the axes of a quadratic, by the solver itself in double precision: shape (steps + 1, axes)."""
    spectrum = torch.from_numpy(np.unique(np.concatenate([np.linspace(m, M, 12), np.geomspace(m, M, 12)])))
    gamma = 2 / m
    energy = eqt.Quadratic.diagonal(spectrum - 1 / gamma)
    objective = eqt.Objective(energy, torch.zeros_like(spectrum), gamma)
    state = solver.init(objective, torch.ones_like(spectrum))
    errors = [state.h.abs()]
    for _ in range(steps):
        state = solver.step(objective, state)
        errors.append(state.h.abs())
    return torch.stack(errors).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("kappa", (2.0, 10.0, 1000.0))
@pytest.mark.parametrize("name", zoo(1.0, 2.0))
def test_no_rate_of_the_zoo_is_below_the_truth(name, kappa):
    solver = zoo(1.0, kappa)[name]
    gamma = 2.0
    found = certify_rate(solver, 1.0, kappa, gamma=gamma)
    if found.verdict is not Verdict.CERTIFIED:
        assert found.verdict is Verdict.INCONCLUSIVE
        assert ("heavy ball" in name and kappa >= 100) or "torch SGD, momentum" in name, found.detail
        return
    assert "<=" in eqt.recheck(found.certificate)
    assert len(found.certificate._text) < 5000
    rule = solver if isinstance(solver, eqt.Solver) else eqt.StepRule(solver)
    steps = 60
    errors = run_on_quadratics(rule, 1.0, kappa, steps)
    bound = math.sqrt(float(found.enclosures["constant"])) * float(found.rate) ** np.arange(steps + 1)
    skipped = eqt.trace(solver, gamma).skipped
    assert (errors[skipped:].max(1) <= bound[: steps + 1 - skipped] * (1 + 1e-9) + 1e-13).all()
    # No certificate a hair below what quadratics force.
    below = certify_rate(solver, 1.0, kappa, found.rate * Fraction(9, 10), gamma=gamma)
    assert below.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.CERTIFIED)
    assert below.verdict is not Verdict.CERTIFIED


@pytest.mark.parametrize("kappa", KAPPAS)
def test_known_rates_are_met_to_a_millionth(kappa):
    m, M = 1.0, kappa
    known = {
        "descent 2/(m+M)": Fraction(M - m) / Fraction(M + m),
        "descent 1/M": 1 - Fraction(1 / M) * Fraction(m),
        "heun": 1 - Fraction(m) / Fraction(M) + Fraction(m) ** 2 / Fraction(M) ** 2 / 2,
        "extragradient": None,
    }
    for name, rate in known.items():
        found = certify_rate(zoo(m, M)[name], m, M)
        if rate is not None:
            assert rate * (1 - Fraction(1, 2**50)) <= found.rate <= rate + (1 - rate) / 10**6
        assert found.verdict is Verdict.CERTIFIED
    if kappa <= 100:
        found = certify_rate(triple_momentum(m, M), m, M)
        truth = 1 - 1 / math.sqrt(kappa)
        assert truth - 1e-12 <= float(found.rate) <= truth + 1e-6 * (1 - truth)


def test_other_published_rates():
    # (Lessard, Recht and Packard 2016) by numbers; AutoLyap gives the same.
    assert float(certify_rate(nesterov(1, 10), 1, 10).rate) == pytest.approx(0.7518212, abs=1e-6)
    assert float(certify_rate(polyak(1, 10), 1, 10).rate) == pytest.approx(0.8459059, abs=1e-5)


def test_the_constant_and_the_rate_can_be_traded():
    best = certify_rate(triple_momentum(1, 100), 1, 100)
    slower = certify_rate(triple_momentum(1, 100), 1, 100, best.rate + (1 - best.rate) / 100)
    assert slower.verdict is Verdict.CERTIFIED
    assert slower.enclosures["constant"] < best.enclosures["constant"] / 10


def test_every_single_step_of_a_gradient_step_contracts_at_exactly_the_tight_rate():
    for a, m, M in ((0.1, 1.1, 10.1), (0.19, 1.1, 10.1), (0.05, 1.0, 10.0)):
        tight = max(abs(1 - Fraction(a) * Fraction(m)), abs(1 - Fraction(a) * Fraction(M)))
        found = certify_rate(descent(a), m, M, tight)
        assert (found.verdict, found.rate, found.enclosures["constant"]) == (Verdict.CERTIFIED, tight, 1)
        below = certify_rate(eqt.GradientDescent(a), m, M, tight - Fraction(1, 2**80))
        assert below.verdict is Verdict.REFUTED
        assert below.witness["eigenvalue"] in (Fraction(m), Fraction(M))
        assert "not O(rate^k)" in eqt.recheck(below.certificate)


@pytest.mark.parametrize("measure", ["distance", "value", "gradient"])
def test_values_and_gradients_shrink_too(measure):
    for per_step in (False, True):
        found = certify_rate(descent(2 / 11), 1, 10, measure=measure, per_step=per_step)
        assert float(found.rate) == pytest.approx(9 / 11, rel=1e-6)
        assert float(found.rate) >= 9 / 11 - 1e-15
    assert found.enclosures["constant"] == 1


def test_a_single_step_of_a_method_with_memory_need_not_contract():
    assert certify_rate(nesterov(1, 10), 1, 10, 0.9, per_step=True).verdict is Verdict.INCONCLUSIVE


def test_a_composite_objective_and_no_strong_convexity():
    found = certify_rate(lambda o, h: o.prox(h - 0.1 * o.gradient(h), 0.1), 1, 10)
    assert float(found.rate) == pytest.approx(0.9, abs=1e-6)
    assert "convex part" in eqt.recheck(found.certificate)
    # the two parts must be weighed alike, else h* is no fixed point
    other = certify_rate(lambda o, h: o.prox(h - 0.1 * o.gradient(h), 0.2), 1, 10)
    assert other.verdict is Verdict.INCONCLUSIVE
    found = certify_rate(descent(0.1), 0, 10, 1)
    assert (found.verdict, found.rate, found.enclosures["constant"]) == (Verdict.CERTIFIED, 1, 1)
    assert certify_rate(descent(0.1), 0, 10).verdict is Verdict.INCONCLUSIVE


def test_weakly_convex_energies_with_a_proximal_term():
    # mu = -0.5, L = 4, gamma = 1: Phi has m = 0.5 and M = 5
    found = certify_rate(eqt.ProximalGradient(0.3), 0.5, 5, gamma=1)
    stated = eqt.ProximalGradient(0.3).guarantee(0.5, 5, 1.0)
    assert stated is not None
    assert float(found.rate) == pytest.approx(stated.rate, rel=1e-8)


def test_m_equal_to_M():
    found = certify_rate(descent(0.05), 10, 10)
    assert float(found.rate) == pytest.approx(0.5, rel=1e-6) and found.rate >= 1 - 10 * Fraction(0.05)


def test_what_cannot_be_traced_or_shown_is_inconclusive():
    found = certify_rate(eqt.Newton(), 1, 10)
    assert found.verdict is Verdict.INCONCLUSIVE and "Hessian" in found.detail and found.rate is None
    assert certify_rate(descent(0.3), 1, 10).verdict is Verdict.INCONCLUSIVE
    open_ = certify_rate(polyak(1, 1e5), 1, 1e5)
    assert open_.verdict is Verdict.INCONCLUSIVE and "no potential" in open_.detail
    assert certify_rate(nesterov(1, 10), 1, 10, 0.75).verdict is Verdict.INCONCLUSIVE
    assert "time" in certify_rate(nesterov(1, 10), 1, 10, seconds=1e-9).detail


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.68])
def test_rates_below_the_slowest_quadratic_are_refuted(rate):
    for solver in (nesterov(1, 10), ThreeParameter(0.1, 0.5, 0.0), triple_momentum(1, 10), descent(0.1)):
        found = certify_rate(solver, 1, 10, rate)
        assert found.verdict is Verdict.REFUTED
        assert found.witness["reached"] > found.witness["rate"] == Fraction(rate)
        assert kernel.check(dict(found.certificate.data))


def test_rounded_parameters_are_spoken_of():
    def combined(o, h):
        a = 0.01 / float(o.gamma)
        return (h - 0.01 * o.energy.gradient(h) + a * o.proposal) / (1 + a)

    found = certify_rate(combined, 5, 50, gamma=0.3)
    assert found.verdict is Verdict.CERTIFIED and "rounded" in found.note


def test_bad_arguments():
    step = descent(0.1)
    for m, M in ((2, 1), (-1, 1), (0, 0)):
        with pytest.raises(UsageError, match="m and M"):
            certify_rate(step, m, M)
    for bad in (math.nan, math.inf, "a", None, True):
        with pytest.raises(UsageError, match="^m must be"):
            certify_rate(step, bad, 2)
        with pytest.raises(UsageError, match="^M must be"):
            certify_rate(step, 1, bad)
        with pytest.raises(UsageError, match="^gamma must be"):
            certify_rate(step, 1, 2, gamma=bad)
        if bad is not None:
            with pytest.raises(UsageError, match="^rate must"):
                certify_rate(step, 1, 2, bad)
    with pytest.raises(UsageError, match="gamma"):
        certify_rate(step, 1, 2, gamma=0)
    with pytest.raises(UsageError, match="negative"):
        certify_rate(step, 1, 2, -0.1)
    with pytest.raises(UsageError, match="measure"):
        certify_rate(step, 1, 2, measure="speed")
    with pytest.raises(UsageError, match="seconds"):
        certify_rate(step, 1, 2, seconds=0)


def test_a_step_that_changes_where_gamma_is_large_says_for_which_gamma():
    def step(objective, h):
        return h - (0.1 if float(objective.gamma) < 5 else 0.25) * objective.gradient(h)

    found = certify_rate(step, 1, 10, 0.95)
    assert found.verdict is Verdict.CERTIFIED
    assert "where gamma = 1" in found.note


def test_a_rate_of_a_solver_that_reads_gamma_says_for_which():
    reads = eqt.certify_rate(lambda o, h: h - min(0.1, o.gamma) * o.gradient(h), 1, 4, gamma=0.125)
    assert "gamma = 0.125" in reads.note
    assert "gamma" not in eqt.certify_rate(lambda o, h: h - 0.1 * o.gradient(h), 1, 4, gamma=0.125).note


def test_a_rate_on_sums_with_a_convex_part_says_so():
    found = eqt.certify_rate(lambda o, h: o.prox(h - 0.2 * o.gradient(h), 0.2), 1, 4)
    assert found.verdict is eqt.Verdict.CERTIFIED
    assert "convex" in found.detail and "convex" in eqt.recheck(found.certificate)


def test_the_certificate_of_another_rate_is_no_evidence():
    found = eqt.certify_rate(lambda o, h: h - 0.1 * o.gradient(h), 1, 4)
    with pytest.raises(UnsupportedEvidence, match="another rate"):
        replace(found, enclosures={**found.enclosures, "rate": Fraction(1, 2)})


def test_a_method_that_asks_for_no_gradient_is_rejected():
    data = dict(eqt.certify_rate(lambda o, h: h - 0.1 * o.gradient(h), 1, 4).certificate.data)
    idle = {**data["method"], "B": [[]], "C": [], "D": [], "kinds": []}
    with pytest.raises(eqt.CertificateRejected, match="no gradient"):
        eqt.recheck(eqt.Certificate({**data, "method": idle, "decrease": []}))


def test_where_all_curvatures_agree_the_tight_rate_is_not_refuted():
    step = eqt.GradientDescent(2.5)
    assert certify_rate(step, 1, 1, Fraction(3, 2)).verdict is not Verdict.REFUTED
    assert certify_rate(step, 1, 1, Fraction(149, 100)).verdict is Verdict.REFUTED
    assert certify_rate(eqt.GradientDescent(0.5), 1, 1, Fraction(1, 2)).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("kappa", [1e3, 1e8])
def test_steep_classes_have_a_rate_at_the_truth(kappa):
    left = 1 / math.sqrt(kappa)
    found = certify_rate(triple_momentum(1.0, kappa), 1, kappa)
    assert found.verdict is Verdict.CERTIFIED
    assert left * (1 - 1e-6) <= 1 - found.rate <= left * (1 + 1e-6)
    assert len(found.certificate._text) < 5000


def test_rates_that_are_claimed_of_steep_classes_are_decided():
    solver, left = triple_momentum(1.0, 1e8), Fraction(1, 10**4)
    assert certify_rate(solver, 1, 1e8, 1 - left * Fraction(999, 1000)).verdict is Verdict.CERTIFIED
    assert certify_rate(solver, 1, 1e8, 1 - left * Fraction(1001, 1000)).verdict is Verdict.REFUTED


def test_the_rate_of_nesterovs_method_settles_as_the_condition_number_grows():
    """(1 - rate) sqrt(M/m) tends to a limit; doubles alone gave less than half of it at 1e8."""
    left = {
        kappa: float(1 - certify_rate(nesterov(1, kappa), 1, kappa).rate) * math.sqrt(kappa) for kappa in (1e6, 1e8)
    }
    assert left[1e6] == pytest.approx(0.6708535, rel=1e-6)
    assert left[1e6] * 0.99 < left[1e8] < left[1e6]


def test_the_path_of_centres_ends_where_nothing_is_shown():
    method, one = eqt.trace(polyak(1, 100)), Fraction(1)
    search = Search(Window(method, one, 100 * one))
    floor = slowest(method, one, 100 * one).radius
    assert smallest(search, floor) is None
    assert smallest(search, floor, goal=Fraction(99, 100)) is None
    assert smallest(search, floor, goal=Fraction(3, 2)) is not None  # errors that grow no faster are shown to


def test_more_digits_are_taken_where_the_first_leave_none(monkeypatch):
    method, one = eqt.trace(triple_momentum(1, 10)), Fraction(1)
    search = Search(Window(method, one, 10 * one))
    monkeypatch.setattr(centres, "_PRECISIONS", (20, 128))
    rate, certificate = smallest(search, slowest(method, one, 10 * one).radius)
    assert float(1 - rate) == pytest.approx(1 / math.sqrt(10), rel=1e-6)
    assert shows(certificate)


def test_a_panic_of_the_solver_is_no_answer(monkeypatch):
    class PanicException(BaseException):
        pass

    class Panics:
        def __init__(self, *arguments):
            pass

        def solve(self):
            raise PanicException("Eigval error")

    monkeypatch.setattr("clarabel.DefaultSolver", Panics)
    assert certify_rate(eqt.HeavyBall(0.1, 0.2), 1, 10).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("kappa", [1e5, 1e8])
def test_short_steps_are_traced_and_certified_near_the_truth(kappa):
    for solver, truth in ((descent(1 / kappa), 1 / kappa), (eqt.HeavyBall(1 / kappa, 0.4), 1 / 0.6 / kappa)):
        found = certify_rate(solver, 1, kappa)
        assert found.verdict is Verdict.CERTIFIED, found.detail
        assert 0.9999 * truth < float(1 - found.rate) < 1.0001 * truth


def test_where_one_step_is_enough_the_path_may_run_out_of_digits():
    found = certify_rate(descent(0.1), 10.0, 10, measure="gradient")  # m = M = 10, and a gradient step of about 1/M
    assert found.verdict is Verdict.CERTIFIED
    assert 0 < found.rate < Fraction(1, 1000)


@pytest.mark.parametrize("beta", [0.1, 0.2, 0.3])
def test_what_is_said_is_on_the_safe_side(beta):
    found = certify_rate(eqt.HeavyBall(0.1, beta), 1, 10)
    constant, rate = (Fraction(x) for x in re.findall(r"<= (\S+) rate\^\(2k\).* rate = (\S+),", found.detail)[0])
    assert constant >= found.enclosures["constant"] and rate >= found.rate
