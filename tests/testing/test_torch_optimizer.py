import pytest
import torch

import eqt_theory as eqt
from eqt_theory.testing import from_torch_optimizer


def test_an_optimizer_that_wants_a_closure_is_named():
    solver = from_torch_optimizer(lambda p: torch.optim.LBFGS(p, lr=0.1))
    objective = eqt.Objective(eqt.Quadratic.diagonal([1.0, 2.0]), torch.ones(2, dtype=torch.float64))
    with pytest.raises(eqt.UsageError, match="got LBFGS: it wants a closure"):
        eqt.solve(objective, solver)


def test_an_optimizer_of_ones_own_need_take_no_closure():
    class Descent(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self):
            for p in self.param_groups[0]["params"]:
                p.data.sub_(0.1 * p.grad)

    objective = eqt.Objective(eqt.Quadratic.diagonal([1.0, 2.0]), torch.ones(2, dtype=torch.float64))
    solver = from_torch_optimizer(Descent)
    after = solver.step(objective, solver.init(objective, torch.ones(2, dtype=torch.float64)))
    assert after.h.tolist() == [0.9, 0.8]
