import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.base import extremes, per_state, require_count, require_momentum, require_positive


def test_a_function_becomes_a_solver(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.StepRule(lambda objective, h: h - 0.1 * objective.gradient(h)))
    assert solution.converged.all() and quadratics.error(solution).max() < 1e-9
    assert eqt.StepRule(lambda objective, h: h).guarantee(1.0, 2.0) is None
    with pytest.raises(ValueError, match="fn must be a function"):
        eqt.StepRule(0.1)
    with pytest.raises(TypeError, match="abstract"):
        eqt.Solver()


def test_parameters_per_state():
    h = torch.zeros(2, 3, 4, dtype=torch.float64)
    assert per_state("a", 0.5, h) == 0.5
    assert per_state("a", torch.ones(2, 3), h).shape == (2, 3, 1)
    assert per_state("a", torch.ones(2, 3), h.reshape(6, 4)).shape == (6, 1)
    assert per_state("a", torch.tensor(2.0), h).shape == ()
    with pytest.raises(ValueError, match=r"a must be one number or one per state, .* \(\) or .*, got .* shape \(5,\)"):
        per_state("a", torch.ones(5), h)
    with pytest.raises(ValueError, match=r"a tensor of shape \(\), got a tensor of shape \(5,\)"):
        per_state("a", torch.ones(5), h[0, 0])


def test_checks():
    require_positive("a", 1)
    require_momentum("a", 0.0)
    require_count("a", 3)
    for call in (
        lambda: require_positive("a", torch.tensor([1])),
        lambda: require_momentum("a", torch.tensor([0.5, 1.0])),
        lambda: require_count("a", True),
        lambda: require_count("a", 3, least=4),
    ):
        with pytest.raises(ValueError, match="a must"):
            call()
    assert extremes(torch.tensor([3.0, 1.0, 2.0])) == (1.0, 3.0)
    assert extremes(torch.tensor([])) == ()
