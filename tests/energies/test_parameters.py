import torch

import eqt_theory as eqt


def test_only_what_a_state_has_to_itself_counts():
    A = torch.eye(4, dtype=torch.float64).expand(10, 4, 4)
    own, shared = eqt.Quadratic(A), eqt.Quadratic(A[0])
    assert (own.state_bytes(), shared.state_bytes()) == (8 * 16, 0)
    proposal = torch.zeros(10, 4, dtype=torch.float64)
    assert eqt.Objective(own + shared, proposal, torch.ones(10)).state_bytes() == 8 * (16 + 4 + 1)
    assert eqt.Objective(shared, proposal[0]).state_bytes() == 0
