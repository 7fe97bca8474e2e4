"""The same findings on an idle machine and on a busy one: budgets count the provers' own steps."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sympy as sp

from eqt_theory import Finding, Verdict, prove
from eqt_theory.engines.smt.provers import Panel

a, b, c, d = sp.symbols("a b c d", positive=True)
x, y, z = sp.symbols("x y z", real=True)

STATEMENTS = [
    ([a < b], a**2 < b**2),
    ([], (a**2 + b**2) * (c**2 + d**2) >= (a * c + b * d) ** 2),
    ([sp.Eq(x * y * z, 1), x > 0, y > 0], x**2 + y**2 + z**2 >= 3),
    ([sp.Eq(a * b * c * d, 1)], a + b + c + d >= 4),
    ([], x**4 * y**2 + x**2 * y**4 + 1 >= 3 * x**2 * y**2 - sp.Rational(1, 10**9)),
    ([a > 1, b > 1], a**5 * b**3 + 1 > a**3 * b**2 + a**2 * b),
    ([sp.Eq(x**3 + y**3 + z**3, 3), x + y + z > 3], x * y * z < 1),
]
"""The budgets below are spent by some of them and not by others."""


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def findings(budget: float) -> list[Finding]:
    panel = Panel()
    found = [replace(prove(known, goal, budget, panel=panel), seconds=0.0) for known, goal in STATEMENTS]
    panel.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("budget", [0.06, 0.5])
def test_three_busy_loops_change_nothing(budget: float) -> None:
    idle = findings(budget)
    with busy_loops(3):
        assert findings(budget) == idle
    assert {f.verdict for f in idle} >= {Verdict.PROVED}
    said = {word for f in idle for o in f.obligations for word in o.answers.values()}
    assert "timeout" not in said
    assert budget > 0.1 or "out of budget" in said
