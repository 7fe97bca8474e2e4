import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.trace_symbols import at_point, expressions, trace_symbols

q, M, m, alpha, beta = sp.symbols("q M m alpha beta", positive=True)


def traced(solver_of, region):
    return trace_symbols(solver_of, region, sp.Integer(1), region.points(3))


def test_a_root_is_a_symbol_tied_by_an_equation():
    region = Region((q, M, m), [q < 1, sp.Eq(q**2 * M, m)])
    assert region.tied == {m: q**2 * M} and region.free == (q, M)
    found, assumed = traced(lambda q, M, m: eqt.Nesterov(1 / M, (1 - q) / (1 + q)), region)
    shown = expressions(found)
    assert sp.simplify(shown.A[0][0] - 2 / (1 + q)) == 0 and sp.simplify(shown.B[1][0] + 1 / M) == 0
    assert any(sp.simplify(r.lhs - (1 - q) / (1 + q)) == 0 for r in assumed if isinstance(r, sp.Ge))  # momentum >= 0
    there = at_point(found, {q: Fraction(1, 3), M: Fraction(2)}, region)
    assert there.A == eqt.trace(eqt.Nesterov(0.5, 0.5)).A


def test_the_sign_of_a_tied_symbol_stays_assumed():
    region = Region((alpha, m), [sp.Eq(m, alpha - 2)])
    assert region.given == [alpha - 2 > 0]
    assert all(point[alpha] > 2 for point in region.points(4))


def test_a_divisor_that_a_step_uses_is_noted():
    region = Region((alpha, beta), [])
    _, assumed = traced(lambda a, b: lambda o, h: h - o.gradient(h) * a / (a - b), region)
    assert sp.Ne(alpha - beta, 0) in assumed or sp.Ne(beta - alpha, 0) in assumed
    claim = eqt.prove_rate(
        lambda a, b: lambda o, h: h - o.gradient(h) * (a - b) * a / (a - b), (alpha, beta), 1 - alpha,
        m=sp.Integer(1), M=sp.Integer(2), where=[alpha <= sp.Rational(1, 2)],
    )  # fmt: skip
    assert claim.verdict is eqt.Verdict.INCONCLUSIVE  # at alpha = beta the step is none


@pytest.mark.parametrize(
    ("solver_of", "why"),
    [
        (lambda a, b: eqt.GradientDescent(math.sqrt(a)), "read as a number"),
        (lambda a, b: eqt.GradientDescent(a if f"{b}" else a), "read as a number"),
        (lambda a, b: eqt.GradientDescent({0.5: b}.get(a, a)), "read as a number"),
        (lambda a, b: lambda o, h: h - o.gradient(h) * float.__add__(a, b), "requires a 'float'"),
        (lambda a, b: lambda o, h: h - torch.as_tensor(a) * o.gradient(h), "TypeError"),
        (lambda a, b: eqt.GradientDescent(torch.tensor(a)), "solver_of raised"),
        (lambda a, b: lambda o, h: h - a**0.5 * o.gradient(h), "power of a symbol"),
        (lambda a, b: lambda o, h: h - int(a) * o.gradient(h), "whole number"),
        (lambda a, b: lambda o, h: h - 2.0**a * o.gradient(h), "exponent"),
        (lambda a, b: lambda o, h: a * h - o.gradient(h), "fixed point"),
        (lambda a, b: lambda o, h: h - a * o.gradient(h).sign(), "sign"),
        (lambda a, b: 3, "Solver or a step function"),
    ],
)
def test_what_is_no_rational_function_is_refused(solver_of, why):
    with pytest.raises(eqt.UsageError, match=why):
        traced(solver_of, Region((alpha, beta), []))


def test_a_branch_on_a_symbol_is_an_assumption_that_must_be_shown():
    region = Region((alpha, beta), [alpha < beta])
    _, assumed = traced(lambda a, b: eqt.GradientDescent(a if a < b else b), region)
    assert sp.Lt(alpha - beta, 0) in assumed

    def clipped(a, b):
        return eqt.GradientDescent(a if a < 10**6 else 10.0**6 - a)  # no sample lies beyond

    claim = eqt.prove_rate(clipped, (alpha, m), 1 - alpha * m, m=m, M=2 * m, where=[alpha * m <= 10])
    assert claim.verdict is not eqt.Verdict.PROVED


@pytest.mark.parametrize(
    "lost",
    [
        lambda m: m > np.float64(50),
        lambda m: np.float64(50) < m,
        lambda m: np.greater(m, 50),
        lambda m: np.sign(m - 50) > 0,
        lambda m: m == Fraction(1, 3),
        lambda m: m - 49 > True,
        lambda m: math.copysign(1, m - 50) > 0,
        lambda m: math.sqrt(m) > 7,
        lambda m: float(m) > 50,
        lambda m: torch.tensor(m) > 50,
    ],
)
def test_a_step_that_changes_where_no_sample_lies_is_not_proved(lost):
    def stops(m, M, alpha):
        return eqt.GradientDescent(alpha / 2**20 if lost(m) else alpha)

    where = [m < M, alpha * M <= 1]
    claim = eqt.prove_rate(stops, (m, M, alpha), 1 - alpha * m, m=m, M=M, where=where)
    assert claim.verdict is eqt.Verdict.INCONCLUSIVE


def test_options_that_torch_reads_in_c_may_be_symbols():
    region = Region((alpha, beta), [])

    def step(o, h, a, b):
        return h.sub(o.gradient(h), alpha=a).addcmul(torch.ones_like(h), o.gradient(h), value=-b)

    found, _ = traced(lambda a, b: lambda o, h: step(o, h, a, b), region)
    ((entry,),) = expressions(found).B
    assert entry == -alpha - beta
