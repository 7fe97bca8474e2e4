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
known = {question: right for right, question in KNOWN}
for line in sys.stdin:
    q = json.loads(line)
    text = q["text"]
    def say(word, model={}, number=q["id"]):
        print(json.dumps({"id": number, "said": word, "model": model}), flush=True)
    if text in known:
        say(known[text])
        continue
    BODY
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Panel]]:
    """A panel whose workers run the given lines on every question."""
    panels = []

    def make(body: str, canaries: bool = True) -> Panel:
        worker = tmp_path / "worker.py"
        known = repr(provers._CANARIES) if canaries else "()"
        worker.write_text(FAKE.replace("KNOWN", known).replace("BODY", body.replace("\n", "\n    ")))
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


def test_a_prover_that_hangs_is_killed_and_the_next_question_is_answered(
    fake: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provers, "_WALL", (1.0, 1.0))
    panel = fake("time.sleep(60) if 'SLEEP' in text and name == 'z3' else say('unsat')")
    begun = time.perf_counter()
    answers = panel.ask("SLEEP", 0.3)
    assert words(answers) == {"z3": "timeout", "cvc5": "unsat"}
    assert "clock" in answers["z3"].reason
    assert time.perf_counter() - begun < 10
    assert words(panel.ask("wake", 5)) == {"z3": "unsat", "cvc5": "unsat"}


def test_a_late_answer_is_not_taken_for_the_next_question(fake: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provers, "_WALL", (1.0, 0.5))
    panel = fake("if 'FIRST' in text: time.sleep(0.8)\nsay('unsat' if 'FIRST' in text else 'sat')")
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


@pytest.mark.parametrize("lie", ["unsat", "sat"])
def test_a_prover_that_gets_a_known_question_wrong_stops_the_run(fake: Callable, lie: str) -> None:
    panel = fake(f"say({lie!r})", canaries=False)
    with pytest.raises(ProverDisagreement, match="is true of"):
        panel.ask(UNSAT, 5)


def test_a_prover_that_cannot_answer_a_known_question_is_an_error(fake: Callable) -> None:
    answers = fake("say('unknown')", canaries=False).ask(UNSAT, 5)
    assert words(answers) == {"z3": "error", "cvc5": "error"}
    assert "no start" in answers["z3"].reason


def test_real_provers_know_the_known_questions_at_every_start() -> None:
    panel = Panel()
    for _ in range(2):
        assert words(panel.ask(SAT, 5)) == {"z3": "sat", "cvc5": "sat"}
        panel.provers[0].close()
        panel._answered.clear()
    panel.close()


def test_an_answer_is_remembered_for_these_very_bytes_and_this_budget(fake: Callable) -> None:
    panel = fake("say('unsat' if 'a' in text else 'unknown')")
    assert words(panel.ask("; a\nx", 1)) == {"z3": "unsat", "cvc5": "unsat"}
    assert words(panel.ask("; b\nx", 1)) == {"z3": "unknown", "cvc5": "unknown"}  # another comment, another text
    assert set(panel._answered) == {("; a\nx", 1), ("; b\nx", 1)}
    asked = panel.provers[0]._asked
    panel.ask("; a\nx", 1)
    assert panel.provers[0]._asked == asked
    panel.ask("; a\nx", 2)
    assert panel.provers[0]._asked == asked + 1


# sums of squares, as a product: undecided by z3 for long, and cvc5 spends units on it
HARD = """(set-logic QF_NRA)
(declare-const a Real)(declare-const b Real)(declare-const c Real)(declare-const d Real)(declare-const e Real)
(assert (> (* a a a b) (+ 1 (* c c d e e))))(assert (< (+ (* a b c) (* d d d e)) (- 3)))
(assert (= (* a a c e) (+ d 2 (* b b))))(assert (> (* b d) 1))
(assert (= (+ (* a a a) (* b b b) (* c c c)) (* d e e)))(assert (= (* a b c d e) 7))
(check-sat)"""


def test_a_budget_is_counted_in_units_and_a_prover_that_counts_none_is_stopped_by_its_cpu_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provers, "_CPU", (1.0, 1.0))
    prover = Prover("z3")
    assert prover.ask(HARD, 0.3).said == "out of budget"
    prover.close()
    deaf = Prover("cvc5")  # which is deaf to its units here
    answer = deaf.ask(HARD, 0.3)
    assert answer.said == "timeout" and "CPU" in answer.reason
    assert deaf.ask(UNSAT, 5).said == "unsat"
    deaf.close()


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


ORPHANED = """
import sys, threading
from eqt_theory.engines.smt.provers import Panel
panel = Panel()
threading.Thread(target=panel.ask, args=(sys.argv[1], 1000), daemon=True).start()
while not all(p._process is not None and p._asked > 2 for p in panel.provers):
    pass
print(*(p._process.pid for p in panel.provers), flush=True)
threading.Event().wait()
"""


def ended(process: int) -> bool:
    """Whether the process is gone, or a zombie that nobody waits for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_no_prover_outlives_its_owner(how: str) -> None:
    code = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n{ORPHANED}"  # a suite may run under nohup
    owner = subprocess.Popen([sys.executable, "-c", code, HARD], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    workers = [int(pid) for pid in owner.stdout.readline().split()]
    time.sleep(0.5)  # both think by now
    guardians = [int(pid) for w in workers for pid in Path(f"/proc/{w}/task/{w}/children").read_text().split()]
    assert len(workers) == len(guardians) == 2
    assert not any(map(ended, workers + guardians))
    owner.send_signal(getattr(signal, how))
    owner.wait(timeout=10)
    owner.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not all(map(ended, workers + guardians)):
        time.sleep(0.05)
    assert all(map(ended, workers + guardians))
