import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.solvers.bounds import _in_double, error_bound, gap_bound, gradient_rounding, step_bound
from eqt_theory.solvers.solution import Status


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(1, 12), st.floats(0, 8), st.floats(-3, 3), st.integers(0, 10**6))
def test_rounding_covers_the_gradient_in_exact_arithmetic(d, decades, scale, seed):
    # The oracle: the same products and sums in exact rationals.
    from fractions import Fraction

    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.logspace(0, decades, d, dtype=torch.float64) * 10**scale
    b, f, h = (torch.randn(d, generator=generator, dtype=torch.float64) * 10**scale for _ in range(3))
    energy = eqt.Quadratic.with_spectrum(spectrum, seed, b)
    objective = eqt.Objective(energy, f, gamma=0.5)
    A = [[Fraction(x) for x in row] for row in energy.A.tolist()]
    x, beta, phi = ([Fraction(t) for t in v.tolist()] for v in (h, b, f))
    exact = [
        sum(p * q for p, q in zip(row, x, strict=True)) + bi + 2 * (xi - fi)
        for row, bi, xi, fi in zip(A, beta, x, phi, strict=True)
    ]
    computed = objective.gradient(h).tolist()
    error = math.sqrt(float(sum((Fraction(c) - e) ** 2 for c, e in zip(computed, exact, strict=True))))
    assert error <= float(gradient_rounding(objective, h))
    assert float(gradient_rounding(objective, h, quick=True)) <= float(gradient_rounding(objective, h)) * (1 + 1e-9)


def test_bound_holds_everywhere_and_is_sharp_on_the_slowest_mode(quadratics):
    h = (
        quadratics.objective.proposal * torch.logspace(-12, 6, 24, dtype=torch.float64).unsqueeze(-1)
        + quadratics.h_star
    )
    error = torch.linalg.vector_norm(h - quadratics.h_star, dim=-1)
    bound = error_bound(quadratics.objective, h)
    assert (error <= bound).all()
    flat = eqt.Objective(eqt.Quadratic.diagonal([0.0, 3.0]), torch.zeros(2, dtype=torch.float64))
    h = torch.tensor([2.0, 0.0], dtype=torch.float64)
    assert float(error_bound(flat, h)) == pytest.approx(2.0)
    # With an m that is declared too large it is no bound: the check would notice.
    lied = eqt.Objective(
        eqt.FunctionEnergy(lambda h: 1.5 * h[1] ** 2, eqt.Curvature(1.0, 3.0)), torch.zeros(2, dtype=torch.float64)
    )
    assert float(error_bound(lied, h)) < 2.0


def test_on_a_domain_only_where_the_ball_fits():
    curvature = eqt.Curvature(0.5, 1.0, eqt.Ball([0.0, 0.0], 1.0))
    energy = eqt.FunctionEnergy(lambda h: 0.5 * (h**2).sum(), curvature)
    objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64))
    h = torch.tensor([[0.1, 0.0], [0.9, 0.0], [3.0, 0.0]], dtype=torch.float64)
    bound = error_bound(objective, h)
    assert bound[0] == pytest.approx(0.2 / 1.5) and torch.isinf(bound[1:]).all()
    box = eqt.FunctionEnergy(lambda h: 0.5 * (h**2).sum(), eqt.Curvature(0.5, 1.0, eqt.Box([-1.0, -1.0], [1.0, 1.0])))
    assert torch.isinf(error_bound(eqt.Objective(box, torch.zeros(2, dtype=torch.float64)), h)).tolist() == [
        False,
        True,
        True,
    ]


def test_outside_of_where_phi_is_defined_there_is_no_bound_and_inside_it_is_on_the_minimiser_over_the_domain():
    energy = eqt.FunctionEnergy(lambda h: ((h - 2) ** 2).sum(), eqt.Curvature(2.0, 2.0), domain=eqt.Box([-1.0], [1.0]))
    objective = eqt.Objective(energy, torch.zeros(1, dtype=torch.float64), gamma=1.0)  # h* = 1, without the box 4/3
    h = torch.tensor([[-1.0], [0.5], [1.0], [1.2], [4 / 3]], dtype=torch.float64)
    bound = error_bound(objective, h)
    assert torch.isfinite(bound).tolist() == [True, True, True, False, False]
    assert ((h[:3, 0] - 1).abs() <= bound[:3]).all()
    left = eqt.solve(objective, eqt.GradientDescent(0.2))
    assert left.status is Status.LEFT_DOMAIN and torch.isinf(left.error_bound)
    assert torch.isinf(gap_bound(objective, h[3:])).all()


def test_none_where_phi_is_not_strongly_convex():
    energy = eqt.FunctionEnergy(lambda h: -(h**2).sum(), eqt.Curvature(-2.0, -2.0))
    h = torch.zeros(3, dtype=torch.float64)
    assert error_bound(eqt.Objective(energy, h, gamma=1.0), h) is None
    assert error_bound(eqt.Objective(energy, h, gamma=0.4), h) is not None
    per_state = eqt.Objective(energy, h.expand(2, 3), gamma=torch.tensor([0.4, 1.0], dtype=torch.float64))
    assert torch.isinf(error_bound(per_state, h.expand(2, 3))).tolist() == [False, True]


def test_the_gap_bound_holds_and_is_sharp_on_one_mode(quadratics):
    h = quadratics.objective.proposal
    gap = quadratics.objective.value(h) - quadratics.objective.value(quadratics.h_star)
    assert (gap <= gap_bound(quadratics.objective, h)).all()
    assert (gap_bound(quadratics.objective, h) <= gap_bound(quadratics.objective, h, m=quadratics.m / 2)).all()
    flat = eqt.Objective(eqt.Quadratic.diagonal([0.0, 3.0]), torch.zeros(2, dtype=torch.float64))
    assert float(gap_bound(flat, torch.tensor([2.0, 0.0], dtype=torch.float64))) == pytest.approx(2.0)
    assert gap_bound(eqt.Objective(eqt.DoubleWell(), h[0], 100.0), h[0]) is None


def test_bounds_of_extreme_numbers():
    # m is beyond float32, the gradient below its square root of precision: neither gives a bound of 0.
    steep = eqt.FunctionEnergy(lambda h: (h.square() / 2).sum(-1), eqt.Curvature(1e300))
    h = torch.tensor([1e-3], dtype=torch.float32)
    assert float(error_bound(eqt.Objective(steep, torch.zeros(1)), h)) > 0
    tiny = torch.tensor([3e-25, 4e-25], dtype=torch.float32)
    flat = eqt.Objective(eqt.Quadratic.diagonal(torch.zeros(2)), torch.zeros(2))
    assert 5e-25 <= float(error_bound(flat, tiny)) <= 5.1e-25


def test_the_contraction_form_is_a_bound_and_never_the_smaller_one(quadratics):
    m, M, alpha = quadratics.m, quadratics.M, 0.15
    rate = eqt.GradientDescent(alpha).guarantee(m, M).rate
    path = eqt.solve(quadratics.objective, eqt.GradientDescent(alpha), max_steps=30, record=True).trajectory
    move = torch.linalg.vector_norm(path[1:] - path[:-1], dim=-1)
    error = torch.linalg.vector_norm(path[1:] - quadratics.h_star, dim=-1)
    bound = step_bound(move, alpha, m, rate)
    assert (error <= bound).all()
    residual = torch.linalg.vector_norm(quadratics.objective.gradient(path[1:]), dim=-1)
    assert (residual / m <= bound * (1 + 1e-12)).all()
    with pytest.raises(ValueError, match="m must be positive"):
        step_bound(move, alpha, 0.0, rate)


@pytest.mark.parametrize("d", [10, 10_000])
def test_in_single_precision_the_last_gradient_is_worked_out_in_double(d):
    truth = torch.linspace(-1, 1, d, dtype=torch.float32)
    single = eqt.Objective(eqt.PseudoHuber(b=truth, ridge=1.0), torch.ones(d, dtype=torch.float32), 1.0)
    solution = eqt.solve(single, eqt.GradientDescent(0.4), tolerance=1e-5 * d**0.5, max_steps=200)
    exact = eqt.solve(single.to(dtype=torch.float64), eqt.Newton() if d < 100 else eqt.NewtonCG(), tolerance=1e-12)
    error = float((solution.h.double() - exact.h).norm())
    assert error <= float(solution.error_bound) <= 4 * error + 1e-5 * d**0.5
    assert float(_in_double(single, solution.h)) < float(gradient_rounding(single, solution.h)) or d < 100


def test_a_function_of_a_user_keeps_the_bound_of_single_precision():
    """It may cast inside: what it computes in float64 then has the rounding of float32."""
    rough = eqt.FunctionEnergy(lambda h: (h.float() + 1000.0).square().sum().to(h.dtype), eqt.Curvature(2.0, 2.0))
    single = eqt.Objective(rough, torch.ones(3, dtype=torch.float32), 1.0)
    h = torch.full((3,), -0.5, dtype=torch.float32)
    assert _in_double(single, h) is None
    assert _in_double(eqt.Objective(eqt.NetworkEnergy(torch.nn.Linear(3, 1)), h, 1.0), h) is None
    known = eqt.Objective(eqt.Quadratic(torch.eye(3)) - 0.1 * eqt.LogSumExp(torch.eye(3)), h, 1.0)
    assert _in_double(known, h) is not None
    assert _in_double(known.to(dtype=torch.float64), h.double()) is None
