import pytest
import torch

import eqt_theory as eqt


def distances(case, solver, steps=60):
    solution = eqt.solve(case.objective, solver, max_steps=steps, record=True)
    return torch.linalg.vector_norm(solution.trajectory - case.h_star, dim=-1)


@pytest.mark.parametrize("step_size", [0.02, 0.1, 2 / 11.2, 0.19])
@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_no_step_is_slower_than_guaranteed(step_size, problems, request, worst_ratio):
    case = request.getfixturevalue(problems)
    rate = eqt.GradientDescent(step_size).guarantee(case.m, case.M).rate
    observed = worst_ratio(distances(case, eqt.GradientDescent(step_size)))
    assert 0 < observed <= rate * (1 + 1e-6)


def test_the_rate_is_attained(quadratics, worst_ratio):
    solver = eqt.GradientDescent(0.05)
    guarantee = solver.guarantee(quadratics.m, quadratics.M)
    assert guarantee.sharpness is eqt.Sharpness.TIGHT
    # After many steps only the slowest mode is left.
    tail = distances(quadratics, solver, steps=200)[150:]
    assert worst_ratio(tail) == pytest.approx(guarantee.rate, rel=1e-6)


def test_a_rate_stated_too_low_would_be_noticed(quadratics, worst_ratio):
    # The paper's rate is loose; the same formula with its looseness removed twice over is below the truth.
    wrong = 1 - 2 * 0.05 * quadratics.m
    assert worst_ratio(distances(quadratics, eqt.GradientDescent(0.05), steps=200)) > wrong * (1 + 1e-3)


def test_rate_of_the_papers_example():
    guarantee = eqt.GradientDescent(0.1).guarantee(1.1, 11.0)
    assert guarantee.rate == pytest.approx(0.89)
    assert guarantee.rate**16 == pytest.approx(0.155, abs=1e-3)
    assert guarantee.step_range == (0.0, 2 / 11.0)
    assert eqt.GradientDescent.optimal(1.1, 11.0).guarantee(1.1, 11.0).rate == pytest.approx(9.9 / 12.1)
    assert eqt.GradientDescent(0.19).guarantee(1.1, 11.0).rate == pytest.approx(1.09)


def test_the_rate_is_rounded_upwards():
    from fractions import Fraction

    for step_size in (0.1, 0.07, 1 / 3):
        exact = max(abs(1 - Fraction(step_size) * Fraction(c)) for c in (0.7, 3.1))
        assert Fraction(eqt.GradientDescent(step_size).guarantee(0.7, 3.1).rate) >= exact


def test_one_step_size_per_state_travels_with_its_state(quadratics):
    n = quadratics.h_star.shape[0]
    sizes = torch.linspace(0.02, 0.19, n, dtype=torch.float64)
    together = eqt.solve(quadratics.objective, eqt.GradientDescent(sizes), tolerance=1e-9)
    assert together.converged.all() and len(set(together.steps.tolist())) > 5
    for i in (0, 7, n - 1):
        alone = eqt.solve(
            quadratics.objective.select(torch.tensor([i])), eqt.GradientDescent(float(sizes[i])), tolerance=1e-9
        )
        assert torch.allclose(alone.h[0], together.h[i], rtol=0, atol=1e-13)
        assert abs(int(alone.steps[0]) - int(together.steps[i])) <= 1
    guarantee = eqt.GradientDescent(sizes).guarantee(quadratics.m, quadratics.M)
    assert guarantee.rate == pytest.approx(max(1 - 0.02 * quadratics.m, 0.19 * quadratics.M - 1))


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf"), True, "0.1", torch.tensor([0.1, -0.1])])
def test_unusable_step_sizes(wrong):
    with pytest.raises(ValueError, match="step_size must be "):
        eqt.GradientDescent(wrong)


def test_unusable_constants(quadratics):
    for m, M in ((0.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (1.0, float("inf"))):
        with pytest.raises(ValueError, match="m and M"):
            eqt.GradientDescent.optimal(m, M)
        with pytest.raises(ValueError, match="m and M"):
            eqt.GradientDescent(0.1).guarantee(m, M)
    with pytest.raises(ValueError, match="one per state"):
        eqt.solve(quadratics.objective, eqt.GradientDescent(torch.full((3,), 0.1, dtype=torch.float64)))
