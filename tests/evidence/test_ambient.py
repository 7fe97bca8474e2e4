"""What the caller has set in torch changes no answer."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import pytest
import torch
from torch import nn

import eqt_theory as eqt


@contextmanager
def _changed(mode: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """Everything set otherwise at once; tests/energies/test_ambient.py takes one at a time."""
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float16)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16), mode():
            yield
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)


def _network() -> tuple[eqt.Objective, torch.Tensor]:
    def made(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    for p in net.parameters():
        p.data = made(*p.shape)
    energy = eqt.FunctionEnergy(lambda h: net(h).sum() + (h @ torch.eye(3) @ h), dim=3)
    f = made(3)
    return eqt.Objective(energy, f, 0.1), f


QUESTIONS: dict[str, Callable[[eqt.Objective, torch.Tensor], object]] = {
    "check_strong_convexity": lambda o, h: eqt.check_strong_convexity(o, 3.0, eqt.Ball(h.tolist(), 1.0), samples=32),
    "check_smoothness": lambda o, h: eqt.check_smoothness(o, 2.0, eqt.Ball(h.tolist(), 1.0), samples=32),
    "measure_curvature": lambda o, h: str(eqt.measure_curvature(o, h)),
    "check_contraction": lambda o, h: eqt.check_contraction(
        o, eqt.GradientDescent(0.05), 0.9, eqt.Ball(h.tolist(), 1.0), samples=16
    ),
    "check_map": lambda o, h: eqt.check_map(o, h),
    "local_certificate": lambda o, h: repr(eqt.local_certificate(eqt.LogSumExp(h.outer(h), h), h, 0.1).rate),
}


@cache
def _usual(question: str) -> object:
    return QUESTIONS[question](*_network())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_does_not_depend_on_what_surrounds_it(
    question: str, mode: Callable[[], AbstractContextManager[object]]
):
    usual, asked_about = _usual(question), _network()
    with _changed(mode):
        found = QUESTIONS[question](*asked_about)
    assert str(found) == str(usual)
    assert getattr(found, "witness", None) == getattr(usual, "witness", None)


W = torch.tensor([[0.5, 0.2, 0.0], [-0.3, 0.4, 0.1], [0.0, -0.2, 0.6]], dtype=torch.float64)


def turned(z: torch.Tensor) -> torch.Tensor:
    return torch.tanh(z @ W.T + 0.1)


def energy_of(h: torch.Tensor) -> torch.Tensor:
    return torch.cosh(h).sum() + (h @ W @ h) / 2


COMPILED: dict[str, Callable[[Callable, eqt.FunctionEnergy], object]] = {
    "measure_jacobian": lambda T, E: eqt.measure_jacobian(T, torch.zeros(3, dtype=torch.float64)),
    "check_lipschitz": lambda T, E: eqt.check_lipschitz(T, 0.75, eqt.Ball([0.0, 0.0, 0.0], 1.0)),
    "check_monotone": lambda T, E: eqt.check_monotone(T, 0.1, eqt.Ball([0.0, 0.0, 0.0], 1.0)),
    "measure_curvature": lambda T, E: eqt.measure_curvature(E, torch.zeros(3, dtype=torch.float64)),
    "check_smoothness": lambda T, E: eqt.check_smoothness(E, 2.5, eqt.Ball([0.0, 0.0, 0.0], 1.0)),
    "solve": lambda T, E: eqt.solve(eqt.FixedPoint(T), eqt.Picard(), start=torch.zeros(3, dtype=torch.float64)).h,
}


@pytest.mark.parametrize("question", COMPILED)
def test_a_compiled_function_is_asked_like_any_other(question: str):
    """Code that torch.compile has made has no second derivatives; the function behind it has."""
    ask = COMPILED[question]
    with torch.no_grad():
        compiled = [torch.compile(f, backend="aot_eager") for f in (turned, energy_of)]
        usual = ask(turned, eqt.FunctionEnergy(energy_of, dim=3))
        assert str(ask(compiled[0], eqt.FunctionEnergy(compiled[1], dim=3))) == str(usual)
