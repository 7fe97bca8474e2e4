"""Problems that every test of this room shares."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

import eqt_theory as eqt


@dataclass(frozen=True)
class Case:
    """An objective and its solution, known without any solver of this package."""

    objective: eqt.Objective
    h_star: Tensor
    m: float
    M: float

    def error(self, solution: eqt.Solution) -> Tensor:
        return torch.linalg.vector_norm(solution.h - self.h_star, dim=-1)


def quadratic_case(
    batch: tuple[int, ...] = (24,),
    d: int = 6,
    mu: float = 0.1,
    lipschitz: float = 9.1,
    gamma: float = 1.0,
    seed: int = 0,
) -> Case:
    """Quadratics whose spectra touch both ends, so that the worst-case rates are attained."""
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.rand(*batch, d, generator=generator, dtype=torch.float64) * (lipschitz - mu) + mu
    spectrum[..., 0] = mu
    spectrum[..., -1] = lipschitz if d > 1 else mu
    b, f = (torch.randn(*batch, d, generator=generator, dtype=torch.float64) for _ in range(2))
    energy = eqt.Quadratic.with_spectrum(spectrum, seed, b)
    objective = eqt.Objective(energy, proposal=f, gamma=gamma)
    h_star = torch.linalg.solve(objective.hessian(f), f / gamma - b)
    return Case(objective, h_star, mu + 1 / gamma, (lipschitz if d > 1 else mu) + 1 / gamma)


def logistic_case(n: int = 16, d: int = 5, seed: int = 0) -> Case:
    """Sums of softplus: convex, not quadratic. The solution is Newton's, written out here."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(12, d, generator=generator, dtype=torch.float64)
    f = 2 * torch.randn(n, d, generator=generator, dtype=torch.float64)
    top = float(torch.linalg.matrix_norm(rows, 2) ** 2 / 4)
    energy = eqt.FunctionEnergy(lambda h: torch.nn.functional.softplus(rows @ h).sum(), eqt.Curvature(0.0, top))
    h = f.clone()
    for _ in range(60):
        p = torch.sigmoid(h @ rows.mT)
        gradient = p @ rows + (h - f)
        hessian = rows.mT @ ((p * (1 - p)).unsqueeze(-1) * rows) + torch.eye(d, dtype=torch.float64)
        h = h - 0.7 * torch.linalg.solve(hessian, gradient)
    assert float(gradient.abs().max()) < 1e-12
    return Case(eqt.Objective(energy, proposal=f, gamma=1.0), h, 1.0, top + 1.0)


def worst_ratio(errors: Tensor, floor: float = 1e-9) -> float:
    """The largest factor from one recorded error to the next, shape (steps, n), above the rounding floor."""
    before, after = errors[:-1], errors[1:]
    real = after > floor
    return float((after[real] / before[real]).max()) if bool(real.any()) else 0.0


@pytest.fixture(scope="session", name="quadratic_case")
def _quadratic_case():
    return quadratic_case


@pytest.fixture(scope="session", name="worst_ratio")
def _worst_ratio():
    return worst_ratio


@pytest.fixture(scope="session")
def quadratics() -> Case:
    return quadratic_case()


@pytest.fixture(scope="session")
def logistics() -> Case:
    return logistic_case()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else ["cpu"])
def device(request: pytest.FixtureRequest) -> str:
    return request.param
