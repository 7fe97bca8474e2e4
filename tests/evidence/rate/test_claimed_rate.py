"""A rate in one line: proved where it is right, refuted with a function where not, with all that it assumes."""

import pytest
import sympy as sp

from eqt_theory import Claim, GradientDescent, UsageError, Verdict, rate, rate_attained
from eqt_theory.core.judge import Result, assess
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.gram import SmoothClass

mu, L = sp.symbols("mu L", positive=True)
CLASS = SmoothClass(mu, L)
BEST = (L - mu) / (L + mu)


def test_the_best_step_and_what_it_assumes():
    found = rate(lambda mu, L: GradientDescent(2 / (mu + L)), CLASS, BEST, where=[mu < L])
    assert found.verdict is Verdict.PROVED
    assert found.hypotheses == ("L > mu",)
    claim = Claim(id="best", source="none", statement="the best step", symbols=[mu, L])
    claim.shows("all parameters")(lambda: found)
    assert assess(claim, [Result(claim.checks[0], found)]).judgement is Judgement.OPEN, "mu < L is not in the claim"
    said = Claim(id="said", source="none", statement="the best step", symbols=[mu, L], assumes=[mu < L])
    said.shows("all parameters")(lambda: found)
    assert assess(said, [Result(said.checks[0], found)]).judgement is Judgement.HOLDS


def test_the_factor_of_another_step_is_refuted():
    found = rate(lambda L: lambda f, h: h - f.gradient(h) / L, CLASS, BEST, where=[mu < L])
    assert found.verdict is Verdict.REFUTED
    assert found.witness


def test_parameters_are_symbols():
    with pytest.raises(UsageError, match="step"):
        rate(lambda step: GradientDescent(step), CLASS, BEST, where=[mu < L])
    with pytest.raises(UsageError, match="say what its parameters are"):
        rate(max, CLASS, BEST, where=[mu < L])


def test_two_symbols_of_one_name_are_refused():
    with pytest.raises(UsageError, match="different names"):
        rate(lambda L: GradientDescent(1 / L), CLASS, BEST, where=[mu < L, sp.Symbol("mu", real=True) < 1])


def test_where_mu_is_L_too_the_factor_that_quadratics_force_is_proved():  # noqa: N802
    found = rate(lambda mu, L: GradientDescent(2 / (mu + L)), CLASS, where=[mu <= L])
    assert found.verdict is Verdict.PROVED
    assert found.hypotheses == ("L >= mu",)


def test_a_rate_that_is_larger_than_need_be_is_proved_by_the_smaller_one():
    """As textbooks state it; the multipliers that show it are many, and none of them simple."""
    factor = sp.sqrt(1 - mu / L)
    found = rate(lambda L: GradientDescent(1 / L), CLASS, factor, where=[mu <= L], measure="value")
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    assert f"({factor})^2" in found.detail
    assert "shown with the smaller rate (L - mu)/L" in found.detail


def test_a_rate_that_is_too_small_somewhere_is_not_proved_by_a_smaller_one():
    """Below the truth where alpha < 1/(4 L), which few points of the region see."""
    alpha = sp.Symbol("alpha", positive=True)
    factor = sp.sqrt(1 - alpha * mu - mu / (4 * L))
    where = [mu < L, alpha * L <= 1, alpha * L >= sp.Rational(31, 125)]
    found = rate(lambda alpha: GradientDescent(alpha), CLASS, factor, where=where, measure="value")
    assert found.verdict is not Verdict.PROVED


def test_a_rate_of_a_method_that_reads_gamma_says_for_which():
    scaled = lambda L: lambda objective, h: h - objective.gamma / L * objective.gradient(h)  # noqa: E731
    found = rate(scaled, CLASS, 1 - mu / L, where=[mu < L])
    assert found.verdict is Verdict.PROVED and found.detail.endswith("; where gamma = 1")
    plain = rate(lambda L: GradientDescent(1 / L), CLASS, 1 - mu / L, where=[mu < L])
    assert plain.verdict is Verdict.PROVED and "gamma" not in plain.detail


def test_a_factor_may_be_a_whole_number():
    assert rate(lambda L: GradientDescent(2 / L), CLASS, 1, where=[mu < L]).verdict is Verdict.PROVED
    assert rate(lambda L: GradientDescent(3 / L), CLASS, 1, where=[mu < L]).verdict is Verdict.REFUTED


def test_parameters_may_be_expressions_in_the_symbols():
    where = [mu < L]
    best = {"step_size": 2 / (mu + L)}
    found = rate(GradientDescent, CLASS, BEST, where=where, at=best)
    assert (found.verdict, found.hypotheses) == (Verdict.PROVED, ("L > mu",))
    assert rate_attained(GradientDescent, CLASS, BEST, where=where, at=best).verdict is Verdict.PROVED
    assert rate(GradientDescent, CLASS, BEST, where=where, at={"step_size": 1 / L}).verdict is Verdict.REFUTED
    third = rate(GradientDescent, CLASS, 1 - mu / (3 * L), where=where, at={"step_size": sp.Rational(1, 3) / L})
    assert third.verdict is Verdict.PROVED, "thirds are no floating-point numbers"
    with pytest.raises(UsageError, match="rational in the symbols, got step_size = 1.sqrt"):
        rate(GradientDescent, CLASS, BEST, where=where, at={"step_size": 1 / sp.sqrt(L)})
    with pytest.raises(UsageError, match=r"at must name parameters of the method, of \['L'\], got \['alpha'\]"):
        rate(lambda L: GradientDescent(1 / L), CLASS, BEST, where=where, at={"alpha": 1 / L})


@pytest.mark.parametrize("factor", [sp.sqrt(2), sp.pi, sp.E, sp.Float(1.0), sp.I])
def test_a_parameter_has_rational_coefficients(factor):
    """Of sqrt(2)/L and pi/L the step 1/L and 3/L was run: rates that are none were PROVED."""
    with pytest.raises(UsageError, match="rational in the symbols, got step_size"):
        rate(GradientDescent, CLASS, 1 - mu / L, where=[mu < L], at={"step_size": factor / L})


def test_a_parameter_that_is_a_number_is_exact():
    smooth, step = SmoothClass(mu, 1), {"step_size": sp.Rational(2, 3)}  # as a float it would be a little less
    assert rate(GradientDescent, smooth, 1 - 2 * mu / 3, where=[mu <= 1], at=step).verdict is Verdict.PROVED
    assert rate(GradientDescent, smooth, 1 - mu, where=[mu <= 1], at={"step_size": 1}).verdict is Verdict.PROVED
    less = rate(GradientDescent, smooth, 1 - 2 * mu / 3 - mu / 10**20, where=[mu <= 1], at=step)
    assert less.verdict is not Verdict.PROVED
