"""parametrize_operators: the decorator, run by pytest itself."""

import pytest
import torch

from eqt_theory import FixedPoint, UsageError
from eqt_theory.testing import OPERATOR_CHECKS, CheckFailed, parametrize_operators
from eqt_theory.testing.faults.operators import DIM, FAULTS, RIGHT, layer
from eqt_theory.testing.operator_parametrize import OperatorCheck


@parametrize_operators([layer, RIGHT["declared"]()], DIM, samples=8)
def test_right_maps(operator, check):
    check(operator)


PROUD = next(fault for fault in FAULTS if fault.name == "too_proud").make()


@parametrize_operators([PROUD], DIM, samples=8, expected_failures={"declared_contraction": "known"})
def test_expected_failures(operator, check):
    check(operator)


def test_a_wrong_map_fails_and_is_named():
    check = next(c for c in OPERATOR_CHECKS if c.__name__ == "declared_contraction")
    with pytest.raises(CheckFailed, match="declared_contraction"):
        OperatorCheck(check, DIM, {"samples": 8}, {})(PROUD)


def test_ids_name_the_map_and_the_check():
    mark = parametrize_operators([layer, layer], DIM).mark
    ids = [case.id for case in mark.args[1]]
    assert len(ids) == 2 * len(OPERATOR_CHECKS) == len(set(ids))
    assert ids[0] == "layer#1-image_is_a_state"


@pytest.mark.parametrize(
    ("operators", "options", "word"),
    [
        ([], {}, "at least one"),
        ([3], {}, "T must be"),
        ([torch.tanh], {"samples": 1}, "samples"),
        ([torch.tanh], {"expected_failures": {"x": "y"}}, "expected_failures"),
        ([FixedPoint(torch.tanh, 2)], {}, "dim must be 2"),
    ],
)
def test_bad_arguments_are_told_at_collection(operators, options, word):
    with pytest.raises(UsageError, match=word):
        parametrize_operators(operators, DIM, **options)
