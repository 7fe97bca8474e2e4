"""The provers, each in a process of its own, asked the same text at the same time."""

import atexit
import contextlib
import functools
import json
import os
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
_GRACE = 1.0  # seconds past its own limit before a prover is killed


@dataclass(frozen=True)
class Answer:
    """What one prover said.

    Args:
        said: `sat`, `unsat`, `unknown`, `timeout` or `error`.
        model: for `sat`, the value of each symbol, as the worker writes it.
        reason: for `error`, the message.
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
        """What the prover says of the text within the time limit; a late answer is a `timeout`."""
        with self._lock:
            begun = time.perf_counter()
            process = self._start()
            self._asked += 1
            killer = threading.Timer(seconds + _GRACE, process.kill)
            killer.start()
            try:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(json.dumps({"id": self._asked, "text": text, "seconds": seconds}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except (BrokenPipeError, OSError):
                line = ""
            finally:
                killer.cancel()
            took = time.perf_counter() - begun
            if took >= seconds + 0.9 * _GRACE:
                self.close()  # also where it answered at the last moment: it may be killed already
            if not line:
                self.close()
                late = took >= seconds
                return Answer("timeout" if late else "error", reason="" if late else "the prover died", seconds=took)
            try:
                answer = json.loads(line)
                said = answer["said"] if answer["id"] == self._asked else None
            except (ValueError, KeyError, TypeError):
                said = None
            if said is None:
                self.close()
                return Answer("error", reason="what the prover wrote is no answer to the question", seconds=took)
            if said == "unknown" and took >= 0.9 * seconds:
                said = "timeout"
            return Answer(said, answer["model"], answer.get("reason", ""), took)

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, str(_WORKER), self.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # Ctrl-C is for the caller, who ends the provers in order
            )
        return self._process

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
    """Several provers, asked side by side. What all of them decided is remembered, text by text."""

    def __init__(self, names: tuple[str, ...] = ("z3", "cvc5")) -> None:
        self.provers = tuple(Prover(name) for name in names)
        self._threads = ThreadPoolExecutor(len(names), thread_name_prefix="prover")
        self._decided: dict[str, dict[str, Answer]] = {}

    def ask(self, text: str, seconds: float) -> dict[str, Answer]:
        """What each prover says.

        Returns:
            `{name: answer}`, in the order of the panel.

        Raises:
            ProverDisagreement: one says `unsat` and another `sat`.
        """
        question = "\n".join(line for line in text.splitlines() if not line.startswith(";"))
        if question in self._decided:
            return self._decided[question]
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
        if set(said.values()) <= {"sat", "unsat"}:
            self._decided[question] = answers
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
