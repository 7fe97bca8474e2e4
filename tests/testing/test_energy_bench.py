import torch

import eqt_theory as eqt
from eqt_theory.core.finding import ReplayLine
from eqt_theory.core.verdict import Verdict
from eqt_theory.testing.energy_bench import EnergyBench

BENCH = EnergyBench(eqt.DoubleWell(), eqt.Ball([0.0, 0.0], 3.0), True, samples=10)


def test_states_lie_in_the_domain_without_its_centre():
    states = BENCH.states()
    assert states.shape == (10, 2)
    assert bool((states.norm(dim=-1) <= 3).all())
    assert bool((states.norm(dim=-1) > 0).all())
    given = EnergyBench(eqt.DoubleWell(), eqt.Ball([1.0, 0.0], 3.0), False)
    assert given.states(5)[0].tolist() == [1.0, 0.0]
    assert torch.equal(BENCH.states(), BENCH.states())


def test_directions_are_unit_vectors_and_start_with_the_axes():
    v = BENCH.directions(BENCH.states())
    assert torch.allclose(v.norm(dim=-1), torch.ones(10, dtype=torch.float64))
    assert torch.equal(v[:2], torch.eye(2, dtype=torch.float64))


def test_the_smallest_state_is_named():
    states = BENCH.states()
    one = torch.zeros(10, dtype=torch.float64)
    other = torch.arange(10, dtype=torch.float64)
    finding = BENCH.compared(one, other, torch.full_like(one, 3.5), states, "equal")
    assert finding.verdict is Verdict.REFUTED
    smallest = min(range(4, 10), key=lambda i: float(states[i].norm()))
    assert finding.witness["h"] == states[smallest].tolist()


def test_nan_is_a_difference_and_no_tolerance_is_no_answer():
    states, one = BENCH.states(), torch.zeros(10, dtype=torch.float64)
    nan = BENCH.compared(one, one * torch.nan, one + 1, states, "equal")
    assert nan.verdict is Verdict.REFUTED
    unknown = BENCH.compared(one, one, one + torch.inf, states, "equal")
    assert unknown.verdict is Verdict.INCONCLUSIVE


def test_verdict_follows_the_lines():
    good, bad = ReplayLine("a", True), ReplayLine("b", False, "1 against 2")
    assert BENCH.verdict([good], {}, "x", 1).verdict is Verdict.SUPPORTED
    assert "1 against 2" in BENCH.verdict([good, bad], {"h": 0}, "x", 1).detail


def test_a_tolerance_of_zero_allows_a_rounding_and_no_more():
    states, one = BENCH.states(), torch.ones(10, dtype=torch.float64)
    exact = torch.zeros_like(one)
    assert BENCH.compared(one, one * (1 + 2.0**-52), exact, states, "equal").verdict is Verdict.SUPPORTED
    finding = BENCH.compared(one, one * (1 + 2.0**-46), exact, states, "equal")
    assert finding.verdict is Verdict.REFUTED
    left, right = finding.replay.conclusions[0].margin.split(",")[0].split(" against ")
    assert left != right
