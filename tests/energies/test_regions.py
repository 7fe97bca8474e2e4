import pytest
import torch

from eqt_theory import Ball, Box, DoubleWell, FunctionEnergy, Objective, UsageError, WholeSpace
from eqt_theory.energies.regions import ball_inside, inside, project

D = torch.float64
STATES = torch.tensor([[0.0, 0.0], [0.6, 0.8], [1.0, 1.0], [float("nan"), 0.0]], dtype=D)


def test_where_states_lie():
    assert inside(Ball([0.0, 0.0], 1.0), STATES).tolist() == [True, True, False, False]
    assert inside(Box([0.0, 0.0], [1.0, 1.0]), STATES).tolist() == [True, True, True, False]
    assert inside(WholeSpace(2), STATES).tolist() == [True, True, True, False]


def test_balls_inside_are_rounded_towards_no():
    one = torch.full((4,), 0.1, dtype=D)
    assert ball_inside(Ball([0.0, 0.0], 1.0), STATES, one).tolist() == [True, False, False, False]
    assert ball_inside(Box([-0.1, -0.1], [1.0, 1.0]), STATES, one).tolist() == [False, True, False, False]
    assert ball_inside(WholeSpace(2), STATES, one)[:3].all()


@pytest.mark.parametrize("domain", [Ball([1.0, -1.0], 0.5), Box([0.0, -2.0], [0.5, -1.0]), WholeSpace(2)])
def test_projections_are_nearest_points(domain):
    points = 3 * torch.randn(50, 2, dtype=D, generator=torch.Generator().manual_seed(0))
    near = project(domain, points)
    assert inside(domain, near).all() and torch.allclose(project(domain, near), near, atol=1e-15)
    others = project(domain, torch.randn(200, 2, dtype=D, generator=torch.Generator().manual_seed(1)))
    assert ((points - near).norm(dim=-1, keepdim=True) <= torch.cdist(points, others) + 1e-12).all()


def test_an_energy_is_defined_where_all_its_parts_are():
    part = FunctionEnergy(lambda h: -torch.log(h).sum(), domain=Box([1e-9, 1e-9], [9.0, 9.0]))
    h = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=D)
    for energy in (part, part + DoubleWell(), 2.0 * part, Objective(part, torch.ones(2, dtype=D))):
        assert energy.within(h).tolist() == [True, False]
    assert DoubleWell().within(h).all()
    with pytest.raises(UsageError, match="domain must have dimension"):
        FunctionEnergy(torch.sum, dim=3, domain=Ball([0.0], 1.0))
