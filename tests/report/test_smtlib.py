from pathlib import Path

import sample_findings as sample

from eqt_theory.core.claim import Run
from eqt_theory.core.finding import Finding, Obligation, Proof, inconclusive
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.report.smtlib import obligations_of, write_smtlib


def test_every_obligation_becomes_a_file(sample_claims: Path, tmp_path: Path):
    ledger = run_ledger(load_folder(sample_claims)[0], Run())
    folder = tmp_path / "new" / "folder"
    files = write_smtlib(ledger, folder)
    assert [str(f.relative_to(folder)) for f in files] == ["squares-grow-repaired/product_of_signs-01-conclusion.smt2"]
    assert "(assert (< (* x x) x))" in files[0].read_text()


def test_obligations_that_stayed_open_are_written_too_and_names_make_safe_files(tmp_path: Path):
    claim = sample.claim_of()

    @claim.shows("all")
    def open_one() -> Finding:
        asked = (Obligation("x/y > 0, ../..", "(one)", {"z3": "unknown"}), Obligation("<=", "(two)", {}))
        return inconclusive(Method.SMT, "out of time", obligations=asked)

    files = write_smtlib(run_ledger([claim], Run()), tmp_path)
    assert [f.name for f in files] == ["open_one-01-x-y-0.smt2", "open_one-02-obligation.smt2"]
    assert [f.read_text() for f in files] == ["(one)\n", "(two)\n"]


def test_an_obligation_in_finding_and_proof_counts_once():
    one, two = (Obligation(name, "", {"z3": "unsat", "cvc5": "unsat"}) for name in "ab")
    proof = Proof((one, two), satisfied_at={"x": 1})
    finding = Finding(Verdict.PROVED, Method.SMT, "detail", proof=proof, obligations=(one,))
    assert obligations_of(finding) == (one, two)
