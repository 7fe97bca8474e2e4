import math

import numpy as np
import pytest
import torch
from hypothesis import find, given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.testing import strategies
from eqt_theory.testing.problem import Shape
from eqt_theory.testing.strategies import stacked


@settings(max_examples=60)
@given(strategies.problems(0.5, 8.0))
def test_problems_lie_in_their_class(problem):
    assert 0.5 * (1 - 1e-12) <= problem.m <= problem.M <= 8.0
    assert 1 <= problem.dim <= 4
    assert np.abs(problem.slopes(problem.solution)).max() <= 1e-13 * 8.0 * problem.size


@settings(max_examples=30)
@given(strategies.problems(1.0, 4.0, bent=True, mild=True, near=1e-3))
def test_mild_and_near_problems(problem):
    assert problem.shape is not Shape.QUADRATIC
    assert max(most / least for most, least in zip(problem.most, problem.least, strict=True)) <= 1.8 * (1 + 1e-12)
    distance = np.linalg.norm(np.array(problem.start) - problem.solution)
    assert distance == pytest.approx(1e-3 * max(1.0, float(np.linalg.norm(problem.solution))), rel=1e-6)


@settings(max_examples=30)
@given(strategies.objectives(), strategies.energies())
def test_objectives_and_energies(objective, energy):
    assert isinstance(objective, eqt.Objective) and isinstance(energy, eqt.Energy)
    assert "\n" not in repr(objective) and repr(objective).startswith("Objective(")
    h = torch.as_tensor(objective.problem.place(objective.problem.solution))
    assert torch.linalg.vector_norm(objective.gradient(h)) <= 1e-12 * objective.problem.size


@given(st.data())
def test_numbers(data):
    kappa = data.draw(strategies.conditioning())
    assert 1 <= kappa <= 1e8
    spectrum = data.draw(strategies.spectra(1.0, kappa))
    assert all(1 <= value <= kappa for value in spectrum)
    if len(spectrum) > 1:
        assert max(spectrum) == kappa and min(spectrum) == 1
    assert 0 < data.draw(strategies.step_sizes(1.0, kappa)) < 2 / kappa
    assert data.draw(strategies.step_sizes(1.0, kappa, stable=False)) > 2 / kappa


def test_they_shrink_to_small_cases_and_reach_the_hard_ones():
    assert find(strategies.conditioning(), lambda kappa: kappa > 50) == 100.0
    assert find(strategies.conditioning(), lambda kappa: kappa >= 1e8) == 1e8
    small = find(strategies.problems(), lambda problem: problem.gamma > 0)
    assert (small.dim, small.rotation, small.shift, small.shape) == (1, 0, 0.0, Shape.QUADRATIC)
    assert len(find(strategies.batches(), lambda batch: True)) == 2


def test_a_batch_is_stacked_as_it_is_alone():
    batch = find(strategies.batches(1.0, 4.0), lambda batch: len(batch) == 3 and batch[0].dim == 2)
    objective, starts = stacked(batch)
    assert starts.shape == (3, 2) and objective.batch_shape == (3,)
    for i, problem in enumerate(batch):
        alone = problem.objective().gradient(problem.starting_point())
        assert torch.allclose(objective.gradient(starts)[i], alone, atol=1e-12)
    assert len({max(problem.most) for problem in batch}) > 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="high must be at least 1"):
        strategies.conditioning(0.5)
    with pytest.raises(ValueError, match="0 < m <= M"):
        strategies.step_sizes(2.0, 1.0)
    with pytest.raises(ValueError, match="0 < m <= M"):
        find(strategies.spectra(0.0, math.inf), lambda s: True)
    bent = find(strategies.problems(bent=True), lambda problem: True)
    with pytest.raises(ValueError, match="made of quadratics"):
        stacked((bent, bent))
