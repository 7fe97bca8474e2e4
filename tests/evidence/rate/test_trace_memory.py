"""A memory that a solver's class, its bases and their descriptors keep, which the tracer must see."""

import ctypes
import functools
import io
import os
import weakref

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.base import Solver


class Descent(Solver):
    """Gradient descent whose step is longer once it has been asked for a thousand times."""

    def init(self, objective, h):
        return eqt.State(h)

    def step(self, objective, state):
        return eqt.State(state.h - (0.1 if self.count() < 1000 else 0.2) * objective.gradient(state.h))


class OfADefault(Descent):
    calls = 0

    def count(self):
        self.calls += 1
        return self.calls


class Shared(Descent):
    calls = 0

    def count(self):
        Shared.calls += 1
        return Shared.calls


class OfABase(Shared):
    pass


NOTES = [0]


def noted():
    NOTES[0] += 1
    return NOTES[0]


class ByABase(Descent):
    def count(self):
        return noted()


class ByTheBaseOfABase(ByABase):
    pass


class OfAProperty(Descent):
    @property
    def number(self):
        return noted()

    def count(self):
        return self.number


class OfAStaticMethod(Descent):
    @staticmethod
    def count():
        return noted()


class OfAClassMethod(Descent):
    @classmethod
    def count(cls):
        return noted()


class Number:
    def __get__(self, thing, kind):
        return noted()


class OfADescriptor(Descent):
    number = Number()

    def count(self):
        return self.number


class Kind(type(Descent)):
    @property
    def number(cls):
        return noted()


class OfAMetaclass(Descent, metaclass=Kind):
    def count(self):
        return type(self).number


class Listed(list):
    pass


def counted_on(thing, reached=lambda thing: thing):
    """A step rule that counts its steps in an attribute of something that it holds."""

    def step(objective, h):
        known = reached(thing)
        known.calls = getattr(known, "calls", 0) + 1
        return h - (0.1 if known.calls < 1000 else 0.2) * objective.gradient(h)

    return step


def of_two_names():
    """Two closures call what they hold by one name."""

    def outer(held):
        return lambda objective, h: h - 0.1 * min(1, 1000 / inner()) * held * objective.gradient(h)

    def counting(held):
        def count():
            held[0] += 1
            return held[0]

        return count

    inner = counting([0])
    return outer(1.0)


class Slotted:
    __slots__ = ("__calls",)

    def __init__(self):
        self.__calls = 0

    def __call__(self):
        self.__calls += 1
        return self.__calls


def counted(held, up):
    """A step rule whose count is a function's of what it holds."""
    return lambda objective, h: h - (0.1 if up(held) < 1000 else 0.2) * objective.gradient(h)


def up_by_one(held):
    held[0] += 1
    return held[0]


def up_in_a_key(held):
    ((key, _),) = held.items()
    held.clear()
    held[key[0] + 1,] = 0
    return key[0]


def up_by_text(held):
    globals()[held] += 1
    return globals()["COUNTED"]


def up_by_value(held):
    held.value += 1
    return held.value


def counting_object():
    held = Listed([0])
    while True:
        yield up_by_one(held)


def nested(held, levels):
    return held if levels == 0 else [nested(held, levels - 1)]


def up_at_the_bottom(held):
    while isinstance(held[0], list):
        held = held[0]
    return up_by_one(held)


def up_in_a_cache(held):
    return up_by_one(held())


def up_by_misses(held):
    held(object())
    return held.cache_info().misses


def up_on_a_class(held):
    held.taken = getattr(held, "taken", 0) + 1
    return held.taken


def up_in_place(held):
    held.zero_()
    return held._version


def up_in_a_file(held):
    held.write("x")
    return held.tell()


COUNTED = 0
KEPT = Listed()
REMEMBERING = {
    **{
        kind.__name__: kind()
        for kind in (
            OfADefault, OfABase, ByABase, ByTheBaseOfABase, OfAProperty, OfAStaticMethod, OfAClassMethod,
            OfADescriptor, OfAMetaclass,
        )
    },
    "two names": of_two_names(),
    "an attribute of a list": counted_on(Listed()),
    "an attribute of a tensor": counted_on(torch.zeros(1)),
    "a weak reference": counted_on(weakref.ref(KEPT), lambda held: held()),
    "an attribute of a library's function": counted_on(torch.nn.functional.softmax),
    "a slot with a mangled name": counted(Slotted(), Slotted.__call__),
    "an old generator of random numbers": counted(np.random.RandomState(0), lambda held: held.rand()),
    "bits of random numbers": counted(np.random.PCG64(0), lambda held: held.random_raw() == 0),
    "an array of objects": counted(np.array([[0], None], dtype=object), lambda held: up_by_one(held[0])),
    "a view of bytes": counted(memoryview(bytearray(8)).cast("q"), up_by_one),
    "a number of C": counted(ctypes.c_int(0), up_by_value),
    "a key": counted({(0,): 0}, up_in_a_key),
    "a global by its name as a text": counted("COUNTED", up_by_text),
    "an object in a generator": counted(counting_object(), next),
    "what a cache holds": counted(functools.lru_cache(lambda: [0]), up_in_a_cache),
    "what a cache without bounds holds": counted(functools.cache(lambda: [0]), up_in_a_cache),
    "how often a cache was asked": counted(functools.cache(lambda x: x), up_by_misses),
    "an attribute of a library's class": counted(torch.nn.Identity, up_on_a_class),
    "how often a tensor was changed in place": counted(torch.zeros(1), up_in_place),
    "a place in a file": counted(io.StringIO(), up_in_a_file),
    "far inside": counted(nested([0], 12), up_at_the_bottom),
}  # fmt: skip


@pytest.mark.parametrize("name", REMEMBERING)
def test_a_hidden_count_of_steps_is_refused(name):
    with pytest.raises(eqt.UsageError, match=r"cannot be traced: a step changes .* not in its state"):
        eqt.trace(REMEMBERING[name])


@functools.lru_cache
def table():
    return {"step size": 0.1}


@functools.lru_cache(maxsize=2)
def step_size(dim, *, share):
    return [share] * dim


@pytest.mark.parametrize("size", [lambda h: table()["step size"], lambda h: step_size(h.shape[-1], share=0.1)[0]])
def test_a_cache_that_only_remembers_is_no_memory(size):
    found = eqt.certify_rate(lambda objective, h: h - size(h) * objective.gradient(h), 1, 10)
    assert found.verdict is eqt.Verdict.CERTIFIED and found.enclosures["rate"] == pytest.approx(0.9)


def test_what_nobody_looks_at_shows_in_many_steps(tmp_path):
    path = str(tmp_path / "count")

    def counted_in_a_file(objective, h):
        with open(path, "a") as file:  # noqa: PTH123  a Path remembers its text
            file.write("x")
        return h - (0.1 if os.path.getsize(path) < 100 else 0.2) * objective.gradient(h)

    with pytest.raises(eqt.UsageError, match="cannot be traced: on ordinary tensors"):
        eqt.trace(counted_in_a_file)


def test_what_only_stands_on_a_class_is_no_memory():
    class Constant(Descent):
        calls = 5
        by_name = {("a", 1): 2, ("a", 2): 3}  # noqa: RUF012

        def count(self):
            return self.calls

    assert eqt.certify_rate(Constant(), 1, 10).verdict is eqt.Verdict.CERTIFIED
