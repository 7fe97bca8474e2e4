import io
from pathlib import Path

import pytest
import sample_findings as sample
from rich.console import Console

from eqt_theory.core.claim import Run
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.report.remark import print_remark


@pytest.fixture
def ledger(sample_claims: Path) -> Ledger:
    return run_ledger(load_folder(sample_claims)[0], Run())


def _shown(ledger: Ledger, claim: str, *, width: int = 120, smtlib: bool = False) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, highlight=False, markup=False, emoji=False)
    print_remark(console, ledger, claim, smtlib=smtlib)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def test_a_refutation_can_be_checked_by_hand(ledger: Ledger):
    shown = _shown(ledger, "squares-grow")
    for text in (
        "x^2 >= x for every real x in [0, 2].",
        "false. Every reading of the statement as written is refuted.",
        "The statement holds for integers.",
        "Section 2.1 [sic], Eq. 3",
        "REFUTED by exact arithmetic: counterexample",
        "x = 1/2 (about 0.5)",
        "by other code, in exact arithmetic",
        "hypothesis  holds 0 <= x    1/2",
        "conclusion  fails x^2 >= x  -1/4",
        "Repaired statement",
        "x^2 >= x for every real x in [1, 2].",
        "holds. Every reading of the statement as written is established.",
        "conclusion  cvc5: unsat, z3: unsat",
        "the hypotheses hold at x = 1",
        "eqt-theory verify squares-grow --proofs tests/sample_claims --smtlib DIR",
    ):
        assert text in shown


def test_the_solvers_text_is_shown_on_request(ledger: Ledger):
    assert "(assert (< (* x x) x))" not in _shown(ledger, "squares-grow-repaired")
    assert "(assert (< (* x x) x))" in _shown(ledger, "squares-grow-repaired", smtlib=True)


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits(ledger: Ledger, width: int):
    lines = _shown(ledger, "squares-grow", width=width, smtlib=True).splitlines()
    assert max(len(line) for line in lines) <= min(width, 100)


def test_values_identities_notes_and_a_missing_repair_are_shown():
    claim = sample.claim_of(repair="elsewhere")
    claim.shows("everywhere")(sample.certified)
    claim.shows("everywhere")(sample.proved)
    shown = _shown(run_ledger([claim], Run()), "sample")
    assert "value = 2" in shown
    assert "0 = 0  leaves 0" in shown
    assert "elsewhere was not run" in shown


def test_a_claim_that_was_not_run_prints_nothing(ledger: Ledger):
    assert _shown(ledger, "absent") == ""
