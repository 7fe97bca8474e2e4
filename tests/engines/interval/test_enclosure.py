from fractions import Fraction

import mpmath
import sympy as sp

from eqt_theory.core.finding import Arithmetic
from eqt_theory.engines.interval import Enclosure, certify, enclose, enclose_root, replay_in_balls

x, y = sp.symbols("x y", real=True)


def test_digits_are_delivered_where_the_input_is_exact():
    found = enclose(sp.exp(sp.pi * sp.sqrt(163)) - 640320**3 - 744, digits=40)
    assert found.sign == -1  # about -7.5e-13: cancellation of 30 digits
    assert found.high - found.low < abs(found.low) / 10**39
    with mpmath.workdps(90):
        truth = mpmath.exp(mpmath.pi * mpmath.sqrt(163)) - 640320**3 - 744
        assert float(found.low) == float(found.high) == float(truth)


def test_zero_is_told_only_exactly():
    assert enclose(sp.Integer(3), {}).sign == 1
    assert enclose(x - x + 0, {x: 2}).sign == 0
    assert enclose(sp.sin(sp.pi, evaluate=False)).sign is None


def test_relations_at_points_and_on_ranges():
    assert certify(sp.exp(x) > 1 + x, {x: Fraction(1, 10**40)}) is True
    assert certify(sp.exp(x) < 1 + x, {x: Fraction(1, 10**40)}) is False
    assert certify(x**2 + y > 0, {x: (-1, 1), y: Fraction(1, 9)}) is True
    assert certify(x**2 > 0, {x: (-1, 1)}) is None
    assert certify(sp.log(x) < 0, {x: (-1, Fraction(1, 2))}) is None
    assert certify(True) is True


def test_rational_relations_at_exact_points_are_decided_exactly():
    third = {x: Fraction(1, 3), y: Fraction(2, 3)}
    assert certify(sp.Eq(2 * x, y), third) is True
    assert certify(sp.Ne(2 * x, y), third) is False
    assert certify(sp.And(2 * x <= y, x > 0), third) is True
    assert certify(2 * x < y, third) is False
    assert certify(sp.Eq(sp.Piecewise((1, 2 * x <= y), (5, True)), 1), third) is True
    assert certify(sp.Eq(sp.sin(x) ** 2 + sp.cos(x) ** 2, 1), third) is None
    assert certify(sp.Eq((x - y / 2) / (x - y / 2 + 0 * y), 1, evaluate=False), third) is not False
    assert certify(sp.Eq(sp.Max(sp.sqrt(x - y), 1), 1), third) is None
    assert certify(sp.Eq(1 / (2 * x - y), 1 / (2 * x - y) + 1, evaluate=False), third) is None


def test_a_root_is_carried_as_a_value():
    root = enclose_root(x**2 - 2, x, 1, 2)
    assert certify(y**3 < 3, {y: root}) is True
    assert certify(sp.Eq(y**2, 2), {y: root}) is None
    assert certify(y > sp.sqrt(2), {y: root}) is None


def test_a_replay_confirms_only_what_is_certain():
    root = enclose_root(x**2 - 2, x, 1, 2)
    good = replay_in_balls([("positive", x > 0)], [x > 2], {x: root})
    assert good.confirms and good.arithmetic is Arithmetic.BALL
    assert good.hypotheses[0].text == "positive" and "1.41421356" in good.conclusions[0].margin
    assert not replay_in_balls([sp.Eq(x**2, 2)], [x > 2], {x: root}).confirms
    assert not replay_in_balls([x > 0], [sp.Eq(x**2, 2)], {x: root}).confirms
    assert not replay_in_balls([x > 0], [x < 2], {x: root}).confirms
    assert not replay_in_balls([], [sp.log(x) > 0], {x: (-1, 1)}).confirms
    undecided = replay_in_balls([x > sp.sqrt(2)], [x > 2], {x: root}).hypotheses[0]
    assert not undecided.holds and undecided.margin.startswith("undecided")


def test_nothing_is_known_of_an_unbounded_value():
    assert certify(x > 0, {x: Enclosure(None)}) is None
    assert enclose(1 / x, {x: (-1, 1)}).bounded is False


def test_a_branch_that_is_complex_where_it_is_not_taken():
    root = sp.Piecewise((sp.Max(sp.sqrt(x), 1), x > 0), (x, True))
    assert certify(root < 0, {x: -2}) is True


def test_sides_that_print_alike_refute_by_a_difference_that_is_printed():
    close = sp.sqrt(2) + sp.Rational(1, 10**60)
    line = replay_in_balls([], [sp.Le(x, sp.sqrt(2))], {x: close}).conclusions[0]
    left, right = line.margin.split(", the difference is ")[0].split(" <= ")
    assert left == right and not line.holds
    shown = line.margin.split(", the difference is ")[1].split(" +/- ")
    assert Fraction(shown[0]) > (Fraction(shown[1]) if len(shown) > 1 else 0)
    assert replay_in_balls([], [sp.Ge(x, sp.sqrt(2))], {x: close}).conclusions[0].holds
    assert not replay_in_balls([], [sp.Le(x, sp.sqrt(2))], {x: sp.sqrt(2)}).confirms
    assert replay_in_balls([], [x < 1], {x: 1}).confirms
