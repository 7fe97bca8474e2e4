"""Counts of steps that a state hides, as in an iterator or a deque of it, are no reason to take it for the same."""

import itertools
import random
from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import eqt_theory as eqt


class Bag(dict):
    h = property(lambda self: self["h"])


class _Place:
    __slots__ = ("n",)

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return True


class _Row(deque):
    pass


@dataclass
class _More:
    h: torch.Tensor


def _more(n, h):
    state: Any = _More(h)
    state.n = n
    return state


def _attribute(n, h):
    state: Any = Bag(h=h)
    state.n = n
    return state


def _raised(place):
    place.n += 1
    return place.n


def _turned(row):
    row.rotate(-1)
    return row[0]


_LATE = 1000
"""After how many steps the methods below take longer ones."""


@pytest.mark.parametrize(
    ("init", "count", "after"),
    [
        (lambda h: Bag(h=h, x=itertools.count().__next__), lambda s: s["x"](), lambda s, h: Bag(s, h=h)),
        (lambda h: Bag(h=h, x=_Row(range(2000))), lambda s: _turned(s["x"]), lambda s, h: Bag(s, h=h)),
        (lambda h: Bag(h=h, x=_Place(0)), lambda s: _raised(s["x"]), lambda s, h: Bag(s, h=h)),
        (lambda h: Bag(h=h, x=_Place(0)), lambda s: s["x"].n, lambda s, h: Bag(h=h, x=_Place(s["x"].n + 1))),
        (lambda h: Bag(h=h, x=torch.zeros(())), lambda s: int(s["x"].add_(1)), lambda s, h: Bag(s, h=h)),
        (lambda h: Bag(h=h, x=random.Random(5)), lambda s: s["x"].randrange(1001), lambda s, h: Bag(s, h=h)),
        (lambda h: _more(0, h), lambda s: s.n, lambda s, h: _more(s.n + 1, h)),
        (lambda h: _attribute(0, h), lambda s: s.n, lambda s, h: _attribute(s.n + 1, h)),
        (lambda h: Bag({"h": h, 1: 0, "1": 0}), lambda s: s[1], lambda s, h: Bag({"h": h, 1: s[1] + 1, "1": 0})),
        (lambda h: Bag(h=h, x=h.clone()), lambda s: 50 * s["x"].dim(), lambda s, h: Bag(h=h, x=s["x"].unsqueeze(0))),
    ],
    ids=["next", "deque", "in place", "equal", "tensor", "drawn", "undeclared", "attribute", "keys", "dimensions"],
)
def test_a_count_that_a_state_hides_is_no_period(init, count, after):
    class Hiding(eqt.Solver):
        def init(self, objective, h):
            return init(h)

        def step(self, objective, state):
            size = 0.1 if count(state) < _LATE else 0.5
            return after(state, state.h - size * objective.gradient(state.h))

    with pytest.raises(eqt.UsageError, match="cannot be traced"):
        eqt.trace(Hiding())


def test_a_namespace_is_followed():
    class Kept(eqt.Solver):
        def init(self, objective, h):
            return SimpleNamespace(h=h, n=0)

        def step(self, objective, state):
            size = (0.1, 0.15)[state.n % 2]
            return SimpleNamespace(h=state.h - size * objective.gradient(state.h), n=state.n + 1)

    assert eqt.trace(Kept()).period == 2
