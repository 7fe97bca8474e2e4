import math
from fractions import Fraction

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError

from .cases import D, draw, spd


def test_value_gradient_hessian() -> None:
    energy, f, h = eqt.Quadratic(spd(0, D), draw(1, D)), draw(2, 5, D), draw(3, 5, D)
    gamma = torch.tensor([0.5, 1.0, 2.0, 4.0, 8.0], dtype=torch.float64)
    for g, column in ((0.25, 0.25), (gamma, gamma[:, None])):
        objective = eqt.Objective(energy, f, g)
        assert torch.allclose(objective.value(h), energy.value(h) + (h - f).square().sum(-1) / (2 * g), rtol=1e-14)
        assert torch.allclose(objective.gradient(h), energy.gradient(h) + (h - f) / column, rtol=1e-14)
        eye = torch.eye(D, dtype=torch.float64)
        shift = eye / g if isinstance(g, float) else eye / gamma[:, None, None]
        assert torch.allclose(objective.hessian(h), energy.hessian(h) + shift, rtol=1e-14)
        v = draw(4, 5, D)
        assert torch.allclose(objective.hessian_vector(h, v), (objective.hessian(h) @ v[..., None])[..., 0])


def test_minimiser_solves_the_linear_system() -> None:
    A, b, f = spd(5, D), draw(6, D), draw(7, D)
    h = torch.linalg.solve(A + 2 * torch.eye(D, dtype=torch.float64), 2 * f - b)
    assert float(eqt.Objective(eqt.Quadratic(A, b), f, 0.5).gradient(h).abs().max()) <= 1e-13


def test_constants_are_exact_where_they_can_be() -> None:
    energy = eqt.Quadratic.diagonal(torch.tensor([1.0, 10.0], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64), 1.0)
    assert (objective.m, objective.M) == (2.0, 11.0)
    assert objective.curvature == eqt.Curvature(2.0, 11.0)
    assert (objective.energy, objective.gamma) == (energy, 1.0)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    mu=st.floats(-10, 10),
    gap=st.floats(0, 100),
    gammas=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=4),
    per_state=st.booleans(),
)
def test_constants_enclose_the_truth(mu: float, gap: float, gammas: list[float], per_state: bool) -> None:
    n = len(gammas)
    upper = mu + gap
    spectra = torch.tensor([[mu, upper]] * n if per_state else [mu, upper], dtype=torch.float64)
    energy = eqt.Quadratic.diagonal(spectra)
    gamma = torch.tensor(gammas, dtype=torch.float64)
    objective = eqt.Objective(energy, torch.zeros(n, 2, dtype=torch.float64), gamma)
    low = Fraction(mu) + min(1 / Fraction(g) for g in gammas)
    high = Fraction(upper) + max(1 / Fraction(g) for g in gammas)
    m, M = objective.m, objective.M
    assert m is not None
    assert M is not None
    assert Fraction(m) <= low
    assert Fraction(M) >= high
    scale = abs(mu) + abs(upper) + 1 / min(gammas)
    assert float(low - Fraction(m)) <= 1e-14 * scale
    assert float(Fraction(M) - high) <= 1e-14 * scale
    curvature = objective.curvature
    assert curvature is not None
    assert Fraction(curvature.lowest) <= low
    assert Fraction(curvature.highest) >= high


def test_batches_and_selection() -> None:
    energy = eqt.Quadratic.diagonal(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64))
    objective = eqt.Objective(energy, draw(8, 2), 1.0)
    assert objective.batch_shape == (3,)
    assert objective.proposal.shape == (3, 2)
    assert (objective.m, objective.M) == (2.0, 7.0)
    some = objective.select(torch.tensor([1]))
    assert (some.m, some.M) == (4.0, 5.0)
    assert some.proposal.shape == (1, 2)
    # A table of proposals on a shared energy.
    table = eqt.Objective(eqt.Rosenbrock(), draw(9, 2, 3, 2), torch.tensor([[1.0], [2.0]]))
    assert table.batch_shape == (2, 3)
    one = table.select(torch.tensor([4]))
    h = draw(10, 1, 2)
    assert torch.equal(one.value(h)[0], table.value(h.expand(2, 3, 2))[1, 1])
    many = eqt.Objective(eqt.Rosenbrock(), draw(11, 2), torch.tensor([0.5, 1.0, 2.0]))
    assert many.proposal.shape == (3, 2)


def test_no_declared_curvature_no_constants() -> None:
    objective = eqt.Objective(eqt.Rosenbrock(), draw(12, 2))
    assert (objective.m, objective.M, objective.curvature) == (None, None, None)
    below = eqt.Objective(eqt.DoubleWell(), draw(12, 2), 0.1)
    assert below.m is not None
    assert below.m == pytest.approx(6.0)
    assert math.inf == below.M


def test_differentiates_in_the_proposal_and_gamma() -> None:
    energy, h = eqt.Quadratic(spd(13, D)), draw(14, D)
    f = draw(15, D).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: eqt.Objective(energy, p, 0.7).gradient(h), (f,), rtol=1e-6)
    gamma = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda g: eqt.Objective(energy, f.detach(), g).gradient(h), (gamma,), rtol=1e-6)
    table = draw(16, 4, D)
    values = torch.func.vmap(lambda p: eqt.Objective(energy, p, 0.7).value(h))(table)
    assert torch.allclose(values, eqt.Objective(energy, table, 0.7).value(h.expand(4, D)))


def test_symbolic_twin_keeps_gamma_exact() -> None:
    h = sympy.symbols("h:2", real=True)
    objective = eqt.Objective(eqt.Quadratic.diagonal([1.0, 2.0]), torch.ones(2, dtype=torch.float64), 0.1)  # pyright: ignore[reportArgumentType]
    assert sympy.diff(objective.symbolic(h), h[0], 2) == 1 + 1 / sympy.Rational(0.1)


Q = eqt.Quadratic(torch.eye(2))


@pytest.mark.parametrize(
    ("energy", "proposal", "gamma", "message"),
    [
        (Q, torch.zeros(2), 0.0, "gamma must be a positive finite number, got 0"),
        (Q, torch.zeros(2), -1.0, "gamma must be a positive"),
        (Q, torch.zeros(2), math.nan, "gamma must be a positive finite number, got nan"),
        (Q, torch.zeros(2), math.inf, "gamma must be a positive"),
        (Q, torch.zeros(3, 2), torch.tensor([1.0, -1.0, 2.0]), "gamma must be positive and finite"),
        (Q, torch.zeros(3, 2), torch.tensor([1.0, math.nan, 2.0]), "gamma must be positive and finite"),
        (Q, torch.zeros(3, 2), torch.ones(4), "batch dimensions must broadcast.*gamma: .4,."),
        (Q, torch.zeros(3, 2), torch.ones(3, 1), r"one per state, shape \(3,\), got \(3, 1\)"),
        (Q, torch.zeros(3, 2), torch.ones(3, dtype=torch.long), "gamma must be a floating-point tensor"),
        (Q, torch.zeros(2), "one", "gamma must be"),
        (Q, torch.zeros(2, dtype=torch.long), 1.0, "proposal must be a floating-point tensor, got dtype torch.int64"),
        (Q, torch.zeros(3), 1.0, r"proposal must have shape \(\.\.\., 2\), got \(3,\)"),
        (Q, torch.zeros(2, dtype=torch.float64), 1.0, "proposal must have the dtype"),
        (Q, torch.zeros(2, device="meta"), 1.0, "proposal must be on the device"),
        (eqt.Quadratic(torch.eye(2).repeat(3, 1, 1)), torch.zeros(4, 2), 1.0, "batch dimensions must broadcast"),
        (torch.sum, torch.zeros(2), 1.0, "energy must be an Energy .wrap a function in FunctionEnergy., got "),
    ],
)
def test_bad_input(energy, proposal: torch.Tensor, gamma, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        eqt.Objective(energy, proposal, gamma)


def test_the_constants_of_each_state_stand_beside_it():
    A = torch.diag_embed(torch.tensor([[1.0, 4.0], [2.0, 3.0]], dtype=torch.float64))
    gamma = torch.tensor([0.5, 0.25], dtype=torch.float64)
    objective = eqt.Objective(eqt.Quadratic(A), torch.zeros(2, 2, dtype=torch.float64), gamma)
    assert objective.state_m is not None and objective.state_M is not None
    assert objective.state_m.shape == objective.state_M.shape == (2, 1)
    assert torch.allclose(objective.state_m, torch.tensor([[3.0], [6.0]], dtype=torch.float64), rtol=1e-12)
    assert torch.allclose(objective.state_M, torch.tensor([[6.0], [7.0]], dtype=torch.float64), rtol=1e-12)
    assert float(objective.state_m.min()) == objective.m and float(objective.state_M.max()) == objective.M
    # One energy and many proposals; one state; another precision, rounded outwards; nothing declared.
    shared = eqt.Objective(eqt.Quadratic(A[0]), torch.zeros(3, 5, 2, dtype=torch.float64))
    assert shared.state_M is not None and shared.state_M.shape == (3, 5, 1) and float(shared.state_M.max()) == shared.M
    single = eqt.Objective(eqt.Quadratic(A[0]), torch.zeros(2, dtype=torch.float64), 3.0)
    assert single.state_m is not None and single.state_m.tolist() == [single.m]
    coarse = eqt.Objective(eqt.Quadratic(A[0].float()), torch.zeros(2), 3.0)
    assert coarse.state_m is not None and coarse.state_M is not None and coarse.state_M.dtype is torch.float32
    assert float(coarse.state_m) <= 4 / 3 < float(coarse.state_m) * (1 + 1e-6)
    assert float(coarse.state_M) >= 13 / 3 > float(coarse.state_M) * (1 - 1e-6)
    free = eqt.Objective(eqt.FunctionEnergy(lambda h: h.sum(-1)), torch.zeros(2, dtype=torch.float64))
    assert free.state_m is None and free.state_M is None
