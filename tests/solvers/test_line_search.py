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
