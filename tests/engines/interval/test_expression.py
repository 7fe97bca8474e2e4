"""Expressions drawn at random, on ranges drawn at random, against mpmath at points inside."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.expression import continuous, decide, environment, evaluate, number, smooth
from eqt_theory.engines.interval.interval import Interval, precision

x, y = sp.symbols("x y", real=True)


def leaves():
    return st.sampled_from([x, y, sp.pi, sp.E]) | st.fractions(-3, 3, max_denominator=4).map(sp.Rational)


def grown(parts):
    one = [sp.exp, sp.tanh, sp.sin, sp.cos, sp.atan, sp.erf, sp.Abs, sp.asinh, lambda e: e**2, lambda e: e**3]
    one += [lambda e: sp.log(1 + e**2), lambda e: sp.sqrt(1 + e**2), lambda e: 1 / (2 + sp.sin(e)), lambda e: -e]
    two = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, sp.Max, sp.Min]
    two += [lambda a, b: sp.Piecewise((a, x <= y), (b, True)), lambda a, b: a / (1 + b**2)]
    return st.builds(lambda f, a: f(a), st.sampled_from(one), parts) | st.builds(
        lambda f, a, b: f(a, b), st.sampled_from(two), parts, parts
    )


expressions = st.recursive(leaves(), grown, max_leaves=6)
ends = st.fractions(-2, 2, max_denominator=9)
shares = st.fractions(0, 1, max_denominator=5)


def real(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


def by_mpmath(expr: sp.Expr, at: dict) -> mpmath.mpf:
    return sp.lambdify((x, y), expr, "mpmath")(real(at[x]), real(at[y]))


@settings(max_examples=200, deadline=None)
@given(expressions, ends, ends, ends, ends, shares, shares)
def test_an_enclosure_holds_every_value(expr, a, b, c, d, s, t):
    (a, b), (c, d) = sorted((a, b)), sorted((c, d))
    at = {x: a + s * (b - a), y: c + t * (d - c)}
    with mpmath.workdps(60):
        value = by_mpmath(expr, at)
    assume(abs(value) < 10**6)
    with precision(128):
        wide = evaluate(expr, environment({x: (a, b), y: (c, d)}))
        thin = evaluate(expr, environment(at))
    slack = Fraction(1, 10**30)
    for interval in (wide, thin):
        if interval.known:
            low, high = interval.ends
            with mpmath.workdps(60):
                assert real(low - slack) <= value <= real(high + slack)
    if thin.known and not expr.has(sp.Piecewise):  # an open branch is a hull at a point too
        low, high = thin.ends
        assert high - low < Fraction(1, 10**12)


@pytest.mark.parametrize(
    "expr", [1 / x, sp.log(x), sp.sqrt(x), sp.tanh(1 / x), sp.sin(1 / x), x**-2, x**x, sp.Abs(1 / x), sp.Max(1 / x, 5)]
)
def test_a_domain_error_hides_every_sign(expr):
    env = environment({x: (-1, 1)})
    assert not evaluate(expr, env).known
    for relation in (sp.Gt, sp.Lt, sp.Eq, sp.Ne, sp.Ge, sp.Le):
        assert decide(relation(expr, -100, evaluate=False), env) is None


def test_relations():
    env = environment({x: (1, 2), y: (2, 3)})
    assert decide(x <= y, env) is True
    assert decide(x < y, env) is None
    assert decide(x > y, env) is False
    assert decide(sp.Ne(x, y + 5), env) is True
    assert decide(sp.And(x <= y, x > 3), env) is False
    assert decide(sp.Or(x < y, x >= 1), env) is True
    assert decide(sp.Implies(x > 5, x < y), env) is True
    assert decide(sp.Not(x < y), env) is None
    assert decide(sp.Eq(x, x + 0 * y, evaluate=False), env) is None


def test_a_piecewise_takes_the_hull_where_the_branch_is_open():
    expr = sp.Piecewise((1, x <= 0), (5, True))
    assert evaluate(expr, environment({x: (-1, 1)})).ends == (1, 5)
    assert evaluate(expr, environment({x: (1, 2)})).ends == (5, 5)
    assert not evaluate(sp.Piecewise((1, x < 0)), environment({x: (-1, 1)})).known


def test_a_range_may_be_given_in_every_kind_of_number():
    assert number((0, sp.sqrt(2))).ends[1] > Fraction(14142135, 10**7)
    assert number(0.5).ends == (Fraction(1, 2), Fraction(1, 2))
    with pytest.raises(UsageError, match="must not be empty"):
        number((1, 0))


def test_what_is_unknown_is_named():
    with pytest.raises(UsageError, match="symbol y has no value"):
        evaluate(x + y, environment({x: 1}))
    with pytest.raises(UsageError, match="gamma"):
        evaluate(sp.gamma(x), environment({x: 1}))
    with pytest.raises(UsageError, match="relations"):
        decide(sp.Xor(x > 0, y > 0), environment({x: 1, y: 1}))


def test_kinks_and_jumps_are_told_apart():
    assert smooth(sp.exp(x)) and not smooth(sp.Abs(x))
    assert continuous(sp.Max(x, y)) and not continuous(sp.Piecewise((x, x < 0), (1, True)))


def test_a_flipped_rounding_would_be_seen():
    """Planted fault: an interval shrunk by one part in 10^9 no longer holds the value."""
    env = environment({x: (0, 1)})
    low, high = evaluate(sp.exp(x), env).ends
    shrunk = Interval.of(low, high * (1 - Fraction(1, 10**9)))
    with mpmath.workdps(40):
        assert real(shrunk.ends[1]) < mpmath.e < real(high) + mpmath.mpf(10) ** -15
