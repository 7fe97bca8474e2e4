"""First-order methods as other people write them, for m = 1 and M = 10, with what is known of their rates."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

import eqt_theory as eqt
from eqt_theory.testing import from_torch_optimizer

M, KAPPA = 10.0, 10.0
ROOT = math.sqrt(KAPPA)
NESTEROV = (ROOT - 1) / (ROOT + 1)


class Pair(NamedTuple):
    h: torch.Tensor
    other: torch.Tensor


@dataclass(frozen=True)
class Nested:
    h: torch.Tensor
    memory: dict[str, Any]


class Stated(eqt.Solver):
    """A solver from two functions."""

    def __init__(self, start: Callable[..., Any], move: Callable[..., Any]) -> None:
        self.start, self.move = start, move

    def init(self, objective, h):
        return self.start(objective, h)

    def step(self, objective, state):
        return self.move(objective, state)


def velocity(rate, momentum, ahead):
    """Sutskever's form: the velocity is kept, the gradient taken at h or ahead of it."""

    def move(o, s):
        v = momentum * s.other - rate * o.gradient(s.h + ahead * s.other)
        return Pair(s.h + v, v)

    return Stated(lambda o, h: Pair(h, h * 0), move)


def averaged_gradient(rate, beta):
    """An exponential average of gradients, as Adam's first moment."""

    def move(o, s):
        mean = torch.lerp(o.gradient(s.h), s.memory["mean"], beta)
        return replace(s, h=s.h - rate * mean, memory={"mean": mean})

    return Stated(lambda o, h: Nested(h, {"mean": torch.zeros_like(h)}), move)


def estimate_sequences():
    """Nesterov 2018, (2.2.20) with constant weights: points x and z, gradients between them."""
    t = 1 / ROOT

    def move(o, s):
        y = (s.h + t * s.other) / (1 + t)
        g = o.gradient(y)
        return Pair(y - g / M, (1 - t) * s.other + t * y - (t * KAPPA / M) * g)

    return Stated(lambda o, h: Pair(h, h.clone()), move)


def triple_momentum_by_sums():
    """Van Scoy, Freeman and Lynch 2018 as they print it, the state reported y."""
    r = 1 - 1 / ROOT
    a, b, c, d = (1 + r) / M, r * r / (2 - r), r * r / ((1 + r) * (2 - r)), r * r / (1 - r * r)

    def move(o, s):
        xi, last = s.memory["xi"]
        new = (1 + b) * xi - b * last - a * o.gradient(s.h)
        return Nested((1 + c) * new - c * xi, {"xi": (new, xi), "output": (1 + d) * new - d * xi})

    return Stated(lambda o, h: Nested(h, {"xi": (h, h), "output": h}), move)


def restarted(steps):
    """Nesterov's method with its momentum forgotten after a fixed number of steps, which are one step here."""

    def step(o, h):
        x, y = h, h
        for _ in range(steps):
            x, last = y - o.gradient(y) / M, x
            y = x + NESTEROV * (x - last)
        return x

    return step


def delayed(rate):
    """The gradient of the step before."""
    return Stated(lambda o, h: Pair(h, o.gradient(h)), lambda o, s: Pair(s.h - rate * s.other, o.gradient(s.h)))


def runge_kutta(a):
    """The classical scheme for the gradient flow."""

    def step(o, h):
        k = [-o.gradient(h)]
        for share in (0.5, 0.5, 1.0):
            k.append(-o.gradient(h + share * a * k[-1]))
        return h + a / 6 * (k[0] + 2 * k[1] + 2 * k[2] + k[3])

    return step


def several(*lengths):
    def step(o, h):
        for a in lengths:
            h = h - a * o.gradient(h)
        return h

    return step


def in_place(a):
    def step(o, h):
        x, g = h.clone(), o.gradient(h)
        torch._foreach_add_([x], [g], alpha=-a)
        return x

    return step


def proximal(a, weight=1.0):
    return lambda o, h: torch.lerp(h, o.prox(h - a * o.gradient(h), a), weight)


def proximal_momentum():
    def move(o, s):
        y = s.h + NESTEROV * (s.h - s.other)
        return Pair(o.prox(y - o.gradient(y) / M, 1 / M), s.h)

    return Stated(lambda o, h: Pair(h, h), move)


def by_hand(o, h):
    """The energy and the pull to the proposal are two terms in the user's own formula."""
    return h - 0.1 * (o.energy.gradient(h) + (h - o.proposal) / o.gamma)


def mean_with_the_last(o, s):
    x = s.h - 0.1 * o.gradient(s.h)
    return Pair(0.5 * x + 0.5 * s.other, x)


def look_ahead(o, h):
    fast = h
    for _ in range(3):
        fast = fast - 0.1 * o.gradient(fast)
    return h + 0.5 * (fast - h)


def sgd(**options):
    return from_torch_optimizer(lambda p: torch.optim.SGD(p, **options))


def quadratic(step):
    """The worst factor of a step without memory that is a polynomial in the Hessian, on quadratics."""
    return max(abs(step(x)) for x in np.linspace(1, M, 100_001))


CERTIFIED: dict[str, tuple[Any, float, float]] = {
    # name: the method, and between what the smallest rate lies; one number where the literature or a formula has it
    "in place, foreach": (in_place(2 / 11), 9 / 11, 9 / 11),
    "the user's own formula": (by_hand, 0.9, 0.9),
    "longest step": (several(0.199), 0.99, 0.99),
    "GradientDescent": (eqt.GradientDescent.optimal(1, M), 9 / 11, 9 / 11),
    "two equal steps": (several(2 / 11, 2 / 11), (9 / 11) ** 2, (9 / 11) ** 2),
    "a short and a long step": (several(0.05, 0.12), 0.95 * 0.88, 0.95 * 0.88),
    "Runge-Kutta": (runge_kutta(0.1), *2 * [quadratic(lambda x: 1 - x / M + x**2 / 200 - x**3 / 6e3 + x**4 / 24e4)]),
    "look-ahead": (look_ahead, 0.5 + 0.5 * 0.9**3, 0.5 + 0.5 * 0.9**3),
    "Lookahead": (eqt.Lookahead(0.1, 3, 0.5), 0.5 + 0.5 * 0.9**3, 0.5 + 0.5 * 0.9**3),
    "restarted": (restarted(3), 0.6229822128, 0.6229822128),
    "velocity": (velocity(0.1, 0.2, 0.0), 0.870156212, 0.870156212),
    "velocity, gradient ahead": (velocity(0.1, NESTEROV, NESTEROV), 0.7518212402, 0.7518212402),
    "Nesterov": (eqt.Nesterov.optimal(1, M), 0.7518212402, 0.7518212402),
    "estimate sequences": (estimate_sequences(), 1 - 1 / ROOT, math.sqrt(1 - 1 / ROOT)),
    "triple momentum, printed": (triple_momentum_by_sums(), 1 - 1 / ROOT, 1 - 1 / ROOT),
    "TripleMomentum": (eqt.TripleMomentum.optimal(1, M), 1 - 1 / ROOT, 1 - 1 / ROOT),
    "averaged gradients": (averaged_gradient(0.1, 0.3), 0.8946873254, 0.8946873254),
    "delayed gradient": (delayed(0.05), *2 * [(1 + math.sqrt(0.8)) / 2]),
    "optimistic": (
        Stated(lambda o, h: Pair(h, h * 0), lambda o, s: Pair(s.h - 0.1 * (g := o.gradient(s.h)) + 0.05 * s.other, g)),
        *2 * [(0.9 + math.sqrt(0.9**2 + 0.2)) / 2],
    ),
    "mean with the last": (
        Stated(lambda o, h: Pair(h, h), mean_with_the_last), *2 * [(0.45 + math.sqrt(0.45**2 + 1.8)) / 2],
    ),
    "proximal gradient": (proximal(2 / 11), 9 / 11, 9 / 11),
    "relaxed proximal gradient": (proximal(2 / 11, 0.75), 0.25 + 0.75 * 9 / 11, 0.25 + 0.75 * 9 / 11),
    "proximal gradient with momentum": (proximal_momentum(), 1 - 1 / ROOT, math.sqrt(1 - 1 / ROOT)),
    "torch SGD, damped momentum": (sgd(lr=0.1, momentum=0.2, dampening=0.2), 0.85, 0.95),
    "torch SGD, Nesterov": (sgd(lr=0.1, momentum=NESTEROV, nesterov=True), 0.65, 0.8),
}  # fmt: skip
