"""The equilibrium of a game and its derivative, against the scan's, and what too few steps backwards would give."""

import pytest
import torch

from eqt_theory.energies.latent.coupled_chain import CoupledChain
from eqt_theory.models.coupled_steps import Game
from eqt_theory.models.implicit_game import equilibrium_of_game


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradients(steps: int | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The equilibrium of a linear game and derivatives of a sum over it: by many steps, or by the scan."""
    f, a, anchor = (x.requires_grad_() for x in (draw(0, 2, 6, 3), draw(1, 2, 6, 3).tanh(), draw(2, 3)))
    if steps is None:
        chain = CoupledChain(a, anchor, 4.0)
        star = chain.sequence(chain.causal_equilibrium(f.flatten(-2)))
    else:
        star = equilibrium_of_game(Game(f, a, anchor, 4.0, None, False), 1e-14, steps)
    return star.detach(), list(torch.autograd.grad((star * draw(3, 2, 6, 3)).sum(), (f, a, anchor)))


def test_as_the_scan() -> None:
    (one, mine), (other, exact) = gradients(50), gradients(None)
    assert torch.allclose(one, other, rtol=0, atol=1e-13)
    for x, y in zip(mine, exact, strict=True):
        assert torch.allclose(x, y, rtol=0, atol=1e-12)


def test_one_step_is_not_enough() -> None:
    star, found = gradients(1)
    assert bool(star.isnan().all())
    assert not torch.allclose(found[0].nan_to_num(), gradients(None)[1][0], atol=1e-3)


def test_without_a_graph() -> None:
    with torch.no_grad():
        game = Game(draw(0, 1, 4, 2), draw(1, 1, 4, 2).tanh(), draw(2, 2), 4.0, None, False)
        star = equilibrium_of_game(game, 1e-14, 50)
    assert not star.requires_grad
    assert float((game(star) - star).abs().max()) == pytest.approx(0, abs=1e-14)
