"""How checks of different roles, scopes and dependences add up."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory.core.claim import WHOLE, Claim, Reading, Run
from eqt_theory.core.finding import Finding
from eqt_theory.core.judge import Assessment, Court, Result, Standing, assess
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.symbols import assumptions
from eqt_theory.core.verdict import Judgement, Relation, Verdict
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

HOLDS, IN_CASES, OPEN = Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.OPEN
Make = Callable[[], Finding]


def named(name: str, make: Make) -> Make:
    def check() -> Finding:
        return make()

    check.__name__ = name
    return check


def results(claim: Claim) -> list[Result]:
    return [Result(check, check(Run())) for check in claim.checks]


def judged(claim: Claim, *others: Claim) -> Assessment:
    return Court([(c, results(c)) for c in (claim, *others)]).assess(claim.id)


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


def about(make: Make, **declared: bool) -> Make:
    return lambda: replace(make(), assumes={"x": assumptions(sp.Symbol("x", **declared))})


@pytest.mark.parametrize(
    ("claim_says", "check_says", "more"),
    [
        ({"real": True}, {"positive": True}, "x is positive"),
        ({"nonnegative": True}, {"positive": True}, "x is positive"),
        ({"real": True}, {"integer": True}, "x is integer"),
        ({"positive": True}, {"positive": True}, ""),
        ({"positive": True}, {"real": True}, ""),
        ({"positive": True}, {"nonnegative": True}, ""),
    ],
)
def test_a_check_that_assumes_more_is_told(claim_says: dict[str, bool], check_says: dict[str, bool], more: str):
    claim = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", **claim_says)])
    claim.shows("all")(named("main", about(sample.proved, **check_says)))
    ledger = run_ledger([claim], Run())
    assert ledger.entries[0].judgement is (OPEN if more else HOLDS)
    assert any(more in problem for problem in ledger.problems()) == bool(more)
    narrow = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", **claim_says)])
    narrow.shows("some", cases="x > 0")(named("main", about(sample.proved, **check_says)))
    assert run_ledger([narrow], Run()).problems() == []


def test_a_refutation_outside_of_what_the_claim_speaks_about_counts_for_nothing():
    def at(value: int) -> Claim:
        claim = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", positive=True)])
        claim.shows("all")(named("main", lambda: replace(sample.refuted(), witness={"x": value})))
        return claim

    assert assess(at(1), results(at(1))).judgement is Judgement.FALSE
    found = assess(at(-1), results(at(-1)))
    assert found.judgement is OPEN
    assert found.told == ("main refutes outside of what the claim speaks about: x = -1 is not positive",)


def test_provers_and_derivations_say_what_they_assumed():
    x, y = sp.Symbol("x", positive=True), sp.Symbol("y", real=True)
    for finding in (
        prove([x > 1], x + y**2 > y / 2),
        derive([("square", (x + y) ** 2, x**2 + 2 * x * y + y**2)], "square"),
    ):
        assert finding.verdict is Verdict.PROVED
        assert finding.assumes["x"]["positive"] and "positive" not in finding.assumes["y"]
