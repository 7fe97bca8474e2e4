from itertools import product

import pytest
import sample_findings as sample

from eqt_theory.core.claim import Reading
from eqt_theory.core.errors import ContradictoryFindings
from eqt_theory.core.judge import Standing, assess, judge
from eqt_theory.core.verdict import Judgement, Relation

YES, NO, UNKNOWN = Standing.ESTABLISHED, Standing.REFUTED, Standing.UNKNOWN
FINDING = {YES: sample.proved, NO: sample.refuted, UNKNOWN: sample.supported}
S, C, SH, X, U = (
    Relation.STATED,
    Relation.COMPLETED,
    Relation.SHARPER,
    Relation.CONTRADICTION,
    Relation.UNDETERMINED,
)


def _judge(*readings: tuple[Relation, Standing]) -> Judgement:
    named = [Reading(f"r{i}", "words", relation) for i, (relation, _) in enumerate(readings)]
    found = [(f"r{i}", None, FINDING[said]()) for i, (_, said) in enumerate(readings)]
    return judge(sample.claim_of(*named), sample.results(*found))


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(S, YES)], "holds"),
        ([(S, NO)], "false"),
        ([(S, UNKNOWN)], "open"),
        ([(S, YES), (S, YES)], "holds"),
        ([(S, NO), (S, NO)], "false"),
        ([(S, YES), (S, NO)], "needs_condition"),
        ([(S, YES), (S, UNKNOWN)], "open"),
        ([(S, NO), (S, UNKNOWN)], "open"),
        ([(S, YES), (SH, YES)], "holds_loosely"),
        ([(S, YES), (SH, NO)], "holds"),
        ([(S, YES), (SH, UNKNOWN)], "holds"),
        ([(S, NO), (SH, YES)], "false"),
        ([(S, UNKNOWN), (SH, YES)], "open"),
        ([(S, NO), (C, YES)], "needs_condition"),
        ([(S, NO), (C, NO)], "false"),
        ([(S, NO), (C, UNKNOWN)], "false"),
        ([(S, YES), (C, YES)], "holds"),
        ([(S, UNKNOWN), (C, YES)], "open"),
        ([(X, YES)], "inconsistent"),
        ([(X, NO)], "open"),
        ([(X, UNKNOWN)], "open"),
        ([(S, UNKNOWN), (X, YES)], "inconsistent"),
        ([(S, UNKNOWN), (U, YES)], "not_checkable"),
        ([(S, UNKNOWN), (U, UNKNOWN)], "open"),
        ([(S, UNKNOWN), (X, YES), (U, YES)], "inconsistent"),
        ([(S, NO), (X, YES)], "false"),
    ],
)
def test_truth_table(readings: list[tuple[Relation, Standing]], expected: str):
    assert _judge(*readings) == expected


def test_no_order_of_readings_matters():
    for one, two, three in product([(S, YES), (S, NO), (C, YES), (SH, UNKNOWN)], repeat=3):
        if {one[0], two[0], three[0]} & {S}:
            assert _judge(one, two, three) == _judge(three, two, one)


@pytest.mark.parametrize("finding", [sample.supported, sample.unknown])
def test_samples_and_time_outs_establish_nothing(finding):
    claim = sample.claim_of()
    assert judge(claim, sample.results(("stated", None, finding()))) == "open"
    assert judge(claim, []) == "open"


def test_every_part_is_needed_and_one_refuted_part_refutes():
    reading = Reading("stated", "both", parts=("a", "b"))
    claim = sample.claim_of(reading)
    proved, certified, refuted = sample.proved(), sample.certified(), sample.refuted()
    for found, expected in [
        ([("stated", "a", proved)], UNKNOWN),
        ([("stated", "a", proved), ("stated", "a", certified)], UNKNOWN),
        ([("stated", "a", proved), ("stated", "b", sample.supported())], UNKNOWN),
        ([("stated", "a", proved), ("stated", "b", certified)], YES),
        ([("stated", "a", proved), ("stated", "b", refuted)], NO),
        ([("stated", None, proved)], YES),
        ([("other", "a", proved), ("other", "b", proved)], UNKNOWN),
    ]:
        assert assess(claim, sample.results(*found)).readings[reading.name].standing is expected


CLASHES = {
    "whole": [(None, sample.proved), (None, sample.refuted)],
    "certified against refuted": [(None, sample.certified), (None, sample.refuted)],
    "one part": [("a", sample.proved), ("a", sample.refuted)],
    "whole against a part": [(None, sample.proved), ("b", sample.refuted)],
    "all parts against the whole": [("a", sample.proved), ("b", sample.proved), (None, sample.refuted)],
}


@pytest.mark.parametrize("found", CLASHES.values(), ids=CLASHES.keys())
def test_established_and_refuted_at_once_is_an_error(found):
    claim = sample.claim_of(Reading("stated", "both", parts=("a", "b")))
    clash = sample.results(*(("stated", part, make()) for part, make in found))
    for order in (clash, clash[::-1]):
        with pytest.raises(ContradictoryFindings, match=r"sample.*check_"):
            judge(claim, order)


def test_different_readings_may_differ():
    claim = sample.claim_of(Reading("one", "x"), Reading("two", "y"))
    found = sample.results(("one", None, sample.proved()), ("two", None, sample.refuted()))
    assert judge(claim, found) == "needs_condition"
