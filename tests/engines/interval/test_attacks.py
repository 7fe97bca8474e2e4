"""Attacks on certificates: what looks smooth, defined, signed or definite, and is not."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import ctx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.interval import (
    certify,
    certify_curvature,
    certify_on,
    enclose,
    enclose_minimum,
    enclose_root,
    hessian_enclosure,
    replay_in_balls,
    show_curvature,
    spectrum,
)
from eqt_theory.engines.interval.expression import environment, evaluate, number
from eqt_theory.engines.interval.interval import Interval, precision

u, v = sp.symbols("u v")  # nothing declared: SymPy keeps sqrt(u^2)
x, y = sp.symbols("x y", real=True)
POWERS = [sp.Rational(p, q) for p, q in ((1, 2), (3, 2), (-1, 2), (1, 3), (-2, 3), (5, 4), (-1, 1), (-2, 1), (4, 1))]
numbers = st.fractions(-3, 3, max_denominator=4)
shares = st.fractions(0, 1, max_denominator=5)


def real(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


def grown(parts):
    one = [sp.log, sp.tan, sp.cosh, sp.exp, sp.Abs, lambda e: sp.sqrt(e**2), lambda e: e + sp.Float("0.1", 40)]
    one += [lambda e: e**v, lambda e: 2 ** (-e)]
    one += [lambda e, p=p: sp.Pow(e, p) for p in POWERS]
    two = [sp.Add, sp.Mul, lambda a, b: a / b, lambda a, b: sp.Piecewise((a, u < v), (b, True))]
    return st.builds(lambda f, a: f(a), st.sampled_from(one), parts) | st.builds(
        lambda f, a, b: f(a, b), st.sampled_from(two), parts, parts
    )


singular = st.recursive(st.sampled_from([u, v]) | numbers.map(sp.Rational), grown, max_leaves=4)


@settings(max_examples=150, deadline=None)
@given(singular, numbers, numbers, shares, shares)
def test_a_known_range_is_a_range_of_defined_values(expr, low, width, s, t):
    assume(not expr.has(sp.I, sp.zoo, sp.nan, sp.oo) and sp.count_ops(expr) < 30)
    sides = {u: (low, low + abs(width)), v: (-low, abs(width) - low)}
    at = {symbol: a + share * (b - a) for (symbol, (a, b)), share in zip(sides.items(), (s, t), strict=True)}
    with precision(200):
        wide, thin = evaluate(expr, environment(sides)), evaluate(expr, environment(at))
    assume(wide.known or thin.known)
    with mpmath.workdps(110):
        value = sp.lambdify((u, v), expr, "mpmath")(real(at[u]), real(at[v]))
        assert isinstance(value, int) or mpmath.im(value) == 0
        for interval in (wide, thin):
            if interval.known:
                low_end, high_end = map(real, interval.ends)
                slack = mpmath.mpf(10) ** -35 * (1 + abs(value))  # the 40 digits of the float are printed by SymPy
                assert low_end - slack <= mpmath.re(value) <= high_end + slack


HIDDEN_KINKS = [
    (u**2 - sp.sqrt(u**2), {u: (-1, 1)}),
    (u**2 - 3 * (u**4) ** sp.Rational(1, 4), {u: (-1, 1)}),
    (u**2 + v**2 + (u + v) ** 2 - sp.sqrt((u + v) ** 2), {u: (-1, 1), v: (-1, 1)}),
]


@pytest.mark.parametrize("expr, ranges", HIDDEN_KINKS)
def test_a_kink_that_cancels_out_of_the_hessian_is_not_certified(expr, ranges):
    """-sqrt(u^2) = -|u| is concave at 0, where its Hessian as SymPy writes it is 0."""
    assert certify_curvature(expr, ranges, mu=Fraction(1, 10), max_boxes=200).holds is None
    assert show_curvature(expr, ranges, mu=Fraction(1, 10), max_boxes=200).verdict is Verdict.INCONCLUSIVE
    assert not any(entry.bounded for row in hessian_enclosure(expr, ranges) for entry in row)
    away = {symbol: (Fraction(1, 2), 1) for symbol in ranges}
    assert certify_curvature(expr, away, mu=Fraction(1, 10)).holds is True


def test_a_jump_that_cancels_out_of_the_derivative_is_seen():
    """The derivative of atan(tan(u)) simplifies to 1, and it jumps at pi/2."""
    assert sp.simplify(sp.diff(sp.atan(sp.tan(u)), u)) == 1
    assert certify_on(sp.atan(sp.tan(u)) >= -1, {u: (0, 2)}).holds is False
    assert certify_on(sp.atan(sp.tan(u)) > -2, {u: (0, 2)}, max_boxes=300).holds is None
    with pytest.raises(UsageError, match="monotone"):
        enclose_root(sp.atan(sp.tan(u)), u, 1, Fraction(5, 2))
    with pytest.raises(UsageError, match="monotone"):
        enclose_root(sp.sqrt(u**2) / u, u, -1, 2)
    assert certify_curvature(u**2 + sp.atan(sp.tan(u)), {u: (0, 3)}, mu=1, max_boxes=200).holds is None


@pytest.mark.parametrize("end", [Fraction(1, 3), Fraction(10**6, 3), sp.sqrt(2), 0.1, sp.Float("0.1", 60)])
def test_a_counterexample_is_never_outside_by_rounding(end):
    assert certify_on(u >= sp.sympify(end), {u: (end, 10**7)}, max_boxes=300).holds is not False
    least, places = enclose_minimum(u, u, end, 10**7, max_boxes=300)
    assert certify(sp.Le(least.low, end)) is not False and certify(sp.Ge(least.high, end)) is not False
    assert len(places) == 1


def test_absurd_sizes_end_soon_and_claim_nothing_wrong():
    assert certify(sp.exp(u) > 0, {u: -(10**30)}) is True
    assert enclose(sp.exp(u), {u: -(10**30)}).low == 0
    assert not enclose(sp.exp(u), {u: 10**30}).bounded
    assert not enclose(sp.exp(sp.exp(sp.exp(u))), {u: 10}).bounded
    assert enclose(u ** (10**7), {u: Fraction(-1, 3)}).sign is None
    assert not enclose(u**v, {u: 0, v: 0}).bounded
    assert enclose(sp.Float("1e-400")).sign == 1
    with pytest.raises(UsageError, match="finite"):
        enclose(u, {u: float("inf")})
    assert certify_curvature(-(10**400) * u**2, {u: (0, 10**400)}, mu=1, max_boxes=9).holds is not True
    assert certify_on(u**2 >= 0, {u: (-(10**400), 10**400)}).holds is True


def test_roots_reach_down_to_zero():
    third = sp.Rational(1, 3)
    assert evaluate(u**third, environment({u: (0, 8)})).lo == 0
    assert certify(sp.Eq(u**third, 0), {u: 0}) is True
    assert not evaluate(u ** (-third), environment({u: (0, 8)})).known


def test_a_value_must_have_the_declared_sign():
    """Planted fault: SymPy takes p > 0 for true whatever the witness says, and sqrt(p^2) for p."""
    p, n = sp.Symbol("p", positive=True), sp.Symbol("n", nonpositive=True)
    for call in (
        lambda: replay_in_balls([p > 0], [p >= 1], {p: -1}),
        lambda: certify(sp.Ge(p, 1), {p: 0}),
        lambda: enclose(sp.sqrt(p**2), {p: (-1, 1)}),
        lambda: certify_on(p - 1 < 5, {p: (-2, -1)}),
        lambda: enclose(n, {n: 1}),
    ):
        with pytest.raises(UsageError, match="declared"):
            call()
    assert certify_on(p + 1 > sp.Rational(1, 2), {p: (0, 1)}).holds is True


def test_a_step_may_have_any_value_at_zero():
    assert evaluate(sp.Heaviside(u, 5), environment({u: (-1, 1)})).ends == (0, 5)
    assert evaluate(sp.Heaviside(u), environment({u: 0})).ends == (0, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: enclose(u),
        lambda: certify(sp.gamma(u) > 0, {u: 1}),
        lambda: certify_on(u + v > 0, {u: (0, 1)}),
        lambda: enclose_root(u**2 + 1, u, 0, 1),
        lambda: enclose_minimum(sp.gamma(u), u, 1, 2),
        lambda: certify_curvature(sp.gamma(u), {u: (1, 2)}, mu=0),
    ],
)
def test_the_precision_is_what_it_was_after_an_error(call):
    before = ctx.prec
    with pytest.raises(UsageError):
        call()
    assert ctx.prec == before


def minors_positive(matrix: list[list[Fraction]]) -> bool:
    """Sylvester's criterion, exact."""
    return all(sp.Matrix(matrix)[:k, :k].det() > 0 for k in range(1, len(matrix) + 1))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.sampled_from([0, 1, -1]), st.integers(0, 10**6))
def test_definite_exactly_where_all_minors_are_positive(d, sign, seed):
    """Gram matrices of fewer vectors than dimensions, lifted or lowered a little: singular but for that."""
    generator = np.random.default_rng(seed)
    factor = generator.integers(-3, 4, size=(d, int(generator.integers(1, d + 1))))
    shift = sp.Rational(sign, 10**8)
    matrix = [
        [sp.Rational(int(g)) + (shift if i == j else 0) for j, g in enumerate(row)]
        for i, row in enumerate(factor @ factor.T)
    ]
    certain = spectrum.positive_definite([[number(entry) for entry in row] for row in matrix])
    assert not certain or minors_positive(matrix)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=6, max_size=6), st.integers(-6, 6), st.booleans())
def test_curvature_of_polynomials_against_exact_hessians(c, bound, upper):
    expr = c[0] * x**4 + c[1] * x**2 * y**2 + c[2] * x**3 * y + c[3] * x**2 + c[4] * x * y + c[5] * y**2
    bounds = {"lipschitz": bound} if upper else {"mu": bound}
    found = certify_curvature(expr, {x: (-1, Fraction(2, 3)), y: (0, Fraction(4, 3))}, max_boxes=60, **bounds)
    excess = sp.hessian(expr, [x, y]) - bound * sp.eye(2)
    if upper:
        excess = -excess
    if found.holds is False:
        assert found.point is not None
        at = excess.subs({s: sp.Rational(value) for s, value in found.point.items()})
        direction = sp.Matrix([sp.Rational(t) for t in found.direction])
        assert (direction.T * at * direction)[0] < 0
    if found.holds is True:
        for i in range(-3, 3):
            for j in range(5):
                at = excess.subs({x: sp.Rational(i, 3), y: sp.Rational(j, 3)})
                assert at[0, 0] > 0 and at.det() > 0


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=4), numbers, numbers)
def test_minima_with_kinks_against_every_corner(centers, low, width):
    """|x - a| + |x - b| - max(x, c) + ... is piecewise linear: its least value is at a kink or an end."""
    signs = (1, 1, -1, 1)
    expr = sum(s * sp.Abs(x - sp.Rational(a)) for s, a in zip(signs, centers, strict=False)) - sp.Max(x, 0) / 2
    high = low + abs(width)
    corners = [low, high, *(a for a in (*centers, Fraction(0)) if low <= a <= high)]
    values = {corner: expr.subs(x, sp.Rational(corner)) for corner in corners}
    truth = min(values.values())
    least, places = enclose_minimum(expr, x, low, high, max_boxes=400)
    assert certify(sp.And(sp.Le(least.low, truth), sp.Ge(least.high, truth))) is True
    for corner, value in values.items():
        if value == truth:
            assert any(place.low <= corner <= place.high for place in places)


def test_the_fuzz_would_notice_rounding_to_nearest(monkeypatch):
    """Planted fault: sums of ends without their radius."""

    def missed() -> bool:
        with precision(30):
            low, high = evaluate(u + v, environment({u: Fraction(1, 3), v: Fraction(2, 7)})).ends
        return not low <= Fraction(13, 21) <= high

    assert not missed()
    exact = Interval.of
    monkeypatch.setattr(Interval, "of", lambda a, b=None: Interval(exact(a).lo.mid(), exact(a).lo.mid()))
    monkeypatch.setattr(Interval, "__add__", lambda a, b: Interval((a.lo + b.lo).mid(), (a.lo + b.lo).mid()))
    assert missed()


def test_the_tests_would_notice_a_definiteness_of_diagonals(monkeypatch):
    """Planted fault: Gershgorin's discs without radii, and no congruence."""
    matrix = [[number(entry) for entry in row] for row in ([1, 2], [2, 1])]
    assert not spectrum.positive_definite(matrix)
    monkeypatch.setattr(spectrum, "_disc", lambda near, i: near[i, i].lower())
    wide = [[number((1, 3)), number((-9, 9))], [number((-9, 9)), number((1, 3))]]
    assert spectrum.positive_definite(wide), "with the fault, [[2, 9], [9, 2]] passes"
    monkeypatch.undo()
    assert not spectrum.positive_definite(wide)
