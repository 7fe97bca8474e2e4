import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core.folder import default_folders

HOLDS = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
claim = Claim(id="{0}", source="s", statement="t")
@claim.shows("all")
def sums() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1 is 2", enclosures={{"sum": 1 + 1}})
"""
UNKNOWN = """
@claim.shows("all")
def unsure() -> Finding:
    return Finding(Verdict.INCONCLUSIVE, Method.SMT, "out of time")
"""
REFUTED = """
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
@claim.shows("all")
def breaks() -> Finding:
    replay = Replay(Arithmetic.EXACT, (), (ReplayLine("1 = 2", 1 == 2, "1"),))
    return Finding(Verdict.REFUTED, Method.EXACT, "1 is not 2", witness={"x": 1}, replay=replay)
"""
SLOW = """
import time

@claim.shows("all")
def sleeps() -> Finding:
    time.sleep(120)
    return sums()
"""


def test_a_clean_run_is_status_0(cli: Callable, sample_claims: Path):
    outcome = cli("verify", "--proofs", sample_claims)
    assert (outcome.status, outcome.err) == (0, "")
    assert "squares-grow: counterexample: REFUTED by EXACT" in outcome.out, "progress, a line per check"
    assert outcome.out.splitlines()[-1].startswith("3 claims (2 holds, 1 false), 4 checks, no problems, ")


def test_only_the_named_claims_and_their_repairs_run(cli: Callable, sample_claims: Path):
    outcome = cli("verify", "squares-grow", "--proofs", sample_claims)
    assert outcome.status == 0
    assert "squares-grow-repaired" in outcome.out
    assert "square-of-a-sum" not in outcome.out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (UNKNOWN, "a: unsure is inconclusive: out of time"),
        ("claim.checks.clear()", "a: open, its findings neither establish nor refute it"),
        ("claim.checks.clear()" + REFUTED, "a: unfinished, it fails and names no repaired statement"),
    ],
    ids=["inconclusive", "open", "unfinished"],
)
def test_a_problem_is_listed_and_status_1(cli: Callable, claims_folder: Callable, text: str, problem: str):
    outcome = cli("verify", "--proofs", claims_folder(a=HOLDS.format("a") + text))
    assert outcome.status == 1
    assert f"- {problem}" in outcome.out
    assert outcome.out.count("\n- ") == (2 if "inconclusive" in problem else 1)


def test_contradictory_findings_are_a_problem_of_their_claim(cli: Callable, claims_folder: Callable, tmp_path: Path):
    folder = claims_folder(a=HOLDS.format("a") + REFUTED, b=HOLDS.format("b"))
    outcome = cli("verify", "--proofs", folder, "--json", tmp_path / "run.json")
    assert outcome.status == 1
    said = " ".join(outcome.out.split())
    assert "a: CONTRADICTION, a bug in a check, in reading 'stated': established by sums and refuted by breaks" in said
    run = json.loads((tmp_path / "run.json").read_text())
    assert [claim["judgement"] for claim in run["claims"]] == ["open", "holds"]
    assert any("CONTRADICTION" in problem for problem in run["summary"]["problems"])


def test_provers_that_disagree_stop_the_run(cli: Callable, claims_folder: Callable):
    text = """
from eqt_theory.core.errors import ProverDisagreement
@claim.shows("all")
def asks() -> Finding:
    raise ProverDisagreement("goal: z3 unsat, cvc5 sat")
"""
    outcome = cli("verify", "--proofs", claims_folder(a=HOLDS.format("a") + text))
    assert outcome.status == 1
    assert "goal: z3 unsat, cvc5 sat" in outcome.error


def test_broken_files_are_reported_and_the_others_run(cli: Callable, claims_folder: Callable):
    folder = claims_folder(a=HOLDS.format("a"), b="raise SystemExit(0)", c="import no_such_module", d="def f(:")
    outcome = cli("verify", "--proofs", folder)
    assert outcome.status == 1
    assert re.search(r"^a +s +holds", outcome.out, re.MULTILINE)
    assert "b.py could not be loaded: SystemExit: 0" in outcome.out
    assert "c.py could not be loaded: ModuleNotFoundError" in outcome.out
    assert "d.py could not be loaded: SyntaxError" in outcome.out
    assert "Traceback" not in outcome.out + outcome.err


def test_an_unknown_claim_names_the_nearest_and_files_that_did_not_load(
    cli: Callable, sample_claims: Path, claims_folder: Callable
):
    outcome = cli("verify", "square-grow", "--proofs", sample_claims)
    assert outcome.status == 2
    assert "unknown claim id 'square-grow'; nearest: squares-grow" in outcome.error
    outcome = cli("verify", "b", "--proofs", claims_folder(a=HOLDS.format("a"), b="1 / 0"))
    assert outcome.status == 2
    assert "could not be loaded: b.py (ZeroDivisionError: division by zero)" in outcome.error


def test_a_folder_without_claims_is_a_usage_error(cli: Callable, tmp_path: Path):
    assert "holds no claims file" in cli("verify", "--proofs", tmp_path).error
    assert "does not exist" in cli("verify", "--proofs", tmp_path / "no").error
    assert cli("verify", "--proofs", tmp_path).status == 2


def test_a_file_that_cannot_be_written_is_found_out_before_the_run(cli: Callable, sample_claims: Path, tmp_path: Path):
    for file, said in ((tmp_path / "no" / "x.json", "does not exist"), (tmp_path, "must name a file")):
        outcome = cli("verify", "--proofs", sample_claims, "--json", file)
        assert outcome.status == 2
        assert said in outcome.error
        assert outcome.out == ""


def test_json_is_the_same_for_the_same_seed_apart_from_times(sample_claims: Path, tmp_path: Path):
    texts = []
    for number, (seed, hashing) in enumerate([("5", "1"), ("5", "2"), ("6", "1")]):
        file = tmp_path / f"{number}.json"
        command = [sys.executable, "-m", "eqt_theory", "verify", "--proofs", str(sample_claims), "--json", str(file)]
        env = {**os.environ, "PYTHONHASHSEED": hashing}
        done = subprocess.run([*command, "--seed", seed], capture_output=True, env=env, timeout=60)
        assert done.returncode == 0
        texts.append(re.sub(r'"seconds": [-+.e0-9]+', '"seconds": 0', file.read_text("utf-8")))
    assert texts[0] == texts[1]
    assert texts[0].replace('"seed": 5', '"seed": 6') != texts[2], "the seed reaches the samples"


def test_sums_in_inner_products_are_the_same_in_every_process(tmp_path: Path):
    (text,) = (folder for folder in default_folders() if folder.name == "first_order_methods")
    found = []
    for hashing in ("1", "2"):
        file = tmp_path / f"{hashing}.json"
        command = [sys.executable, "-m", "eqt_theory", "verify", "sgd", "--proofs", str(text), "--json", str(file)]
        done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": hashing}, timeout=60)
        assert done.returncode == 0, done.stderr
        found.append(re.sub(r'"seconds": [-+.e0-9]+', "", file.read_text("utf-8")))
    assert found[0] == found[1]


def test_json_on_standard_output_is_nothing_but_json(cli: Callable, sample_claims: Path):
    outcome = cli("verify", "--proofs", sample_claims, "--json", "-")
    assert json.loads(outcome.out)["summary"]["claims"] == 3
    assert "3 claims" in outcome.err


def test_examples_seed_and_quick_reach_the_checks(cli: Callable, sample_claims: Path):
    outcome = cli("verify", "--proofs", sample_claims, "--json", "-", "--examples", "7", "--seed", "9")
    run = json.loads(outcome.out)
    assert (run["environment"]["examples"], run["environment"]["seed"]) == (7, 9)
    assert run["claims"][1]["findings"][1]["examples"] == 7
    quick = json.loads(cli("verify", "--proofs", sample_claims, "--json", "-", "--quick").out)
    assert [f["check"] for f in quick["claims"][1]["findings"]] == ["product_of_signs"]


def test_obligations_are_written(cli: Callable, sample_claims: Path, tmp_path: Path):
    outcome = cli("verify", "--proofs", sample_claims, "--smtlib", tmp_path / "smt")
    assert outcome.status == 0
    assert f"1 obligation written to {tmp_path / 'smt'}" in outcome.out
    assert len(list((tmp_path / "smt").rglob("*.smt2"))) == 1


def test_the_record_is_written_and_then_held_against_the_run(cli: Callable, claims_folder: Callable):
    folder = claims_folder(a=HOLDS.format("a"), b=HOLDS.format("b"))
    assert cli("verify", "--proofs", folder, "--record").status == 0
    record = folder / "judgements.json"
    assert _judgements(record) == {"a": "holds", "b": "holds"}
    assert cli("verify", "--proofs", folder).status == 0

    record.write_text(json.dumps({**_kept(record), "a": "false", "gone": {"judgement": "open", "digest": "0"}}))
    outcome = cli("verify", "--proofs", folder)
    assert outcome.status == 1
    assert "a: judged holds, on record as false" in outcome.out
    assert cli("verify", "a", "--proofs", folder, "--record").status == 0
    assert "gone: on record as open, and gone" in outcome.out
    assert "a: the record says no digest" in outcome.out
    assert _judgements(record) == {"a": "holds", "b": "holds", "gone": "open"}, "a part keeps the rest"
    assert cli("verify", "--proofs", folder, "--record").status == 0
    assert _judgements(record) == {"a": "holds", "b": "holds"}


def _kept(record: Path) -> dict[str, dict[str, str]]:
    return json.loads(record.read_text())


def _judgements(record: Path) -> dict[str, str]:
    return {name: entry["judgement"] for name, entry in _kept(record).items()}


def test_another_statement_a_new_claim_and_one_that_is_gone_are_problems(cli: Callable, claims_folder: Callable):
    folder = claims_folder(a=HOLDS.format("a"), b=HOLDS.format("b"))
    assert cli("verify", "--proofs", folder, "--record").status == 0
    (folder / "a.py").write_text(HOLDS.format("a").replace('statement="t"', 'statement="P = NP."'))
    (folder / "b.py").unlink()
    (folder / "c.py").write_text(HOLDS.format("c"))
    outcome = cli("verify", "--proofs", folder)
    assert outcome.status == 1
    for said in ("a: the record is of another statement", "b: on record as holds, and gone", "c: not on record"):
        assert said in outcome.out
    assert cli("verify", "a", "--proofs", folder).status == 1, "also where only that claim runs"


def test_a_quick_run_shows_what_is_on_record_and_says_what_was_not_run(cli: Callable, claims_folder: Callable):
    long = "@claim.shows('all', quick=False)\ndef more_slowly() -> Finding: return sums()\n"
    late = REFUTED.replace('"all"', '"all", reading="stated"').replace("sums", "breaks")
    completed = HOLDS.format("b").replace(
        'statement="t")',
        'statement="t", repair="a", readings=[Reading("stated", "x"), Reading("more", "y", Relation.COMPLETED)])',
    )
    completed = "from eqt_theory import Reading, Relation\n" + completed.replace(
        '@claim.shows("all")', '@claim.shows("all", reading="more", quick=False)'
    )
    folder = claims_folder(a=HOLDS.format("a") + long, b=completed + late)
    assert cli("verify", "--proofs", folder, "--record").status == 0
    assert _judgements(folder / "judgements.json") == {"a": "holds", "b": "needs_condition"}
    outcome = cli("verify", "--proofs", folder, "--quick", "--json", "-", "--html", folder / "site")
    assert outcome.status == 0
    assert "1 check of it did not run: more slowly." in (folder / "site" / "claims" / "a.html").read_text("utf-8")
    run = json.loads(outcome.out)
    assert [(c["judgement"], c["judgement_from"], c["not_run"]) for c in run["claims"]] == [
        ("holds", "record", ["more_slowly"]),
        ("needs_condition", "record", ["sums"]),
    ]
    assert "holds on record" in outcome.err
    assert "2 claims (1 holds, 1 needs_condition), 2 checks, 2 more not run (--quick), no problems" in outcome.err


def test_a_broken_record_is_a_usage_error(cli: Callable, claims_folder: Callable):
    folder = claims_folder(a=HOLDS.format("a"))
    (folder / "judgements.json").write_text("{")
    outcome = cli("verify", "--proofs", folder)
    assert outcome.status == 2
    assert "judgements.json is not JSON" in outcome.error


def test_a_device_that_is_not_there_is_a_usage_error(
    cli: Callable, sample_claims: Path, monkeypatch: pytest.MonkeyPatch
):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    outcome = cli("verify", "--proofs", sample_claims, "--device", "cuda")
    assert outcome.status == 2
    assert "sees no CUDA device" in outcome.error


def test_ctrl_c_prints_what_was_finished_and_is_status_130(claims_folder: Callable, tmp_path: Path):
    folder = claims_folder(a=HOLDS.format("a"), b=HOLDS.format("b") + SLOW, c=HOLDS.format("c"))
    # a test run in the background has SIGINT ignored, and a child would inherit that
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from eqt_theory.cli.main import main; main()"
    )
    command = [sys.executable, "-c", start, "verify", "--proofs", str(folder), "--json", str(tmp_path / "run.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("b: sums"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    assert "interrupted; finished: 1 claim (1 holds), 1 check" in out
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["summary"]["interrupted"] is True
    assert [claim["id"] for claim in run["claims"]] == ["a"]
