from collections.abc import Callable
from pathlib import Path


def test_a_claim_is_shown_with_its_repair(cli: Callable, sample_claims: Path):
    outcome = cli("show", "squares-grow", "--proofs", sample_claims)
    assert outcome.status == 0
    assert "squares-grow-repaired: product_of_signs: PROVED by SMT" in outcome.err, "progress stays off the page"
    assert outcome.out.startswith("squares-grow  squaring makes larger")
    assert "conclusion  fails x^2 >= x  -1/4" in outcome.out
    assert "(check-sat)" not in outcome.out
    assert "(check-sat)" in cli("show", "squares-grow", "--proofs", sample_claims, "--smtlib").out


def test_problems_are_shown_and_status_1(cli: Callable, claims_folder: Callable):
    text = "from eqt_theory.core.claim import Claim\nclaim = Claim(id='a', source='s', statement='t')"
    outcome = cli("show", "a", "--proofs", claims_folder(a=text, b="1 / 0"))
    assert outcome.status == 1
    assert "1 problem:" in outcome.out
    assert "a: open" in outcome.out
    assert "b.py" not in outcome.out, "other files are no concern of this page"


def test_an_unknown_claim_names_the_nearest(cli: Callable, sample_claims: Path):
    outcome = cli("show", "squares-gro", "--proofs", sample_claims)
    assert outcome.status == 2
    assert "nearest: squares-grow" in outcome.error


def test_ctrl_c_is_status_130(cli: Callable, claims_folder: Callable):
    text = """
from eqt_theory.core.claim import Claim
claim = Claim(id='a', source='s', statement='t')
@claim.shows('all')
def stops():
    raise KeyboardInterrupt
"""
    outcome = cli("show", "a", "--proofs", claims_folder(a=text))
    assert outcome.status == 130
    assert outcome.out == "interrupted\n"
