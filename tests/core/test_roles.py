"""How checks of different roles, scopes and dependences add up."""

from collections.abc import Callable

import pytest
import sample_findings as sample
from sample_findings import judged, named

from eqt_theory.core.claim import WHOLE, Reading, Run
from eqt_theory.core.finding import Finding
from eqt_theory.core.judge import Standing
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.verdict import Judgement, Relation

HOLDS, IN_CASES, OPEN = Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.OPEN
Make = Callable[[], Finding]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [(sample.proved, HOLDS), (sample.certified, HOLDS), (sample.supported, OPEN), (sample.unknown, OPEN)],
)
def test_all_that_shows_a_part_is_needed(finding: Make, expected: Judgement):
    claim = sample.claim_of()
    claim.shows("all")(sample.proved)
    claim.shows("all")(named("main", finding))
    assert judged(claim).judgement is expected
    assert any("main is" in text for text in judged(claim).ground.lacks) == (expected is OPEN)


def test_a_check_of_the_whole_stands_beside_those_of_the_parts():
    claim = sample.claim_of(Reading("stated", "both", parts=("a", "b")))
    claim.shows("all", part="a")(named("a", sample.proved))
    assert judged(claim).ground.lacks == ("nothing shows part 'b' of 'stated'",)
    claim.shows("all", part=WHOLE)(named("whole", sample.proved))
    assert judged(claim).judgement is HOLDS
    claim.shows("all", part=WHOLE)(named("more", sample.unknown))
    assert judged(claim).judgement is OPEN


def test_a_lemma_establishes_nothing_and_carries_what_uses_it():
    claim = sample.claim_of()
    step = claim.lemma("all")(named("step", sample.proved))
    assert judged(claim).judgement is OPEN
    claim.shows("all", uses=[step])(named("main", sample.proved))
    assert judged(claim).judgement is HOLDS


@pytest.mark.parametrize("finding", [sample.refuted, sample.unknown, sample.supported])
def test_a_lemma_that_fails_refutes_nothing_and_is_a_problem(finding: Make):
    claim = sample.claim_of()
    below = claim.lemma("all")(named("below", finding))
    step = claim.lemma("all", uses=below)(named("step", sample.proved))
    claim.shows("all", uses=step)(named("main", sample.proved))
    ledger = run_ledger([claim], Run())
    assert ledger.entries[0].judgement is OPEN
    (lacks,) = ledger.entries[0].assessment.ground.lacks
    assert lacks.startswith("main uses step: step uses below: below is ")
    assert any("below is" in p and ("refuted" in p or "inconclusive" in p) for p in ledger.problems()) == (
        finding is not sample.supported
    )


def test_samples_refute_and_do_not_establish():
    claim = sample.claim_of()
    claim.samples("some")(named("drawn", sample.supported))
    assert judged(claim).judgement is OPEN
    claim.samples("some")(named("proved_by_chance", sample.proved))
    assert judged(claim).judgement is OPEN
    claim.samples("some")(named("found", sample.refuted))
    assert judged(claim).judgement is Judgement.FALSE
    claim.shows("all")(named("main", sample.proved))
    found = judged(claim)
    assert found.judgement is OPEN
    assert found.contradictions == ("reading 'stated': established by main and refuted by found",)
    assert found.readings["stated"].standing is Standing.CONTRADICTORY


def test_what_is_refuted_besides_is_of_no_use_to_others():
    other = sample.claim_of(name="other")
    other.shows("all")(named("main", sample.proved))
    claim = sample.claim_of(name="mine")
    claim.shows("all", uses="other:main")(named("rests", sample.proved))
    assert judged(claim, other).judgement is HOLDS
    other.samples("some")(named("found", sample.refuted))
    assert judged(claim, other).ground.lacks == ("rests uses other:main: found refutes what it shows",)


def test_what_is_shown_in_cases_only_is_judged_so_and_said():
    claim = sample.claim_of(Reading("stated", "both", parts=("a", "b")))
    claim.shows("all", part="a")(named("a", sample.proved))
    claim.shows("small", part="b", cases="d <= 10")(named("b", sample.proved))
    found = judged(claim)
    assert (found.judgement, found.ground.cases) == (IN_CASES, ("d <= 10",))
    assert found.readings["stated"].standing is Standing.IN_CASES


def test_the_cases_and_citations_of_a_lemma_are_those_of_what_uses_it():
    claim = sample.claim_of()
    step = claim.lemma("small", cases="d <= 10", cites="Banach")(named("step", sample.proved))
    claim.shows("all", uses=step, cites="Weyl")(named("main", sample.proved))
    found = judged(claim)
    assert (found.judgement, found.ground.cases, found.ground.cites) == (IN_CASES, ("d <= 10",), ("Weyl", "Banach"))


def test_a_case_that_holds_and_another_that_fails_are_no_contradiction():
    claim = sample.claim_of()
    claim.shows("d = 1", cases="d = 1")(named("one", sample.proved))
    claim.samples("d = 2")(named("two", sample.refuted))
    assert judged(claim).judgement is Judgement.FALSE


def test_a_condition_that_holds_in_cases_is_said_so():
    claim = sample.claim_of(Reading("stated", "x"), Reading("completed", "y", Relation.COMPLETED))
    claim.shows("all")(named("stated", sample.refuted))
    claim.shows("d = 1", reading="completed", cases="d = 1")(named("completed", sample.proved))
    found = judged(claim)
    assert (found.judgement, found.ground.cases) == (Judgement.NEEDS_CONDITION, ("d = 1",))


def test_a_stronger_reading_in_cases_makes_nothing_loose():
    claim = sample.claim_of(Reading("stated", "x"), Reading("sharper", "y", Relation.SHARPER))
    claim.shows("all")(named("stated", sample.proved))
    claim.shows("d = 1", reading="sharper", cases="d = 1")(named("sharper", sample.proved))
    assert (judged(claim).judgement, judged(claim).ground.cases) == (HOLDS, ())


def test_theorems_of_other_claims_are_used_by_name():
    other = sample.claim_of(name="other")
    other.shows("all", cites="Weyl")(named("base", sample.proved))
    other.lemma("all")(named("wrong", sample.unknown))
    for name, judgement in (("other", HOLDS), ("other:base", HOLDS), ("other:wrong", OPEN), ("other:absent", OPEN)):
        claim = sample.claim_of(name="mine")
        claim.shows("all", uses=name)(named("main", sample.proved))
        assert judged(claim, other).judgement is judgement, name
        assert judged(claim, other).ground.cites == (("Weyl",) if judgement is HOLDS else ())
        assert judged(claim).judgement is OPEN, "it was not run"


def test_claims_that_rest_on_each_other_are_open():
    one, two = sample.claim_of(name="one"), sample.claim_of(name="two")
    one.shows("all", uses="two")(named("a", sample.proved))
    two.shows("all", uses="one:a")(named("b", sample.proved))
    for order in ([one, two], [two, one]):
        ledger = run_ledger(order, Run())
        assert [entry.judgement for entry in ledger.entries] == [OPEN, OPEN]
        assert all("open" in problem for problem in ledger.problems())


def test_a_finding_of_another_check_is_none_of_this_one():
    shared = sample.proved()
    kept: list[Finding] = []

    def first() -> Finding:
        kept.append(sample.proved())
        return kept[0]

    claim = sample.claim_of()
    for name, make in (("early", lambda: shared), ("first", first), ("again", lambda: kept[0])):
        claim.shows("all")(named(name, make))
    found = [result.finding for result in run_ledger([claim], Run()).entries[0].results]
    assert [f.verdict for f in found] == ["INCONCLUSIVE", "PROVED", "INCONCLUSIVE"]
    assert "UsageError: the finding was made before the check ran" in found[2].detail
