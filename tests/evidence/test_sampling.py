import math

import pytest
import torch

from eqt_theory.core.domain import Ball, Box, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.evidence.sampling import draw, project, require_dimension

like = torch.zeros(0, dtype=torch.float64)
BALLS = [Ball((0.0,), 1.0), Ball((0.1, -0.7, 3.0), 0.3), Ball((1e6, 0.3), 1e-3), Ball([0.1] * 20, 1e4)]
BOXES = [Box((0.1,), (0.7,)), Box((-0.3, 0.1), (0.1, 0.1)), Box((1e6, -1e-9), (1e6 + 1, 1e-9))]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("domain", [*BALLS, *BOXES, WholeSpace(3)])
def test_states_lie_in_the_domain_and_the_centre_comes_first(domain):
    states = draw(domain, 200, generator(), like)
    assert states.shape == (200, domain.dim) and states.dtype == torch.float64
    assert all(domain.contains(state.tolist()) for state in states)
    middle = domain.center if isinstance(domain, Ball) else [0.0] * domain.dim
    if isinstance(domain, Box):
        middle = [(a + b) / 2 for a, b in zip(domain.low, domain.high, strict=True)]
    assert states[0].tolist() == pytest.approx(list(middle), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("domain", [*BALLS, *BOXES])
def test_the_nearest_state_of_the_domain(domain):
    far = torch.randn(300, domain.dim, generator=generator(), dtype=torch.float64) * 1e3
    near = project(domain, far)
    assert all(domain.contains(state.tolist()) for state in near)
    inside = draw(domain, 50, generator(1), like)
    size = max(1.0, float(inside.abs().max()))
    assert torch.allclose(project(domain, inside), inside, rtol=0, atol=1e-14 * size)
    shorter = torch.cdist(far, inside).min(dim=1).values
    assert ((far - near).norm(dim=-1) <= shorter * (1 + 1e-12)).all()


@pytest.mark.parametrize("domain", [BALLS[1], BOXES[0]])
def test_single_precision_stays_inside_too(domain):
    states = draw(domain, 200, generator(), like.float())
    assert states.dtype == torch.float32
    assert all(domain.contains(state.tolist()) for state in states)


def test_a_ball_is_drawn_on_its_sphere_too_and_a_box_in_its_corners():
    radii = draw(Ball((0.0, 0.0), 2.0), 100, generator(), like).norm(dim=-1)
    assert (radii > 2 * (1 - 1e-12)).sum() >= 50 and (radii < 1.9).sum() >= 30
    corners = draw(Box((0.0, 0.0), (1.0, 1.0)), 100, generator(), like)
    exact = ((corners == 0) | (corners == 1)).all(dim=-1)
    assert 20 <= exact.sum() <= 30 and corners[exact].unique(dim=0).shape[0] == 4


def test_the_whole_space_is_drawn_at_several_scales():
    sizes = draw(WholeSpace(2), 300, generator(), like).norm(dim=-1)
    assert (sizes < 0.1).any() and (sizes > 20).any() and math.isfinite(sizes.max())


def test_the_generator_decides_and_the_global_state_is_left_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (draw(BALLS[1], 20, generator(seed), like) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_single_state_is_the_centre():
    assert draw(Ball((3.0, 4.0), 1.0), 1, generator(), like).tolist() == [[3.0, 4.0]]


def test_dimensions_must_agree():
    energy = Quadratic(torch.eye(2, dtype=torch.float64))
    require_dimension(Ball((0.0, 0.0), 1.0), energy)
    with pytest.raises(UsageError, match="dimension 3"):
        require_dimension(WholeSpace(3), energy)
    batch = Quadratic(torch.eye(2, dtype=torch.float64).expand(4, 2, 2))
    with pytest.raises(UsageError, match="batch"):
        require_dimension(WholeSpace(2), batch)
