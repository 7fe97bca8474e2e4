"""Bounds on the distance to the equilibrium of a game: never below it; half of the last move is no bound."""

import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled_steps import Game
from eqt_theory.models.stop_by_error import game_bound, run_until

WEIGHT, N = 16.0, 40
FACTOR = WEIGHT / (1 + WEIGHT)


def game(dtype: torch.dtype = torch.float64) -> Game:
    """Couplings of 1: the slowest there is."""
    f = torch.randn(5, N, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)
    return Game(f, torch.ones_like(f), torch.ones(2, dtype=dtype), WEIGHT, None, False)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_never_below_the_distance(dtype: torch.dtype) -> None:
    star = game().run(N)
    mine, left = game(dtype), []
    for k in (0, 1, 5, N // 2, N, 2 * N):
        h = mine.run(k)
        left.append((h.double() - star).norm(dim=-1).amax(-1))
        assert bool((left[-1] <= game_bound(mine, h, FACTOR)).all()), k
    assert float(left[-1].max()) < 1e-4 < float(left[0].max())


def test_half_of_the_last_move_is_no_bound() -> None:
    star, mine = game().run(N), game()
    # The first position that is not exact moves all of its way, so a factor of 0 would still do; -1 halves it.
    runs = [mine.run(k) for k in range(N)]
    assert any(bool(((h - star).norm(dim=-1).amax(-1) > game_bound(mine, h, -1.0)).any()) for h in runs)


def test_it_ends_where_the_bound_is_met() -> None:
    mine = game()
    found = run_until(mine, 500, 0.05, lambda h: game_bound(mine, h, FACTOR))
    assert bool((found.bound <= 0.05).all()) and 0 < int(found.steps.max()) <= N
    assert bool((found.steps == 0).all()) is False
    for i, k in enumerate(found.steps.tolist()):
        assert torch.equal(found.h[i], mine.run(k)[i])
    with pytest.raises(UsageError, match="stop_error"):
        run_until(mine, 5, 0.0, lambda h: game_bound(mine, h, FACTOR))


@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-7, float("nan")])
def test_a_factor_that_is_not_below_1_bounds_nothing(factor: float) -> None:
    mine = game()
    found = run_until(mine, 3, 0.05, lambda h: game_bound(mine, h, factor))
    assert bool((found.bound == torch.inf).all()) and found.steps.tolist() == [3] * 5


def test_what_is_not_finite_bounds_nothing() -> None:
    mine = game(torch.float32)
    assert bool((game_bound(mine, torch.full_like(mine.f, 3e38), FACTOR) == torch.inf).all())
    assert bool((game_bound(mine, torch.full_like(mine.f, torch.nan), FACTOR) == torch.inf).all())
