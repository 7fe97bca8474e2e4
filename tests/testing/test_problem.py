import numpy as np
import pytest
import torch

from eqt_theory.testing.problem import Problem, Shape


def _problem(shape: Shape, rotation: int = 0, shift: float = 0.0) -> Problem:
    least = (4.0, 8.0) if shape is Shape.QUADRATIC else (1.0, 2.0)
    return Problem(least, (4.0, 8.0), (1.0, -3.0), (2.0, 0.5), (1.0, 1.0), 2.0, shape, rotation, shift)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("rotation", "shift"), [(0, 0.0), (3, 1.5)])
def test_its_formulas_are_those_of_the_objective(shape: Shape, rotation: int, shift: float):
    problem = _problem(shape, rotation, shift)
    objective = problem.objective()
    for y in (np.array([0.3, -2.0]), np.array([50.0, -900.0]), problem.solution):
        h = torch.as_tensor(problem.place(y))
        slopes = problem.own(objective.gradient(h).numpy() + shift)
        assert np.allclose(slopes, problem.slopes(y), rtol=1e-13, atol=1e-12)
        assert np.allclose(problem.value(y) - problem.value(problem.solution), problem.gap(y), rtol=1e-9, atol=1e-12)
        differences = float(objective.value(h) - objective.value(torch.as_tensor(problem.place(problem.solution))))
        assert differences == pytest.approx(float(problem.gap(y)), rel=1e-9, abs=1e-11)
        spectrum = torch.linalg.eigvalsh(torch.func.jacrev(objective.gradient)(h))
        assert spectrum.min() > problem.m - 1e-9 and spectrum.max() < problem.M + 1e-9
    assert np.abs(problem.slopes(problem.solution)).max() < 1e-14 * problem.M * problem.size * 10
    assert objective.m == pytest.approx(problem.m) and pytest.approx(problem.M) == objective.M


def test_parabolas_can_be_pieced_together_anywhere():
    problem = Problem(
        (1.0,), (8.0,), (3.0,), (2.0,), (1.0,), 2.0, Shape.KINKED, kinks=(-2.0, -0.5, 0.3), bends=(0.2, 1.0, 0.0, 0.7)
    )
    objective = problem.objective()
    for y in np.linspace(-9, 9, 40)[:, None]:
        h = torch.as_tensor(y)
        assert np.allclose(objective.gradient(h).numpy(), problem.slopes(y), rtol=1e-13, atol=1e-12)
        assert float(objective.value(h)) == pytest.approx(float(problem.value(y)), rel=1e-12, abs=1e-12)
    assert "in shares (0.2, 1, 0, 0.7) with kinks at (-2, -0.5, 0.3)" in str(problem)


def test_places_and_sizes():
    problem = _problem(Shape.QUADRATIC, 2, -1.0)
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.allclose(problem.own(problem.place(y)), y)
    assert np.allclose(problem.axes @ problem.axes.T, np.eye(2))
    assert problem.moved(0, 0.0) == _problem(Shape.QUADRATIC)
    assert np.array_equal(problem.moved(0, 0.0).solution, problem.solution)
    assert problem.size >= np.linalg.norm(problem.solution)
    for h in problem.place(y):
        assert problem.distance(h) == pytest.approx(float(np.linalg.norm(problem.own(h) - problem.solution)), rel=1e-14)
    assert problem.starting_point(torch.float32).dtype is torch.float32


def test_it_prints_in_one_line():
    assert str(_problem(Shape.QUADRATIC)) == (
        "quadratic Phi, curvature (4, 8), b (1, -3), proposal (2, 0.5), gamma 2, start (1, 1)"
    )
    text = str(_problem(Shape.LOG_COSH, 3, 1.5))
    assert "log cosh t, curvature (1, 2) to (4, 8)" in text
    assert text.endswith("axes rotated by seed 3, shifted by 1.5") and "\n" not in text


@pytest.mark.parametrize("shape", Shape)
def test_every_objective_has_tensors_of_its_own(shape: Shape):
    problem = _problem(shape, rotation=3)
    h, first = torch.tensor([0.3, -2.0], dtype=torch.float64), problem.objective()
    before = first.gradient(h)
    for energy in getattr(first.energy, "terms", (first.energy,)):
        for tensor in (x for x in vars(energy).values() if isinstance(x, torch.Tensor)):
            tensor.zero_()
    first.proposal.zero_()
    assert not torch.equal(first.gradient(h), before)
    assert torch.equal(problem.objective().gradient(h), before)
