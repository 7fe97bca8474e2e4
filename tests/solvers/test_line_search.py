import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.line_search import ValuedState, backtrack


def setup():
    objective = eqt.Objective(eqt.Quadratic.diagonal([1.0, 9.0]), torch.zeros(2, dtype=torch.float64))
    h = torch.tensor([[1.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
    value, gradient = objective.value_and_gradient(h)
    return objective, ValuedState(h, gradient, value)


def test_armijo_holds_at_the_length_taken():
    objective, state = setup()
    new, taken = backtrack(objective, state, -state.gradient, torch.tensor([1.0, 1.0], dtype=torch.float64), 0.5)
    drop = state.value - new.value
    assert (taken > 0).all()
    assert (drop >= 0.5 * taken * state.gradient.square().sum(-1) * (1 - 1e-12)).all()
    assert torch.equal(objective.gradient(new.h), new.gradient)
    # Twice the length would not have passed, so the search is not just timid.
    twice = state.h - 2 * taken.unsqueeze(-1) * state.gradient
    assert (state.value - objective.value(twice) < taken * state.gradient.square().sum(-1)).all()


def test_an_ascent_direction_leaves_the_state_alone():
    objective, state = setup()
    new, taken = backtrack(objective, state, state.gradient, torch.ones(2, dtype=torch.float64), 0.5, halvings=10)
    assert torch.equal(new.h, state.h) and (taken == 0).all()


def test_halving_without_end_ends_where_nothing_moves():
    objective, state = setup()
    ones = torch.ones(2, dtype=torch.float64)
    new, taken = backtrack(objective, state, state.gradient, ones, 0.5, halvings=None)
    assert torch.equal(new.h, state.h) and (taken == 0).all()
    _, taken = backtrack(objective, state, -state.gradient, 1e200 * ones, 0.5, halvings=None)
    assert (taken > 0.05).all()
    _, capped = backtrack(objective, state, -state.gradient, 1e200 * ones, 0.5)
    assert (capped == 0).all()


def test_states_do_not_wait_for_each_other():
    objective, state = setup()
    lengths = torch.tensor([0.1, 64.0], dtype=torch.float64)
    _, taken = backtrack(objective, state, -state.gradient, lengths, 0.5)
    assert taken[0] == 0.1 and taken[1] < 1


def cancelling(scale=1.0):
    """log cosh written so that its minimum, 0, is a difference of log 2 and log 2."""

    def value(h):
        return scale * (torch.nn.functional.softplus(2 * h, threshold=60.0) - h - math.log(2)).sum()

    return eqt.Objective(eqt.FunctionEnergy(value), torch.zeros(1, dtype=torch.float64), 1.0)


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("start", [1e-7, 1e-8, 1e-9])
def test_rounding_that_the_value_does_not_tell_of_is_found_out(scale, start):
    objective = cancelling(scale)
    h = torch.tensor([start], dtype=torch.float64)
    for solver in (eqt.BacktrackingGradientDescent(), eqt.NewtonCG()):
        solution = eqt.solve(objective, solver, h, tolerance=1e-4 * start * scale)
        assert solution.status is eqt.Status.CONVERGED


def test_a_hill_between_two_equal_slopes_is_no_rounding():
    """Phi is a sine wave that rises: at t = 2 pi the slope is the same as at the start, and Phi is higher."""
    energy = eqt.FunctionEnergy(lambda h: (3 * torch.sin(h) + h).sum())
    objective = eqt.Objective(energy, torch.zeros(1, dtype=torch.float64), 1e12)
    h = torch.full((1,), 2.5, dtype=torch.float64)
    value, gradient = objective.value_and_gradient(h)
    state = ValuedState(h, gradient, value)
    direction = torch.ones(1, dtype=torch.float64)  # downhill at h
    length = torch.tensor(2 * math.pi, dtype=torch.float64)
    new, taken = backtrack(objective, state, direction, length, 1e-4)
    assert 0 < taken < 2 * math.pi and new.value < value
