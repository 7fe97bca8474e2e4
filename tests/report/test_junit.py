"""JUnit XML: one case per check, failures where something is left open."""

import xml.etree.ElementTree as ET

from sample_findings import claim_of, proved, refuted, results, unknown

from eqt_theory.core.judge import assess
from eqt_theory.core.ledger import Entry, Ledger, LoadFailure
from eqt_theory.report.junit import to_junit


def ledger_of(*findings, **fields):
    claim = claim_of()
    found = results(*(("stated", None, finding) for finding in findings))
    return Ledger((Entry(claim, tuple(found), assess(claim, found)),), **fields)


def parsed(ledger):
    return ET.fromstring(to_junit(ledger))


def test_a_clean_run_has_no_failure():
    root = parsed(ledger_of(proved()))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "0", "0")
    assert [case.get("name") for case in root.iter("testcase")] == ["check_0", "judgement"]


def test_an_inconclusive_check_and_an_open_claim_fail():
    root = parsed(ledger_of(unknown()))
    failing = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    assert failing == {"check_0", "judgement"}


def test_a_false_claim_without_repair_and_another_judgement_than_on_record_fail():
    root = parsed(ledger_of(refuted(), recorded={"sample": "holds"}))
    (case,) = [case for case in root.iter("testcase") if case.get("name") == "judgement"]
    messages = [failure.get("message") for failure in case.findall("failure")]
    assert len(messages) == 2
    assert any("on record as holds" in message for message in messages)


def test_a_file_that_could_not_be_loaded_is_an_error():
    root = parsed(ledger_of(proved(), failures=(LoadFailure("broken.py", "SyntaxError: \x00 <bad>"),)))
    assert root.get("errors") == "1"
    (error,) = root.iter("error")
    assert "<bad>" in error.get("message")
