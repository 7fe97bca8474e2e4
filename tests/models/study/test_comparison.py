import math

import pytest
from scipy.stats import t

from eqt_theory.models.study.comparison import Difference, conclusions, difference, overall_difference
from eqt_theory.models.study.study import Arm, Run


def run(arm: Arm, seed: int, accuracy: float, *, length: int = 8, flips: int = 0, correct: tuple = (6, 8)) -> Run:
    return Run("key", arm, length, seed, 100, (0.5,), (accuracy,) * 4, (0, 0, 0, flips), 16, correct, 1.0, "cpu")


def study(gaps: list[float], aux: list[float] | None = None, zero: float = 0.0, flips: int = 0) -> list[Run]:
    """Runs whose EqT is so much better than the standard model, seed by seed."""
    found = []
    for seed, gap in enumerate(gaps):
        base = 0.7 + 0.05 * (-1) ** seed
        found += [run(Arm.STANDARD, seed, base), run(Arm.ZERO, seed, base + zero)]
        found += [run(Arm.EQUILIBRIUM, seed, base + gap, flips=flips)]
        found += [run(Arm.AUXILIARY, seed, base + (aux or gaps)[seed])]
    return found


def test_differences_are_paired():
    found = difference(study([0.01, 0.02, 0.03]), Arm.EQUILIBRIUM, Arm.STANDARD, 8)
    assert found is not None
    assert found.mean == pytest.approx(0.02) and found.error == pytest.approx(0.01 / math.sqrt(3))
    assert (found.seeds, found.over_seeds, found.clear) == (3, True, False)
    unpaired = [*study([0.01]), run(Arm.EQUILIBRIUM, 7, 0.99)]
    assert difference(unpaired, Arm.EQUILIBRIUM, Arm.STANDARD, 8).seeds == 1
    assert difference(unpaired, Arm.EQUILIBRIUM, Arm.STANDARD, 9) is None


@pytest.mark.parametrize("seeds", [3, 4, 5, 10, 31, 32, 400])
def test_clear_means_a_95_percent_interval_of_student(seeds: int):
    half = Difference(0.0, 1.0, seeds, True).half_width
    assert half is not None and half == pytest.approx(t.ppf(0.975, min(seeds - 1, 30)), abs=2e-3)
    assert half >= t.ppf(0.975, seeds - 1)
    assert Difference(1.01 * half, 1.0, seeds, True).clear and Difference(-1.01 * half, 1.0, seeds, True).clear
    assert not Difference(0.99 * half, 1.0, seeds, True).clear
    assert Difference(9.0, 1.0, 2, True).half_width is None and not Difference(9.0, 1.0, 2, True).clear


def test_the_mean_over_lengths_takes_whole_seeds():
    runs = [
        run(arm, seed, 0.5 + gap * (arm is Arm.EQUILIBRIUM), length=length)
        for seed, gaps in enumerate([(0.1, 0.3), (0.2, 0.4), (0.5, 0.5)])
        for length, gap in zip((4, 8), gaps, strict=True)
        for arm in (Arm.STANDARD, Arm.EQUILIBRIUM)
    ]
    found = overall_difference(runs, Arm.EQUILIBRIUM, Arm.STANDARD, (4, 8))
    assert found is not None
    assert found.mean == pytest.approx(1 / 3) and found.error == pytest.approx(0.0882, abs=1e-4) and found.seeds == 3
    found = overall_difference(runs[:-1], Arm.EQUILIBRIUM, Arm.STANDARD, (4, 8))
    assert found is not None and (found.mean, found.seeds) == (pytest.approx(0.25), 2)
    assert overall_difference(runs[:5], Arm.EQUILIBRIUM, Arm.STANDARD, (4, 8)) is None
    assert "on average over the lengths +33.33 +- 37.95 points (95 %), which includes 0" in _said(runs)


def test_one_seed_has_only_the_error_over_sequences_and_is_never_clear():
    runs = [run(Arm.STANDARD, 0, 0.5, correct=(2, 4, 4)), run(Arm.EQUILIBRIUM, 0, 0.9, correct=(6, 8, 8))]
    found = difference(runs, Arm.EQUILIBRIUM, Arm.STANDARD, 8)
    assert found.error == 0.0 and not found.over_seeds and not found.clear


def _said(runs: list[Run]) -> str:
    return " ".join(conclusions(runs))


def test_a_gain_that_the_auxiliary_losses_explain():
    said = _said(study([0.03, 0.031, 0.029], [0.03, 0.032, 0.0285]))
    assert "EqT against the standard model: better at length 8." in said
    assert "The auxiliary losses alone against the standard model: better at length 8." in said
    assert "EqT against the auxiliary losses alone: not told from chance at length 8." in said
    assert "one in twenty misses the truth; 3 stand behind these sentences" in said


def test_a_loss_and_a_gain_beyond_the_auxiliary_losses():
    said = _said(study([-0.03, -0.031, -0.029], [-0.05, -0.052, -0.051]))
    assert "EqT against the standard model: worse at length 8." in said
    assert "EqT against the auxiliary losses alone: better at length 8." in said


def test_few_seeds_allow_nothing():
    said = _said(study([0.2, 0.2]))
    assert "too few seeds to tell from chance" in said and "2 seeds: no difference" in said
    assert "better at" not in said


def test_inertness_and_its_opposite():
    assert "changed none of 48 predictions of 3 models" in _said(study([0.1, 0.1, 0.1]))
    assert "changed at most 9 of 48 predictions" in _said(study([0.1, 0.1, 0.1], flips=3))


def test_the_control():
    assert "as accurate as its standard twin" in _said(study([0.1]))
    assert "by up to 2.00 points" in _said(study([0.1], zero=-0.02))


def test_no_runs_no_conclusions():
    assert conclusions([]) == []
