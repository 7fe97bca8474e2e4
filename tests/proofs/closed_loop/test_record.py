"""The record beside the claims: complete, nothing left open, and what an independent audit of the paper found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eqt_theory.core.claim import Run
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.record import load_record, read_record
from eqt_theory.core.store import FOLDER

AUDIT = {
    "proposition-1": "needs_condition",
    "equation-9": "false",
    "equation-10": "false",
    "equation-19": "false",
    "assumption-4.1": "false",
    "assumption-4.2": "false",
    "theorem-2": "holds_loosely",
    "equation-27": "holds_loosely",
    "equation-28": "false",
    "section-3.5-gamma": "false",
    "section-4.2.2-example": "false",
    "theorem-3": "needs_condition",
    "theorem-4": "false",
    "corollary-5": "false",
    "theorem-7": "not_checkable",
    "theorem-8": "false",
    "proposition-9.2": "needs_condition",
    "proposition-9.3": "false",
    "proposition-9.5": "false",
    "table-2": "holds",
    "section-5.3.1": "false",
}
OTHERS = ["algorithm-1", "equation-14", "equation-15", "theorem-6", "proposition-9.1", "proposition-9.4"]


@pytest.fixture(scope="module")
def record(proofs_folder: Path) -> dict[str, str]:
    return load_record(proofs_folder)


def test_every_claim_is_on_record_and_nothing_else(record, proofs_folder):
    claims, failures = load_folder(proofs_folder)
    assert failures == []
    assert {claim.id for claim in claims} == set(record)
    assert read_record(proofs_folder).problems(claims, complete=True) == []


def test_nothing_is_open_and_every_failing_statement_has_a_repair_that_holds(record, proofs_folder):
    assert "open" not in record.values()
    claims, _ = load_folder(proofs_folder)
    for claim in claims:
        if record[claim.id] in ("false", "needs_condition"):
            assert claim.repair is not None, claim.id
            assert record[claim.repair] == "holds", claim.id


def test_the_record_agrees_with_the_audit(record):
    assert {name: record[name] for name in AUDIT} == AUDIT
    assert set(OTHERS) <= set(record)


def test_a_quick_run_is_clean(record, proofs_folder):
    claims, failures = load_folder(proofs_folder)
    ledger = run_ledger(
        claims, Run(quick=True, certificates=proofs_folder / FOLDER), failures=failures, recorded=record
    )
    assert ledger.problems() == []
    assert sum(len(entry.results) for entry in ledger.entries) > 200


def test_a_record_that_says_otherwise_is_noticed(ledger_of: Callable):
    ledger = ledger_of("equation_9")
    wrong = {**ledger.recorded, "equation-9": "holds"}
    assert any("on record as holds" in problem for problem in replace(ledger, recorded=wrong).problems())
