"""What the tracer refuses: everything that is no fixed linear method of first order, whichever way it hides."""

import collections
import contextvars
import functools
import itertools
import os
import random
import types
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.rate.unroll import unroll_run
from eqt_theory.solvers.base import Solver

A = 0.1


@dataclass(frozen=True)
class Two:
    h: torch.Tensor
    last: torch.Tensor


def plain(o, h):
    return h - A * o.gradient(h)


def swallows(o, h):
    g = o.gradient(h)
    try:
        a = A if float(g.norm()) > 1 else 2 * A
    except Exception:
        a = A
    return h - a * g


def behind_the_back(o, h):
    x = h.clone()
    g = o.gradient(h)
    with torch._C.DisableTorchFunctionSubclass():
        x.sub_(g)
    return x


def by_type(o, h):
    return h - (A if type(h) is torch.Tensor else 2 * A) * o.gradient(h)


def by_value_where_it_is_read(o, h):
    size = float(h.abs().max()) if type(h) is torch.Tensor else 1.0
    return h - A * min(size, 1.0) * o.gradient(h)


def mixes_a_batch(o, h):
    g = o.gradient(h)
    return h - A * (g if type(g) is not torch.Tensor or g.ndim == 1 else g.mean(0, keepdim=True).expand_as(g))


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self, o, h):
        self.calls += 1
        return h - (A if self.calls < 1000 else 2 * A) * o.gradient(h)


class Buffered(Solver):
    """Keeps its buffer in itself."""

    def init(self, o, h):
        self.buffer = torch.zeros_like(h)
        return Two(h, h)

    def step(self, o, s):
        self.buffer.mul_(0.5).add_(o.gradient(s.h))
        return Two(s.h - A * self.buffer, s.h)


@dataclass(frozen=True)
class Counted:
    h: torch.Tensor
    k: int = 0


class Scheduled(Solver):
    def init(self, o, h):
        return Counted(h)

    def step(self, o, s):
        return Counted(s.h - (A if s.k < 100 else A / 2) * o.gradient(s.h), s.k + 1)


def closure_counter():
    calls = [0]

    def step(o, h):
        calls[0] += 1
        return h - (A if calls[0] < 1000 else 2 * A) * o.gradient(h)

    return step


def iterator_counter():
    count = itertools.count()
    return lambda o, h: h - (A if next(count) < 1000 else 2 * A) * o.gradient(h)


def default_counter(o, h, calls=[]):  # noqa: B006
    calls.append(1)
    return h - (A if len(calls) < 1000 else 2 * A) * o.gradient(h)


_CALLS = {"n": 0}


def global_counter(o, h):
    _CALLS["n"] += 1
    return h - (A if _CALLS["n"] < 1000 else 2 * A) * o.gradient(h)


def counted(count):
    """A step rule whose step length changes once `count`, called once a step, has returned a large number."""
    return lambda o, h: h - (A if count() < 1000 else 2 * A) * o.gradient(h)


class Slots:
    __slots__ = ("calls",)

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.calls


def deque_counter(calls=collections.deque([0])):  # noqa: B006, B008
    calls[0] += 1
    return calls[0]


def bytes_counter(calls=bytearray(2)):  # noqa: B008
    calls[0] += calls[1] // 255
    calls[1] = (calls[1] + 1) % 256
    return calls[0] * 256


_CONTEXT = contextvars.ContextVar("calls", default=0)


def context_counter():
    _CONTEXT.set(_CONTEXT.get() + 1)
    return _CONTEXT.get()


notes = types.ModuleType("notes")
notes.calls = 0


def module_counter():
    notes.calls += 1
    return notes.calls


def environment_counter():
    os.environ["EQT_CALLS"] = str(int(os.environ.get("EQT_CALLS", "0")) + 1)
    return int(os.environ["EQT_CALLS"])


def written_on(chosen):
    """A step rule that counts its steps on something that it is given."""

    def step(o, h):
        thing = chosen(o, h)
        calls = getattr(thing, "calls", 0) + 1
        new = h - (A if calls < 1000 else 2 * A) * o.gradient(h)
        (new if thing is h else thing).calls = calls
        return new

    return step


def own_generator(seed=0):
    generator = random.Random(seed)
    return lambda o, h: h - (A if generator.random() < 0.999999 else 2 * A) * o.gradient(h)


REFUSED = {
    "value": lambda o, h: h - A * o.gradient(h) * (1 if o.value(h) > 0 else 2),
    "norm": lambda o, h: h - A * o.gradient(h) / (1 + o.gradient(h).norm()),
    "clamp": lambda o, h: h - A * o.gradient(h).clamp(-1, 1),
    "branch": lambda o, h: h - (A if bool(h.sum() > 0) else 2 * A) * o.gradient(h),
    "item": lambda o, h: h - (A if h[0].item() > 0 else 2 * A) * o.gradient(h),
    "float of a state": lambda o, h: h - A * float(h.reshape(-1)[:1]) * o.gradient(h),
    "truth of a state": lambda o, h: h - (A if h is not None and (h == h).all() else 0) * o.gradient(h),
    "list": lambda o, h: h - A * torch.tensor(o.gradient(h).tolist(), dtype=torch.float64),
    "numpy": lambda o, h: torch.from_numpy(np.asarray(h) - A * np.asarray(o.gradient(h))),
    "deep numpy": lambda o, h: h - A * torch.from_numpy(o.gradient(h).detach().numpy()),
    "text": lambda o, h: h - (A if "1." in repr(h) else 2 * A) * o.gradient(h),
    "address": lambda o, h: h - (A if h.data_ptr() % 128 else 2 * A) * o.gradient(h),
    "noise": lambda o, h: h - A * o.gradient(h) + 0.01 * torch.randn(h.shape, dtype=h.dtype),
    "noisy step": lambda o, h: h - A * (1 + random.random()) * o.gradient(h),
    "rare noise": lambda o, h: h - (A if torch.rand(()) > 1e-9 else 1.0) * o.gradient(h),
    "numpy noise": lambda o, h: h - (A if np.random.rand() > 1e-9 else 1.0) * o.gradient(h),
    "own generator": own_generator(),
    "method of an own generator": counted(random.Random(0).random),
    "per coordinate": lambda o, h: h - torch.linspace(A, 2 * A, h.shape[-1], dtype=h.dtype) * o.gradient(h),
    "one coordinate": lambda o, h: torch.cat([plain(o, h)[..., :1], h[..., 1:]], -1),
    "dimension": lambda o, h: h - A / h.shape[-1] * o.gradient(h),
    "rank three": lambda o, h: h - (2 * A if h.ndim == 3 else A) * o.gradient(h),
    "requires grad": lambda o, h: h - (2 * A if h.requires_grad else A) * o.gradient(h),
    "rank": lambda o, h: h - (A if h.ndim == 1 else 2 * A) * o.gradient(h),
    "first size": lambda o, h: h - (A if len(h) > 1 else 2 * A) * o.gradient(h),
    "mean over coordinates": lambda o, h: h - A * o.gradient(h).mean(-1, keepdim=True),
    "reversed": lambda o, h: h - A * o.gradient(h).flip(-1),
    "rolled": lambda o, h: h - A * o.gradient(h).roll(1, -1),
    "outer sum": lambda o, h: (h.reshape(-1, 1) - A * o.gradient(h).reshape(1, -1)).sum(0),
    "single precision": lambda o, h: (h.float() - A * o.gradient(h).float()).double(),
    "other precision": lambda o, h: h.to(torch.float32).to(torch.float64) - A * o.gradient(h),
    "bits": lambda o, h: h.view(torch.int64).view(torch.float64) - A * o.gradient(h),
    "square": lambda o, h: h - A * o.gradient(h) * h,
    "elsewhere": lambda o, h: h - A * o.gradient(torch.zeros(h.shape, dtype=h.dtype)),
    "shift": lambda o, h: h - A * o.gradient(h) + 1e-3,
    "decay": lambda o, h: 0.999 * h - A * o.gradient(h),
    "towards the proposal": lambda o, h: 0.9 * h + 0.1 * o.proposal - A * o.gradient(h),
    "no gradient": lambda o, h: 0.5 * (h + o.proposal),
    "hessian": lambda o, h: h - torch.linalg.solve(o.hessian(h), o.gradient(h)),
    "hessian vector": lambda o, h: h - A * o.hessian_vector(h, o.gradient(h)),
    "autograd of values": lambda o, h: h - A * torch.func.grad(lambda x: o.value(x))(h),
    "constants": lambda o, h: h - 2 / (o.m + o.M) * o.gradient(h),
    "curvature": lambda o, h: h - (A if o.energy.curvature is None else 2 * A) * o.gradient(h),
    "mutation": lambda o, h: h.sub_(A * o.gradient(h)),
    "mutation by a view": lambda o, h: h.view(-1).sub_(A * o.gradient(h).view(-1)).view(h.shape),
    "mutation of data": lambda o, h: h.data.sub_(A * o.gradient(h)),
    "infinite": lambda o, h: h - float("inf") * o.gradient(h),
    "division by zero": lambda o, h: h - o.gradient(h) / torch.zeros(()),
    "raises": lambda o, h: h.no_such_thing,
    "out": lambda o, h: torch.sub(h, A * o.gradient(h), out=torch.empty_like(h)),
    "into a plain tensor": lambda o, h: torch.zeros(h.shape, dtype=h.dtype).add_(h - A * o.gradient(h)),
    "swallowed": swallows,
    "behind the back": behind_the_back,
    "by type": by_type,
    "by value where it is read": by_value_where_it_is_read,
    "mixes a batch": mixes_a_batch,
    "counter": Counter(),
    "bound counter": Counter().__call__,
    "partial counter": functools.partial(Counter()),
    "closure counter": closure_counter(),
    "iterator": iterator_counter(),
    "default": default_counter,
    "global": global_counter,
    "cycle": counted(functools.partial(next, itertools.cycle([*range(900), 1000]))),
    "iterator of a list": counted(iter([*range(900), *[1000] * 900]).__next__),
    "slots": counted(Slots()),
    "deque": counted(deque_counter),
    "bytes": counted(bytes_counter),
    "context": counted(context_counter),
    "module": counted(module_counter),
    "environment": counted(environment_counter),
    "on the objective": written_on(lambda o, h: o),
    "on the energy": written_on(lambda o, h: o.energy),
    "on the proposal": written_on(lambda o, h: o.proposal),
    "on the state": written_on(lambda o, h: h),
    "few dimensions": lambda o, h: h - (A if h.numel() > 1 else 2 * A) * o.gradient(h),
    "many dimensions": lambda o, h: h - (A if h.numel() < 200 else 2 * A) * o.gradient(h),
    "buffer in itself": Buffered(),
    "schedule": Scheduled(),
    "our schedule": eqt.ScheduledGradientDescent(lambda k: A / (1 + k)),
    "a count in a test": eqt.ScheduledGradientDescent(lambda k: A if k < 100 else 2 * A),
    "a count in a table": eqt.ScheduledGradientDescent(lambda k: {0: A, 1: A}.get(k, 2 * A)),
    "Newton": eqt.Newton(),
    "Anderson": eqt.Anderson(0.1),
    "backtracking": eqt.BacktrackingGradientDescent(0.1),
    "conjugate gradients": eqt.ConjugateGradients(),
    "scipy": eqt.ScipyLBFGS(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_fixed_linear_method_is_refused(name):
    with pytest.raises(eqt.UsageError, match="cannot be traced"):
        eqt.trace(REFUSED[name])


def test_a_refusal_names_the_operation_and_the_line():
    with pytest.raises(
        eqt.UsageError, match=r"Tensor\.norm .*test_trace_refusals\.py, line \d+: .*float\(g\.norm\(\)\)"
    ):
        eqt.trace(swallows)


def test_what_no_single_line_does_is_said_of_the_step():
    decayed = lambda o, h: 0.999 * h - 0.1 * o.gradient(h)  # noqa: E731
    other = eqt.FISTA(0.1)
    with pytest.raises(eqt.UsageError, match=rf"test_trace_refusals.py, line {decayed.__code__.co_firstlineno}\)"):
        eqt.trace(decayed)
    with pytest.raises(eqt.UsageError, match=rf"test_trace_refusals.py, line {decayed.__code__.co_firstlineno}\)"):
        unroll_run(decayed, 2, 1.0)
    with pytest.raises(eqt.UsageError) as refused:
        eqt.trace(other)
    assert "the step in" not in str(refused.value)  # it is no line of the user's
