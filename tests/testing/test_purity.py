from dataclasses import replace

import torch

from eqt_theory.testing.battery import run_battery
from eqt_theory.testing.solver_battery import as_solver, solver_bench
from eqt_theory.testing.solver_checks.purity import changes_no_input, deterministic


def _explained(step, check):
    bench = solver_bench(step, max_examples=3, max_shrinks=0)
    return run_battery("step", [check], bench, on_fail=None).explain()


def test_a_marked_proposal_is_named():
    def marks(objective, h):
        objective.proposal.requires_grad_()
        return (h - 0.1 * objective.gradient(h)).detach()

    assert "it changed requires_grad of objective.proposal" in _explained(marks, changes_no_input)


def test_a_nan_is_another_number_than_zero():
    calls = []

    def every_other_run_is_lost(objective, h):
        calls.append(None)
        # A run of this check takes six steps.
        return torch.zeros_like(h) if (len(calls) - 1) // 6 % 2 == 0 else torch.full_like(h, torch.nan)

    bench = solver_bench(lambda objective, h: h - 0.1 * objective.gradient(h), max_examples=1, max_shrinks=0)
    assert run_battery("right", [deterministic], bench, on_fail=None).passed
    lost = replace(bench, solver=as_solver(every_other_run_is_lost))
    assert not run_battery("lost", [deterministic], lost, on_fail=None).passed


def test_steps_that_depend_on_the_shared_seed_are_not_deterministic():
    def by_the_seed(objective, h):
        own = torch.Generator().manual_seed(torch.initial_seed())
        return h - 0.1 * torch.rand(1, generator=own, dtype=h.dtype) * objective.gradient(h)

    before = torch.get_rng_state()
    assert "the second run, from other seeds, equals the first" in _explained(by_the_seed, deterministic)
    assert torch.equal(before, torch.get_rng_state())


def test_a_number_overwritten_by_nan_is_a_change():
    def overwrites(objective, h):
        new = h - 0.1 * objective.gradient(h)
        h.fill_(torch.nan)
        return new

    assert "it changed" in _explained(overwrites, changes_no_input)
