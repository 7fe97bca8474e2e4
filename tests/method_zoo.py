"""Methods as users write them: solvers for constants m and M."""

import math
from dataclasses import dataclass

import torch

import eqt_theory as eqt
from eqt_theory.solvers.base import Solver
from eqt_theory.testing import from_torch_optimizer


@dataclass(frozen=True)
class Two:
    h: torch.Tensor
    last: torch.Tensor


@dataclass(frozen=True)
class ThreeParameter(Solver):
    """x+ = x + b (x - x-) - a grad(x + c (x - x-)): heavy ball with c = 0, Nesterov with c = b, triple momentum."""

    a: float
    b: float
    c: float

    def init(self, objective, h):
        return Two(h, h)

    def step(self, objective, state):
        y = state.h + self.c * (state.h - state.last)
        return Two(state.h + self.b * (state.h - state.last) - self.a * objective.gradient(y), state.h)


@dataclass(frozen=True)
class Buffer(Solver):
    """A momentum buffer as in torch, damped."""

    lr: float
    momentum: float
    dampening: float = 0.0
    ahead: bool = False

    def init(self, objective, h):
        return Two(h, torch.zeros_like(h))

    def step(self, objective, state):
        g = objective.gradient(state.h)
        buffer = state.last.clone().mul_(self.momentum).add_(g, alpha=1 - self.dampening)
        move = g.add(buffer, alpha=self.momentum) if self.ahead else buffer
        return Two(torch.add(state.h, move, alpha=-self.lr), buffer)


@dataclass(frozen=True)
class Optimistic(Solver):
    """x+ = x - 2 a g_k + a g_{k-1}, the gradient kept from the step before."""

    a: float

    def init(self, objective, h):
        return Two(h, torch.zeros_like(h))

    def step(self, objective, state):
        g = objective.gradient(state.h)
        return Two(state.h - 2 * self.a * g + self.a * state.last, g)


def descent(a):
    return lambda o, h: h - a * o.gradient(h)


def heun(a):
    def step(o, h):
        g = o.gradient(h)
        return h - a * (g + o.gradient(h - a * g)) / 2

    return step


def extragradient(a):
    return lambda o, h: h - a * o.gradient(h - a * o.gradient(h))


def two_steps(a, b):
    def step(o, h):
        x = h - a * o.gradient(h)
        return x - b * o.gradient(x)

    return step


def look_ahead(a, k, weight):
    def step(o, h):
        x = h
        for _ in range(k):
            x = x - a * o.gradient(x)
        return torch.lerp(h, x, weight)

    return step


def energy_step(a):
    def step(o, h):
        g = 1 / o.gamma
        return (h - a * o.energy.gradient(h) + a * g * o.proposal) / (1 + a * g)

    return step


def in_place(a):
    def step(o, h):
        x = h.detach().clone()
        x.data.add_(o.gradient(x), alpha=-a)
        return x

    return step


def triple_momentum(m, M):
    r = 1 - math.sqrt(m / M)
    return ThreeParameter((1 + r) / M, r * r / (2 - r), r * r / ((1 + r) * (2 - r)))


def polyak(m, M):
    s, t = math.sqrt(m), math.sqrt(M)
    return ThreeParameter((2 / (s + t)) ** 2, ((t - s) / (t + s)) ** 2, 0.0)


def nesterov(m, M):
    s, t = math.sqrt(m), math.sqrt(M)
    return ThreeParameter(1 / M, (t - s) / (t + s), (t - s) / (t + s))


def zoo(m, M):
    """25 methods by name."""
    return {
        "descent 2/(m+M)": descent(2 / (m + M)),
        "descent 1/M": descent(1 / M),
        "descent 1.9/M": descent(1.9 / M),
        "in place": in_place(1.5 / M),
        "energy step": energy_step(1 / M),
        "GradientDescent": eqt.GradientDescent.optimal(m, M),
        "ProximalGradient": eqt.ProximalGradient(1 / M),
        "HeavyBall": eqt.HeavyBall(1 / M, 0.2),
        "Nesterov": eqt.Nesterov.optimal(m, M),
        "heun": heun(1 / M),
        "extragradient": extragradient(0.5 / M),
        "two steps": two_steps(0.5 / M, 1.2 / M),
        "look-ahead": look_ahead(1 / M, 3, 0.5),
        "nesterov": nesterov(m, M),
        "nesterov, half momentum": ThreeParameter(1 / M, 0.5, 0.5),
        "heavy ball, little momentum": ThreeParameter(1 / M, 0.1, 0.0),
        "heavy ball, Polyak": polyak(m, M),
        "triple momentum": triple_momentum(m, M),
        "buffer": Buffer(1 / M, 0.5),
        "damped buffer": Buffer(1 / M, 0.9, 0.9),
        "buffer ahead": Buffer(0.5 / M, 0.5, ahead=True),
        "optimistic": Optimistic(0.5 / M),
        "torch SGD": from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=1 / M)),
        "torch SGD, momentum": from_torch_optimizer(lambda p: torch.optim.SGD(p, lr=0.5 / M, momentum=0.5)),
        "torch SGD, Nesterov": from_torch_optimizer(
            lambda p: torch.optim.SGD(p, lr=0.5 / M, momentum=0.5, nesterov=True, foreach=False)
        ),
    }
