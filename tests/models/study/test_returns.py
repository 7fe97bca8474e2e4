import copy
import functools
import math

import pytest
import torch
from models.cases import DEVICES, small

from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.study import returns
from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.returns import equilibria, measure_returns
from eqt_theory.solvers.newton import Newton
from eqt_theory.solvers.solve import solve


@pytest.fixture(scope="module")
def model() -> EquilibriumTransformer:
    return EquilibriumTransformer(small(gamma=0.5), 1)


def test_equilibria_are_those_of_another_solver(model: EquilibriumTransformer):
    twin = EquilibriumTransformer(model.config, 1).double().eval()
    objective = twin.states(parity_data(6, 5, 0).bits, steps=0).objective
    star, found = equilibria(objective, 0.1)
    assert bool(found.all())
    other = solve(objective, Newton(), start=star + 1e-3)
    assert bool(other.converged.all()) and float((other.h - star).abs().max()) < 1e-8


def test_errors_fall_with_the_steps_and_rules_are_listed(model: EquilibriumTransformer):
    rows = measure_returns(model, parity_data(10, 6, 0, test=True), steps=(0, 4, 16, 64))
    by_steps = rows[:4]
    assert [row.rule for row in by_steps] == ["K = 0", "K = 4", "K = 16", "K = 64"]
    assert [row.mean_steps for row in by_steps] == [0, 4, 16, 64]
    errors = [row.median_error for row in by_steps]
    assert errors[0] == 1.0 and errors == sorted(errors, reverse=True) and errors[-1] < 1e-3
    assert by_steps[0].flips == 0 and all(row.tokens == 60 >= row.stars > 0 for row in rows)
    rules = {row.rule.split(" (")[0].split(",")[0]: row for row in rows[4:]}
    loose, tight = rules["relative step below 1e-2"], rules["relative step below 1e-5"]
    assert loose.mean_steps < tight.mean_steps <= 64 and loose.median_error > tight.median_error
    assert any("8 or 32 steps by entropy" in row.rule for row in rows)
    assert model.backbone.output.weight.dtype == torch.float32


@pytest.mark.parametrize("device", DEVICES)
def test_every_device(model: EquilibriumTransformer, device: str):
    rows = measure_returns(copy.deepcopy(model).to(device), parity_data(4, 6, 0, test=True).to(device), steps=(0, 64))
    assert rows[1].stars > 0 and rows[1].median_error < 1e-3


def test_equilibria_that_are_not_found_do_not_count(model: EquilibriumTransformer, monkeypatch: pytest.MonkeyPatch):
    data = parity_data(2, 3, 0, test=True)
    monkeypatch.setattr(returns, "equilibria", functools.partial(equilibria, max_steps=2))
    rows = measure_returns(model, data, steps=(0, 2))
    assert rows[0].stars == 0 and rows[0].tokens == 6 and math.isnan(rows[0].median_error)
