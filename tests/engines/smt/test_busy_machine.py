"""The same findings on an idle machine and on a busy one: budgets count the provers' own steps."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
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
def hardly_running(panel: Panel) -> Iterator[None]:
    """The provers stand still for nine tenths of the time, as on a machine with ten times as much to do."""
    done = threading.Event()

    def stop_and_go() -> None:
        while not done.wait(0.002):
            pids = [p._process.pid for p in panel.provers if p._process is not None]
            for sign, seconds in ((signal.SIGSTOP, 0.018), (signal.SIGCONT, 0.0)):
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, sign)
                time.sleep(seconds)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def findings(budget: float, *, busy: bool = False) -> list[Finding]:
    panel = Panel()
    with hardly_running(panel) if busy else nullcontext():
        found = [replace(prove(known, goal, budget, panel=panel), seconds=0.0) for known, goal in STATEMENTS]
    panel.close()
    return found


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot let a process stand still")
@pytest.mark.parametrize("budget", [0.06, 0.5])
def test_a_busy_machine_changes_nothing(budget: float) -> None:
    idle = findings(budget)
    assert findings(budget, busy=True) == idle
    assert {f.verdict for f in idle} >= {Verdict.PROVED}
    said = {word for f in idle for o in f.obligations for word in o.answers.values()}
    assert "timeout" not in said
    assert budget > 0.1 or "out of budget" in said
