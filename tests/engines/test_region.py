"""Points of a region are such that its symbols may have."""

from fractions import Fraction

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.engines.region import Region, sign_of

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ("positive", "> 0"),
        ("negative", "< 0"),
        ("nonnegative", ">= 0"),
        ("nonpositive", "<= 0"),
        ("nonzero", "!= 0"),
        ("zero", ">= 0, <= 0"),
        ("real", "real"),
    ],
)
def test_a_declared_sign_holds_at_every_point_free_or_tied(sign, words):
    s = sp.Symbol("s", **{sign: True})
    assert sign_of(s) == words
    for region in (Region((s, x), []), Region((x, s), [sp.Eq(s, x - 1)])):
        points = region.points(6)
        assert points or (sign == "zero" and s in region.tied)
        for point in points:
            value = region.at(s, point)
            assert getattr(sp.Rational(value.numerator, value.denominator), f"is_{sign}")


@pytest.mark.parametrize("kind", ["integer", "irrational", "prime"])
def test_a_symbol_that_is_more_than_a_real_number_of_some_sign_is_refused(kind):
    # a false REFUTED otherwise, at a number that the symbol does not stand for
    with pytest.raises(eqt.UsageError, match=f"declared {kind}"):
        Region((sp.Symbol("n", **{kind: True}), x), [])


def test_two_symbols_of_one_name_are_refused():
    with pytest.raises(eqt.UsageError, match="different names"):
        Region((x, sp.Symbol("x", positive=True)), [])


def test_a_rate_that_holds_for_the_declared_sign_alone_is_not_refuted():
    k = sp.Symbol("k", nonpositive=True)
    finding = eqt.prove_rate(lambda k: eqt.GradientDescent(1 + k), (k,), (1 - k) / 2, m=sp.S.Half, M=1, where=[k > -1])
    assert finding.verdict is eqt.Verdict.PROVED
    k = sp.Symbol("k", real=True)
    finding = eqt.prove_rate(
        lambda k: eqt.GradientDescent(1 + k), (k,), (1 - k) / 2, m=sp.S.Half, M=1, where=[k > -1, k < 1]
    )
    assert finding.verdict is eqt.Verdict.REFUTED


@pytest.mark.parametrize(
    "of",
    [
        sp.Max(x, 1 - x) - sp.Min(x**2, 2) * sp.Abs(x - 3) ** 3,
        1 / sp.Max(x, 2 - x, sp.Rational(1, 3)) + sp.Abs(sp.Min(x, 0)) ** -2 + sp.Max(1 / x, x**-3),
        sp.sqrt(sp.Max(x, 4)) + sp.Abs(x),
    ],
)
def test_values_with_max_min_and_abs_are_those_of_sympy(of):
    region = Region((x,), [])
    for value in (*region.points(30), {x: Fraction(0)}, {x: Fraction(3)}):
        try:
            there = of.subs(x, sp.Rational(value[x].numerator, value[x].denominator))
        except ValueError:  # SymPy compares 1/0 with nothing
            there = sp.nan
        if there.is_Rational:
            assert region.at(of, value) == Fraction(int(there.p), int(there.q))
        else:
            with pytest.raises(eqt.UsageError, match="expected a rational number"):
                region.at(of, value)
