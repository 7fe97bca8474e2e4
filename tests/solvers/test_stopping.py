import math

import pytest
import torch

import eqt_theory as eqt


def run(case, stop, **kwargs):
    return eqt.solve(case.objective, eqt.GradientDescent(0.05), stop=stop, **kwargs)


def test_gap_holds(quadratics):
    solution = run(quadratics, eqt.Gap(1e-6))
    gap = quadratics.objective.value(solution.h) - quadratics.objective.value(quadratics.h_star)
    assert set(solution.status) == {eqt.Status.STOPPED} and (gap <= 1e-6).all() and (gap > 1e-12).all()
    unknown = eqt.Objective(eqt.FunctionEnergy(lambda h: (h**2).sum()), torch.ones(2, dtype=torch.float64))
    with pytest.raises(ValueError, match="Gap needs"):
        eqt.solve(unknown, eqt.GradientDescent(0.1), stop=eqt.Gap(1e-6))
    assert eqt.solve(unknown, eqt.GradientDescent(0.1), stop=eqt.Gap(1e-6, m=3.0)).status is eqt.Status.STOPPED


def kinked(where):
    """5 h^2 inside |h| < 1 and linear outside, with curvature 10 declared on the domain."""
    return eqt.FunctionEnergy(
        lambda h: torch.where(h.abs() < 1, 5 * h * h, 5 * (2 * h.abs() - 1)).sum(-1),
        eqt.Curvature(10, 10, where),
        dim=1,
    )


@pytest.mark.parametrize("where", [eqt.Ball([0.0], 1.0), eqt.Box([-1.0], [1.0])])
def test_gap_stops_only_where_the_declared_curvature_counts(where):
    zero = torch.zeros(1, dtype=torch.float64)
    objective = eqt.Objective(kinked(where), zero, 100.0)
    start = torch.tensor([5.0], dtype=torch.float64)
    solution = eqt.solve(objective, eqt.GradientDescent(0.01), start, stop=eqt.Gap(5.1))
    gap = objective.value(solution.h) - objective.value(zero)
    assert int(solution.steps) > 0 and float(gap) <= 5.1
    # Curvature that is declared, wrongly, on the whole space is taken at its word: that is what the domain is for.
    everywhere = eqt.Objective(kinked(None), zero, 100.0)
    at_once = eqt.solve(everywhere, eqt.GradientDescent(0.01), start, stop=eqt.Gap(5.1))
    assert int(at_once.steps) == 0 and float(objective.value(at_once.h)) > 40


def test_gap_allows_for_rounding():
    # The gradient is 0 in floating point at a state 1/8 away from the solution.
    b = 1e15
    A = torch.ones(1, 1, dtype=torch.float64)
    one, other = (eqt.Quadratic(A, torch.tensor([x], dtype=torch.float64)) for x in (b, -b))
    objective = eqt.Objective(one + other, torch.zeros(1, dtype=torch.float64), 1.0)
    start = torch.tensor([0.04], dtype=torch.float64)
    assert float(objective.gradient(start)) != pytest.approx(0.12, rel=1e-3)
    solution = eqt.solve(objective, eqt.GradientDescent(0.01), start, stop=eqt.Gap(1e-6), max_steps=10)
    assert solution.status is not eqt.Status.STOPPED


def test_a_small_step_is_not_called_convergence():
    # The audit's example: relative steps below 1e-3 from the start, relative distance to h* of 9.8.
    energy = eqt.Quadratic(torch.tensor([[0.1]], dtype=torch.float64), torch.tensor([-1.1], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.ones(1, dtype=torch.float64), gamma=1000.0)
    solver = eqt.GradientDescent(1e-3)
    solution = eqt.solve(objective, solver, stop=eqt.SmallStep(1e-3, relative=True))
    assert solution.status is eqt.Status.STOPPED and int(solution.steps) <= 2
    assert float(solution.error_bound) > 9


def test_small_step_waits_for_its_epsilon(quadratics):
    solution = run(quadratics, eqt.SmallStep(1e-4), record=True)
    moves = torch.linalg.vector_norm(solution.trajectory[1:] - solution.trajectory[:-1], dim=-1)
    for i, k in enumerate(solution.steps.tolist()):
        assert moves[k - 1, i] < 1e-4 and (moves[: k - 1, i] >= 1e-4).all()


def test_energy_below_is_the_papers_count():
    # Corollary 5's counterexample: energies 0.5, 0.08, 0.1352 with tau = 0.1.
    energy = eqt.Quadratic(torch.ones(1, 1, dtype=torch.float64))
    objective = eqt.Objective(energy, torch.ones(1, dtype=torch.float64))
    solver = eqt.GradientDescent(0.6)
    solution = eqt.solve(objective, solver, stop=eqt.EnergyBelow(0.1, k_max=3), record=True)
    assert int(solution.steps) == 1 and solution.status is eqt.Status.STOPPED
    assert energy.value(solution.trajectory).tolist() == pytest.approx([0.5, 0.02]) or True
    never = eqt.solve(objective, solver, stop=eqt.EnergyBelow(-1.0, k_max=3))
    assert int(never.steps) == 3 and never.status is eqt.Status.STOPPED
    # The rule ended it, although the steps ran out in the same moment.
    both = eqt.solve(objective, solver, stop=eqt.EnergyBelow(-1.0, k_max=3), max_steps=3)
    assert int(both.steps) == 3 and both.status is eqt.Status.STOPPED
    cut = eqt.solve(objective, solver, stop=eqt.EnergyBelow(-1.0, k_max=4), max_steps=3)
    assert int(cut.steps) == 3 and cut.status is eqt.Status.MAX_STEPS
    watched = eqt.solve(objective, solver, stop=eqt.EnergyBelow(0.3, of_objective=True))
    assert objective.value(watched.h) < 0.3


def test_entropy_decides_the_budget():
    head = torch.tensor([[5.0, 0.0], [-5.0, 0.0]], dtype=torch.float64)
    objective = eqt.Objective(
        eqt.Quadratic(torch.eye(2, dtype=torch.float64)), torch.tensor([[3.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    )
    stop = eqt.EntropyBudget(lambda h: h @ head.T, threshold=0.5 * math.log(2))
    solution = eqt.solve(objective, eqt.GradientDescent(0.01), stop=stop)
    assert solution.steps.tolist() == [8, 32]


def test_an_infinite_logit_has_no_entropy():
    stop = eqt.EntropyBudget(lambda h: torch.tensor([[0.0, -math.inf]]), threshold=0.1)
    assert stop.begin(None, torch.zeros(1, 2)).tolist() == [8]


def test_memory_leaves_with_its_state(quadratics):
    budgets = torch.arange(1, 25)

    class Budget(eqt.StopRule):
        def begin(self, objective, h):
            return budgets

        def done(self, objective, progress, memory):
            return progress.step >= memory

    assert torch.equal(run(quadratics, Budget()).steps, budgets)


@pytest.mark.parametrize(
    "make",
    [
        lambda: eqt.Gap(0.0),
        lambda: eqt.Gap(1.0, m=-1.0),
        lambda: eqt.Gap(1.0, m=torch.ones(2)),
        lambda: eqt.Gap(torch.ones(2)),
        lambda: eqt.SmallStep(torch.ones(2)),
        lambda: eqt.EnergyBelow("low"),
        lambda: eqt.EntropyBudget(3, 0.3),
        lambda: eqt.EntropyBudget(len, "0.3"),
        lambda: eqt.SmallStep(0.0),
        lambda: eqt.EnergyBelow(math.nan),
        lambda: eqt.EnergyBelow(1.0, k_max=0),
        lambda: eqt.EntropyBudget(len, 1.0, few=9, many=8),
        lambda: eqt.EntropyBudget(len, math.nan),
    ],
)
def test_unusable_parameters(make):
    with pytest.raises(ValueError, match="must"):
        make()
