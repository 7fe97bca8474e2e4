from fractions import Fraction

import sympy as sp

from eqt_theory.core.finding import Arithmetic
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval import show_curvature

x, y = sp.symbols("x y", real=True)
well = (x**2 - 1) ** 2 / 4 + y**2 / 2


def test_certified():
    found = show_curvature(well, {x: (-2, 2), y: (-1, 1)}, mu=Fraction(-101, 100), lipschitz=12, detail="double well")
    assert found.verdict is Verdict.CERTIFIED and found.method is Method.INTERVAL
    assert found.detail.startswith("double well: curvature in [-101/100, 12]")


def test_refuted_with_a_replayed_direction():
    found = show_curvature(well, {x: (-2, 2), y: (-1, 1)}, mu=Fraction(-99, 100))
    assert found.verdict is Verdict.REFUTED and found.witness is not None and found.replay is not None
    assert found.replay.arithmetic is Arithmetic.BALL
    at = {x: sp.Rational(found.witness["x"]), y: sp.Rational(found.witness["y"])}
    v = sp.Matrix([sp.Rational(t) for t in found.witness["v"]])
    quotient = (v.T * sp.hessian(well, (x, y)).subs(at) * v)[0] / (v.T * v)[0]
    assert quotient < sp.Rational(-99, 100)
    assert all(line.holds for line in found.replay.hypotheses)


def test_both_bounds_are_looked_at():
    found = show_curvature(well, {x: (-2, 2), y: (-1, 1)}, mu=-2, lipschitz=Fraction(21, 2))
    assert found.verdict is Verdict.REFUTED and found.replay is not None
    assert [line.holds for line in found.replay.conclusions] == [True, False]


def test_inconclusive_says_why():
    found = show_curvature(well, {x: (-2, 2), y: (-1, 1)}, mu=-1, max_boxes=100)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "100 pieces were not enough" in found.detail
