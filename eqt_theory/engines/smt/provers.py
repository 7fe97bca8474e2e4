"""The provers, each in a process of its own, asked the same text at the same time."""

import atexit
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqt_theory.core.errors import ProverDisagreement

_WORKER = Path(__file__).with_name("worker.py")
_UNITS = {"z3": 3_000_000, "cvc5": 150_000}
"""The resource units that each prover spends in about a second of an idle machine (the hardest of 300 obligations)."""
_CPU = (3.0, 2.0)
"""Factor and seconds that give the limit of CPU time: where a prover spends time and no units."""
_WALL = (30.0, 60.0)
"""Likewise of the clock on the wall, the last resort where a process gets no CPU time at all."""

_CANARIES = (
    ("unsat", "(set-logic QF_NRA)(declare-const x Real)(assert (< (+ (* x x) 2) (* 2 x)))(check-sat)"),
    ("sat", "(set-logic QF_NRA)(declare-const x Real)(assert (= (* x x x) 2))(assert (> x 1))(check-sat)"),
)
"""Questions whose answers are known; a prover that gets one wrong is not asked any other."""
_REPEATABLE = {"sat", "unsat", "unknown", "out of budget"}
"""What a prover would say again of the same text under the same budget."""


@dataclass(frozen=True)
class Answer:
    """What one prover said.

    Args:
        said: `sat`, `unsat`, `unknown`, `out of budget` (it spent its units), `timeout` (a limit of time ended it) or
            `error`.
        model: for `sat`, the value of each symbol, as the worker writes it.
        reason: for `timeout` and `error`, the message.
        seconds: wall-clock time.
    """

    said: str
    model: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0


class Prover:
    """One prover process, started when first asked and started anew after it was killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._asked = 0

    def ask(self, text: str, seconds: float) -> Answer:
        """What the prover says of the text within the budget.

        Args:
            text: SMT-LIB 2.
            seconds: the budget, in seconds of an idle machine; what counts is the units that they stand for.

        Returns:
            The answer; the limits of CPU time and of the clock, both generous, give a `timeout`.

        Raises:
            ProverDisagreement: the prover gave a wrong answer to a question whose answer is known.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
                for right, question in _CANARIES:
                    answer = self._put(question, 5.0)
                    if answer.said in ("sat", "unsat") and answer.said != right:
                        self.close()
                        raise ProverDisagreement(f"{self.name} says {answer.said}, but {right} is true of\n{question}")
                    if answer.said != right:
                        self.close()
                        return Answer("error", reason=f"no start: {answer.reason or answer.said}")
            return self._put(text, seconds)

    def _put(self, text: str, seconds: float) -> Answer:
        """Put a question to the running process and wait for its answer."""
        process, begun = self._process, time.perf_counter()
        assert process is not None and process.stdin is not None and process.stdout is not None
        self._asked += 1
        cpu, wall = (factor * seconds + more for factor, more in (_CPU, _WALL))
        question = {"id": self._asked, "text": text, "units": max(1, int(seconds * _UNITS[self.name])), "cpu": cpu}
        late = threading.Event()
        killer = threading.Timer(wall, lambda: (late.set(), process.kill()))
        killer.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (BrokenPipeError, OSError):
            line = ""
        finally:
            killer.cancel()
        took = time.perf_counter() - begun
        if late.is_set():
            self.close()  # also where it answered at the last moment: it is killed already
            return Answer("timeout", reason=f"stopped by the clock after {wall:g} s", seconds=took)
        if not line:
            out_of_cpu = process.wait() == -getattr(signal, "SIGPROF", 0)
            self.close()
            if out_of_cpu:
                return Answer("timeout", reason=f"stopped after {cpu:g} s of CPU time", seconds=took)
            return Answer("error", reason="the prover died", seconds=took)
        try:
            answer = json.loads(line)
            if answer["id"] == self._asked:
                return Answer(answer["said"], answer["model"], answer.get("reason", ""), took)
        except (ValueError, KeyError, TypeError):
            pass
        self.close()
        return Answer("error", reason="what the prover wrote is no answer to the question", seconds=took)

    def _start(self) -> None:
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER), self.name, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the caller, who ends the provers in order
        )

    def kill(self) -> None:
        """Stop the process at once, also in the middle of a question."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


class Panel:
    """Several provers, asked side by side. What they answered is remembered, by the exact text and the budget."""

    def __init__(self, names: tuple[str, ...] = ("z3", "cvc5")) -> None:
        self.provers = tuple(Prover(name) for name in names)
        self._threads = ThreadPoolExecutor(len(names), thread_name_prefix="prover")
        self._answered: dict[tuple[str, float], dict[str, Answer]] = {}

    def ask(self, text: str, seconds: float) -> dict[str, Answer]:
        """What each prover says.

        Args:
            text: SMT-LIB 2.
            seconds: the budget of each prover, as for `Prover.ask`.

        Returns:
            `{name: answer}`, in the order of the panel.

        Raises:
            ProverDisagreement: one says `unsat` and another `sat`, or one fails a question whose answer is known.
        """
        if (text, seconds) in self._answered:
            return self._answered[text, seconds]
        asked = {p.name: self._threads.submit(p.ask, text, seconds) for p in self.provers}
        try:
            answers = {name: future.result() for name, future in asked.items()}
        except BaseException:  # an interrupt: end the provers, or leaving would wait for them
            for prover in self.provers:
                prover.kill()
            raise
        said = {name: answer.said for name, answer in answers.items()}
        if {"sat", "unsat"} <= set(said.values()):
            raise ProverDisagreement(f"the provers contradict each other ({said}) on\n{text}")
        if set(said.values()) <= _REPEATABLE:
            self._answered[text, seconds] = answers
        return answers

    def close(self) -> None:
        """End all prover processes."""
        for prover in self.provers:
            prover.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def default_panel() -> Panel:
    """The panel that `prove` uses; its processes live until the program ends."""
    return _panel_of(os.getpid())


@functools.cache
def _panel_of(_process: int) -> Panel:
    """One panel per process: after a fork, parent and child must not write to the same provers."""
    panel = Panel()
    atexit.register(panel.close)
    return panel


__all__ = ["Answer", "Panel", "Prover", "default_panel"]
