"""What the caller has set in torch changes no answer of a solver or a battery, and is left as it was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.testing import check_energy, check_solver
from eqt_theory.testing.faults.right import exact_solve


@contextmanager
def _default(setter: Callable, getter: Callable, value: object) -> Iterator[None]:
    held = getter()
    setter(value)
    try:
        yield
        assert getter() == (torch.device(value) if isinstance(value, str) else value)
    finally:
        setter(held)


def _set_device(device: torch.device | str) -> None:
    # None where it is the CPU: a device that is set by name is looked up at every operation of all tests that follow.
    torch.set_default_device(None if device == torch.device("cpu") else device)


STATES = {
    "float16": lambda: _default(torch.set_default_dtype, torch.get_default_dtype, torch.float16),
    "float64": lambda: _default(torch.set_default_dtype, torch.get_default_dtype, torch.float64),
    "meta": lambda: _default(_set_device, torch.get_default_device, "meta"),
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


def _objective() -> eqt.Objective:
    A = torch.tensor([[2.0, 0.3], [0.3, 1.0]], dtype=torch.float64, device="cpu")
    proposal = torch.tensor([1.0, -1.0], dtype=torch.float64, device="cpu")
    return eqt.Objective(0.5 * eqt.Quadratic(A) + eqt.FunctionEnergy(lambda h: torch.cos(h).sum()), proposal)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("solver", [eqt.GradientDescent(0.2), eqt.NewtonCG(), eqt.Anderson(0.2)])
def test_solve(state: str, solver: eqt.Solver):
    plain = eqt.solve(_objective(), solver)
    with STATES[state]():
        again = eqt.solve(_objective(), solver)
    assert torch.equal(plain.h, again.h) and plain.status is again.status is eqt.Status.CONVERGED


@pytest.mark.parametrize("state", STATES)
def test_the_batteries(state: str):
    def told() -> list:
        reports = (
            check_solver(exact_solve, max_examples=1, on_fail=None, max_shrinks=0),
            check_energy(eqt.FunctionEnergy(lambda h: torch.cos(h).sum()), 2, samples=8, on_fail=None),
        )
        return [(f.check, f.verdict, f.detail) for report in reports for f in report]

    plain = told()
    with STATES[state]():
        assert told() == plain


@pytest.mark.parametrize("state", ["float16", "meta", "autocast"])
def test_derivatives(state: str):
    f = torch.tensor([1.0, -1.0], dtype=torch.float64, requires_grad=True)

    def slopes() -> list:
        objective = eqt.Objective(eqt.FunctionEnergy(lambda h: torch.cos(h).sum() / 2), f)
        ends = eqt.solve_implicit(objective, eqt.Newton()).h, eqt.unroll(objective, eqt.GradientDescent(0.3), 20)
        return [torch.autograd.grad(h.sum(), f)[0].tolist() for h in ends]

    plain = slopes()
    with STATES[state]():
        assert slopes() == plain
