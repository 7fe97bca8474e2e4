import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Ball, Box, FixedPoint, FunctionEnergy, Inclusion, Objective, Status, UsageError

D = torch.float64
OBJECTIVE = Objective(eqt.Quadratic(torch.eye(2, dtype=D)), torch.ones(2, dtype=D))
POINT = FixedPoint(lambda h: 0.5 * h + 1, 2)
INCLUSION = Inclusion(lambda h: h - 1, Ball([0.0, 0.0], 1.0))


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("problem", "solver", "instead"),
    [
        (POINT, eqt.GradientDescent(0.1), "Picard"),
        (POINT, eqt.Newton(), "Halpern"),
        (POINT, eqt.ForwardBackward(0.1), "Picard"),
        (OBJECTIVE, eqt.Picard(), "GradientDescent"),
        (OBJECTIVE, eqt.ForwardBackward(0.1), "GradientDescent"),
        (INCLUSION, eqt.Picard(), "ForwardBackward"),
        (INCLUSION, eqt.Anderson(0.1), "ForwardBackward"),
    ],
)
def test_a_solver_of_other_problems_is_refused_in_one_line(problem, solver, instead):
    for call in (lambda: eqt.solve(problem, solver), lambda: eqt.unroll(problem, solver, 2)):
        with pytest.raises(UsageError, match=f"{type(solver).__name__} solves .* {type(problem).__name__}") as told:
            call()
        assert instead in str(told.value) and "\n" not in str(told.value)


def test_a_gradient_step_on_a_map_is_refused():
    with pytest.raises(UsageError, match="a FixedPoint has no gradient"):
        eqt.solve(POINT, eqt.StepRule(lambda objective, h: h - 0.1 * objective.gradient(h)))
    for stop, word in ((eqt.Gap(0.1), "no m"), (eqt.EnergyBelow(0.0), "no energy")):
        with pytest.raises(UsageError, match=word):
            eqt.solve(POINT, eqt.Picard(), stop=stop)


def test_what_is_no_problem():
    with pytest.raises(UsageError, match="an Objective, a FixedPoint or an Inclusion, got an int"):
        eqt.solve(3, eqt.Picard())


def test_a_step_rule_of_ones_own_solves_maps():
    solution = eqt.solve(POINT, eqt.StepRule(lambda problem, h: h - problem.residual(h)))
    assert solution.status is Status.CONVERGED and torch.allclose(solution.h, torch.full((2,), 2.0, dtype=D))


def test_inputs_belong_to_their_states_also_when_states_leave():
    W, U, x = 0.9 * torch.linalg.qr(seeded(4, 4))[0], seeded(4, 2, seed=1), seeded(30, 2, seed=2)
    x[::3] *= 100  # saturates: done at once
    layer = FixedPoint(lambda z, x: torch.tanh(W @ z + U @ x), 4, inputs=x.reshape(5, 6, 2), contraction=0.9)
    solution = eqt.solve(layer, eqt.Picard())
    assert solution.h.shape == (5, 6, 4) and solution.converged.all()
    alone = torch.stack(
        [eqt.solve(FixedPoint(layer.T, 4, inputs=row), eqt.Picard()).h for row in x.reshape(-1, 2)]
    ).reshape(5, 6, 4)
    assert torch.allclose(solution.h, alone, atol=1e-9)
    assert float(solution.error_bound.max()) <= 1.1e-9
    exact = eqt.solve(layer, eqt.Anderson(1.0), tolerance=1e-14).h
    assert bool(((solution.h - exact).norm(dim=-1) <= solution.error_bound).all())


def test_an_error_bound_needs_a_declaration_that_is_not_contradicted():
    q = torch.linalg.qr(seeded(5, 5))[0]
    linear = lambda h: 0.9 * q @ h + 1  # noqa: E731
    start = torch.zeros(5, dtype=D)
    assert eqt.solve(FixedPoint(linear), eqt.Picard(), start).error_bound is None
    assert bool(torch.isfinite(eqt.solve(FixedPoint(linear, contraction=0.9), eqt.Picard(), start).error_bound))
    assert eqt.solve(FixedPoint(linear, contraction=0.5), eqt.Picard(), start).error_bound.isinf()
    small = FixedPoint(linear, contraction=0.9, domain=Ball([0.0] * 5, 1e-3))
    assert eqt.solve(small, eqt.Picard(), start).error_bound.isinf(), "h* lies outside of the domain"
    with pytest.raises(UsageError, match="contraction"):
        FixedPoint(linear, contraction=1.0)


@pytest.mark.parametrize("solver", [eqt.Picard(), eqt.KrasnoselskiiMann(), eqt.Halpern(), eqt.Anderson(1.0)])
def test_not_a_number_is_never_converged(solver):
    hole = FixedPoint(lambda h: torch.where(h > 0.5, torch.nan, 0.5 * h), 1)
    found = eqt.solve(hole, solver, torch.tensor([[1.0], [0.4]], dtype=D), max_steps=3000, tolerance=1e-3)
    assert list(found.status) == [Status.NONFINITE, Status.CONVERGED]


def test_a_map_that_expands_diverges():
    assert eqt.solve(FixedPoint(lambda h: 3 * h, 1), eqt.Picard(), torch.ones(1, dtype=D)).status is Status.DIVERGED


def test_a_state_outside_of_the_domain_has_left_it():
    energy = FunctionEnergy(lambda h: (h - 2).square().sum(), domain=Box([-1.0], [1.0]))
    objective = Objective(energy, torch.zeros(1, dtype=D), 10.0)
    assert eqt.solve(objective, eqt.GradientDescent(0.1)).status is Status.LEFT_DOMAIN
    held = Inclusion(objective.gradient, Box([-1.0], [1.0]))
    solution = eqt.solve(held, eqt.ForwardBackward(0.1))
    assert solution.status is Status.CONVERGED and float(solution.h) == 1.0
    point = FixedPoint(lambda h: 0.5 * h + 1, domain=Ball([0.0], 1.5))
    assert eqt.solve(point, eqt.Picard()).status is Status.LEFT_DOMAIN


def test_a_map_that_remembers_is_told():
    calls = []

    def turning(h):
        calls.append(1)
        return 0.5 * h + (len(calls) > 10)

    with pytest.raises(UsageError, match="the same residual each time"):
        eqt.solve(FixedPoint(turning, 1), eqt.Picard(), torch.ones(1, dtype=D), tolerance=1e-3)


def test_single_precision():
    torch.manual_seed(0)
    layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(4, 4)).eval()
    problem = FixedPoint(lambda h: 0.5 * layer(h), 4)
    solution = eqt.solve(problem, eqt.Picard(), torch.zeros(4), tolerance=1e-6)
    assert solution.status is Status.CONVERGED and solution.h.dtype is torch.float32


@pytest.mark.parametrize("d", [3, 140])
def test_implicit_derivatives_are_those_of_the_unrolled_run(d):
    W = (0.7 * torch.linalg.qr(seeded(d, d))[0]).requires_grad_()
    x = seeded(6, d, seed=1).requires_grad_()
    weights = seeded(6, d, seed=2)
    layer = FixedPoint(lambda z, x: torch.tanh(W @ z + x), d, inputs=x)
    implicit = eqt.solve_implicit(layer, eqt.Anderson(1.0), tolerance=1e-12).h
    unrolled = eqt.unroll(layer, eqt.Picard(), 90)
    found, wanted = (torch.autograd.grad((weights * h).sum(), (W, x)) for h in (implicit, unrolled))
    for a, b in zip(found, wanted, strict=True):
        assert torch.allclose(a, b, atol=1e-8)


def test_implicit_derivatives_of_an_inclusion_and_their_limits():
    b = torch.tensor([2.0, 0.3, -0.1], dtype=D, requires_grad=True)
    shrink = Inclusion(lambda h: h - b, lambda v, s: torch.sign(v) * torch.relu(v.abs() - s * 0.25), 3)
    h = eqt.solve_implicit(shrink, eqt.ForwardBackward(0.5)).h
    assert torch.autograd.grad(h.sum(), b)[0].tolist() == pytest.approx([1.0, 1.0, 0.0], abs=1e-9)
    identity = FixedPoint(lambda z: z + 0 * b, 3)
    h = eqt.solve_implicit(identity, eqt.Picard()).h
    assert torch.autograd.grad(h.sum(), b)[0].isnan().all(), "I - J is singular"
    with pytest.raises(UsageError, match="order must be 1"):
        eqt.solve_implicit(identity, eqt.Picard(), order=2)
