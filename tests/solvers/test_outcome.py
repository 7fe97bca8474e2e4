import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.batch import arrange
from eqt_theory.solvers.outcome import Outcome


def test_results_land_where_the_user_expects_them(quadratic_case):
    case = quadratic_case(batch=(4,))
    outcome = Outcome(arrange(case.objective, None), tolerance=1e-3, every=0)
    outcome.limit = torch.full((4,), 1e6, dtype=torch.float64)
    h = torch.arange(24.0, dtype=torch.float64).reshape(4, 6)
    residual = torch.tensor([1e-4, 1.0, 1e7, 2.0], dtype=torch.float64)
    assert outcome.retire(3, torch.tensor([0, 2]), h, residual, None)
    outcome.keep(torch.tensor([1, 3]))
    stuck = torch.tensor([True, False])
    assert not outcome.retire(5, torch.tensor([0, 1]), h[[1, 3]], residual[[1, 3]], stuck, ~stuck)
    solution = outcome.solution(case.objective)
    assert torch.equal(solution.h, h) and solution.steps.tolist() == [3, 5, 3, 5]
    assert [s.name for s in solution.status] == ["CONVERGED", "STAGNATED", "DIVERGED", "MAX_STEPS"]


@pytest.mark.parametrize("norm", [0.0, torch.nan, torch.inf])
def test_what_is_not_finite_never_counts_as_converged(norm, quadratic_case):
    case = quadratic_case(batch=(1,))
    outcome = Outcome(arrange(case.objective, None), tolerance=1e-3, every=0)
    h = torch.full((1, 6), torch.inf, dtype=torch.float64)
    outcome.retire(1, torch.tensor([0]), h, torch.tensor([norm], dtype=torch.float64), None)
    assert set(outcome.solution(case.objective).status) == {eqt.Status.NONFINITE}


class Barrier(eqt.Energy):
    """-sum log(1 - h^2) + sum h: beyond |h| = 1 its gradient is that of nothing; refuses to say the value there."""

    def __init__(self, loud: bool = False) -> None:
        self.loud = loud

    def value(self, h):
        if self.loud and bool((h.abs() >= 1).any()):
            raise ValueError("outside of the domain")
        return (h - torch.log(1 - h * h)).sum(-1)

    def gradient(self, h):
        return 1 + 2 * h / (1 - h * h)


@pytest.mark.parametrize("loud", [False, True])
@pytest.mark.parametrize("rule", [eqt.GradientDescent(1.0), eqt.StepRule(lambda o, h: h - o.gradient(h))])
def test_a_point_outside_of_the_domain_is_no_solution(loud, rule):
    # A long first step from close to the wall lands beyond it, where the formula of the gradient has a zero.
    for shape in ((), (3,), (1, 3)):
        proposal = torch.full((*shape, 1), -0.95, dtype=torch.float64)
        if shape:
            proposal[..., -1, :] = 0.0  # this one stays inside
        solution = eqt.solve(eqt.Objective(Barrier(loud), proposal, 1.0), rule, max_steps=200)
        outside = (solution.h.abs() > 1).squeeze(-1)
        assert bool(outside.reshape(-1)[0]) and float(solution.residual.reshape(-1)[0]) <= 1e-10
        assert not bool((solution.converged & outside).any())
        assert np.asarray(solution.status, dtype=object).reshape(-1)[0] is eqt.Status.NONFINITE
    shorter = eqt.solve(eqt.Objective(Barrier(loud), proposal, 1.0), eqt.GradientDescent(0.02))
    assert bool(shorter.converged.all()) and bool((shorter.h.abs() < 1).all())


def test_an_energy_without_values_can_still_be_solved():
    class SlopesOnly(eqt.Energy):
        def value(self, h):
            raise NotImplementedError

        def gradient(self, h):
            return h

    assert eqt.solve(eqt.Objective(SlopesOnly(), torch.ones(2).double()), eqt.GradientDescent(0.5)).converged
