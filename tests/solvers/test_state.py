from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

from eqt_theory.solvers.state import GradientState, State, joined_states, select_state

INDEX = torch.tensor([2, 0])
X = torch.arange(6.0).reshape(3, 2)


@dataclass(frozen=True, slots=True)
class Slotted:
    h: torch.Tensor
    k: int


class Custom:
    def __init__(self, h):
        self.h, self.first = h, None

    def select(self, index):
        twin = Custom(self.h[index])
        twin.first = "custom"
        return twin


def test_tensors_follow_their_states():
    got = select_state(GradientState(X, 2 * X), INDEX, 3)
    assert type(got) is GradientState
    assert torch.equal(got.h, X[INDEX]) and torch.equal(got.gradient, 2 * X[INDEX])
    Pair = namedtuple("Pair", ["h", "k"])
    pair = select_state(Pair(X, 4), INDEX, 3)
    assert type(pair) is Pair and pair.k == 4 and torch.equal(pair.h, X[INDEX])
    space = SimpleNamespace(h=X, history=[X, (X, None)], table={"a": X}, scale=torch.tensor(2.0), rule=torch.sin)
    got = select_state(space, INDEX, 3)
    assert torch.equal(got.history[1][0], X[INDEX]) and torch.equal(got.table["a"], X[INDEX])
    assert got.scale == 2.0 and got.rule is torch.sin
    assert torch.equal(space.h, X)
    assert torch.equal(select_state(Slotted(X, 1), INDEX, 3).h, X[INDEX])
    assert select_state(Custom(X), INDEX, 3).first == "custom"


def test_what_cannot_be_selected():
    with pytest.raises(ValueError, match=r"state.history\[1\] must have the 3 states.*got shape \(2, 3\)"):
        select_state(SimpleNamespace(h=X, history=[X, X.T]), INDEX, 3)
    with pytest.raises(ValueError, match=r"state.seen must be made of tensors.*got set"):
        select_state(SimpleNamespace(h=X, seen={1, 2}), INDEX, 3)


def test_nothing_is_modified():
    state = State(X.clone())
    select_state(state, INDEX, 3)
    assert torch.equal(state.h, X)


def test_states_are_joined_as_they_were_parted():
    Pair = namedtuple("Pair", ["h", "k"])
    first, rest = torch.tensor([0]), torch.tensor([1, 2])
    shared = {"scale": torch.tensor(2.0), "rule": torch.sin, "k": 4, "none": None}
    for state in (
        X,
        GradientState(X, 2 * X),
        Pair(X, 4),
        [X, (X, None)],
        {"a": X, **shared},
        SimpleNamespace(h=X, table={"a": [X]}, **shared),
    ):
        parts = [select_state(state, part, 3) for part in (first, rest)]
        both = joined_states(parts)
        assert type(both) is type(state)
        assert repr(both) == repr(state)


def test_what_does_not_fit_together_is_not_joined():
    class Bare:
        __slots__ = ()

    for one, other in (
        (State(X), GradientState(X, X)),
        ({"h": X, "k": 1}, {"h": X, "k": 2}),
        ({"h": X, "t": torch.tensor(1.0)}, {"h": X, "t": torch.tensor(2.0)}),
        ({"h": X, "f": torch.sin}, {"h": X, "f": torch.cos}),
        ({"h": X, "k": torch.nan}, {"h": X, "k": float("nan")}),
        ({"h": X}, {"h": X, "k": 1}),
        ([X], [X, X]),
        ({"h": X, "past": X}, {"h": X, "past": X[:, :1]}),
        ({"h": X, "k": X}, {"h": X, "k": X.double()}),
        (SimpleNamespace(h=X), SimpleNamespace(h=X, k=1)),
        (Custom(X), Custom(X)),
        (Bare(), Bare()),
    ):
        assert joined_states([one, other]) is None
