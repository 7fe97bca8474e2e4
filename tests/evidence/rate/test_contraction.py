import math
from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict, certify_rate, check_contraction
from eqt_theory.core.verdict import Method

generator = torch.Generator().manual_seed(0)
ENERGY = eqt.Quadratic.with_spectrum(torch.linspace(0.1, 9.1, 4, dtype=torch.float64), 0)
OBJ = eqt.Objective(ENERGY, torch.randn(4, generator=generator, dtype=torch.float64), 1.0)
DIAGONAL = eqt.Objective(eqt.Quadratic.diagonal(torch.linspace(0.1, 9.1, 4, dtype=torch.float64)), OBJ.proposal, 1.0)
BALL = eqt.Ball([0.0] * 4, 3.0)
WELL = eqt.Objective(eqt.DoubleWell(), torch.tensor([0.9, 1.1], dtype=torch.float64), 1.0)


def soft(h):
    return torch.nn.functional.softplus(3 * h).sum()


SOFT = eqt.Objective(eqt.FunctionEnergy(soft), torch.ones(2, dtype=torch.float64), 1.0)


@pytest.mark.parametrize("solver", [eqt.GradientDescent(0.1), eqt.GradientDescent(0.19), eqt.ProximalGradient(0.1)])
def test_gradient_steps_on_quadratics_are_certified_at_their_rate_and_refuted_below(solver):
    rate = solver.guarantee(1.1, 10.1, 1.0).rate
    good = check_contraction(OBJ, solver, rate * (1 + 1e-9), BALL)
    assert (good.verdict, good.method) == (Verdict.CERTIFIED, Method.EXACT)
    bad = check_contraction(OBJ, solver, rate * (1 - 1e-6), BALL)
    assert bad.verdict is Verdict.REFUTED
    start, star = (torch.tensor(bad.witness[n], dtype=torch.float64) for n in ("start", "h_star"))
    scale = 0.1 / 1.1 if isinstance(solver, eqt.ProximalGradient) else solver.step_size
    after = start - scale * (OBJ.energy.A @ start + start - OBJ.proposal)  # the step, written out here
    assert BALL.contains(start.tolist())
    assert float((after - star).norm()) > rate * (1 - 1e-6) * float((start - star).norm())


def test_a_rate_within_rounding_of_the_truth_is_neither_refuted_nor_certified_wrongly():
    exact = check_contraction(DIAGONAL, eqt.GradientDescent(0.0625), 1 - 0.0625 * 1.1, BALL)
    assert exact.verdict is not Verdict.REFUTED
    truth = 1 - Fraction(0.0625) * (Fraction(0.1) + 1)
    for rate in (math.nextafter(float(truth), 0), float(truth), math.nextafter(float(truth), 1)):
        hair = check_contraction(DIAGONAL, eqt.GradientDescent(0.0625), rate, BALL)
        assert (hair.verdict, hair.method) == (
            Verdict.CERTIFIED if Fraction(rate) >= truth else Verdict.REFUTED, Method.EXACT
        )  # fmt: skip


def test_a_rate_one_unit_below_a_third_is_refuted_as_certify_rate_does():
    third = eqt.Objective(eqt.Quadratic.diagonal(torch.tensor([2.0, 1.0]).double()), torch.ones(2).double(), 1.0)
    solver, ball = eqt.GradientDescent(1 / 3), eqt.Ball([0, 0], 3.0)
    assert check_contraction(third, solver, math.nextafter(1 / 3, 1), ball).verdict is Verdict.CERTIFIED
    below = check_contraction(third, solver, math.nextafter(1 / 3, 0), ball)
    assert (below.verdict, below.method) == (Verdict.REFUTED, Method.EXACT)
    assert below.replay.confirms
    assert certify_rate(solver, 2, 3, math.nextafter(1 / 3, 0)).verdict is Verdict.REFUTED


@dataclass(frozen=True)
class Counted:
    h: torch.Tensor
    count: torch.Tensor


class StopsMoving(eqt.Solver):
    """Gradient descent for some steps, then nothing."""

    def __init__(self, after, promised):
        self.after, self.promised = after, promised

    def init(self, objective, h):
        return Counted(h, torch.zeros(h.shape[:-1]))

    def step(self, objective, state):
        moves = (state.count < self.after).unsqueeze(-1)
        return Counted(torch.where(moves, state.h - 0.1 * objective.gradient(state.h), state.h), state.count + 1)

    def guarantee(self, m, M, gamma=None):
        return eqt.GradientDescent(0.1).guarantee(m, M) if self.promised else None


@pytest.mark.parametrize("after", [1, 3, 20])
def test_a_rule_that_stops_moving_is_not_supported_by_its_first_steps(after):
    assert check_contraction(OBJ, StopsMoving(after, promised=False), 0.9, BALL).verdict is Verdict.INCONCLUSIVE
    promised = check_contraction(OBJ, StopsMoving(after, promised=True), 0.9, BALL)
    assert promised.verdict is Verdict.REFUTED
    assert promised.witness["steps"] > after
    assert check_contraction(OBJ, StopsMoving(400, promised=True), 0.9, BALL).verdict is Verdict.SUPPORTED


FAULTS = {
    "a step twice too long": lambda obj, h: h - 0.21 * obj.gradient(h),
    "a dropped gamma": lambda obj, h: h - 0.1 * obj.energy.gradient(h),
    "a gradient error": lambda obj, h: h - 0.1 * (obj.gradient(h) + 1e-2),
    "a clipped gradient": lambda obj, h: h - 0.1 * obj.gradient(h).clamp(-1, 1),
    "a normalised gradient": lambda obj, h: h - 0.1 * torch.nn.functional.normalize(obj.gradient(h), dim=-1),
    "nothing at all": lambda obj, h: h,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_refuted(fault):
    right = eqt.StepRule(lambda obj, h: h - 0.1 * obj.gradient(h))
    assert check_contraction(OBJ, right, 0.8901, BALL).verdict is Verdict.CERTIFIED
    finding = check_contraction(OBJ, eqt.StepRule(FAULTS[fault]), 0.8901, BALL)
    assert finding.verdict is Verdict.REFUTED
    assert finding.replay.confirms


def test_the_adversarial_search_beats_random_starts():
    """Off h* along one direction in 20 only: random starts see the mean of the spectrum."""
    spectrum = torch.full((20,), 5.0, dtype=torch.float64)
    spectrum[7] = 0.1
    obj = eqt.Objective(eqt.Quadratic.with_spectrum(spectrum, 3), torch.zeros(20, dtype=torch.float64) + 1, 1.0)
    rule = eqt.StepRule(lambda o, h: h - 0.1 * o.gradient(h))
    assert check_contraction(obj, rule, 0.88, eqt.Ball([0.0] * 20, 9.0)).verdict is Verdict.REFUTED
    assert check_contraction(obj, rule, 0.891, eqt.Ball([0.0] * 20, 9.0)).verdict is Verdict.CERTIFIED


def test_a_bad_spot_of_a_curved_energy_is_found():
    narrow, wide = eqt.Ball([1.0, 1.0], 0.2), eqt.Box([-2, -2], [2, 2])
    rule = eqt.GradientDescent(0.05)
    assert check_contraction(WELL, rule, 0.9, narrow).verdict is Verdict.CERTIFIED
    assert check_contraction(WELL, rule, 0.9, wide).verdict is Verdict.REFUTED
    assert check_contraction(SOFT, eqt.GradientDescent(0.1), 0.5, eqt.WholeSpace(2)).verdict is Verdict.REFUTED
    assert check_contraction(SOFT, eqt.GradientDescent(0.1), 0.9001, eqt.WholeSpace(2)).verdict is Verdict.SUPPORTED


def test_no_certificate_where_the_solution_is_outside():
    outside = eqt.Ball([1.3, 1.3], 0.1)
    assert check_contraction(WELL, eqt.GradientDescent(0.05), 0.9, outside).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("obj", [OBJ, DIAGONAL], ids=["rotated", "diagonal"])
def test_momentum_on_quadratics_is_decided_in_the_limit(obj):
    solver = eqt.HeavyBall(0.1, 0.3)
    rate = solver.guarantee(1.1, 10.1).rate
    assert check_contraction(obj, solver, rate * (1 + 1e-9), BALL).verdict is Verdict.CERTIFIED
    bad = check_contraction(obj, solver, rate * (1 - 1e-9), BALL)
    assert (bad.verdict, bad.method) == (Verdict.REFUTED, Method.EXACT)
    assert check_contraction(obj, solver, 0.5, BALL).verdict is Verdict.REFUTED
    flat = eqt.Box([0, 0, 0, 0], [0, 1, 1, 1])
    assert check_contraction(obj, solver, 0.5, flat).verdict is not Verdict.REFUTED


def test_guarantees_with_a_constant_are_checked_over_many_steps():
    solver = eqt.Nesterov.optimal(1.1, 10.2)
    rate = solver.guarantee(DIAGONAL.m, DIAGONAL.M).rate
    assert check_contraction(DIAGONAL, solver, rate, BALL).verdict is Verdict.CERTIFIED
    bad = check_contraction(DIAGONAL, solver, 0.55, BALL)
    assert bad.verdict is Verdict.REFUTED
    assert bad.witness["steps"] > 1


def test_gaps_are_measured_where_the_guarantee_says_so():
    solver = eqt.BacktrackingGradientDescent(0.05)
    rate = solver.guarantee(OBJ.m, OBJ.M).rate
    good = check_contraction(OBJ, solver, rate, BALL)
    assert good.verdict is Verdict.SUPPORTED
    assert "Phi(h) - Phi(h*)" in good.detail
    assert check_contraction(OBJ, solver, 0.85, BALL).verdict is Verdict.REFUTED


def test_memory_without_a_constant_off_quadratics_is_measured_and_never_refuted():
    solver = eqt.HeavyBall(0.1, 0.3)
    good = check_contraction(SOFT, solver, 0.95, eqt.Ball([0, 0], 2.0))
    assert good.verdict is Verdict.SUPPORTED and "along extreme eigenvectors" in good.detail
    assert check_contraction(SOFT, solver, 0.3, eqt.Ball([0, 0], 2.0)).verdict is Verdict.INCONCLUSIVE


def test_a_limit_is_not_supported_by_random_starts_alone(monkeypatch):
    monkeypatch.setattr("eqt_theory.evidence.rate.worst_start._axes", lambda obj, star: star.new_empty(0, len(star)))
    found = check_contraction(SOFT, eqt.HeavyBall(0.1, 0.3), 0.95, eqt.Ball([0, 0], 2.0))
    assert found.verdict is Verdict.INCONCLUSIVE and "random starts alone" in found.detail


class SlowAlongTheLast(eqt.Solver):
    """Heavy ball, but for the last coordinate, which it brings home slowly where all others vanish."""

    def init(self, objective, h):
        return Carried(h, torch.zeros_like(h))

    def step(self, objective, state):
        moved = 0.3 * state.v - 0.1 * objective.gradient(state.h)
        alone = (state.h[..., :-1].norm(dim=-1, keepdim=True) == 0).to(moved)
        moved = moved * (1 - 0.99 * alone)
        return Carried(state.h + moved, moved)


@dataclass(frozen=True)
class Carried:
    h: torch.Tensor
    v: torch.Tensor


def test_a_slow_direction_that_no_random_start_hits_is_measured():
    spectrum = torch.diag(torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))
    energy = eqt.Quadratic(spectrum) + eqt.Hopfield(torch.zeros(1, 3).double())
    obj, ball = eqt.Objective(energy, torch.zeros(3).double(), 1.0), eqt.Ball([0.5] * 3, 2.0)
    found = check_contraction(obj, SlowAlongTheLast(), 0.95, ball)
    assert found.verdict is Verdict.INCONCLUSIVE and "refute no limit" in found.detail


def test_no_minimiser_no_verdict():
    downhill = eqt.Objective(eqt.Quadratic(-3 * torch.eye(2, dtype=torch.float64)), torch.ones(2).double(), 1.0)
    assert check_contraction(downhill, eqt.GradientDescent(0.1), 0.9, eqt.WholeSpace(2)).verdict is Verdict.INCONCLUSIVE
    broken = eqt.StepRule(lambda obj, h: h * math.nan)
    assert check_contraction(OBJ, broken, 0.9, BALL).verdict is Verdict.INCONCLUSIVE


def test_same_seed_same_finding_and_bad_arguments():
    rule = eqt.StepRule(lambda o, h: h - 0.1 * o.gradient(h))
    first, second = (check_contraction(SOFT, rule, 0.5, eqt.Ball([0, 0], 1.0), seed=3) for _ in range(2))
    assert first.witness == second.witness
    for rate in (0, -1, math.nan, math.inf, True, "0.5"):
        with pytest.raises(UsageError, match="rate"):
            check_contraction(OBJ, rule, rate, BALL)
    with pytest.raises(UsageError, match="dimension"):
        check_contraction(OBJ, rule, 0.5, eqt.WholeSpace(3))
    for domain in ("x", None, 3.0):
        with pytest.raises(UsageError, match="domain must be a Ball"):
            check_contraction(OBJ, rule, 0.5, domain)
    for solver in (eqt.GradientDescent(torch.tensor([0.1]).double()), eqt.HeavyBall(0.1, torch.tensor([0.1]).double())):
        with pytest.raises(UsageError, match=r"must be one number for one objective, got a tensor of shape \(1,\)"):
            check_contraction(OBJ, solver, 0.9, BALL)
    with pytest.raises(UsageError, match="Solver"):
        check_contraction(OBJ, lambda o, h: h, 0.5, BALL)
    with pytest.raises(UsageError, match="Objective"):
        check_contraction(ENERGY, rule, 0.5, BALL)
    with pytest.raises(UsageError, match="samples"):
        check_contraction(OBJ, rule, 0.5, BALL, samples=0)
    with pytest.raises(UsageError, match="batch"):
        check_contraction(eqt.Objective(ENERGY, OBJ.proposal.expand(2, 4)), rule, 0.5, BALL)
