"""check_energy: every fault is caught, every energy of the library passes, bad arguments are refused."""

import pytest
import torch
from energies import cases

import eqt_theory as eqt
from eqt_theory.core.verdict import Verdict
from eqt_theory.testing import CheckFailed, check_energy
from eqt_theory.testing.energy_battery import ENERGY_CHECKS, as_energy, energy_name
from eqt_theory.testing.faults.energies import FAULTS, RIGHT, EnergyFault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("seed", [0, 5])
def test_every_fault_is_caught(fault: EnergyFault, seed: int):
    report = check_energy(fault.make(), 3, on_fail=None, seed=seed)
    assert not report.passed
    assert fault.caught_by in [finding.check for finding in report.failed]
    if fault.name != "hidden_float32":  # too rough to judge by, for some seeds
        assert report[fault.caught_by].verdict is Verdict.REFUTED


def test_every_check_catches_a_fault():
    assert {fault.caught_by for fault in FAULTS} == {check.__name__ for check in ENERGY_CHECKS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20


def test_right_energy_passes():
    report = check_energy(RIGHT, 3)
    assert report.passed
    assert len(report) == len(ENERGY_CHECKS) - 1  # it declares no curvature
    assert "12 checks ran" in str(report)


@pytest.mark.parametrize("name", cases.SHARED)
def test_every_energy_of_the_library_passes(name: str):
    energy = cases.SHARED[name]()
    report = check_energy(energy, energy.dim or cases.D, samples=16)
    assert report.passed


def test_declared_curvature_is_looked_at_where_it_is_declared():
    energy = cases.SHARED["double-well"]()
    assert "box" in check_energy(energy, 3)["declared_curvature"].detail


@pytest.mark.parametrize(
    ("declared", "failed"),
    [
        (None, set()),
        (eqt.Curvature(2.0, 101.0), set()),  # 2 (1 + t^2)/(1 - t^2)^2 at t = 0.9 is 100.3
        (eqt.Curvature(2.0, 50.0), {"declared_curvature"}),
        (eqt.Curvature(2.0, 4.5, eqt.Ball([0.0, 0.0], 0.5)), set()),
        (eqt.Curvature(2.0, 4.3, eqt.Ball([0.0, 0.0], 0.5)), {"declared_curvature"}),
    ],
)
def test_an_energy_is_tried_where_it_says_that_it_is_defined(declared, failed):
    barrier = eqt.FunctionEnergy(lambda h: -torch.log(1 - h**2).sum(), declared, domain=eqt.Ball([0.0, 0.0], 0.9))
    report = check_energy(barrier, 2, on_fail=None)
    assert {f.check for f in report.failed} == failed


def test_a_domain_keeps_states_in():
    memory = eqt.EpisodicMemory(torch.tensor([[1.0, 0.0]], dtype=torch.float64))
    with pytest.raises(CheckFailed, match="h must not be zero"):
        check_energy(memory, 2, domain=eqt.Ball([0.0, 0.0], 1.0))
    assert check_energy(memory, 2, domain=eqt.Ball([3.0, 0.0], 1.0)).passed


def test_functions_are_checked_too():
    def bowl(h):
        return h.square().sum(-1)

    assert check_energy(bowl, 4).subject == "bowl"


def test_the_message_shows_the_state():
    with pytest.raises(CheckFailed) as caught:
        check_energy(FAULTS[0].make(), 3)
    assert "gradient_is_that_of_the_value" in str(caught.value)
    assert "h = [" in str(caught.value)


def test_expected_failures_are_strict():
    fault = next(fault for fault in FAULTS if fault.name == "promotes")
    assert check_energy(fault.make(), 3, expected_failures={"float32_agrees": "float64 only"}).passed
    with pytest.raises(CheckFailed, match="expected to fail"):
        check_energy(RIGHT, 3, expected_failures={"float32_agrees": "float64 only"})


def test_same_seed_same_report():
    def shown(seed):
        return [(f.check, f.detail, f.witness) for f in check_energy(FAULTS[0].make(), 3, on_fail=None, seed=seed)]

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)


def test_random_masks_are_caught():
    head = eqt.LinearHead(torch.eye(3, dtype=torch.float64))
    energy = eqt.ResampledMaskedPrediction(head, torch.tensor([0, 1, 2, 0]), seed=0, fraction=0.4)
    failed = [f.check for f in check_energy(energy, 3, on_fail=None, samples=8).failed]
    assert "deterministic" in failed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0}, "dim must be"),
        ({"seed": -1}, "seed must be"),
        ({"samples": 2}, "samples must be"),
        ({"domain": eqt.WholeSpace(3)}, "domain must be"),
        ({"domain": eqt.Ball([0.0], 1.0)}, "domain must be"),
        ({"on_fail": "shout"}, "on_fail"),
        ({"expected_failures": {"nothing": "x"}}, "expected_failures"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(eqt.UsageError, match=message):
        check_energy(RIGHT, **{"dim": 3, **arguments})


def test_bad_energies():
    for energy, message in (
        (7, "energy must be an Energy"),
        (eqt.DoubleWell, "the class DoubleWell"),
        (eqt.Quadratic(torch.eye(3).expand(2, 3, 3).double()), "one energy"),
        (eqt.Quadratic(torch.eye(3)), "float64"),
        (eqt.Quadratic(torch.eye(2, dtype=torch.float64)), "dimension"),
    ):
        with pytest.raises(eqt.UsageError, match=message):
            check_energy(energy, 3)
    assert energy_name(as_energy(eqt.DoubleWell())) == "DoubleWell"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("name", ["quadratic", "confidence-frozen", "memory", "masked-mlp"])
def test_on_cuda(name: str):
    energy = cases.SHARED[name]()
    assert check_energy(energy.to("cuda"), energy.dim or cases.D, samples=16).passed
