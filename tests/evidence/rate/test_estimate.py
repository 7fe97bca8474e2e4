import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.evidence.rate.estimate import FEWEST, estimate

k = np.arange(400)
k_long = np.arange(2000)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.05, 0.999), st.floats(1e-6, 1e6), st.integers(1, 7), st.integers(0, 1000))
def test_a_geometric_sequence_with_noise_at_the_floor(rate, size, every, seed):
    steps = every * k
    floor = 1e-12 * size
    noise = np.abs(np.random.default_rng(seed).normal(size=len(k)))
    errors = size * rate**steps + 0.05 * floor * noise
    found = estimate(steps, errors, floor)
    usable = int((errors > floor).argmin()) if (errors <= floor).any() else len(k)
    if usable < FEWEST:
        assert math.isnan(found.rate)
        assert str(FEWEST) in found.reason
    else:
        assert found.rate == pytest.approx(rate, rel=0.05 if usable < 12 else 0.01)
        assert found.last_step == steps[usable - 1]


def test_the_slow_part_at_the_end_counts_and_the_transient_is_told():
    errors = 0.5 ** k[:200] + 1e-3 * 0.9 ** k[:200]
    found = estimate(k[:200], errors, 1e-13)
    assert found.rate == pytest.approx(0.9, rel=1e-6)
    growing = np.maximum((k + 1.0) ** 3 * 0.8**k, 0)
    found = estimate(k, growing, 1e-12)
    assert found.worst == pytest.approx(8 * 0.8)
    assert 0.8 < found.rate < 0.84


@pytest.mark.parametrize("angle", [0.1, 0.7, 1.3, 2.9])
def test_oscillation_is_measured_by_its_envelope(angle):
    errors = 0.95**k * np.abs(np.cos(angle * k) + 1e-3)
    found = estimate(k, errors, 1e-14)
    assert found.oscillates
    assert found.rate == pytest.approx(0.95, abs=0.004)
    # The slope of single steps would be far off.
    assert abs(np.median(np.diff(np.log(errors)))) > 0 and found.worst > 1


@pytest.mark.parametrize("count", [170, 200, 250, 314, 470, 600])
def test_a_slow_oscillation_that_shows_too_few_peaks_has_no_rate(count):
    """|cos| passes zero every 314 steps: what a third of the run shows is a rise or a fall of it, not the rate."""
    errors = 0.9995**k_long * np.abs(np.cos(0.01 * k_long) + 1e-4)
    found = estimate(k_long[:count], errors[:count], 1e-14)
    assert math.isnan(found.rate) and found.oscillates
    assert "record more steps" in found.reason
    enough = estimate(k_long, errors, 1e-14)
    assert enough.oscillates and enough.rate == pytest.approx(0.9995, abs=5e-5)


def test_an_oscillation_that_has_died_out_leaves_the_rate_of_the_rest():
    errors = np.abs(0.7**k * np.cos(0.5 * k)) + 1e-2 * 0.97**k
    found = estimate(k, errors, 1e-14)
    assert not found.oscillates
    assert found.rate == pytest.approx(0.97, rel=1e-6)
    rising = np.maximum(0.5**k, 1e-6 * 1.01**k)  # falls first, then grows for good
    found = estimate(k, rising, 1e-14)
    assert found.rate == pytest.approx(1.01, rel=1e-6) and "does not shrink" in found.reason


def test_noise_is_never_a_rate():
    noise = 1e-15 * np.abs(np.random.default_rng(0).normal(size=300))
    assert math.isnan(estimate(np.arange(300), noise, 1e-14).rate)
    # A floor that was foreseen ten times too low.
    errors = np.maximum(0.7 ** np.arange(300), 1e-13 * (1 + np.random.default_rng(1).uniform(size=300)))
    found = estimate(np.arange(300), errors, 1e-14)
    assert found.rate == pytest.approx(0.7, rel=1e-3)
    assert found.floor >= 1e-13


def test_a_plateau_far_above_the_floor_is_no_convergence():
    errors = np.maximum(0.7 ** np.arange(300), 1e-4)
    found = estimate(np.arange(300), errors, 1e-15)
    assert found.rate == pytest.approx(1.0)
    assert "does not shrink" in found.reason


def test_divergence_and_what_is_not_finite():
    assert estimate(k[:50], 1.1 ** k[:50], 1e-15).rate == pytest.approx(1.1)
    errors = np.concatenate([2.0 ** np.arange(20), [math.inf, math.nan, 1.0]])
    found = estimate(np.arange(23), errors, 1e-15)
    assert found.rate == pytest.approx(2.0)
    assert found.last_step == 19
    assert math.isnan(estimate(np.arange(2), np.array([math.nan, 1.0]), 0.0).rate)
    assert "no rate" in str(estimate(np.arange(2), np.array([math.nan, 1.0]), 0.0))
