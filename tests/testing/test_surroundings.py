import random

import numpy as np
import pytest
import torch

from eqt_theory.testing.battery import run_battery
from eqt_theory.testing.solver_battery import solver_bench
from eqt_theory.testing.solver_checks.surroundings import leaves_its_surroundings


def _report(step):
    bench = solver_bench(step, max_examples=2, max_shrinks=0)
    return run_battery("step", [leaves_its_surroundings], bench, on_fail=None)


def _descent(before):
    def step(objective, h):
        before()
        return h - 0.1 * objective.gradient(h)

    return step


@pytest.fixture
def _dtype():
    held = torch.get_default_dtype()
    yield
    torch.set_default_dtype(held)


@pytest.mark.parametrize(
    ("set_", "name"),
    [
        (lambda: torch.default_generator.manual_seed(3), "the seed of torch's random generator"),
        (
            lambda: torch.rand(1, generator=torch.default_generator.manual_seed(3)),
            "the seed of torch's random generator",
        ),
        (lambda: np.random.seed(3), "the seed of NumPy's random generator"),  # noqa: NPY002
        (lambda: random.seed(3), "the seed of Python's random generator"),
        (lambda: torch.set_grad_enabled(False), "whether autograd records"),
        (lambda: torch.set_default_dtype(torch.float64), "torch's default dtype"),
    ],
)
def test_what_is_set_is_named(set_, name, _dtype):
    report = _report(_descent(set_))
    assert report.failed and name in report.explain()
    assert "it set " + name in report.explain()


@pytest.mark.parametrize("draw", [lambda: torch.rand(2), lambda: np.random.random(), random.random, lambda: None])  # noqa: NPY002
def test_drawing_numbers_is_not_setting_a_seed(draw):
    assert _report(_descent(draw)).passed


def test_the_check_itself_changes_nothing():
    before = torch.get_default_dtype(), torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    assert _report(_descent(lambda: None)).passed
    assert torch.get_default_dtype() is before[0] and torch.equal(torch.get_rng_state(), before[1])
    assert (np.random.get_state()[1] == before[2]).all()  # noqa: NPY002


def test_a_step_that_raises_is_left_to_the_other_checks():
    def fails(objective, h):
        raise RuntimeError("no")

    assert _report(fails).passed
