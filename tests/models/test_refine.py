import math

import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.objective import Objective
from eqt_theory.models import refine as refine_module
from eqt_theory.models.config import GradientMode, SolverName, Stopping
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.head_energy import HeadEnergy
from eqt_theory.models.refine import make_solver, make_stop, refine, refine_for_training
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.solve import solve
from eqt_theory.solvers.stopping import SmallStep

from .cases import DEVICES, small, tokens


def _quadratic(f: torch.Tensor | None = None) -> Objective:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    f = torch.randn(4, 3, generator=generator, dtype=torch.float64) if f is None else f
    return Objective(Quadratic(a @ a.mT / 3), f, gamma=0.5)


@pytest.mark.parametrize("steps", [0, 1, 2, 9])
def test_refinement_is_k_steps_of_equation_8(steps: int):
    objective = _quadratic()
    h = objective.proposal
    for _ in range(steps):
        h = h - 0.1 * objective.gradient(h)
    assert torch.allclose(refine(objective, GradientDescent(0.1), steps), h, atol=1e-13)
    trained = refine_for_training(objective, GradientDescent(0.1), steps, small())
    assert torch.allclose(trained, h, atol=1e-13)


@pytest.mark.parametrize("device", DEVICES)
def test_refinement_in_pieces_is_that_of_the_whole(device: str, monkeypatch: pytest.MonkeyPatch):
    config, pieces, part = small(), [], HeadEnergy.part
    monkeypatch.setattr(refine_module, "_NUMBERS_AT_ONCE", 10_000)
    monkeypatch.setattr(HeadEnergy, "part", lambda self, piece: pieces.append(piece) or part(self, piece))
    model = EquilibriumTransformer(config).double().to(device)
    states = model.states(tokens(config, batch=90, length=7).to(device), steps=6)
    whole = solve(states.objective, states.solver, tolerance=1e-300, max_steps=6).h
    assert float((states.refined - whole).abs().max()) < 1e-12
    assert float((states.refined - states.proposal).abs().max()) > 1e-3
    assert len(pieces) == (2 if device == "cpu" else 0)


@pytest.mark.parametrize("name", list(SolverName))
def test_every_solver_moves_towards_the_equilibrium(name: SolverName):
    objective = _quadratic()
    solver = make_solver(small(solver=name, step_size=0.15, momentum=0.2))
    star = solve(objective, GradientDescent(0.1), max_steps=5000, tolerance=1e-12).h
    gap = torch.linalg.vector_norm(refine(objective, solver, 12) - star)
    assert float(gap) < 0.2 * float(torch.linalg.vector_norm(objective.proposal - star))


@pytest.mark.parametrize("rule", list(Stopping))
def test_every_stopping_rule(rule: Stopping):
    stop = make_stop(small(stopping=rule, stop_threshold=0.05), lambda h: h)
    assert (stop is None) == (rule is Stopping.FIXED)
    h = refine(_quadratic(), GradientDescent(0.1), 40, stop, tolerance=0.05)
    assert h.shape == (4, 3) and bool(torch.isfinite(h).all())


def test_a_stopping_rule_ends_early():
    objective = _quadratic()
    early = refine(objective, GradientDescent(0.1), 200, SmallStep(0.05))
    late = refine(objective, GradientDescent(0.1), 200)
    assert float((early - late).abs().max()) > 1e-3


def _slope(mode: GradientMode, steps: int) -> torch.Tensor:
    """d (sum of h) / df for one state."""
    f = _quadratic().proposal[:1].clone().requires_grad_(True)
    config = small(gradient=mode, implicit_tolerance=1e-10, implicit_steps=2000)
    h = refine_for_training(_quadratic(f), GradientDescent(0.1), steps, config)
    return torch.autograd.grad(h.sum(), f)[0].squeeze(0)


def test_the_three_gradients():
    a = _quadratic().hessian(_quadratic().proposal)[0]
    eye, ones = torch.eye(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    truth = 2.0 * torch.linalg.solve(a, ones)
    assert torch.allclose(_slope(GradientMode.IMPLICIT, 4), truth, atol=1e-7)
    assert torch.equal(_slope(GradientMode.DETACHED, 4), ones)
    # J_K - J* = (I - alpha H)^K (J_0 - J*), for the unrolled steps.
    unrolled = truth + torch.linalg.matrix_power(eye - 0.1 * a, 4) @ (ones - truth)
    assert torch.allclose(_slope(GradientMode.UNROLLED, 4), unrolled, atol=1e-12)


def test_implicit_gradients_of_states_that_did_not_converge_are_nan():
    f = _quadratic().proposal.clone().requires_grad_(True)
    config = small(gradient=GradientMode.IMPLICIT, implicit_tolerance=1e-12, implicit_steps=2)
    h = refine_for_training(_quadratic(f), GradientDescent(0.1), 2, config)
    assert math.isnan(float(torch.autograd.grad(h.sum(), f)[0][0, 0]))


def test_unrolling_a_solver_without_derivatives_is_refused():
    solver = make_solver(small(solver=SolverName.ANDERSON))
    with pytest.raises(UsageError, match="gradient must be detached or implicit with Anderson"):
        refine_for_training(_quadratic(), solver, 2, small())
    config = small(gradient=GradientMode.DETACHED)
    assert torch.allclose(refine_for_training(_quadratic(), solver, 2, config), refine(_quadratic(), solver, 2))


def test_a_wrong_solver_argument_is_told():
    with pytest.raises(UsageError, match="momentum"):
        make_solver(small(solver=SolverName.HEAVY_BALL, momentum=1.0))
