"""The function of a certificate between its points: in the class, and what the certificate says at the points."""

from fractions import Fraction

import numpy as np
import pytest

import eqt_theory as eqt
from eqt_theory import UsageError, certify_rate
from eqt_theory.evidence.rate.declared_steps import decide_steps
from eqt_theory.evidence.rate.interpolant import interpolant
from eqt_theory.report import plots
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness


@pytest.fixture(scope="module")
def cycle():
    return certify_rate(eqt.HeavyBall.optimal(1.0, 25.0), 1, 25, Fraction(4, 5)).certificate


def test_it_has_the_values_of_the_certificate_and_the_curvature_of_the_class(cycle):
    function = interpolant(cycle)
    assert np.abs(function.value(function.points) - function.values).max() < 1e-6 * function.values.max()
    # Along a line its second differences lie between m and M, up to the accuracy of the values.
    a, b = function.run[3], function.run[4]
    t = np.linspace(-0.5, 1.5, 41)
    values = function.value(a + t[:, None] * (b - a))
    bend = np.diff(values, 2) / (t[1] - t[0]) ** 2 / ((b - a) @ (b - a))
    assert bend.min() > 1 - 0.1 and bend.max() < 25 + 0.1
    assert len(function.axes) == 2
    size = np.linalg.norm(function.run, axis=1)
    assert size[-1] == pytest.approx(0.99**4 * size[-5], rel=1e-9)


def test_a_worst_function_of_few_steps_too_and_no_other_certificate(cycle):
    said = Guarantee(0.8, Metric.DISTANCE, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, "on purpose")
    found = decide_steps(eqt.GradientDescent(0.1), said, Fraction(1), Fraction(10), 1.0)
    function = interpolant(found.certificate)
    assert np.linalg.norm(function.run[-1]) > 0.85 * np.linalg.norm(function.run[0])
    assert plots.worst_function(function).axes and plots.worst_function(interpolant(cycle)).axes
    with pytest.raises(UsageError, match="cycle or a worst function"):
        interpolant(certify_rate(eqt.GradientDescent(0.1), 1, 10).certificate)
