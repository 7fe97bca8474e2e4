import json
from pathlib import Path

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import kernel
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.claim import Run
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import Ledger, LoadFailure, run_ledger
from eqt_theory.engines.smt import prove
from eqt_theory.report.json import document, to_json


@pytest.fixture
def ledger(sample_claims: Path) -> Ledger:
    return run_ledger(load_folder(sample_claims)[0], Run(seed=3))


def test_the_fields_that_outsiders_rely_on(ledger: Ledger):
    run = json.loads(to_json(ledger, Run(seed=3)))
    assert list(run) == ["claims", "begun", "certificates", "summary", "environment"]
    claims = {claim["id"]: claim for claim in run["claims"]}
    for claim in claims.values():
        assert {"id", "source", "statement", "judgement", "repair", "findings"} <= set(claim)
        for finding in claim["findings"]:
            keys = {
                "role",
                "cases",
                "cites",
                "uses",
                "check",
                "method",
                "verdict",
                "detail",
                "witness",
                "provers",
                "examples",
                "seconds",
            }
            assert keys <= set(finding)
    false = claims["squares-grow"]
    assert (false["judgement"], false["repair"]) == ("false", "squares-grow-repaired")
    assert false["findings"][0]["witness"] == {"x": "1/2"}
    assert false["findings"][0]["replay"]["conclusions"] == [{"text": "x^2 >= x", "holds": False, "margin": "-1/4"}]
    repaired = claims["squares-grow-repaired"]
    assert (repaired["judgement"], repaired["repair"]) == ("holds", None)
    assert repaired["findings"][0]["provers"] == {"z3": "unsat", "cvc5": "unsat"}
    assert repaired["findings"][0]["witness"] is None
    assert [f["shown_by"] for f in repaired["findings"]] == ["provers", "samples"]
    assert [f["certificate"] for f in repaired["findings"]] == [None, None]
    assert false["findings"][0]["shown_by"] == "arithmetic"
    assert repaired["findings"][1]["examples"] == 100


def test_certificates_are_whole_and_the_kernel_accepts_them(tmp_path: Path):
    x = sp.Symbol("x", real=True)
    claim = sample.claim_of()
    claim.shows("all")(sample.named("main", lambda: prove([x >= 2], x**2 >= 4)))
    run = json.loads(to_json(run_ledger([claim], Run(certificates=tmp_path)), Run()))
    finding = run["claims"][0]["findings"][0]
    assert (finding["shown_by"], finding["assumes"], finding["statement"]) == (
        "kernel",
        ["x >= 2"],
        "x >= 2  implies  x**2 >= 4",
    )
    data = run["certificates"][finding["certificate"]]
    assert "cannot hold together" in kernel.check(data)
    assert Certificate(data).digest == finding["certificate"]


def test_summary_and_environment(ledger: Ledger):
    run = document(ledger, Run(seed=3, examples=50))
    summary, environment = run["summary"], run["environment"]
    assert (summary["claims"], summary["checks"], summary["problems"]) == (3, 4, [])
    assert {k: v for k, v in summary["judgements"].items() if v} == {"holds": 2, "false": 1}
    assert {k: v for k, v in summary["verdicts"].items() if v} == {"PROVED": 2, "SUPPORTED": 1, "REFUTED": 1}
    assert (environment["seed"], environment["examples"], environment["device"]) == (3, 50, "cpu")
    assert {"torch", "sympy", "z3-solver", "cvc5"} <= set(environment["versions"])
    assert all(environment["versions"].values())
    assert environment["python"].startswith("3.")


def test_problems_and_unloaded_files_are_in_the_summary():
    claim = sample.claim_of()
    claim.shows("all")(sample.unknown)
    ledger = run_ledger([claim], Run(), failures=[LoadFailure("x.py", "SyntaxError: no")])
    summary = document(ledger, Run())["summary"]
    assert summary["problems"] == ledger.problems()
    assert len(summary["problems"]) == 3
    assert summary["not_loaded"] == [{"file": "x.py", "reason": "SyntaxError: no"}]
