from dataclasses import dataclass
from fractions import Fraction

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.evidence.rate.tracing.exact_float import Exact
from eqt_theory.solvers.base import Solver
from eqt_theory.testing import from_torch_optimizer

A = 0.1


@dataclass(frozen=True)
class Two:
    h: torch.Tensor
    last: torch.Tensor


@dataclass(frozen=True)
class ThreeParameter(Solver):
    """x+ = x + b (x - x-) - a grad(x + c (x - x-))."""

    a: float
    b: float
    c: float

    def init(self, objective, h):
        return Two(h, h)

    def step(self, objective, state):
        y = state.h + self.c * (state.h - state.last)
        return Two(state.h + self.b * (state.h - state.last) - self.a * objective.gradient(y), state.h)


class DictMomentum(Solver):
    """A momentum buffer in a dict of a plain object, with operations in place."""

    def init(self, objective, h):
        state = type("Bag", (), {})()
        state.h, state.more = h, {"buffer": torch.zeros_like(h), "name": "sgd", "none": None}
        return state

    def step(self, objective, state):
        new = type("Bag", (), {})()
        buffer = state.more["buffer"].clone().mul_(0.9).add_(objective.gradient(state.h))
        new.h, new.more = torch.add(state.h, buffer, alpha=-A), {"buffer": buffer, "name": "sgd", "none": None}
        return new


def plain(o, h):
    return h - A * o.gradient(h)


def through_data(o, h):
    x = h.clone()
    x.data.add_(o.gradient(x), alpha=-A)
    return x


def through_views(o, h):
    x = h.detach().clone()
    x.view(-1).sub_(A * o.gradient(h).reshape(-1))
    return x


def detached_alias(o, h):
    x = h.clone()
    alias = x.detach()
    alias -= A * o.gradient(h)
    return x


def gradient_overwritten(o, h):
    g = o.gradient(h)
    g.mul_(A)
    return h - g


def gradient_asked_twice(o, h):
    g = o.gradient(h)
    g.mul_(A / 2)
    return h - g - (A / 2) * o.gradient(h.clone())


def set_data(o, h):
    x = torch.zeros_like(h)
    x.data = h - A * o.gradient(h)
    return x


def with_no_grad(o, h):
    with torch.no_grad():
        return h.lerp(h - 2 * A * o.gradient(h), 0.5)


def numbers_as_tensors(o, h):
    return h - torch.tensor([A]) * o.gradient(h) + 0.0 * torch.zeros(h.shape[-1], dtype=h.dtype)


@pytest.mark.parametrize(
    "step",
    [
        plain,
        through_data,
        through_views,
        detached_alias,
        gradient_overwritten,
        gradient_asked_twice,
        set_data,
        with_no_grad,
    ],
)
def test_a_gradient_step_however_written_is_one(step):
    found = eqt.trace(step)
    assert (found.A, found.C, found.D, found.H) == ([[1]], [[1]], [[0]], [[1]])
    assert found.B[0][0] == pytest.approx(-A, rel=1e-15)
    assert (found.start, found.kinds, found.mended) == ([[1]], ("smooth",), 0)


def test_numbers_count_as_the_fractions_they_are():
    assert [[-Fraction(A)]] == eqt.trace(plain).B
    assert [[-Fraction(torch.tensor([A]).item())]] == eqt.trace(numbers_as_tensors).B
    assert eqt.trace(eqt.ProximalGradient(0.1), gamma=2).B[0][0] == -Fraction(0.1) / (1 + Fraction(0.1) / 2)


def test_the_carried_gradient_of_our_own_solvers_is_a_query():
    assert eqt.trace(eqt.GradientDescent(A)) == eqt.trace(plain)
    found = eqt.trace(eqt.HeavyBall(0.1, 0.5))
    assert (found.states, found.queries, found.opening, found.skipped) == (2, 1, [], 0)
    assert eqt.trace(eqt.Nesterov(0.1, 0.5)).states == 2


def test_methods_of_two_states():
    found = eqt.trace(ThreeParameter(0.1, 0.5, 0.25))
    assert [[Fraction(3, 2), -Fraction(1, 2)], [1, 0]] == found.A
    assert ([[-Fraction(0.1)], [0]], [[Fraction(5, 4), -Fraction(1, 4)]]) == (found.B, found.C)
    found = eqt.trace(DictMomentum())
    assert [[1, -Fraction(A) * Fraction(0.9)], [0, Fraction(0.9)]] == found.A


def test_what_no_query_sees_is_divided_out():
    class Idle(Solver):
        def init(self, o, h):
            return Two(h, h)

        def step(self, o, s):
            return Two(plain(o, s.h), 3 * s.last - 2 * s.h)

    assert eqt.trace(Idle()) == eqt.trace(plain)

    class SameTwice(Solver):
        def init(self, o, h):
            return Two(h, h)

        def step(self, o, s):
            x = plain(o, s.last) + 5 * (s.h - s.last)
            return Two(x, x)

    assert eqt.trace(SameTwice()) == eqt.trace(plain)


@pytest.mark.parametrize("foreach", [False, True])
def test_torch_optimizers(foreach):
    found = eqt.trace(from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, foreach=foreach)))
    assert (found.states, found.queries, found.skipped) == (2, 1, 1)
    assert eqt.trace(from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=A))) == eqt.trace(plain)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: torch.optim.Adam(p, lr=0.1), "traced"),
        (lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1), "fixed point"),
        (lambda p: torch.optim.RMSprop(p, lr=0.1), "traced"),
    ],
)
def test_other_torch_optimizers_are_refused(make, why):
    with pytest.raises(eqt.UsageError, match=why):
        eqt.trace(from_torch_optimizer(make))


def test_torch_optimizers_solve():
    energy = eqt.Quadratic(
        torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64)), torch.ones(2, dtype=torch.float64)
    )
    objective = eqt.Objective(energy, torch.zeros(5, 2, dtype=torch.float64), 1.0)
    solver = from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5))
    assert bool(eqt.solve(objective, solver, tolerance=1e-9).converged.all())


def test_rounded_numbers_are_mended_and_it_is_said():
    def combined(o, h):
        a = 0.01 / float(o.gamma)
        return (h - 0.01 * o.energy.gradient(h) + a * o.proposal) / (1 + a)

    found = eqt.trace(combined, gamma=0.3)
    assert 0 < found.mended < 1e-15
    assert found.A == [[1]]


def test_a_proximal_step_of_a_composite_objective():
    found = eqt.trace(lambda o, h: o.prox(h - A * o.gradient(h), A))
    assert found.kinds == ("smooth", "convex")
    assert [[0, 0], [-Fraction(A), -Fraction(A)]] == found.D


@pytest.mark.parametrize("gamma", [0, -1.0, float("nan"), float("inf"), "1", True, Fraction(10**400)])
def test_a_wrong_damping(gamma):
    with pytest.raises(eqt.UsageError, match="gamma"):
        eqt.trace(plain, gamma=gamma)


def test_a_thing_that_is_no_solver():
    with pytest.raises(eqt.UsageError):
        eqt.trace(3)  # type: ignore[arg-type]


def test_exact_floats_carry_their_value():
    x = Exact(0.1)
    assert (1 + x * 3 - x / 2).exact == 1 + Fraction(0.1) * 3 - Fraction(0.1) / 2
    assert float(x) == 0.1 and (-x).exact == -Fraction(0.1) and (x**2).exact == Fraction(0.1) ** 2
    assert x + float("inf") == float("inf")


q = sp.Symbol("q")  # it has `func` and `args`, as a functools.partial has, and keeps its hash


def test_a_rule_may_name_expressions_of_sympy():
    def step(objective, h):
        return h - float(q.subs(q, 0.125)) * objective.gradient(h)

    assert [[Fraction(-1, 8)]] == eqt.trace(step).B
