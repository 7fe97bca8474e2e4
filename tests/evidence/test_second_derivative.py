"""Energies that torch differentiates once only: curvature is searched by differences, Hessians are refused.

A search that lacks memory is no search that found nothing.
"""

import itertools

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Ball, UsageError, Verdict, check_strong_convexity
from eqt_theory.core.errors import NoSecondDerivative
from eqt_theory.evidence.curvature.search import gradient_sizes
from eqt_theory.evidence.operators.lipschitz import steepest
from eqt_theory.evidence.operators.search import Pair, Question, search
from eqt_theory.evidence.products import hessian_products
from eqt_theory.evidence.sampling import draw


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h, A):
        return h @ A

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError("differentiated once only")


class OnceOnly(eqt.Energy):
    """h . A h / 2, its gradient in somebody's own kernel."""

    def __init__(self, *spectrum: float) -> None:
        self.A = torch.diag(torch.tensor(spectrum, dtype=torch.float64))
        self.dim = len(spectrum)

    def value(self, h):
        return (h * (h @ self.A)).sum(-1) / 2

    def gradient(self, h):
        return Once.apply(h, self.A)


class Detached(OnceOnly):
    @torch.no_grad()
    def gradient(self, h):
        return h @ self.A


class InNumPy(OnceOnly):
    def gradient(self, h):
        return torch.from_numpy(h.numpy() @ self.A.numpy())


@pytest.mark.parametrize("kind", [OnceOnly, InNumPy, Detached])
@pytest.mark.parametrize("spectrum", [(2.0,), (1.0, 2.0, 3.0), tuple(range(1, 71))])
def test_curvature_is_searched_all_the_same(spectrum, kind):
    domain, energy = Ball([0.5] * len(spectrum), 1.0), kind(*spectrum)
    assert check_strong_convexity(energy, 0.9 * spectrum[0], domain, samples=16).verdict is Verdict.SUPPORTED
    assert check_strong_convexity(energy, 1.1 * spectrum[0], domain, samples=16).verdict is Verdict.REFUTED


def test_what_needs_a_hessian_says_so_in_one_line():
    energy = OnceOnly(1.0, 2.0)
    objective, h = eqt.Objective(energy, torch.ones(2, dtype=torch.float64), 1.0), torch.ones(2, dtype=torch.float64)
    for call in (
        lambda: energy.hessian(h),
        lambda: energy.hessian_vector(h, h),
        lambda: eqt.measure_curvature(energy, h),
        lambda: eqt.check_map(objective, h),
        lambda: eqt.check_contraction(objective, eqt.GradientDescent(0.1), 0.9, Ball([0.0, 0.0], 1.0)),
        lambda: eqt.solve(objective, eqt.Newton()),
    ):
        with pytest.raises(NoSecondDerivative, match="^OnceOnly cannot be differentiated twice"):
            call()


@pytest.mark.parametrize("d", [300, 2001])
def test_so_do_products_with_one(d):
    energy = OnceOnly(*torch.linspace(1, 2, d).tolist())
    h = torch.ones(d, dtype=torch.float64)
    for call in (
        lambda: hessian_products(energy, h)[1](h),
        lambda: eqt.measure_curvature(energy, h),
        lambda: eqt.diagnose(eqt.Objective(energy, h.unsqueeze(0), 1.0), 0.1, 2),
    ):
        with pytest.raises(NoSecondDerivative, match="^OnceOnly cannot be differentiated twice"):
            call()


def test_products_by_its_own_formula():
    class Own(OnceOnly):
        def hessian_vector(self, h, v):
            return v @ self.A

    class Unfollowed(Own):
        def gradient(self, h):
            return h.detach() @ self.A

    h = torch.ones(300, dtype=torch.float64)
    for kind in (Own, Unfollowed):
        found = eqt.measure_curvature(kind(*torch.linspace(1, 2, 300).tolist()), h)
        assert (float(found.lambda_min), float(found.lambda_max)) == pytest.approx((1.0, 2.0), rel=1e-6)


@pytest.mark.parametrize("d", [3, 300])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_gradient_that_autograd_does_not_follow_has_no_curvature_of_zero(d, dtype):
    energy, h = Detached(*torch.linspace(1, 2, d).tolist()), torch.ones(d, dtype=dtype)
    energy.A = energy.A.to(dtype)
    for one, at in itertools.product((energy, eqt.Objective(energy, h, 1.0)), (h, h.expand(2, d))):
        with pytest.raises(NoSecondDerivative, match="Hessian of .* must be the derivative of its gradient"):
            eqt.measure_curvature(one, at)


class Formula(eqt.Energy):
    """A sum over coordinates, its gradient somebody's formula."""

    def __init__(self, each, slope) -> None:
        self.each, self.slope = each, slope

    def value(self, h):
        return self.each(h).sum(-1)

    def gradient(self, h):
        return self.slope(h)


@pytest.mark.parametrize("unit", [1.0, 1e-7, 1e-12, 1e12])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_whatever_the_unit_of_the_energy_and_beside_a_large_slope(unit, offset):
    energy = Formula(lambda h: unit * (h**2 / 2 + offset * h), lambda h: unit * (h.detach() + offset) + 0 * h)
    with pytest.raises(NoSecondDerivative, match="must be the derivative of its gradient"):
        eqt.measure_curvature(energy, torch.tensor([1.0, 2.0], dtype=torch.float64))


def test_a_part_that_autograd_does_not_follow_is_seen_beside_a_steep_one():
    A = torch.tensor([200.0, 0.6], dtype=torch.float64)
    energy = Formula(lambda h: A * h**2 / 2, lambda h: torch.stack([A[0] * h[..., 0], A[1] * h[..., 1].detach()], -1))
    with pytest.raises(NoSecondDerivative, match="must be the derivative of its gradient"):
        eqt.measure_curvature(energy, torch.ones(2, dtype=torch.float64))


RIGHT = {
    "constant": (lambda h: 1e12 * h, lambda h: 1e12 + 0 * h, 1.0, 0.0),
    "linear in pieces": (torch.abs, torch.sign, 0.0, 0.0),
    "on a step": (torch.relu, lambda h: (h > 0).to(h), 1e-6, 0.0),
    "beside a kink": (lambda h: torch.relu(h) ** 2 / 2, torch.relu, 1e-7, 1.0),
    "flat of high order": (lambda h: h**4, lambda h: 4 * h**3, 0.0, 0.0),
    "steep near 0": (lambda h: h.abs() ** 1.5, lambda h: 1.5 * h.sign() * h.abs().sqrt(), 1e-9, 0.75e4 * 10**0.5),
    "a barrier": (lambda h: -torch.log(h), lambda h: -1 / h, 1e-6, 1e12),
    "a narrow well far out": (
        lambda h: h**2 - 2.5 * torch.exp(-((h - 1e6) ** 2)),
        lambda h: 2 * h + 5 * (h - 1e6) * torch.exp(-((h - 1e6) ** 2)),
        1e6,
        7.0,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_formula_is_refused(name):
    each, slope, at, curvature = RIGHT[name]
    found = eqt.measure_curvature(Formula(each, slope), torch.full((2,), at, dtype=torch.float64))
    assert [float(found.lambda_min), float(found.lambda_max)] == pytest.approx([curvature] * 2, rel=1e-3)


@pytest.mark.parametrize("d", [3, 300])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_where_rounding_hides_differences_of_gradients_nothing_is_said(d, dtype):
    b = torch.full((d,), 0.1 / torch.finfo(dtype).eps, dtype=dtype)
    found = eqt.measure_curvature(eqt.Quadratic(1e-3 * torch.eye(d, dtype=dtype), b), torch.ones(d, dtype=dtype))
    assert float(found.lambda_min) == pytest.approx(1e-3)


def test_nor_at_an_edge_beyond_which_there_is_no_energy():
    class Inside(Detached):
        def gradient(self, h):
            if bool((h > 1).any()):
                raise UsageError("h must be at most 1")
            return h @ self.A

    found = eqt.measure_curvature(Inside(1.0, 2.0), torch.ones(2, dtype=torch.float64))
    assert float(found.lambda_max) == pytest.approx(2.0)


NO_MEMORY = [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
lacks_memory = pytest.mark.parametrize("error", NO_MEMORY, ids=["CUDA", "CPU"])


@lacks_memory
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_search_of_curvature_without_memory_ends_with_that(order, error, monkeypatch):
    def lacking(*_):
        raise error

    class Lacking(OnceOnly):
        def gradient(self, h):
            if order == 1 and h.requires_grad:
                raise error
            return h @ self.A if order == 3 else super().gradient(h)

        def hessian_vector(self, h, v):
            return lacking() if order == 3 else v @ self.A

    monkeypatch.setattr(Once, "backward", lacking)
    with pytest.raises(RuntimeError, match="memory"):  # above 64 no Hessians are formed
        check_strong_convexity(Lacking(*range(1, 71)), 0.9, Ball([0.5] * 70, 1.0), samples=16)


@lacks_memory
def test_a_search_among_maps_without_memory_ends_with_that(error):
    def along(h, v):
        raise error

    generator, ball = torch.Generator().manual_seed(0), Ball([0.0, 0.0], 1.0)
    map_, states = eqt.FixedPoint(torch.sin, 2), draw(ball, 8, generator, torch.empty(0, dtype=torch.float64))
    question = Question(map_, lambda h: steepest(map_, h, generator), along, lambda x, y: Pair(x, y, 0.0, 0.0, -1.0))
    with pytest.raises(RuntimeError, match="memory"):
        search(question, states, ball, generator)


def test_other_errors_of_somebodys_energy_pass():
    class Breaks(OnceOnly):
        def gradient(self, h):
            raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="^out of luck$"):
        Breaks(1.0).hessian(torch.ones(1, dtype=torch.float64))


def test_sizes_without_a_second_derivative_are_those_of_the_gradients():
    h = torch.ones(1, 2, dtype=torch.float64)
    assert gradient_sizes(OnceOnly(3.0, 4.0), h).tolist() == [5.0]
    flat = eqt.Quadratic(torch.eye(2, dtype=torch.float64), -h[0])  # its gradient is 0 at h, its terms are not
    assert gradient_sizes(flat, h) > 1
    with pytest.raises(UsageError, match="last dimension|shape"):
        gradient_sizes(eqt.Quadratic(torch.eye(3, dtype=torch.float64)), h)
