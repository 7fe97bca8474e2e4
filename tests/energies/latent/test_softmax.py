import torch
from energies.cases import draw

from eqt_theory.energies.latent.softmax import row_diameter, softmax_upper_curvature


def _largest_found(weight: torch.Tensor) -> float:
    """Climb on the logits towards the greatest curvature."""
    z = (3 * draw(9, 12, weight.shape[0])).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1)
    best = 0.0
    for _ in range(80):
        p = torch.softmax(z, -1)
        mean = p @ weight
        hessian = weight.T @ (p[..., None] * weight) - mean[..., None] * mean[:, None]
        top = torch.linalg.eigvalsh(hessian)[:, -1]
        best = max(best, float(top.detach().max()))
        optimizer.zero_grad()
        (-top.sum()).backward()
        optimizer.step()
    return best


def test_search_does_not_exceed_the_bound() -> None:
    for seed, shape in enumerate([(2, 3), (3, 2), (5, 3), (12, 4)]):
        weight = draw(seed, *shape)
        found, bound = _largest_found(weight), softmax_upper_curvature(weight)
        assert found <= bound * (1 + 1e-12)
        assert found >= 0.3 * bound, "a bound this loose would say little"


def test_shift_of_all_rows_changes_nothing() -> None:
    weight = draw(5, 6, 3)
    shifted = softmax_upper_curvature(weight + 100)
    assert abs(shifted - softmax_upper_curvature(weight)) <= 1e-8


def test_diameter() -> None:
    assert 5.0 <= row_diameter(torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]])) <= 5.0 * (1 + 1e-13)
    assert row_diameter(torch.ones(1, 2)) == 0.0
    assert row_diameter(torch.stack([torch.eye(2), 2 * torch.eye(2)])) >= 8**0.5


def test_many_rows_use_the_singular_value() -> None:
    weight = draw(6, 3000, 2)
    bound = softmax_upper_curvature(weight)
    centred = weight - weight.mean(0)
    assert float(torch.linalg.matrix_norm(centred, 2)) ** 2 / 2 <= bound
