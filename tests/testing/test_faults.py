"""Each check is shown to fail on a fault planted for it, and right solvers to pass."""

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.testing import check_solver
from eqt_theory.testing.battery import run_battery
from eqt_theory.testing.faults import FAULTS, RIGHT, Specimen
from eqt_theory.testing.solver_battery import SOLVER_CHECKS, solver_bench

CAUGHT_BY = {
    "model_at_the_origin": "right_fixed_point_off_quadratics",
    "decaying_step": "linear_convergence",
    "decaying_step_by_the_root": "linear_convergence",
    "decaying_step_by_the_fifth_root": "linear_convergence",
    "momentum_with_a_decaying_step": "linear_convergence",
    "early_stop": "agrees_with_map",
    "stale_gradient": "declared_rate",
    "step_twice_too_long": "declared_rate",
    "step_half_as_long": "declared_rate",
    "rate_too_small": "declared_rate",
    "rate_of_the_best_step": "declared_rate",
    "range_too_wide": "declared_rate",
    "status_lies": "honest_status",
    "promises_the_last_gradient": "carries_the_true_gradient",
    "momentum_across_problems": "remembers_no_problem",
    "cached_first_problem": "right_fixed_point",
    "step_decays_across_problems": "remembers_no_problem",
    "batch_mean": "no_cross_talk",
    "mean_over_the_batch": "no_cross_talk",
    "batch_norm": "no_cross_talk",
    "leak_to_the_neighbour": "no_cross_talk",
    "sorted_batch": "no_cross_talk",
    "reversed_batch": "batch_through_solve",
    "first_proposal_for_all": "no_cross_talk",
    "first_gamma_for_all": "gamma_per_state",
    "shared_line_search": "no_cross_talk",
    "largest_norm_of_all": "no_cross_talk",
    "largest_constant_of_all": "no_cross_talk",
    "constant_of_all_and_a_leak": "no_cross_talk",
    "looks_at_the_largest_entry": "empty_batch",
    "squeezed_batch_of_one": "batch_of_one",
    "squeezed_dimension": "one_dimension",
    "state_in_place": "changes_no_input",
    "proposal_in_place": "changes_no_input",
    "gamma_in_place": "gamma_per_state",
    "velocity_in_place": "changes_no_input",
    "dtype_promotion": "float32_to_its_floor",
    "noise": "stays_at_the_solution",
    "hidden_randomness": "deterministic",
    "random_coordinates": "deterministic",
    "seeds_torch": "leaves_its_surroundings",
    "seeds_numpy": "leaves_its_surroundings",
    "turns_autograd_off": "leaves_its_surroundings",
    "marks_the_proposal": "changes_no_input",
    "detached": "differentiable",
    "detached_gradient": "differentiable",
    "uneven_step": "equivariance",
    "gamma_detached": "differentiable",
    "mean_of_large_batches": "no_cross_talk",
    "entries_past_the_fourth_dropped": "nine_dimensions",
    "rows_of_a_table_mixed": "no_cross_talk",
    "decays_from_the_sixtieth_step": "linear_convergence",
    "a_half_where_ill_conditioned": "declared_rate_ill_conditioned",
    "heavy_ball_for_all_functions": "declared_rate_ill_conditioned",
    "best_step_with_the_wrong_end": "declared_rate",
    "rate_off_at_its_border": "declared_rate_at_the_border",
    "rate_off_in_one_corner": "declared_rate_at_the_border",
    "heavy_ball_where_it_is_best": "declared_rate_at_the_border",
    "heavy_ball_where_samples_are_kind": "declared_rate_for_every_function",
    "heavy_ball_without_a_constant": "declared_rate_at_the_border",
    "heavy_ball_at_every_step": "declared_rate_at_the_border",
    "nesterov_without_a_root": "declared_rate_at_the_border",
    "gap_for_the_distance": "declared_rate_at_the_border",
    "speaks_beyond_its_steps": "declared_rate_at_the_border",
    "right_where_all_curvatures_agree": "declared_rate_at_the_border",
    "alternating_for_all_functions": "declared_rate_at_the_border",
    "sublinear_in_disguise": "declared_rate",
    "newton_for_all_functions": "declared_rate_at_the_border",
    "forgets_that_the_energy_may_be_concave": "declared_rate_at_the_border",
}
"""The check that a fault is planted for; the right fixed point where none is named."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """The tensors are tiny: a second thread only waits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _checks(name: str):
    return [check for check in SOLVER_CHECKS if check.__name__ == name]


def _caught(fault: Specimen, seed: int, examples: int) -> bool:
    bench = solver_bench(
        fault.make(),
        seed=seed,
        max_examples=examples,
        equivariant=fault.equivariant,
        differentiable=fault.differentiable,
        max_shrinks=0,
    )
    checks = _checks(CAUGHT_BY.get(fault.name, "right_fixed_point"))
    return bool(run_battery(fault.name, checks, bench, on_fail=None).failed)


def _alarms(specimen: Specimen, seed: int, examples: int) -> str:
    report = check_solver(
        specimen.make(),
        on_fail=None,
        seed=seed,
        max_examples=examples,
        equivariant=specimen.equivariant,
        differentiable=specimen.differentiable,
        max_shrinks=0,
    )
    return report.explain() if report.failed else ""


def test_there_are_enough_faults_and_each_says_what_it_does():
    names = [specimen.name for specimen in (*FAULTS, *RIGHT)]
    assert len(FAULTS) >= 25 and len(set(names)) == len(names)
    assert all(specimen.says and "\n" not in specimen.says for specimen in (*FAULTS, *RIGHT))
    assert set(CAUGHT_BY) <= {fault.name for fault in FAULTS}
    here = {check.__name__ for check in SOLVER_CHECKS} - {"same_on_cuda"}
    assert set(CAUGHT_BY.values()) | {"right_fixed_point"} == here


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Specimen):
    assert _caught(fault, seed=0, examples=8)


@pytest.mark.parametrize("specimen", RIGHT, ids=lambda specimen: specimen.name)
def test_a_right_solver_passes(specimen: Specimen):
    assert _alarms(specimen, seed=0, examples=2) == ""


PACKAGED = (
    eqt.GradientDescent(0.1),
    eqt.BacktrackingGradientDescent(),
    eqt.ProximalGradient(0.3),
    eqt.HeavyBall.optimal(1.0, 10.0),
    eqt.Nesterov.optimal(1.0, 10.0),
    eqt.TripleMomentum.optimal(1.0, 10.0),
    eqt.ITEM.optimal(1.0, 10.0),
    eqt.Lookahead(0.1, 3, 0.5),
    eqt.Newton(),
    eqt.NewtonCG(),
    eqt.ConjugateGradients(),
    eqt.Chebyshev(1.0, 10.0),
    eqt.Anderson(0.3),
    eqt.ProximalPoint(2.0),
    eqt.ScipyLBFGS(),
    eqt.ScheduledGradientDescent([0.1, 0.2]),
    eqt.FISTA(0.02),
    eqt.OGM(0.1),
)


# More seeds are the business of benchmarks/check_solver.py, which does 200.
@pytest.mark.parametrize("solver", PACKAGED)
def test_the_packages_own_solvers_pass(solver: eqt.Solver):
    assert check_solver(solver, seed=1, max_examples=3).passed
