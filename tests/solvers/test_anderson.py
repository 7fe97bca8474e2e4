import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.anderson import AndersonState


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_reaches_the_tolerance_and_faster_than_what_it_accelerates(problems, request):
    case = request.getfixturevalue(problems)
    fast = eqt.solve(case.objective, eqt.Anderson(1 / case.M))
    slow = eqt.solve(case.objective, eqt.GradientDescent(1 / case.M))
    assert fast.converged.all() and case.error(fast).max() < 1e-9
    assert fast.steps.sum() < 0.8 * slow.steps.sum()


def test_an_absolute_ridge_stalls(quadratic_case):
    # The planted fault: the usual ridge of 1e-4, not scaled by the differences, against a problem of condition 100.
    case = quadratic_case(d=30, mu=0.0, lipschitz=99.0)

    class Absolute(eqt.Solver):
        def __init__(self):
            self.inner = eqt.Anderson(1 / case.M)

        def init(self, objective, h):
            return self.inner.init(objective, h)

        def step(self, objective, state):
            gram = state.changes @ state.changes.mT / case.M**2 + 1e-4 * torch.eye(5, dtype=torch.float64)
            right = state.changes @ state.gradient.unsqueeze(-1) / case.M**2
            c = torch.linalg.solve(gram, right).squeeze(-1)
            mix = torch.einsum("nwd,nw->nd", state.moves - state.changes / case.M, c)
            h = state.h - mix - state.gradient / case.M
            gradient = objective.gradient(h)
            slot = state.count % 5
            moves, changes = state.moves.clone(), state.changes.clone()
            moves[:, slot], changes[:, slot] = h - state.h, gradient - state.gradient
            return AndersonState(h, gradient, moves, changes, state.scale, state.count + 1)

    good = eqt.solve(case.objective, eqt.Anderson(1 / case.M), max_steps=400)
    bad = eqt.solve(case.objective, Absolute(), max_steps=400)
    assert good.converged.all()
    assert not bad.converged.all()


def test_works_per_state_and_in_float32(quadratics):
    single = quadratics.objective.to(dtype=torch.float32)
    solution = eqt.solve(single, eqt.Anderson(1 / quadratics.M), tolerance=1e-5)
    assert solution.converged.all() and solution.h.dtype == torch.float32
    assert torch.linalg.vector_norm(solution.h.double() - quadratics.h_star, dim=-1).max() < 1e-4
    assert eqt.Anderson(0.1).guarantee(1.0, 2.0) is None


@pytest.mark.parametrize(
    ("kwargs", "name"), [({"window": 0}, "window"), ({"ridge": 0.0}, "ridge"), ({"window": 2.0}, "window")]
)
def test_unusable_parameters(kwargs, name):
    with pytest.raises(ValueError, match=name):
        eqt.Anderson(0.1, **kwargs)
