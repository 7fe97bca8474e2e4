import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.plan import count, plan, steps_to, tight_rate

hundredths = st.integers(1, 2000).map(lambda n: n / 100)


def test_the_papers_own_example():
    found = plan(0.1, 10, 1, step_size=0.1, epsilon=1 / 35)
    assert (found.m, found.M, found.condition_number) == (1.1, 11, 10)
    assert found.rate == 0.89
    assert found.steps == 31
    assert found.paper_rate == 5049 / 5050
    assert found.paper_steps == 17_955
    assert found.best_rate == float(Fraction(9, 11))
    assert found.paper_step_limit == float(2 / Fraction("11.1"))
    assert any("17,955 steps where 31 suffice, 579 times" in warning for warning in found.warnings)


@given(hundredths, hundredths, hundredths, hundredths)
def test_the_tight_rate_is_what_two_quadratics_show(mu: float, extra: float, gamma: float, alpha: float):
    """One exact step on h^2 m/2 and one on h^2 M/2, from h = 1."""
    found = plan(mu, round(mu + extra, 2), gamma, step_size=alpha)
    g = 1 / Fraction(str(gamma))
    m, M = Fraction(str(mu)) + g, Fraction(str(found.lipschitz)) + g
    ends = [1 - Fraction(str(alpha)) * curvature * 1 for curvature in (m, M)]
    assert found.rate == float(max(abs(end) for end in ends))
    assert (found.steps is not None) == all(abs(end) < 1 for end in ends)
    assert (found.steps is not None) == (Fraction(str(alpha)) < 2 / M)
    assert found.paper_rate is None or found.rate <= found.paper_rate
    assert found.best_rate is not None
    assert found.best_rate <= found.rate


@given(st.fractions(0, Fraction(99, 100), max_denominator=1000), st.fractions(Fraction(1, 10**6), Fraction(999, 1000)))
def test_steps_are_the_fewest(rate: Fraction, epsilon: Fraction):
    steps = steps_to(rate, epsilon)
    assert steps >= 1
    assert rate**steps <= epsilon
    assert steps == 1 or rate ** (steps - 1) > epsilon


@pytest.mark.parametrize("steps", [1, 2, 3, 17, 300])
def test_steps_on_the_edge(steps: int):
    rate = Fraction(1, 10)
    assert steps_to(rate, rate**steps) == steps
    assert steps_to(rate, rate**steps * Fraction(10**30 - 1, 10**30)) == steps + 1


def test_steps_close_to_rate_one_and_at_rate_zero():
    assert steps_to(Fraction(0), Fraction(1, 10**9)) == 1
    slow = 1 - Fraction(1, 10**40)
    assert float(steps_to(slow, Fraction(1, 2))) == pytest.approx(math.log(2) * 1e40)
    assert plan(1, 1, 1).steps == 1
    assert plan(1, 1, 1).rate == 0


def test_the_edge_of_the_stable_range_is_judged_as_written():
    on, below = plan(0.1, 10, 0.1, step_size=0.1), plan(0.1, 10, 0.1, step_size=0.0999999)
    assert on.steps is None
    assert on.rate == 1
    assert any("outside the stable range" in warning for warning in on.warnings)
    assert below.steps is not None
    assert plan(0.7, 0.8, 10, step_size=2.2222222222222).steps is not None, "2/M is 20/9"
    assert plan(0.7, 0.8, 10, step_size=2.2222222222223).steps is None


@given(hundredths, hundredths, hundredths, st.integers(1, 99))
def test_the_papers_formulas(mu: float, extra: float, gamma: float, percent: int):
    L = round(mu + extra, 2)
    alpha = percent / 100 * 2 / (mu + L + 1 / gamma)
    found = plan(mu, L, gamma, step_size=alpha, epsilon=1e-4)
    assert found.paper_rate == pytest.approx(1 - 2 * alpha * mu / (1 + L / mu))
    asked = (1 + L / mu) / (2 * mu * alpha) * math.log(1e4)
    assert found.paper_steps is not None
    assert asked * (1 - 1e-9) <= found.paper_steps <= asked * (1 + 1e-9) + 1


def test_the_paper_is_silent_beyond_its_range_and_without_strong_convexity():
    between = plan(1, 1, 1, step_size=0.8)
    assert between.steps is not None
    assert between.paper_rate is None
    assert any("Eq. 25 excludes step size 0.8, yet it is stable" in w for w in between.warnings)
    assert any("Eq. 25 allows 66.7 % of the stable range" in w for w in between.warnings)
    weak = plan(-0.5, 1, 1)
    assert weak.paper_step_limit is None
    assert weak.best_rate == 0.6
    assert any("Theorem 2 needs mu > 0" in w for w in weak.warnings)


@pytest.mark.parametrize(("mu", "why"), [(-1, "slower than any geometric rate"), (-2, "several equilibria")])
def test_without_convexity_nothing_is_promised(mu: float, why: str):
    found = plan(mu, 5, 1, step_size=0.1)
    assert (found.rate, found.steps, found.best_step, found.step_limit) == (None, None, None, None)
    assert why in found.warnings[0]


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ((2, 1, 1), "mu must not exceed lipschitz"),
        ((math.nan, 1, 1), "mu must be finite"),
        ((0, math.inf, 1), "lipschitz must be finite"),
        ((0, 1, 0), "gamma must be positive"),
        ((0, 1, -1), "gamma must be positive"),
        ((0, 1, math.inf), "gamma must be finite"),
        ((0, 1, 1, 0), "step_size must be positive"),
        ((0, 1, 1, math.nan), "step_size must be finite"),
        ((0, 1, 1, 1, 0), "epsilon must lie strictly between"),
        ((0, 1, 1, 1, 1), "epsilon must lie strictly between"),
        ((0, 1, 1, 1, math.nan), "epsilon must be finite"),
        ((0, 1, 1e-320), "does not fit into float64"),
    ],
)
def test_impossible_numbers_are_named(numbers: tuple[float, ...], named: str):
    mu, L, gamma, *rest = numbers
    options = dict(zip(("step_size", "epsilon"), rest, strict=False))
    with pytest.raises(UsageError, match=named):
        plan(mu, L, gamma, **options)


def test_counts_are_readable():
    assert count(17955) == "17,955"
    assert count(3 * 10**40) == "3.00e+40"
    assert tight_rate(Fraction(1), Fraction(3), Fraction(1, 2)) == Fraction(1, 2)
