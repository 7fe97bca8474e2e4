"""Costs of the arms: FLOPs that can be counted by hand, ratios, every arm and K once."""

import pytest
from models.cases import DEVICES, small

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.arm_cost import measure_arm_costs, refines
from eqt_theory.models.study.repaired import TASKS, RepairArm, RepairSettings

SETTINGS = RepairSettings(small())
TASK = TASKS["parity"]


def test_flops_by_hand_and_every_arm_once() -> None:
    costs = list(measure_arm_costs(SETTINGS, TASK, (4,), (0, 3), repeats=1, tokens=16))
    assert [c.arm for c in costs] == [arm for arm in RepairArm for _ in range(2 if refines(arm) else 1)]
    by = {(c.arm, c.steps): c for c in costs}
    standard, width = by[RepairArm.STANDARD, None], SETTINGS.config.width
    coupling = 2 * width**2  # one layer; the steps themselves multiply no matrices
    for arm in (RepairArm.CAUSAL, RepairArm.JOINT, RepairArm.FROZEN):
        assert by[arm, 3].inference_flops == standard.inference_flops + coupling
    assert by[RepairArm.CAUSAL, 0].inference_flops == standard.inference_flops, "no step asks for no coupling"
    ridge = by[RepairArm.RIDGE, 3].inference_flops - by[RepairArm.CAUSAL, 3].inference_flops
    assert ridge >= 3 * 4 * width * 32 * (1 - 1e-9), "two products with 32 rows in each step"
    assert by[RepairArm.SCAN, None].inference_flops == by[RepairArm.CAUSAL, 3].inference_flops
    assert 1 < by[RepairArm.THREE, None].over(standard)[0] < by[RepairArm.FOUR, None].over(standard)[0] < 2
    assert standard.over(standard) == (1, 1, 1, 1)
    assert all(c.training_flops > c.inference_flops > 0 < c.inference_seconds for c in costs)


@pytest.mark.parametrize("device", DEVICES)
def test_devices(device: str) -> None:
    costs = list(measure_arm_costs(SETTINGS, TASK, (4,), (2,), device, repeats=1, tokens=8))
    assert len(costs) == len(RepairArm)


@pytest.mark.parametrize(("lengths", "steps"), [((), (0,)), ((0,), (0,)), ((4,), ()), ((4,), (-1,))])
def test_what_is_refused(lengths: tuple, steps: tuple) -> None:
    with pytest.raises(UsageError, match="lengths must be positive"):
        list(measure_arm_costs(SETTINGS, TASK, lengths, steps))
