"""The worked folder of claims for another text: judged as it should be, its false statement among them."""

from collections.abc import Callable
from pathlib import Path

from eqt_theory.core.claim import Run
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger
from eqt_theory.report.html.figures import pictures_of

FOLDER = Path(__file__).parent.parent / "examples" / "textbook"


def test_the_textbook_is_judged():
    claims, failures = load_folder(FOLDER)
    ledger = run_ledger(claims, Run(examples=20), failures=failures)
    assert {entry.claim.id: str(entry.judgement) for entry in ledger.entries} == {
        "arithmetic-geometric": "holds",
        "descent-lemma": "holds",
        "descent-lemma-long": "false",
        "harmonic-arithmetic": "false",
        "harmonic-arithmetic-repaired": "holds",
    }
    assert ledger.problems() == []


def test_the_false_statement_is_drawn_from_its_counterexample():
    claims, _ = load_folder(FOLDER)
    (entry,) = (e for e in run_ledger(claims, Run(examples=5)).entries if e.claim.drawings)
    (picture,), problems = pictures_of(entry)
    assert (entry.claim.id, problems) == ("harmonic-arithmetic", []) and "counterexample" in picture.caption


def test_a_sign_flipped_in_the_textbook_is_noticed(cli: Callable, claims_folder: Callable):
    code = (FOLDER / "means.py").read_text("utf-8")
    wrong = code.replace("sp.sqrt(a * b) <= (a + b) / 2", "sp.sqrt(a * b) >= (a + b) / 2")
    assert wrong != code
    outcome = cli("verify", "--proofs", claims_folder(means=wrong))
    assert outcome.status == 1
    assert "arithmetic-geometric: unfinished" in " ".join(outcome.out.split())
