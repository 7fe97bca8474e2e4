"""Provers that hang, die, lie or babble, and interrupts: never a pass, never a wait without end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eqt_theory.core.errors import ProverDisagreement
from eqt_theory.engines.smt import provers
from eqt_theory.engines.smt.provers import Panel, Prover, default_panel

UNSAT = "(set-logic QF_NRA)(declare-const x Real)(assert (< (* x x) 0))(check-sat)"
SAT = "(set-logic QF_NRA)(declare-const x Real)(assert (> (* x x) 4))(check-sat)"

FAKE = """
import json, os, sys, time
name = sys.argv[1]
for line in sys.stdin:
    q = json.loads(line)
    text = q["text"]
    def say(word, model={}, number=q["id"]):
        print(json.dumps({"id": number, "said": word, "model": model}), flush=True)
    BODY
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Panel]]:
    """A panel whose workers run the given lines on every question."""
    panels = []

    def make(body: str) -> Panel:
        worker = tmp_path / "worker.py"
        worker.write_text(FAKE.replace("BODY", body.replace("\n", "\n    ")))
        monkeypatch.setattr(provers, "_WORKER", worker)
        panels.append(Panel())
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def words(answers: dict) -> dict[str, str]:
    return {name: answer.said for name, answer in answers.items()}


def test_both_provers_answer() -> None:
    assert words(default_panel().ask(UNSAT, 10)) == {"z3": "unsat", "cvc5": "unsat"}
    answers = default_panel().ask(SAT, 10)
    assert words(answers) == {"z3": "sat", "cvc5": "sat"}
    assert all("x" in answer.model for answer in answers.values())


def test_a_prover_that_hangs_is_killed_and_the_next_question_is_answered(fake: Callable) -> None:
    panel = fake("time.sleep(60) if 'SLEEP' in text and name == 'z3' else say('unsat')")
    begun = time.perf_counter()
    assert words(panel.ask("SLEEP", 0.3)) == {"z3": "timeout", "cvc5": "unsat"}
    assert time.perf_counter() - begun < 0.3 + provers._GRACE + 1
    assert words(panel.ask("wake", 5)) == {"z3": "unsat", "cvc5": "unsat"}


def test_a_late_answer_is_not_taken_for_the_next_question(fake: Callable) -> None:
    panel = fake("if 'FIRST' in text: time.sleep(0.3 + 0.98)\nsay('unsat' if 'FIRST' in text else 'sat')")
    panel.ask("FIRST", 0.3)
    assert words(panel.ask("second", 5)) == {"z3": "sat", "cvc5": "sat"}


def test_a_prover_that_dies_is_an_error_and_starts_anew(fake: Callable) -> None:
    panel = fake("os._exit(3) if 'DIE' in text and name == 'cvc5' else say('unsat')")
    answers = panel.ask("DIE", 5)
    assert words(answers) == {"z3": "unsat", "cvc5": "error"}
    assert "died" in answers["cvc5"].reason
    assert words(panel.ask("live", 5)) == {"z3": "unsat", "cvc5": "unsat"}


@pytest.mark.parametrize(
    "line",
    [
        "print('uns', flush=True)",
        "print('{}', flush=True)",
        "print('[1]', flush=True)",
        "print('\"unsat\"', flush=True)",
        "say('unsat', number=q['id'] - 1)",  # the answer to another question
    ],
)
def test_babble_is_an_error(fake: Callable, line: str) -> None:
    panel = fake(f"if 'BABBLE' in text:\n    {line}\nelse:\n    say('unsat')")
    answers = panel.ask("BABBLE", 5)
    assert words(answers) == {"z3": "error", "cvc5": "error"}
    assert "no answer" in answers["z3"].reason
    assert words(panel.ask("speak", 5)) == {"z3": "unsat", "cvc5": "unsat"}


def test_provers_that_contradict_each_other_stop_the_run(fake: Callable) -> None:
    panel = fake("say('unsat' if name == 'z3' else 'sat')")
    with pytest.raises(ProverDisagreement, match="'z3': 'unsat', 'cvc5': 'sat'"):
        panel.ask("LIE", 5)


def test_unknown_at_the_limit_is_a_timeout_and_before_it_is_unknown(fake: Callable) -> None:
    panel = fake("time.sleep(0.5 if name == 'z3' else 0)\nsay('unknown')")
    assert words(panel.ask("hm", 0.5)) == {"z3": "timeout", "cvc5": "unknown"}


def test_a_real_prover_keeps_its_own_limit() -> None:
    """x^1000 makes z3 deaf to its limit; the process is killed."""
    prover = Prover("z3")
    text = f"(declare-const x Real)(assert (> x 1))(assert (<= (* {'x ' * 1000}) x))(check-sat)"
    begun = time.perf_counter()
    assert prover.ask(text, 0.3).said in ("timeout", "unknown", "unsat")
    assert time.perf_counter() - begun < 0.3 + provers._GRACE + 1
    assert prover.ask(UNSAT, 5).said == "unsat"
    prover.close()


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored
from pathlib import Path
import sympy as sp
from eqt_theory import prove
from eqt_theory.engines.smt import provers
provers._WORKER = Path(sys.argv[1])
x = sp.Symbol("x", real=True)
print("ready", flush=True)
try:
    prove([], x**2 + 1 > x, timeout=100)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_the_wait_and_the_provers_at_once(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    here = str(tmp_path)
    worker.write_text(
        "import os, sys, time, pathlib\nsys.stdin.readline()\n"
        f"pathlib.Path({here!r}, sys.argv[1] + '.pid').write_text(str(os.getpid()))\ntime.sleep(100)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(worker)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    pids = [tmp_path / f"{name}.pid" for name in ("z3", "cvc5")]
    deadline = time.monotonic() + 20
    while not all(p.exists() and p.read_text() for p in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    begun = time.perf_counter()
    child.send_signal(signal.SIGINT)
    assert child.stdout.read() == "interrupted\n"
    assert child.wait(timeout=10) == 0
    assert time.perf_counter() - begun < 3
    child.stdout.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


FORKED = """
import os, sys
import sympy as sp
from eqt_theory import prove
x = sp.Symbol("x", real=True)
assert prove([], x**2 >= x - 1).verdict == "PROVED"
child = os.fork()
statements = [x**2 + k > x for k in range(1, 6)] if child else [x > k for k in range(5)]
verdicts = {prove([], statement).verdict for statement in statements}
if child:
    _, status = os.waitpid(child, 0)
    assert verdicts == {"PROVED"}, verdicts
    print("status", status)
else:
    os._exit(0 if verdicts == {"REFUTED"} else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_process_asks_provers_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("status 0\n", 0), done.stderr
