"""Checks in other processes: the same ledger, and a process that dies costs its own check only."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import sample_findings as sample

from eqt_theory.core import runner
from eqt_theory.core.claim import Run
from eqt_theory.core.errors import ProverDisagreement
from eqt_theory.core.finding import Finding
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.verdict import Verdict
from eqt_theory.report.json import to_json

HEAD = """
import os, signal, sys, time
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import ProverDisagreement
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
claim = Claim(id="{0}", source="s", statement="t")
def good():
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1 is 2", enclosures={{"sum": 2}})
@claim.shows("all")
def first() -> Finding: return good()
"""
LAST = """
@claim.shows("all")
def last() -> Finding: return good()
"""
BAD = {
    "exits": "sys.exit(0)",
    "leaves": "os._exit(0)",
    "is_killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "unwinds": "raise GeneratorExit",
    "says_nothing": "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
}


def _bad(name: str) -> str:
    return f"\n@claim.shows('all')\ndef {name}() -> Finding: {BAD[name]}\n"


def _verdicts(ledger: Ledger) -> dict[str, Verdict]:
    return {r.check.name: r.finding.verdict for entry in ledger.entries for r in entry.results}


@pytest.fixture
def loaded(claims_folder: Callable[..., Path]):
    def load(**texts: str):
        claims, failures = load_folder(claims_folder(**texts))
        assert failures == []
        return claims

    return load


def _without_times(ledger: Ledger) -> str:
    return re.sub(r'"seconds": [-+.e0-9]+', '"seconds": 0', to_json(ledger, Run()))


def test_the_ledger_does_not_depend_on_the_number_of_jobs(sample_claims: Path):
    claims, _ = load_folder(sample_claims)
    one, two = (run_ledger(claims, Run(seed=4), jobs=jobs) for jobs in (1, 2))
    assert _without_times(one) == _without_times(two)


@pytest.mark.parametrize("name", BAD)
def test_a_check_that_ends_its_process_costs_itself_only(loaded, name: str):
    claims = loaded(a=HEAD.format("a") + _bad(name) + LAST, b=HEAD.format("b"))
    ledger = run_ledger(claims, Run(), jobs=2)
    verdicts = _verdicts(ledger)
    assert verdicts.pop(name) is Verdict.INCONCLUSIVE
    assert set(verdicts.values()) == {Verdict.CERTIFIED}
    assert [entry.judgement for entry in ledger.entries] == ["open", "holds"]
    assert any(f"a: {name} is inconclusive" in problem for problem in ledger.problems())


@pytest.mark.parametrize("name", ["exits", "unwinds", "says_nothing"])
def test_what_a_check_raises_ends_no_run_in_this_process_either(loaded, name: str):
    ledger = run_ledger(loaded(a=HEAD.format("a") + _bad(name) + LAST), Run())
    assert [r.finding.verdict for r in ledger.entries[0].results] == ["CERTIFIED", "INCONCLUSIVE", "CERTIFIED"]


def test_a_worker_that_dies_once_is_forgiven(loaded, tmp_path: Path):
    mark = tmp_path / "was_here"
    text = (
        f"\n@claim.shows('all')\ndef once() -> Finding:\n    if not os.path.exists({str(mark)!r}):\n"
        f"        open({str(mark)!r}, 'w').close()\n        os._exit(3)\n    return good()\n"
    )
    ledger = run_ledger(loaded(a=HEAD.format("a") + text + LAST), Run(), jobs=2)
    assert set(_verdicts(ledger).values()) == {Verdict.CERTIFIED}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_run_reaches_what_a_check_asks(loaded, jobs: int):
    text = """
from eqt_theory.core.check import running
@claim.shows("all")
def asks() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "timeout", enclosures={"seconds": running().timeout})
"""
    ledger = run_ledger(loaded(a=HEAD.format("a") + text), Run(timeout=3.5), jobs=jobs)
    assert ledger.entries[0].results[1].finding.enclosures == {"seconds": 3.5}


def test_any_executor_will_do_and_claims_of_no_file_run_here(loaded):
    claims = [*loaded(a=HEAD.format("a")), sample.claim_of()]
    claims[1].shows("all")(sample.proved)
    ledger = run_ledger(claims, Run(), jobs=2, executor=ThreadPoolExecutor)
    assert [entry.judgement for entry in ledger.entries] == ["holds", "holds"]


TELLS = """
@claim.shows("all")
def tells() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "which process", enclosures={"pid": os.getpid()})
"""


@pytest.mark.parametrize("name", [None, "leaves", "unwinds"])
def test_workers_serve_one_run_after_another_and_end_with_the_last(loaded, name: str | None):
    before = set(multiprocessing.active_children())
    claims = loaded(a=HEAD.format("a") + TELLS + ("" if name is None else _bad(name)), b=HEAD.format("b") + TELLS)
    with runner.Workers(1) as workers:
        one, two = (run_ledger([claim], Run(), workers=workers) for claim in claims)
    pids = [
        r.finding.enclosures["pid"]
        for ledger in (one, two)
        for r in ledger.entries[0].results
        if r.check.name == "tells"
    ]
    assert (pids[0] == pids[1]) == (name != "leaves"), "a process that is gone serves no further run"
    assert os.getpid() not in pids
    assert two.entries[0].judgement == "holds"
    ends = time.monotonic() + 30
    while set(multiprocessing.active_children()) - before and time.monotonic() < ends:
        time.sleep(0.05)
    assert set(multiprocessing.active_children()) <= before


def test_provers_that_disagree_stop_the_run_in_other_processes_too(loaded):
    text = "\n@claim.shows('all')\ndef asks() -> Finding: raise ProverDisagreement('z3 unsat, cvc5 sat')\n"
    with pytest.raises(ProverDisagreement, match="z3 unsat"):
        run_ledger(loaded(a=HEAD.format("a") + text), Run(), jobs=2)


def test_what_a_check_prints_goes_to_standard_error(loaded, capfd: pytest.CaptureFixture[str]):
    text = "\n@claim.shows('all')\ndef talks() -> Finding:\n    print('loud')\n    return good()\n"
    claims = loaded(a=HEAD.format("a") + text)
    for jobs in (1, 2):
        run_ledger(claims, Run(), jobs=jobs)
        out, err = capfd.readouterr()
        assert (out, "loud" in err) == ("", True)


@dataclass(frozen=True)
class Sly(Finding):
    """A finding whose constructor asks for nothing."""

    def __post_init__(self) -> None:
        pass


def test_a_finding_that_was_tampered_with_ends_its_own_check_only():
    def altered() -> Finding:
        finding = sample.supported()
        object.__setattr__(finding, "verdict", Verdict.PROVED)
        return finding

    def sly() -> Finding:
        good = sample.proved()
        return Sly(Verdict.PROVED, good.method, "trust me")

    claim = sample.claim_of()
    for check in (altered, sly, sample.proved):
        claim.shows("all")(check)
    results = run_ledger([claim], Run()).entries[0].results
    assert [r.finding.verdict for r in results] == ["INCONCLUSIVE", "INCONCLUSIVE", "PROVED"]
    assert all(type(r.finding) is Finding for r in results)


SLOW = """
@claim.shows("all")
def sleeps() -> Finding:
    print("pid", os.getpid(), flush=True)
    time.sleep(300)
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(claims_folder: Callable[..., Path], sent: signal.Signals):
    folder = claims_folder(a=HEAD.format("a") + SLOW)
    command = [sys.executable, "-m", "eqt_theory", "verify", "--jobs", "2", "--proofs", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        worker = next(int(line.split()[1]) for line in process.stderr if line.startswith("pid"))
        process.send_signal(sent)
        process.wait(30)
        ends = time.monotonic() + 30
        while _lives(worker) and time.monotonic() < ends:
            time.sleep(0.05)
        assert not _lives(worker)


def test_an_interrupt_keeps_what_was_finished_and_leaves_no_worker(loaded):
    claims = loaded(a=HEAD.format("a"), b=HEAD.format("b") + SLOW)
    seen: list[Finding] = []

    def interrupted(_: object, finding: Finding) -> None:
        seen.append(finding)
        if len(seen) == 2:  # the third sleeps
            raise KeyboardInterrupt

    before = set(multiprocessing.active_children())
    ledger = run_ledger(claims, Run(), jobs=2, on_finding=interrupted)
    assert ledger.interrupted
    assert [entry.claim.id for entry in ledger.entries] == ["a"]
    ends = time.monotonic() + 30
    while set(multiprocessing.active_children()) - before and time.monotonic() < ends:
        time.sleep(0.05)
    assert set(multiprocessing.active_children()) <= before


ENDLESS = """
@claim.shows("all")
def turns() -> Finding:
    while True:
        try:
            time.sleep(0.01)
        except Exception: pass
"""
DEAF = ENDLESS.replace("    while True", "    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    while True")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_check_that_never_ends_is_inconclusive_and_the_others_go_on(loaded, jobs: int):
    claims = loaded(a=HEAD.format("a") + ENDLESS + LAST, b=HEAD.format("b"))
    ledger = run_ledger(claims, Run(limit=0.5), jobs=jobs)
    verdicts = _verdicts(ledger)
    assert verdicts.pop("turns") is Verdict.INCONCLUSIVE
    assert set(verdicts.values()) == {Verdict.CERTIFIED}
    assert any("turns is inconclusive: the check did not end within 0.5 s" in p for p in ledger.problems())


def test_one_that_cannot_be_interrupted_costs_its_process(loaded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "_GRACE", 5.0)
    claims = loaded(a=HEAD.format("a") + DEAF + LAST, b=HEAD.format("b"))
    ledger = run_ledger(claims, Run(limit=0.5), jobs=2)
    verdicts = _verdicts(ledger)
    assert verdicts.pop("turns") is Verdict.INCONCLUSIVE
    assert set(verdicts.values()) == {Verdict.CERTIFIED}
    assert any("its process was given up" in problem for problem in ledger.problems()), ledger.problems()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return b"Z" not in Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1][:3]
