"""Every long call of evidence shows how far it is, ends when its seconds are over, and then finds nothing out.

The clock is a false one, on which each look takes a second: no test waits, and every run is the same.
"""

import itertools
import math

import pytest
import sympy as sp
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory.core import budget as room
from eqt_theory.engines.gram import SmoothClass, Space
from eqt_theory.evidence.diagnosis.result import Behaviour

XY = Space(("x", "y"))
X, Y = XY.vectors
BALL = eqt.Ball([0.0, 0.0, 0.0], 1.0)
MATRIX = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))[0] * 0.9


class Calls:
    """A function that counts how often it is called, one state at a time."""

    def __init__(self, fn):
        self.fn, self.count = fn, 0

    def __call__(self, h):
        self.count += 1
        return self.fn(h)


@pytest.fixture
def clock(monkeypatch):
    seconds = itertools.count()
    monkeypatch.setattr(room.time, "monotonic", lambda: float(next(seconds)))


def a_map():
    return Calls(lambda h: torch.tanh(h @ MATRIX.mT) if float(h.detach().sum()) < 1e9 else h)


def an_energy():
    return Calls(lambda h: torch.cosh(h).sum() if float(h.detach().sum()) < 1e9 else h.sum())


def of_energy(fn):
    return eqt.Objective(eqt.FunctionEnergy(fn, dim=3), torch.ones(3, dtype=torch.float64), gamma=1.0)


LONG = {
    "check_lipschitz": (a_map, lambda fn, **k: eqt.check_lipschitz(fn, 0.95, BALL, **k)),
    "check_monotone": (a_map, lambda fn, **k: eqt.check_monotone(fn, -1.0, BALL, **k)),
    "check_contraction of a map": (
        a_map,
        lambda fn, **k: eqt.check_contraction(eqt.FixedPoint(fn, dim=3), rate=0.95, domain=BALL, **k),
    ),
    "check_contraction": (
        an_energy,
        lambda fn, **k: eqt.check_contraction(of_energy(fn), eqt.GradientDescent(0.1), 0.95, BALL, samples=8, **k),
    ),
    "check_map": (an_energy, lambda fn, **k: eqt.check_map(of_energy(fn), torch.zeros(3, dtype=torch.float64), **k)),
    "check_strong_convexity": (
        an_energy,
        lambda fn, **k: eqt.check_strong_convexity(eqt.FunctionEnergy(fn, dim=3), 0.5, BALL, samples=8, **k),
    ),
    "check_smoothness": (
        an_energy,
        lambda fn, **k: eqt.check_smoothness(eqt.FunctionEnergy(fn, dim=3), 9.0, BALL, samples=8, **k),
    ),
}


SYMBOLS = sp.symbols("m M alpha", positive=True)
PROOFS = {
    "prove_rate": lambda **k: eqt.prove_rate(
        lambda m, M, alpha: eqt.GradientDescent(alpha), SYMBOLS, 1 - SYMBOLS[2] * SYMBOLS[0], m=SYMBOLS[0],
        M=SYMBOLS[1], where=[SYMBOLS[0] < SYMBOLS[1], SYMBOLS[2] * SYMBOLS[1] <= 1], **k,
    ),
    "rate": lambda **k: eqt.rate(
        lambda M: eqt.GradientDescent(1 / M), SmoothClass(*SYMBOLS[:2]), where=[SYMBOLS[0] < SYMBOLS[1]], **k
    ),
    "prove_by_multipliers": lambda **k: eqt.prove_by_multipliers(
        [], (X + Y).norm2 <= 4, [X.norm2 <= 1, Y.norm2 <= 1], XY, **k
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", PROOFS.values(), ids=PROOFS)
def test_a_proof_obeys_its_budget(call, clock):
    lines = []
    found = call(seconds=3, progress=lines.append)
    assert (found.verdict, found.method) == (eqt.Verdict.INCONCLUSIVE, eqt.Method.SMT)
    assert "not finished: the 3 s were over while " in found.detail
    assert lines


SEARCHES = {
    "certify_rate": lambda **k: eqt.certify_rate(eqt.TripleMomentum.optimal(1, 10), 1, 10, **k),
    "certify_rate of a claim": lambda **k: eqt.certify_rate(eqt.HeavyBall.optimal(1, 25), 1, 25, 0.7, **k),
    "bound_after": lambda **k: eqt.bound_after(eqt.GradientDescent(0.1), 2, 0, 10, **k),
}


@pytest.mark.parametrize("call", SEARCHES.values(), ids=SEARCHES)
def test_a_search_for_a_certificate_tells_how_far_it_is_and_finds_the_same(call, clock):
    lines = []
    found = call(progress=lines.append)
    assert any("looking for" in line for line in lines)
    assert found.certificate == call().certificate


@pytest.mark.parametrize(("function", "call"), LONG.values(), ids=LONG)
def test_a_check_obeys_its_budget(function, call, clock):
    fn, lines = function(), []
    found = call(fn, seconds=12, progress=lines.append)
    assert found.verdict is eqt.Verdict.INCONCLUSIVE
    assert "not finished: the 12 s were over while " in found.detail
    assert fn.count <= 60  # a look at the clock between any few calls of the function
    assert lines
    assert all(line.endswith(" s") for line in lines)


def test_a_network_is_bounded_within_a_budget(clock):
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    found = eqt.certify_lipschitz(network, domain=BALL, seconds=3)
    assert found.verdict is eqt.Verdict.INCONCLUSIVE
    assert "not finished" in found.detail


@pytest.mark.parametrize("seconds", [1e-9, 1.5, 2.5, 3.5])
def test_measurements_end_at_any_moment_with_what_they_have(seconds, clock):
    x = torch.ones(300, dtype=torch.float64)
    found = eqt.measure_curvature(eqt.FunctionEnergy(lambda h: (h**4).sum()), x, seconds=seconds)
    assert "not finished" in found.method
    for d in (3, 300):
        part = eqt.measure_jacobian(torch.tanh, torch.ones(d, dtype=torch.float64), seconds=seconds)
        assert "not finished" in part.note


def test_enough_seconds_change_nothing():
    fn = a_map()
    one, other = eqt.check_lipschitz(fn, 0.95, BALL), eqt.check_lipschitz(fn, 0.95, BALL, seconds=1e6)
    assert one == other
    assert one.verdict is eqt.Verdict.SUPPORTED


@pytest.mark.parametrize("seconds", [2, 8, 40])
@pytest.mark.parametrize("d", [3, 300])
def test_a_jacobian_cut_off_is_enclosed_by_what_was_seen(d, seconds, clock):
    matrix = torch.randn(d, d, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) / d**0.5
    whole = eqt.measure_jacobian(lambda h: h @ matrix.mT, torch.zeros(d, dtype=torch.float64))
    part = eqt.measure_jacobian(lambda h: h @ matrix.mT, torch.zeros(d, dtype=torch.float64), seconds=seconds)
    if not part.note:
        assert part == whole
        return
    assert "not finished" in part.note
    for name in ("spectral_radius", "norm", "symmetric_min"):
        cut, true = getattr(part, name), getattr(whole, name)
        assert cut.low <= true <= cut.high
    assert part.products <= seconds + 2


def test_curvature_cut_off_says_that_nothing_is_certain(clock):
    weights = torch.linspace(1, 5, 300, dtype=torch.float64)
    energy = eqt.FunctionEnergy(lambda h: (weights * h.square()).sum() / 2)
    found = eqt.measure_curvature(energy, torch.ones(300, dtype=torch.float64), seconds=9)
    assert "not finished" in found.method
    assert 1 <= float(found.lambda_min) <= float(found.lambda_max) <= 5
    assert found.lambda_min.residual == found.lambda_max.residual == math.inf
    whole = eqt.measure_curvature(energy, torch.ones(300, dtype=torch.float64), seconds=1e6)
    assert whole.method == "lanczos"
    assert float(whole.lambda_min) == pytest.approx(1)


@pytest.mark.parametrize("seconds", [0, -1.0, math.nan, "1", True])
def test_seconds_are_a_positive_number(seconds):
    with pytest.raises(eqt.UsageError, match="seconds must be a positive finite number or None"):
        eqt.check_lipschitz(MATRIX, 1.0, BALL, seconds=seconds)


def test_a_function_that_vmap_refuses_is_told_once():
    found = eqt.check_strong_convexity(eqt.FunctionEnergy(an_energy().fn, dim=3), 0.5, BALL, samples=8)
    assert found.verdict is eqt.Verdict.SUPPORTED
    assert found.note.count("state by state") == 1
    assert "torch.func.vmap refuses it" in found.note
    found = eqt.check_lipschitz(a_map().fn, 0.95, BALL)
    assert found.note.count("state by state") == 1
    assert not eqt.check_lipschitz(lambda h: torch.tanh(h @ MATRIX.mT), 0.95, BALL).note


@pytest.mark.parametrize("seconds", [1e-9, 3, 10, 40, 100, 160, 240])
def test_a_diagnosis_ends_at_any_moment_with_what_it_has(seconds, clock):
    generator = torch.Generator().manual_seed(0)
    proposals = torch.randn(4, 3, dtype=torch.float64, generator=generator)
    objective = eqt.Objective(eqt.FunctionEnergy(lambda h: torch.cosh(h).sum(), dim=3), proposals, gamma=1.0)
    lines = []
    options = {"predict": lambda h: h[..., :2], "targets": torch.tensor([0, 1, 0, 1])}
    part = eqt.diagnose(objective, 0.3, 8, **options, seconds=seconds, progress=lines.append)
    whole = eqt.diagnose(objective, 0.3, 8, **options)
    assert not whole.note
    assert all(line.endswith(" s") for line in lines)
    if not part.note:
        assert part.to_dict() == whole.to_dict()
        return
    assert part.verdict[0].startswith(f"Not finished: the {seconds:g} s were over while ")
    assert set(part.behaviour) <= {Behaviour.UNKNOWN, *whole.behaviour}
    for ours, right in ((part.moved, whole.moved), (part.at_proposal.lambda_max, whole.at_proposal.lambda_max)):
        assert torch.equal(ours[~ours.isnan()], right[~ours.isnan()])
    assert part.predictions is None
    assert not part.found.any() or part.found.equal(whole.found)
    assert not any("strongly convex" in line for line in (*part.verdict, *part.advice))
    assert part.to_dict()["equilibria_found"] == int(part.found.sum())
    assert part._repr_html_()


def test_what_a_diagnosis_has_grows_with_its_seconds(clock):
    proposals = torch.ones(2, 3, dtype=torch.float64)
    objective = eqt.Objective(eqt.FunctionEnergy(lambda h: torch.cosh(h).sum(), dim=3), proposals, gamma=1.0)
    found = [eqt.diagnose(objective, 0.3, 8, seconds=s) for s in (1e-9, 40, 120)]
    assert [bool(f.at_proposal.known.all()) for f in found] == [False, True, True]
    assert [bool(f.moved.isfinite().all()) for f in found] == [False, False, True]
    assert [f.overall.name for f in found] == ["UNKNOWN", "UNKNOWN", "CONVERGES"]


@pytest.mark.parametrize("seconds", [1e-9, 20, 90, 100, 110])
def test_a_diagnosis_of_a_map_ends_at_any_moment(seconds, clock):
    problem, start = eqt.FixedPoint(lambda h: torch.tanh(h @ MATRIX.mT), dim=3), torch.eye(3, dtype=torch.float64)
    part, whole = (eqt.diagnose(problem, steps=40, start=start, seconds=s) for s in (seconds, None))
    assert not whole.note
    if not part.note:
        assert part.to_dict() == whole.to_dict()
        return
    assert part.verdict[0].startswith(f"Not finished: the {seconds:g} s were over while ")
    for i in range(3):
        assert not part.found[i] or part.behaviour[i] is whole.behaviour[i]
    assert not part.advice


def paper_terms() -> eqt.WeightedSum:
    generator = torch.Generator().manual_seed(0)
    head = eqt.LinearHead(0.1 * torch.randn(4, 3, generator=generator, dtype=torch.float64))
    memory = eqt.EpisodicMemory(torch.randn(4, 3, generator=generator, dtype=torch.float64), tau=1.0)
    return eqt.WeightedSum([(1.0, eqt.Confidence(head)), (0.1, memory)])


def test_no_certificate_comes_of_seconds_that_were_over(clock):
    f = torch.full((3,), 4.0, dtype=torch.float64)
    lines = []
    found = eqt.local_certificate(paper_terms(), f, 0.1, seconds=2, progress=lines.append)
    assert not found.holds
    assert found.radius is found.rate is found.m is None
    assert found.reason.startswith("not finished: the 2 s were over")
    assert lines
    assert eqt.local_certificate(paper_terms(), f, 0.1, seconds=1e9).holds


def test_the_largest_gamma_found_in_time_has_a_certificate(clock):
    f = torch.full((3,), 4.0, dtype=torch.float64)
    whole = eqt.largest_gamma(paper_terms(), f)
    assert not whole.note
    found = [eqt.largest_gamma(paper_terms(), f, seconds=s) for s in (1e-9, 12, 20, 24, 30)]
    assert all(gamma.note.startswith("not finished: the ") for gamma in found)
    assert found == sorted(found)
    assert found[0] == 0 < found[2] < found[-1] < whole < math.inf
    assert all(eqt.local_certificate(paper_terms(), f, float(gamma)).holds for gamma in found if gamma)
    assert eqt.largest_gamma(paper_terms(), f, seconds=1e9) == whole


def test_a_budget_around_a_diagnosis_or_a_run_ends_it(clock):
    problem = eqt.FixedPoint(lambda h: torch.tanh(h @ MATRIX.mT), dim=3)
    for call in (
        lambda: eqt.diagnose(problem, steps=40, seconds=1e9),
        lambda: eqt.solve(of_energy(lambda h: torch.cosh(h).sum()), eqt.GradientDescent(1e-3), max_steps=10**6),
    ):
        with pytest.raises(room.OverBudget), room.budget(5):
            call()
