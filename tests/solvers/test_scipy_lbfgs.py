import pytest
import torch

import eqt_theory as eqt


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_solves_to_what_its_line_search_can_see(problems, request):
    case = request.getfixturevalue(problems)
    start = case.objective.proposal.clone()
    solution = eqt.solve(case.objective, eqt.ScipyLBFGS(), tolerance=1e-6, max_steps=20)
    assert solution.converged.all() and case.error(solution).max() < 1e-5
    assert torch.equal(start, case.objective.proposal)
    assert eqt.ScipyLBFGS().guarantee(case.m, case.M) is None


def test_too_few_iterations_are_not_convergence(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.ScipyLBFGS(iterations=1), max_steps=1)
    assert not solution.converged.any()


def test_unusable_parameters():
    with pytest.raises(ValueError, match="window"):
        eqt.ScipyLBFGS(window=0)
    with pytest.raises(ValueError, match="iterations"):
        eqt.ScipyLBFGS(iterations=-1)
