"""Classes with m = M, of one quadratic."""

from fractions import Fraction

import pytest
from method_zoo import descent

import eqt_theory as eqt
from eqt_theory import Verdict, bound_after, certify_rate, kernel
from eqt_theory.evidence.rate.spectrum import slowest
from eqt_theory.evidence.rate.unroll import unroll_run


@pytest.mark.parametrize("measure", ["distance", "value", "gradient"])
@pytest.mark.parametrize("solver", [descent(0.25), eqt.HeavyBall(0.1, 0.5), eqt.Nesterov(0.1, 0.5), descent(0.2)])
@pytest.mark.parametrize("m", [5, 0.3, 1e4])
def test_one_curvature_leaves_what_its_quadratic_leaves(solver, m, measure, capfd):
    """Where m = M there is one function, h -> m |h - h*|^2/2, also where a step ends at h*, or runs away."""
    for steps in (1, 3, 8):
        found = bound_after(solver, steps, m, m, measure=measure)
        xs, c = [], Fraction(m)
        for row in unroll_run(solver, steps).moves:
            xs.append(1 + sum(a * c * x for a, x in zip(row, xs, strict=False)))
        left = {"distance": xs[-1] ** 2, "value": c * xs[-1] ** 2 / 2, "gradient": c**2 * xs[-1] ** 2}[measure]
        bound, attained = found.enclosures["bound"], found.enclosures["attained"]
        # The kernel's class is wider by a part of 2^-100.
        slack = Fraction(1, 10**25) * max(x * x for x in [1, *xs]) * (1 + c**2)
        assert left * (1 - Fraction(1, 10**12)) <= attained <= left <= bound <= left * (1 + Fraction(1, 10**12)) + slack
        kernel.check(found.certificate.data)
    assert capfd.readouterr() == ("", "")


def test_a_run_on_one_curvature_that_goes_very_far_is_not_followed():
    found = bound_after(descent(0.1), 30, 1e7, 1e7)
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("solver", [eqt.HeavyBall(0.1, 0.5), eqt.Nesterov(0.1, 0.5), eqt.HeavyBall(0.3, 0.9)])
def test_methods_with_memory_where_m_is_M(solver):  # noqa: N802
    """The one quadratic: a rate near its spectral radius, and verdicts of rates on either side."""
    truth = slowest(eqt.trace(solver), Fraction(5), Fraction(5)).radius
    found = certify_rate(solver, 5, 5)
    assert found.verdict is Verdict.CERTIFIED, found.detail
    assert truth <= found.rate <= truth + 1e-6 * (1 - truth)
    assert kernel.check(found.certificate.data)
    assert certify_rate(solver, 5, 5, 1 - 0.999 * (1 - truth)).verdict is Verdict.CERTIFIED
    assert certify_rate(solver, 5, 5, 1 - 1.001 * (1 - truth)).verdict is Verdict.REFUTED


def test_no_rate_is_said_to_be_forced_by_a_larger_class():
    """The factor is 1 - 0.1875 * 10 = -7/8, exactly; a class that is wider by 2^-30 forces 0.875000002."""
    found = certify_rate(eqt.GradientDescent(0.1875), 10, 10, 0.875)
    assert found.verdict is not Verdict.REFUTED
    assert "0.875 is neither shown nor refuted" in found.detail and found.detail.endswith("forces a rate of 0.875")
    away = certify_rate(eqt.HeavyBall(0.5, 0.5), 10, 10)
    assert away.verdict is Verdict.INCONCLUSIVE
    root = 1.75 + (1.75**2 - 0.5) ** 0.5  # of z^2 - (1 + 0.5 - 5) z + 0.5
    assert float(away.detail.rpartition(" ")[2]) == pytest.approx(root, rel=1e-8)
