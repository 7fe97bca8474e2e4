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
