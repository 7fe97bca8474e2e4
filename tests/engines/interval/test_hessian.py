from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval import certify_curvature, eigenvalue_bounds, hessian_enclosure
from eqt_theory.engines.interval.hessian import hessian_of

x, y = sp.symbols("x y", real=True)
softmax = sp.log(sp.exp(x) + sp.exp(y) + 1)
rosenbrock = (1 - x) ** 2 + 100 * (y - x**2) ** 2
box = {x: (-1, 1), y: (Fraction(-1, 2), Fraction(1, 2))}


@pytest.mark.parametrize("expr", [softmax, rosenbrock, sp.sqrt(1 + x**2 + y**2), sp.sin(x * y)])
def test_sampled_hessians_lie_inside(expr):
    matrix = hessian_enclosure(expr, box)
    bounds = eigenvalue_bounds(matrix)
    assert bounds.low is not None and bounds.high is not None
    function = sp.lambdify((x, y), hessian_of(expr, [x, y]), "numpy")
    generator = np.random.default_rng(0)
    for _ in range(50):
        sample = np.asarray(function(generator.uniform(-1, 1), generator.uniform(-0.5, 0.5)), dtype=float)
        for i in range(2):
            for j in range(2):
                assert float(matrix[i][j].low) - 1e-12 <= sample[i, j] <= float(matrix[i][j].high) + 1e-12
        values = np.linalg.eigvalsh(sample)
        assert float(bounds.low) - 1e-12 <= values[0] and values[1] <= float(bounds.high) + 1e-12


def test_bounds_just_outside_the_range_are_certified_and_just_inside_refuted():
    """Softmax cross-entropy in one logit: the curvature p(1 - p) has the greatest value 1/4."""
    logistic = sp.log(1 + sp.exp(x))
    ranges = {x: (-5, 4)}
    slack = Fraction(1, 10**4)
    assert certify_curvature(logistic, ranges, mu=Fraction(1, 200), lipschitz=Fraction(1, 4) + slack).holds is True
    found = certify_curvature(logistic, ranges, lipschitz=Fraction(1, 4) - slack)
    assert found.holds is False and found.point is not None and abs(float(found.point[x])) < 0.1
    assert certify_curvature(logistic, {x: (-5, Fraction(7, 2))}, lipschitz=Fraction(1, 4), max_boxes=300).holds is None


def test_two_variables():
    assert certify_curvature(softmax, box, mu=Fraction(1, 20), lipschitz=Fraction(51, 100)).holds is True
    found = certify_curvature(rosenbrock, box, mu=0)
    assert found.holds is False and found.point is not None
    h = np.array(hessian_of(rosenbrock, [x, y]).subs({s: sp.Rational(v) for s, v in found.point.items()}), dtype=float)
    v = np.array([float(t) for t in found.direction])
    assert v @ h @ v < 0


def test_a_bound_may_be_irrational():
    assert certify_curvature(x**2 * sp.sqrt(2) / 2, {x: (-1, 1)}, mu=Fraction(7, 5), lipschitz=sp.sqrt(3)).holds is True


def test_nothing_is_claimed_where_the_function_may_be_undefined():
    assert certify_curvature(-sp.log(x), {x: (-1, 1)}, mu=0, max_boxes=100).holds is not True
    assert not hessian_enclosure(sp.log(x) * 0 + sp.sqrt(x), {x: (-1, 1)})[0][0].bounded


@pytest.mark.parametrize("expr", [sp.Abs(x), sp.Max(x, -x), sp.Piecewise((x, x < 0), (-x, True)), sp.sign(x)])
def test_kinks_are_refused(expr):
    """Planted fault: away from its kink the concave function has Hessian 0, which would look convex."""
    with pytest.raises(UsageError, match="kinks or jumps"):
        certify_curvature(expr, {x: (-1, 1)}, mu=0)


def test_a_bound_is_needed():
    with pytest.raises(UsageError, match="neither"):
        certify_curvature(x**2, {x: (-1, 1)})
