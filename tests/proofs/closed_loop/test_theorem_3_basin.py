"""The certified basin: its judgement, faults planted in the certificate, and descent in plain floats."""

import math
import random
from fractions import Fraction

import pytest

from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement, ShownBy


def test_judgement(ledger_of):
    ledger = ledger_of("theorem_3_basin")
    assert ledger.entry("theorem-3-basin").judgement is Judgement.HOLDS
    assert ledger.problems() == []
    assert {r.finding.shown_by for r in ledger.entry("theorem-3-basin").results} == {ShownBy.KERNEL}


@pytest.fixture
def basin(claims_file):
    return claims_file("theorem_3_basin")


@pytest.mark.parametrize(
    "change",
    [
        {"low": Fraction(1)},  # not convex enough on the box
        {"high": Fraction(3)},  # not smooth enough
        {"half": Fraction(4, 5)},  # the box reaches the hill between the wells
        {"step": Fraction(1, 2)},  # rate 3/2
        {"radius": Fraction(1, 5)},  # the ball leaves the box
    ],
)
def test_a_wrong_certificate_is_not_accepted(basin, change):
    right = {
        "half": Fraction(1, 5),
        "low": Fraction(1, 2),
        "high": Fraction(5),
        "step": Fraction(4, 11),
        "radius": Fraction(19, 100),
    }
    center = basin.computed()
    assert basin.by_curvature(center, **right).verdict is Verdict.CERTIFIED
    assert basin.by_curvature(center, **{**right, **change}).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "change",
    [
        {"low": Fraction(3, 2)},
        {"high": Fraction(2)},
        {"change": Fraction(12)},
        {"radius": Fraction(9, 40)},
        {"step": Fraction(3, 5)},
    ],
)
def test_a_wrong_formula_is_not_accepted(basin, change):
    right = {
        "half": Fraction(1, 4),
        "low": Fraction(7, 5),
        "high": Fraction(13, 5),
        "change": Fraction(13),
        "step": Fraction(1, 3),
        "radius": Fraction(1, 5),
    }
    center = basin.computed()
    assert basin.by_formula(center, **right).verdict is Verdict.CERTIFIED
    assert basin.by_formula(center, **{**right, **change}).verdict is Verdict.INCONCLUSIVE


def test_a_centre_that_is_no_equilibrium_is_not_accepted(basin):
    center = {s: c + Fraction(1, 10**4) for s, c in basin.computed().items()}
    finding = basin.by_curvature(center, Fraction(1, 5), Fraction(1, 2), Fraction(5), Fraction(4, 11), Fraction(1, 10))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "grad Phi" in finding.detail


def test_the_one_well_is_not_called_lower_than_itself(basin):
    """The check of the depths is not decided in advance, and it is what forbids to call h* an equilibrium."""
    center = basin.computed()
    assert basin.lower(center, basin.LOWER).verdict is Verdict.CERTIFIED
    assert basin.lower(center, center).verdict is Verdict.INCONCLUSIVE
    assert basin.lower(basin.LOWER, basin.LOWER).verdict is Verdict.INCONCLUSIVE


def _phi(h1, h2):
    softplus = math.log(1 + math.exp(h1 + h2))
    return (h1**2 - 1) ** 2 / 2 + softplus + h2**2 / 2 + ((h1 - 0.9) ** 2 + (h2 - 0.2) ** 2) / 8


def test_the_local_minimiser_is_no_global_one_in_floats():
    assert _phi(0.804401, -0.433367) == pytest.approx(1.10325, abs=1e-5)
    assert _phi(-0.94231, -0.15952) == pytest.approx(0.74630, abs=1e-5)


def _slope(h1, h2):
    logistic = 1 / (1 + math.exp(-h1 - h2))
    return 2 * h1 * (h1**2 - 1) + logistic + (h1 - 0.9) / 4, h2 + logistic + (h2 - 0.2) / 4


def _descend(h, alpha, steps):
    for _ in range(steps):
        slope = _slope(*h)
        h = tuple(x - alpha * s for x, s in zip(h, slope, strict=True))
    return h


def test_every_start_in_the_ball_contracts():
    star = _descend((0.8, -0.4), 0.3, 2000)
    assert math.dist(star, (0.804401, -0.433367)) < 1e-6
    rng = random.Random(0)
    for _ in range(200):
        angle, radius = rng.uniform(0, 2 * math.pi), 0.19 * math.sqrt(rng.random())
        h = (star[0] + radius * math.cos(angle), star[1] + radius * math.sin(angle))
        assert math.dist(_descend(h, 4 / 11, 1), star) <= 9 / 11 * radius + 1e-12


def test_there_is_another_equilibrium():
    other = _descend((-0.8, -0.4), 0.3, 2000)
    assert other[0] < -0.5
    assert math.hypot(*_slope(*other)) < 1e-10
