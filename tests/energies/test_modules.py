"""What a question leaves of a user's modules, wherever they are hidden, and what it does with blank ones."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import eqt_theory as eqt
from eqt_theory.energies.modules import buffers_kept, modules_of
from eqt_theory.testing import check_energy, check_operator

D = 4
AT = torch.linspace(0.1, 0.9, D, dtype=torch.float64)
BALL = eqt.Ball([0.0] * D, 1.0)
GLOBAL = nn.Linear(D, D).double()


class Holder:
    """An object with a model in it, and a method that uses it."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def step(self, h: Tensor) -> Tensor:
        return self.net(h)


HIDINGS: dict[str, Callable[[nn.Module], Callable[..., Tensor]]] = {
    "module": lambda net: net,
    "closure": lambda net: lambda h: net(h),
    "method": lambda net: Holder(net).step,
    "partial": lambda net: partial(lambda net, h: net(h), net),
    "default": lambda net: lambda h, net=net: net(h),
    "module's forward": lambda net: net.forward,
}
QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "check_lipschitz": lambda T: eqt.check_lipschitz(T, 9.0, BALL, samples=4),
    "check_monotone": lambda T: eqt.check_monotone(T, -9.0, BALL, samples=4),
    "measure_jacobian": lambda T: eqt.measure_jacobian(T, AT),
    "diagnose": lambda T: eqt.diagnose(eqt.FixedPoint(T, dim=D), steps=2, start=AT.expand(2, D)),
    "measure_curvature": lambda T: eqt.measure_curvature(eqt.FunctionEnergy(lambda h: T(h).square().sum()), AT),
}


@pytest.mark.parametrize("hide", HIDINGS.values(), ids=HIDINGS)
def test_a_module_is_found_wherever_a_function_hides_it(hide):
    net = nn.Linear(D, D).double()
    assert modules_of(hide(net)) == [net]
    assert modules_of(eqt.FixedPoint(hide(net), D)) == [net]
    assert modules_of(eqt.FunctionEnergy(hide(net)) + eqt.Quadratic(torch.eye(D, dtype=torch.float64))) == [net]


def test_a_module_that_a_function_knows_by_name_is_found():
    assert modules_of(lambda h: GLOBAL(h)) == [GLOBAL]
    assert modules_of(lambda h: sum(map(lambda one: GLOBAL(one), [h]))) == [GLOBAL]
    assert modules_of(lambda h: h) == [] and modules_of(AT) == []


class Slotted:
    __slots__ = ("net",)

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def step(self, h: Tensor) -> Tensor:
        return self.net(h)


class OfAGlobal(eqt.Energy):
    def value(self, h: Tensor) -> Tensor:
        return GLOBAL(h).sum(-1)


class OfAProperty:
    @property
    def net(self) -> nn.Module:
        return IN_A_DICTIONARY["net"]

    def __call__(self, h: Tensor) -> Tensor:
        return self.net(h)


class Unregistered(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.nets = [1.0, net]


IN_A_DICTIONARY = {"net": GLOBAL}
IN_AN_OBJECT = Holder(GLOBAL)


def test_a_module_is_found_wherever_an_object_or_a_class_hides_it():
    net = nn.Linear(D, D)

    class Around:
        def __call__(self, h: Tensor) -> Tensor:
            return net(h)

    class OfAClass:
        shared = net

    for hidden in (Slotted(net), Slotted(net).step, Around(), OfAClass(), {net}, [1.0, net]):
        assert modules_of(hidden) == [net], hidden
    for named in (OfAGlobal(), OfAProperty(), lambda h: IN_AN_OBJECT.step(h)):
        assert modules_of(named) == [GLOBAL], named
    inner = Unregistered(net)
    assert modules_of(nn.Sequential(inner))[1:] == [net]


def test_keyword_defaults_are_seen():
    net = nn.Linear(D, D)

    def step(h: Tensor, *, with_: nn.Module = net) -> Tensor:
        return with_(h)

    assert modules_of(step) == [net]


class Restless(nn.Module):
    """A module of whose buffers nothing stays."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("later", None)
        self.register_buffer("wide", torch.arange(3.0))

    def forward(self, h: Tensor) -> Tensor:
        self.count = self.count + 1
        self.later = torch.ones(2)
        self.register_buffer("new", torch.ones(2))
        self.get_buffer("wide").resize_(5)
        return h


def left_as_it_was(net: Restless) -> bool:
    kept = {name: None if b is None else b.tolist() for name, b in net._buffers.items()}
    return kept == {"count": 0.0, "later": None, "wide": [0.0, 1.0, 2.0]}


def test_buffers_that_come_or_grow_in_a_question_are_gone_after_it():
    net = Restless()
    with buffers_kept(net):
        net(AT)
    assert left_as_it_was(net)


def test_questions_that_overlap_leave_no_trace_of_each_other():
    net = Restless()
    first, second = buffers_kept(net), buffers_kept(lambda h: net(h))
    first.__enter__()
    net(AT)
    second.__enter__()
    first.__exit__(None, None, None)
    net(AT)
    second.__exit__(None, None, None)
    assert left_as_it_was(net)
    with buffers_kept(net):
        net.count += 1
    assert left_as_it_was(net)


def test_buffers_made_in_inference_mode_are_put_back():
    with torch.inference_mode():
        net = nn.BatchNorm1d(D)
        with buffers_kept(net):
            net(torch.arange(2.0 * D).reshape(2, D))
        outside = buffers_kept(net)
        outside.__enter__()
        net(torch.arange(2.0 * D).reshape(2, D))
    outside.__exit__(None, None, None)
    assert net.running_mean is not None and not net.running_mean.any()


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("hide", HIDINGS.values(), ids=HIDINGS)
@pytest.mark.parametrize("norm", ["spectral", "instance"])
def test_buffers_of_training_mode_are_as_they_were(norm: str, hide, question):
    if norm == "spectral":
        net: nn.Module = nn.utils.parametrizations.spectral_norm(nn.Linear(D, D)).double()
    else:
        tracked = nn.InstanceNorm1d(1, track_running_stats=True)
        net = nn.Sequential(nn.Linear(D, D), nn.Unflatten(0, (1, 1, D)), tracked, nn.Flatten(0)).double()
    before = {name: (tensor, tensor.clone()) for name, tensor in net.named_buffers()}
    try:
        question(hide(net))
    except eqt.UsageError as error:
        assert "memory" in str(error)  # a power iteration that goes on is no map
    after = dict(net.named_buffers())
    assert before and all(after[name] is tensor for name, (tensor, _) in before.items())
    assert all(torch.equal(tensor, value) for tensor, value in before.values())
    assert all(part.training for part in net.modules())


class Counting(nn.Module):
    """A map that counts how often it is called, in either mode."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.called = False

    def forward(self, h: Tensor) -> Tensor:
        self.calls, self.called = self.calls + 1, True
        return h / 2


ASKED: dict[str, Callable[[Any], Any]] = {
    "check_energy": lambda net: check_energy(lambda h: net(h).square().sum(), D, on_fail=None, samples=8),
    "check_operator": lambda net: check_operator(net, D, on_fail=None, samples=8),
    "solve": lambda net: eqt.solve(eqt.FixedPoint(net, D), eqt.KrasnoselskiiMann(0.5), AT, max_steps=2),
    "measure_jacobian": lambda net: eqt.measure_jacobian(net, AT),
}


@pytest.mark.parametrize("question", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("training", [True, False])
def test_batteries_and_runs_leave_buffers_as_they_were_in_either_mode(training: bool, question):
    net = Counting().double().train(training)
    question(net)
    assert net.called and net.calls == 0 and net.training is training


@pytest.mark.parametrize("hide", HIDINGS.values(), ids=HIDINGS)
def test_a_lazy_module_without_weights_is_refused(hide):
    # Weights that are drawn under torch.func crash the interpreter.
    net = nn.Sequential(nn.LazyLinear(D), nn.Tanh()).double()
    for question in (*QUESTIONS.values(), lambda T: eqt.solve(eqt.FixedPoint(T, D), eqt.Picard())):
        with pytest.raises(eqt.UsageError, match="lazy parameter"):
            question(hide(net))
    net(AT)
    eqt.measure_jacobian(hide(net), AT)
