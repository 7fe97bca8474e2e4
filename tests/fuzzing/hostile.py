"""Values that nobody should give, and the limit on how long one of them may take."""

import contextlib
import math
import signal
import threading
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch

import eqt_theory as eqt


class OfTheUser(Exception):
    """Raised by functions that the fuzzer hands in: it is theirs to raise, and ours to let through."""


class TooSlow(BaseException):
    """A call went on for longer than it may; no handler of ours takes it for an error of a check."""


class Unshowable:
    """An object whose every conversion fails."""

    def __repr__(self) -> str:
        raise OfTheUser("repr")

    __str__ = __repr__

    def __float__(self) -> float:
        raise OfTheUser("float")

    __index__ = __int__ = __len__ = __iter__ = __float__  # type: ignore[assignment]


def raises(*_: object, **__: object) -> Any:
    raise OfTheUser("a function of the user's")


def answers_none(*_: object, **__: object) -> Any:
    return None


def answers_text(*_: object, **__: object) -> Any:
    return "x"


def values() -> list[Any]:
    """Fresh hostile values; the list has the same order each time."""
    double = torch.float64
    return [
        None, True, False, -1, 0, 1, 3, 2**31, 2**63, -(2**63), 10**5000, -(10**400),
        0.5, -0.5, math.nan, math.inf, -math.inf, 5e-324, 1e308, -1e-300, 1j,
        "", "x", "\ud800", "a\0b", "\x1b[31m", "9" * 5000, b"x",
        [], [1.0], [[1.0]], [None], ["x"], [math.nan, 1.0], [[1.0], [1.0, 2.0]], (), (1.0, 2.0), {}, {"a": 1}, set(),
        [10**400], [Unshowable()], {1: Unshowable()}, range(3), iter([1.0, 2.0]),
        object(), object, Unshowable(), raises, answers_none, answers_text, OfTheUser, OfTheUser("x"),
        Fraction(1, 3), Fraction(10**400), Decimal("0.1"), Decimal("nan"), sympy.Symbol("x"), sympy.oo,
        np.float64(0.5), np.int64(3), np.bool_(True), np.zeros(2), np.array(["x"]), np.array([None]), np.array(1.0),
        torch.zeros(2, dtype=double), torch.zeros(3, dtype=double), torch.eye(2, dtype=double),
        torch.zeros(0, dtype=double), sympy.Rational(1, 3),
        torch.zeros(0, 2, dtype=double), torch.zeros(2, 2, 2, dtype=double), torch.tensor(0.5, dtype=double),
        torch.tensor([math.nan, 1.0], dtype=double), torch.tensor([math.inf, 1.0], dtype=double),
        torch.zeros(2), torch.zeros(2, dtype=torch.float16), torch.zeros(2, dtype=torch.int64),
        torch.ones(2, dtype=torch.bool), torch.zeros(2, dtype=torch.complex128), torch.zeros(2, 2, device="meta"),
        torch.zeros(2, dtype=double).requires_grad_(), torch.eye(2, dtype=double).to_sparse(),
        torch.float16, torch.int64, torch.complex64, torch.device("cpu"), "meta", "cuda:99",
        torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, dtype=double), torch.nn.Identity(), torch.nn.Embedding(3, 2),
        torch.Generator(), Path("/nowhere"), Path("a\0b"), Path("/dev/null"),
        eqt.Ball([0.0, 0.0], 1.0), eqt.Box([0.0], [1.0]), eqt.WholeSpace(2), eqt.WholeSpace(2**62),
        eqt.Quadratic(torch.eye(2, dtype=double)), eqt.Quadratic(torch.eye(3, dtype=double)),
        eqt.Quadratic(torch.eye(2)), eqt.Quadratic(torch.eye(2, dtype=double).expand(2, 2, 2)),
        eqt.FunctionEnergy(raises), eqt.FunctionEnergy(answers_none), eqt.FunctionEnergy(answers_text),
        eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=double)), torch.zeros(2, dtype=double)),
        eqt.Objective(eqt.FunctionEnergy(lambda h: h.sum() * math.nan), torch.zeros(2, dtype=double)),
        eqt.GradientDescent(0.1), eqt.GradientDescent(torch.ones(3)), eqt.StepRule(raises), eqt.StepRule(answers_none),
        eqt.GradientDescent, eqt.Curvature(0.0, 1.0), eqt.Curvature(torch.zeros(2), torch.ones(2)), eqt.ModelConfig(),
        eqt.Verdict.PROVED, eqt.Method.SMT, eqt.Relation.STATED, eqt.GradientNorm(), eqt.Gap(0.1),
    ]  # fmt: skip


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    """End what takes longer; only in the main thread of a system with alarms."""
    if threading.current_thread() is not threading.main_thread():  # pragma: no cover  alarms reach the main thread only
        yield
        return

    def ring(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
