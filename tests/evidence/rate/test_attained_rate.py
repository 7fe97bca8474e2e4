"""The lower bound beside a rate: a quadratic that has it in every step, and rates that no quadratic has."""

import pytest
import sympy as sp

from eqt_theory import GradientDescent, HeavyBall, UsageError, Verdict, rate, rate_attained
from eqt_theory.engines.gram import SmoothClass

mu, L, alpha = sp.symbols("mu L alpha", positive=True)
CLASS = SmoothClass(mu, L)
RHO = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))


def step(alpha: float) -> GradientDescent:
    return GradientDescent(alpha)


@pytest.mark.parametrize(
    ("factor", "where"),
    [
        (RHO, [mu < L]),
        (1 - alpha * mu, [mu < L, alpha <= 2 / (mu + L)]),
        (alpha * L - 1, [mu < L, alpha >= 2 / (mu + L)]),
    ],
)
def test_the_exact_rates_of_gradient_descent_are_attained(factor: sp.Expr, where: list):
    found = rate_attained(step, CLASS, factor, where=where)
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    assert found.hypotheses == tuple(str(r.canonical) for r in where)


def test_the_best_step_and_a_step_of_several_gradients():
    best = rate_attained(lambda mu, L: GradientDescent(2 / (mu + L)), CLASS, (L - mu) / (L + mu), where=[mu <= L])
    assert best.verdict is Verdict.PROVED

    def twice(alpha: float):
        def rule(f, h):
            ahead = h - alpha * f.gradient(h)
            return ahead - alpha * f.gradient(ahead)

        return rule

    squared = rate_attained(twice, CLASS, (1 - alpha * mu) ** 2, where=[mu < L, alpha <= 1 / L])
    assert squared.verdict is Verdict.PROVED, squared.detail


@pytest.mark.parametrize(
    ("factor", "where"),
    [
        (1 - alpha * mu / 2, [mu < L, alpha <= 1 / L]),  # larger than need be
        (1 - alpha * mu, [mu < L, alpha < 2 / L]),  # not so for long steps, where more is forced, but it must be a rate
        (sp.sqrt(1 - alpha * mu), [mu < L, alpha <= 1 / L]),
        (alpha * mu - 1, [mu < L, alpha <= 1 / L]),  # negative
        (2, [mu < L, alpha <= 1 / L]),
    ],
)
def test_a_rate_that_no_quadratic_has_is_not_shown(factor: sp.Expr, where: list):
    found = rate_attained(step, CLASS, factor, where=where)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "a step multiplies errors by 1 - L alpha on L/2 |h|^2 and 1 - alpha mu on mu/2 |h|^2" in found.detail


def test_curvature_0_attains_nothing():
    found = rate_attained(step, SmoothClass(0, L), 1, where=[alpha <= 1 / L])
    assert found.verdict is Verdict.INCONCLUSIVE, "on it every point is a minimiser"


def test_a_method_with_memory_and_what_is_no_class():
    heavy = rate_attained(lambda alpha: HeavyBall(alpha, 0.5), CLASS, 1 - alpha * mu, where=[mu < L])
    assert heavy.verdict is Verdict.INCONCLUSIVE
    wrong = rate_attained(step, SmoothClass(L, mu), 1 - alpha * mu, where=[mu < L, alpha < 1 / L])
    assert wrong.verdict is Verdict.INCONCLUSIVE, "the lower end is above the upper one"
    with pytest.raises(UsageError, match="must hold somewhere"):
        rate_attained(step, CLASS, 1 - alpha * mu, where=[mu < L, alpha < -1])
    with pytest.raises(UsageError, match="take symbols by name, of .*, or what at= gives; it takes "):
        rate_attained(lambda s: GradientDescent(s), CLASS, 1 - alpha * mu)


def test_gradients_over_all_step_sizes():
    """Also of steps so long that they grow: what is met in floating point is met by a share."""
    found = rate(step, CLASS, RHO, where=[mu < L], measure="gradient")
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    smaller = rate(step, CLASS, RHO * sp.Rational(99, 100), where=[mu < L], measure="gradient")
    assert smaller.verdict is Verdict.REFUTED
