import pytest

from closed_loop.lemmas import energy as proof
from eqt_theory import Verdict


@pytest.mark.parametrize(
    "lemma", [proof.no_lipschitz_constant, proof.no_strong_convexity, proof.bounded_gradients, proof.sums_of_bounds]
)
def test_lemmas_are_proved(lemma):
    assert lemma().verdict is Verdict.PROVED


def test_a_memory_with_radial_slope_would_not_do():
    distance_term = proof.mu * proof.L  # any positive slope along the ray may win
    assert proof.no_strong_convexity(memory_along_ray=distance_term).verdict is Verdict.REFUTED
