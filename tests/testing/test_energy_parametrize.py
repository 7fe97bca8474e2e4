"""parametrize_energies: the decorator, run by pytest itself; what it shares with that of maps is tried there, too."""

from types import SimpleNamespace

import pytest
import torch

from eqt_theory import UsageError
from eqt_theory.testing import ENERGY_CHECKS, CheckFailed, parametrize_energies
from eqt_theory.testing.faults.energies import FAULTS, RIGHT
from eqt_theory.testing.plugin import pytest_collection_modifyitems

DIM = 3
SKEW = next(fault for fault in FAULTS if fault.caught_by == "hessian_is_symmetric").make()


def bowl(h: torch.Tensor) -> torch.Tensor:
    return h.square().sum() + torch.cos(h).sum()


@parametrize_energies([RIGHT, bowl], DIM, samples=8)
def test_right_energies(energy, check):
    check(energy)


def test_a_wrong_energy_fails_the_check_that_is_for_it():
    cases = parametrize_energies([SKEW], DIM, samples=8).mark.args[1]
    (check,) = [case.values[1] for case in cases if case.values[1].name == "hessian_is_symmetric"]
    with pytest.raises(CheckFailed, match="hessian_is_symmetric"):
        check(SKEW)


def test_each_energy_and_check_is_a_test_of_its_own():
    mark = parametrize_energies([bowl, bowl], DIM).mark
    assert mark.args[0] == ("energy", "check")
    ids = [case.id for case in mark.args[1]]
    assert len(ids) == 2 * len(ENERGY_CHECKS) == len(set(ids))
    assert ids[0] == "bowl#1-shapes"


@pytest.mark.parametrize(
    ("energies", "options", "word"),
    [
        ([], {}, "energies must hold at least one energy"),
        (RIGHT, {}, "put a single one in brackets"),
        (torch.nn.Sequential(torch.nn.Linear(3, 1)), {}, "put a single one in brackets"),
        ([3], {}, "energy must be an Energy or a function"),
        ([bowl], {"samples": 1}, "samples"),
        ([bowl], {"nothing": 1}, "nothing"),
        ([bowl], {"expected_failures": {"x": "y"}}, "expected_failures"),
        ([bowl], {"seconds": 0}, "seconds"),
    ],
)
def test_bad_arguments_are_told_at_collection(energies, options, word):
    with pytest.raises((UsageError, TypeError), match=word):
        parametrize_energies(energies, DIM, **options)


def test_options_of_pytest_reach_it():
    checks = [case.values[1] for case in parametrize_energies([SKEW], DIM, samples=8).mark.args[1]]
    items = [SimpleNamespace(callspec=SimpleNamespace(params={"check": check})) for check in checks]
    given = {
        "accuracy": None,
        "expect": ["hessian_is_symmetric=known"],
        "fail_fast": True,
        "examples": "9",
        "seed": "3",
    }
    pytest_collection_modifyitems(SimpleNamespace(getoption=lambda name: given.get(name.removeprefix("eqt_"))), items)
    (shared,) = {id(check.shared): check.shared for check in checks}.values()
    assert shared.options == {"samples": 9, "seed": 3}
    assert shared.fail_fast
    (one,) = [check for check in checks if check.name == "hessian_is_symmetric"]
    with pytest.raises(pytest.xfail.Exception, match="known"):
        one(SKEW)
