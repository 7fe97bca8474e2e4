import dataclasses

import pytest
import torch

import eqt_theory as eqt


def test_solution_is_frozen_and_reads_well(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.Newton())
    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.h = torch.zeros(1)
    with pytest.raises(ValueError, match="read-only"):
        solution.status[0] = eqt.Status.DIVERGED
    assert str(solution) == "Solution of shape (24, 6): 24 CONVERGED"
    assert (solution.status == eqt.Status.CONVERGED).all()


def test_statuses_are_sentences():
    for status in eqt.Status:
        assert status.value[0].isupper() and status.value.endswith(".")


def test_error_bound_is_none_without_constants():
    objective = eqt.Objective(eqt.FunctionEnergy(lambda h: (h**2).sum()), torch.ones(3, dtype=torch.float64))
    assert eqt.solve(objective, eqt.Newton()).error_bound is None
