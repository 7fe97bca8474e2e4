"""Names that are none, in every place where one names a claim or a check."""

import pytest
import sample_findings as sample
from sample_findings import named

from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.ledger import run_ledger


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ("theorm-2", "this run has no claim 'theorm-2'; nearest: theorem-2"),
        ("stepp", "this run has no claim 'stepp'; nearest: step"),
        ("theorem-3:base", "this run has no claim 'theorem-3'; nearest: theorem-2"),
        ("theorem-2:bases", "theorem-2 has no check 'bases'; nearest: base"),
        ("text:theorem-2:base", "this run has no claim 'text:theorem-2'; nearest: theorem-2"),
    ],
)
def test_a_name_that_is_none_is_told_with_what_may_be_meant(uses: str, said: str):
    other = sample.claim_of(name="theorem-2")
    other.shows("all")(named("base", sample.proved))
    claim = sample.claim_of(name="mine")
    claim.lemma("all")(named("step", sample.proved))
    claim.lemma("all", uses=uses)(named("main", sample.proved))
    ledger = run_ledger([other, claim], Run())
    assert f"mine: main uses {uses}: {said}" in ledger.problems()


def test_a_misspelt_check_of_the_claim_itself_is_told_at_once():
    claim = sample.claim_of()
    claim.lemma("all")(named("first_step", sample.proved))
    with pytest.raises(UsageError, match="no check 'frist_step' above the one that uses it; nearest: first_step"):
        claim.shows("all", uses="frist_step")


def test_a_misspelt_repair_is_told():
    claims = [sample.claim_of(name="a", repair="b-repaird"), sample.claim_of(name="b-repaired")]
    claims[0].shows("all")(named("main", sample.refuted))
    assert any("b-repaird was not run; nearest: b-repaired" in text for text in run_ledger(claims, Run()).problems())
