import math
import re

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict, check_map
from eqt_theory.core.verdict import Method


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def quadratic(d, gamma=1.0):
    generator = torch.Generator().manual_seed(d)
    b, f = (torch.randn(d, generator=generator, dtype=torch.float64) for _ in range(2))
    return eqt.Objective(eqt.Quadratic.with_spectrum(torch.linspace(0.1, 5, d, dtype=torch.float64), d, b), f, gamma)


def solved(obj, start=None):
    return eqt.solve(obj, eqt.NewtonCG(), start, tolerance=1e-12).h


def soft(d=2):
    f = torch.linspace(-1, 2, d, dtype=torch.float64)
    return eqt.Objective(eqt.FunctionEnergy(lambda h: torch.nn.functional.softplus(2 * h).sum()), f, 1.0)


@pytest.mark.parametrize("d", [1, 2, 5, 12])
def test_the_equilibrium_of_a_quadratic_is_certified_and_anything_else_refuted(d):
    obj = quadratic(d)
    h = solved(obj)
    good = check_map(obj, h)
    assert good.verdict is Verdict.CERTIFIED
    assert good.enclosures["distance to the mode at most"] < 1e-10
    for wrong in (obj.proposal, h + 1e-4, 2 * h, solved(quadratic(d, gamma=1.3)) if d > 1 else h - 1e-3):
        assert check_map(obj, wrong).verdict is Verdict.REFUTED


def test_a_state_off_by_less_than_the_tolerance_still_counts():
    obj = quadratic(2)
    near = solved(obj) + 1e-8
    assert check_map(obj, near).verdict is Verdict.CERTIFIED
    assert check_map(obj, near, tolerance=1e-10).verdict is Verdict.REFUTED


@pytest.mark.parametrize("d", [1, 2, 4, 40])
def test_energies_without_a_twin_are_supported_with_numbers(d):
    obj = soft(d)
    finding = check_map(obj, solved(obj))
    assert finding.verdict is Verdict.SUPPORTED
    assert ("log Z" in finding.detail) == (d <= 2)
    wrong = check_map(obj, solved(obj) + 1e-3)
    assert (wrong.verdict, wrong.method) == (Verdict.REFUTED, Method.SAMPLING)
    lower = tensor(*wrong.witness["state of lower Phi"])
    assert float(obj.value(lower)) < float(obj.value(solved(obj) + 1e-3))


def test_a_local_mode_is_refuted_by_the_global_one_in_exact_arithmetic():
    obj = eqt.Objective(eqt.DoubleWell(depth=3.0), tensor(0.1, -0.2), 1.0)
    local = solved(obj, tensor(1.0, 1.0))
    assert float(obj.gradient(local).norm()) < 1e-10
    finding = check_map(obj, local)
    assert (finding.verdict, finding.method) == (Verdict.REFUTED, Method.INTERVAL)
    assert finding.replay.arithmetic == "ball arithmetic"
    best = check_map(obj, solved(obj, tensor(1.0, -1.0)))
    assert best.verdict is Verdict.SUPPORTED
    assert "3 other local modes" in best.detail


def test_a_narrow_far_mode_is_found_on_the_grid():
    energy = eqt.FunctionEnergy(lambda h: -20 * torch.exp(-((h - 3.3) ** 2).sum() / (2 * 0.02**2)))
    obj = eqt.Objective(energy, tensor(0.0), 1.0)
    finding = check_map(obj, tensor(0.0))
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness["state of lower Phi"] == pytest.approx([3.3], abs=0.05)


BARE = {
    "bent": (2, lambda h: (h[..., 1] - h[..., 0] ** 2) ** 2 + 0.05 * torch.log1p(h[..., 0] ** 2)),
    "off the axes": (2, lambda h: (h[..., 0] - 0.37 * h[..., 1]) ** 2 + 0.1 * torch.log1p(h[..., 1] ** 2)),
    "off the axes, in 4": (
        4,
        lambda h: (h[..., 0] - 0.37 * h[..., 1]) ** 2 + 0.1 * torch.log1p(h[..., 1] ** 2) + h[..., 2:].square().sum(-1),
    ),
}


@pytest.mark.parametrize("name", BARE)
def test_valleys_that_make_z_infinite_are_told(name):
    d, function = BARE[name]
    energy = eqt.FunctionEnergy(lambda h: function(h) - h.square().sum(-1) / 2, dim=d)
    finding = check_map(eqt.Objective(energy, torch.zeros(d, dtype=torch.float64), 1.0), torch.zeros(d).double())
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "Z is infinite" in finding.detail and "log Z" not in finding.detail


@pytest.mark.parametrize(("center", "depth", "width"), [(20, 250, 3), (60, 3000, 1), (3, 10, 1e-4)])
def test_a_deeper_mode_far_away_or_narrow_is_found(center, depth, width):
    energy = eqt.FunctionEnergy(lambda h: -depth * torch.exp(-(((h[..., 0] - center) / width) ** 2)), dim=1)
    obj = eqt.Objective(energy, tensor(0.0), 1.0)
    finding = check_map(obj, tensor(0.0))
    assert finding.verdict is Verdict.REFUTED
    lower = tensor(*finding.witness["state of lower Phi"])
    assert float(lower) == pytest.approx(center, abs=width)
    assert float(obj.value(lower)) < float(obj.value(tensor(0.0)))


def test_log_z_is_that_of_the_far_mode_and_what_was_searched_is_said():
    energy = eqt.FunctionEnergy(lambda h: -250 * torch.exp(-(((h[..., 0] - 20) / 3) ** 2)), dim=1)
    obj = eqt.Objective(energy, tensor(0.0), 1.0)
    finding = check_map(obj, solved(obj, tensor(19.6)))
    assert finding.verdict is Verdict.SUPPORTED
    h = np.linspace(10, 30, 2_000_001)
    phi = -250 * np.exp(-(((h - 20) / 3) ** 2)) + h**2 / 2
    truth = np.log(np.trapezoid(np.exp(-(phi - phi.min())), h)) - phi.min()
    said = float(re.search(r"log Z = ([-0-9.]+)", finding.detail)[1])
    assert said == pytest.approx(truth, abs=1e-3)
    assert "within 10" in finding.detail and "may hide" in finding.detail


def test_a_normaliser_that_the_grid_does_not_resolve_is_not_printed():
    """Phi = 100 (y - x^2)^2 + x^2/2: a bent ridge, thinner than the grid."""
    ridge = eqt.FunctionEnergy(lambda h: 100 * (h[..., 1] - h[..., 0] ** 2) ** 2 - h[..., 1] ** 2 / 2, dim=2)
    finding = check_map(eqt.Objective(ridge, tensor(0.0, 0.0), 1.0), tensor(0.0, 0.0))
    assert finding.verdict is Verdict.SUPPORTED
    assert "log Z" not in finding.detail and "too coarse for the normaliser" in finding.detail


def test_a_quadratic_that_falls_for_ever_is_refuted_at_once_and_exactly():
    obj = eqt.Objective(eqt.Quadratic.with_spectrum(tensor(-1 - 1e-10, 1, 1), 1), tensor(0.0, 0.0, 0.0), 1.0)
    finding = check_map(obj, tensor(0.0, 0.0, 0.0))
    assert (finding.verdict, finding.method) == (Verdict.REFUTED, Method.INTERVAL)
    assert "there is none" in finding.detail and "decided in fractions" in finding.detail


def test_a_state_at_the_mode_is_not_a_negative_distance_away():
    obj = eqt.Objective(eqt.Quadratic(torch.eye(2).double()), tensor(0.0, 0.0), 1.0)
    assert "within 0.00e+00 of it" in check_map(obj, tensor(0.0, 0.0)).detail


def test_a_twin_that_is_another_function_decides_nothing():
    class Inverted(eqt.Energy):
        dim = 1

        def value(self, h):
            return h.square().sum(-1)

        def symbolic(self, h):
            return -(h[0] ** 2)

    obj = eqt.Objective(Inverted(), tensor(0.0), 1.0)
    assert check_map(obj, tensor(0.0)).verdict is Verdict.SUPPORTED
    wrong = check_map(obj, tensor(0.5))
    assert (wrong.verdict, wrong.method) == (Verdict.REFUTED, Method.SAMPLING)


def test_saddles_and_maxima_are_refuted():
    obj = eqt.Objective(eqt.DoubleWell(), tensor(0.0), 1.0)
    assert check_map(obj, tensor(0.0)).verdict is Verdict.REFUTED


def test_two_equal_modes_are_told():
    obj = eqt.Objective(eqt.DoubleWell(), tensor(0.0), 1.0)
    finding = check_map(obj, solved(obj, tensor(0.9)))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "not unique" in finding.detail


def test_an_infinite_normaliser_is_told():
    falls = eqt.Objective(eqt.Quadratic(tensor([-2.0, 0.0], [0.0, 1.0])), tensor(0.3, 0.1), 1.0)
    stationary = torch.linalg.solve(falls.hessian(falls.proposal), falls.proposal)
    finding = check_map(falls, stationary)
    assert finding.verdict is Verdict.REFUTED
    assert "Z is infinite" in finding.detail
    flat = eqt.Objective(eqt.Quadratic(tensor([-1.0])), tensor(0.0), 1.0)
    finding = check_map(flat, tensor(0.0))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "Z is infinite" in finding.detail


def test_a_final_layer_norm_is_told():
    obj = soft(4)
    h = solved(obj)
    finding = check_map(obj, h, after=lambda x: torch.nn.functional.layer_norm(x, x.shape))
    assert finding.verdict is Verdict.REFUTED
    assert "the map applied after moved it" in finding.detail
    assert check_map(obj, h, after=lambda x: x.clone()).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("d", [1, 8])
def test_the_mode_inside_a_log_barrier_is_supported_and_another_state_refuted(d):
    """(h - 2) (1 - h^2) + 2 h = 0; Phi is nan outside of the unit box."""
    mode = next(r.real for r in np.roots([-1.0, 2.0, 3.0, -2.0]) if abs(r) < 1)
    energy = eqt.FunctionEnergy(lambda h: -(1 - h**2).log().sum(), dim=d)
    obj = eqt.Objective(energy, torch.full((d,), 2.0, dtype=torch.float64), 1.0)
    h = torch.full((d,), mode, dtype=torch.float64)
    finding = check_map(obj, h)
    assert finding.verdict is Verdict.SUPPORTED
    assert "nan at some states, which count as outside" in finding.detail
    assert check_map(obj, h - 1e-3).verdict is Verdict.REFUTED


def test_no_state_outside_of_a_declared_domain_is_lower():
    """Phi falls to both sides of [0, 1], outside of which it has values and no meaning."""
    box = eqt.Box([0.0], [1.0])
    energy = eqt.FunctionEnergy(
        lambda h: torch.where((h - 0.5).abs() < 0.6, 4 * (h - 0.5) ** 2, -50.0).sum(), domain=box
    )
    obj = eqt.Objective(energy, tensor(0.5), 1.0)
    assert check_map(obj, tensor(0.5)).verdict is Verdict.SUPPORTED
    assert check_map(obj, tensor(0.6)).verdict is Verdict.REFUTED


def test_lower_precision_is_judged_to_its_own_tolerance():
    obj = eqt.Objective(eqt.DoubleWell(), torch.tensor([0.9, -1.2]), 1.0)
    h = eqt.solve(obj, eqt.NewtonCG(), tolerance=1e-5).h
    assert check_map(obj, h).verdict is Verdict.SUPPORTED
    assert check_map(obj, h + 0.05).verdict is Verdict.REFUTED


PLANTED = {
    "gamma dropped": lambda o, h: h - 0.1 * o.energy.gradient(h),
    "gamma inverted": lambda o, h: h - 0.1 * (o.energy.gradient(h) + o.gamma * (h - o.proposal)),
    "anchored on zero": lambda o, h: h - 0.1 * (o.energy.gradient(h) + h / o.gamma),
    "gradient off by 1e-4": lambda o, h: h - 0.1 * (o.gradient(h) + 1e-4),
    "stopped early": lambda o, h: h - 1e-4 * o.gradient(h),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_ends_of_wrong_solvers_are_refuted(fault):
    obj = quadratic(3, gamma=0.7)
    h = obj.proposal
    for _ in range(600):
        h = PLANTED[fault](obj, h)
    assert check_map(obj, h).verdict is Verdict.REFUTED


def test_same_seed_same_finding_purity_and_bad_arguments():
    obj = soft(2)
    h = solved(obj)
    before = h.clone()
    first, second = (check_map(obj, h, seed=5) for _ in range(2))
    assert first.detail == second.detail
    assert torch.equal(h, before)
    state = torch.get_rng_state()
    check_map(obj, h)
    assert torch.equal(state, torch.get_rng_state())
    with pytest.raises(UsageError, match="one state"):
        check_map(obj, h.expand(2, 2))
    with pytest.raises(UsageError, match="h must"):
        check_map(obj, torch.zeros(3, dtype=torch.float64))
    with pytest.raises(UsageError, match="finite"):
        check_map(obj, h * math.nan)
    with pytest.raises(UsageError, match="tolerance"):
        check_map(obj, h, tolerance=0)
    with pytest.raises(UsageError, match="after must be a function"):
        check_map(obj, h, after=3)
    with pytest.raises(UsageError, match="after raised ZeroDivisionError"):
        check_map(obj, h, after=lambda h: h / (1 // 0))
    with pytest.raises(UsageError, match="seed"):
        check_map(obj, h, seed=-1)
    with pytest.raises(UsageError, match="Objective"):
        check_map(obj.energy, h)
    with pytest.raises(UsageError, match="batch"):
        check_map(eqt.Objective(obj.energy, h.expand(3, 2)), h)


@pytest.mark.parametrize(("off", "verdict"), [(0.0, eqt.Verdict.SUPPORTED), (1e-2, eqt.Verdict.REFUTED)])
def test_deblurring_with_smoothed_total_variation_in_two_dimensions(off, verdict):
    """Where Newton steps alone took minutes; the mode by Nesterov's method."""
    n, weight, smooth = 11, 0.02, 0.05
    kernel = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    image = torch.zeros(n, n, dtype=torch.float64)
    image[3:8, 3:9] = 1

    def blurred(x):
        return torch.nn.functional.conv2d(x[None, None], torch.outer(kernel, kernel)[None, None], padding=1)[0, 0]

    seen = blurred(image) + 0.02 * torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def energy(h):
        x = h.reshape(n, n)
        across, down = x[1:, :-1] - x[:-1, :-1], x[:-1, 1:] - x[:-1, :-1]
        slopes = torch.sqrt(across.square() + down.square() + smooth**2)
        return (blurred(x) - seen).square().sum() / 2 + weight * slopes.sum()

    objective = eqt.Objective(eqt.FunctionEnergy(energy, dim=n * n), seen.reshape(-1), 1e3)
    solution = eqt.solve(objective, eqt.Nesterov.optimal(1e-3, 1 + 8 * weight / smooth), tolerance=1e-9, max_steps=8000)
    assert solution.converged
    h = solution.h.clone()
    h[0] += off
    assert eqt.check_map(objective, h).verdict is verdict
