from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_gradient_of_the_cycling_function() -> None:
    x = torch.tensor([[-2.0], [0.5], [1.0], [1.5], [2.0], [3.3]], dtype=torch.float64)
    by_hand = torch.where(x < 1, 25 * x, torch.where(x < 2, x + 24, 25 * x - 24))
    energy = eqt.heavy_ball_cycle()
    assert torch.allclose(energy.gradient(x), by_hand, rtol=1e-14)
    assert energy.hessian(x).flatten().tolist() == [25.0, 25.0, 1.0, 1.0, 25.0, 25.0]
    assert energy.curvature == eqt.Curvature(1.0, 25.0)


def test_heavy_ball_cycles_in_exact_arithmetic() -> None:
    def slope(x: Fraction) -> Fraction:
        return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24

    # The cycle of Lessard, Recht and Packard: the three points repeat exactly.
    p, q, r = Fraction(792, 1225), Fraction(-2208, 1225), Fraction(2592, 1225)
    step = lambda new, old: new - slope(new) / 9 + Fraction(4, 9) * (new - old)  # noqa: E731
    cycle = [p, q, r]
    for i in range(3):
        assert step(cycle[(i + 1) % 3], cycle[i]) == cycle[(i + 2) % 3]


@pytest.mark.parametrize("gamma", [None, 0.5])
def test_heavy_ball_does_not_converge_on_it(gamma: float | None) -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    energy = eqt.heavy_ball_cycle(gamma)
    target = energy if gamma is None else eqt.Objective(energy, zero, gamma)
    old = h = torch.tensor([3.3], dtype=torch.float64)
    for _ in range(2000):
        h, old = h - target.gradient(h) / 9 + 4 / 9 * (h - old), h
    assert float(target.gradient(h).abs()) > 1
    for _ in range(500):
        h = h - 2 / 26 * target.gradient(h)
    assert float(target.gradient(h).abs()) < 1e-10, "gradient descent does converge on it"


def test_switching_takes_both_curvatures_and_is_not_quadratic() -> None:
    energy = eqt.PiecewiseCurvature.switching(0.5, 8.0, 4, seed=1)
    h = torch.randn(500, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    values = torch.linalg.eigvalsh(energy.hessian(h))
    assert float(values.min()) == pytest.approx(0.5, rel=1e-12)
    assert float(values.max()) == pytest.approx(8.0, rel=1e-12)
    assert energy.curvature is not None
    assert energy.curvature.lowest == pytest.approx(0.5, rel=1e-12)
    assert energy.curvature.lowest <= 0.5
    again = eqt.PiecewiseCurvature.switching(0.5, 8.0, 4, seed=1)
    assert torch.equal(again.value(h), energy.value(h))
    assert not torch.equal(eqt.PiecewiseCurvature.switching(0.5, 8.0, 4, seed=2).value(h), energy.value(h))


def test_gradient_is_continuous_across_breakpoints() -> None:
    energy = eqt.PiecewiseCurvature([-1.0, 0.5], [1.0, 9.0, 2.0])
    for point in (-1.0, 0.5):
        sides = torch.tensor([[point - 1e-9], [point + 1e-9]], dtype=torch.float64)
        for f in (energy.value, energy.gradient):
            low, high = f(sides).flatten().tolist()
            assert abs(high - low) <= 1e-7
    zero = torch.zeros(1, dtype=torch.float64)
    assert float(energy.value(zero)) == 0.0
    assert float(energy.gradient(zero)) == 0.0


@pytest.mark.parametrize(
    ("points", "curvatures", "message"),
    [
        ([1.0, 1.0], [1.0, 2.0, 3.0], "breakpoints must increase"),
        ([1.0], [1.0], "one more than breakpoints"),
        ([1.0], [1.0, float("inf")], "curvatures must be finite"),
    ],
)
def test_bad_input(points: list[float], curvatures: list[float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        eqt.PiecewiseCurvature(points, curvatures)
    with pytest.raises(UsageError, match="mu must not exceed lipschitz"):
        eqt.PiecewiseCurvature.switching(2.0, 1.0, 3, seed=0)
