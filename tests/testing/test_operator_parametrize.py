"""parametrize_operators: the decorator, run by pytest itself."""

from types import SimpleNamespace

import pytest
import torch

from eqt_theory import FixedPoint, UsageError
from eqt_theory.testing import OPERATOR_CHECKS, CheckFailed, parametrize_operators
from eqt_theory.testing.as_test import CheckAsTest
from eqt_theory.testing.faults.operators import DIM, FAULTS, RIGHT, layer
from eqt_theory.testing.operator_parametrize import OperatorsShared
from eqt_theory.testing.plugin import pytest_collection_modifyitems


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
        CheckAsTest(check, OperatorsShared(DIM, {"samples": 8}))(PROUD)


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
        (torch.eye(DIM, dtype=torch.float64), {}, "put a single one in brackets"),
        ([torch.tanh], {"samples": 1}, "samples"),
        ([torch.tanh], {"expected_failures": {"x": "y"}}, "expected_failures"),
        ([FixedPoint(torch.tanh, 2)], {}, "dim must be 2"),
        ([torch.tanh], {"seconds": 0}, "seconds"),
    ],
)
def test_bad_arguments_are_told_at_collection(operators, options, word):
    with pytest.raises(UsageError, match=word):
        parametrize_operators(operators, DIM, **options)


def test_fail_fast_skips_what_is_left_of_the_map_that_failed():
    mark = parametrize_operators([PROUD, layer], DIM, samples=8, fail_fast=True).mark
    ended = {id(PROUD): [], id(layer): []}
    for case in mark.args[1]:
        operator, check = case.values
        try:
            check(operator)
            ended[id(operator)].append("passed")
        except (CheckFailed, pytest.skip.Exception) as error:
            ended[id(operator)].append("left" if "fail_fast" in str(error) else type(error).__name__)
    proud = ended[id(PROUD)]
    assert proud.count("CheckFailed") == 1
    assert set(proud[proud.index("CheckFailed") + 1 :]) == {"left"}
    assert "left" not in ended[id(layer)]


class Config:
    """Pytest's configuration, as far as the plugin asks for it."""

    def __init__(self, **given):
        self.given = {"accuracy": None, "expect": [], "fail_fast": False, "examples": None, "seed": None} | given

    def getoption(self, name):
        return self.given[name.removeprefix("eqt_")]


def collected(**options):
    """The checks of one decorator, after pytest has collected them with these options."""
    checks = [case.values[1] for case in parametrize_operators([PROUD], DIM, samples=8).mark.args[1]]
    items = [SimpleNamespace(callspec=SimpleNamespace(params={"check": check})) for check in checks]
    pytest_collection_modifyitems(Config(**options), [*items, SimpleNamespace()])
    (shared,) = {id(check.shared): check.shared for check in checks}.values()
    return checks, shared


def test_options_of_pytest_go_before_those_of_the_decorator():
    checks, shared = collected(
        accuracy="1e-6", expect=["declared_contraction=known"], fail_fast=True, examples="9", seed="3"
    )
    assert shared.options == {"samples": 9, "accuracy": 1e-6, "seed": 3}
    assert shared.fail_fast
    (one,) = [check for check in checks if check.name == "declared_contraction"]
    with pytest.raises(pytest.xfail.Exception, match="known"):
        one(PROUD)
    assert collected()[1].options == {"samples": 8}


@pytest.mark.parametrize(
    "wrong",
    [{"seed": "x"}, {"seed": "-1"}, {"accuracy": "2"}, {"accuracy": "x"}, {"examples": "1"},
     {"expect": ["nothing=known"]}, {"expect": ["declared_contraction"]}],
    ids=str,
)  # fmt: skip
def test_unusable_options_of_pytest_are_told_at_collection(wrong):
    with pytest.raises(pytest.UsageError):
        collected(**wrong)
