"""JUnit XML of a run, for CI systems: a suite per claim, a case per check, a failure per problem."""

import xml.etree.ElementTree as ET

from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.plain_text import visible


def to_junit(ledger: Ledger) -> str:
    """The run as JUnit XML.

    An inconclusive check is a failed case. What is wrong with a claim as a whole (another judgement than on record,
    no repaired statement that holds) fails a case named `judgement`; a file that could not be loaded is an error.

    Args:
        ledger: the run.

    Returns:
        XML text, ending in a line break.
    """
    root = ET.Element("testsuites", name="eqt-theory", time=f"{ledger.seconds:.3f}")
    problems = ledger.problems()
    for entry in ledger.entries:
        _suite(
            root, entry, [p for p in problems if p.startswith(f"{entry.claim.id}: ") and " is inconclusive: " not in p]
        )
    if ledger.failures:
        suite = ET.SubElement(root, "testsuite", name="claims files")
        for failure in ledger.failures:
            case = ET.SubElement(suite, "testcase", classname="claims files", name=_clean(failure.file))
            ET.SubElement(case, "error", message=_clean(failure.reason))
        _count(suite)
    _count(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, entry: Entry, problems: list[str]) -> None:
    seconds = sum(result.finding.seconds for result in entry.results)
    suite = ET.SubElement(root, "testsuite", name=entry.claim.id, time=f"{seconds:.3f}")
    for result in entry.results:
        finding = result.finding
        case = ET.SubElement(
            suite, "testcase", classname=entry.claim.id, name=result.check.name, time=f"{finding.seconds:.3f}"
        )
        if not finding.conclusive:
            ET.SubElement(case, "failure", message=_clean(finding.detail), type=str(finding.verdict))
        ET.SubElement(case, "system-out").text = _clean(f"{finding.verdict} by {finding.method}: {finding.detail}")
    case = ET.SubElement(suite, "testcase", classname=entry.claim.id, name="judgement", time="0.000")
    for problem in problems:
        ET.SubElement(case, "failure", message=_clean(problem), type=str(entry.shown))
    ET.SubElement(case, "system-out").text = str(entry.shown)
    _count(suite)


def _count(element: ET.Element) -> None:
    element.set("tests", str(len(element.findall(".//testcase"))))
    element.set("failures", str(len(element.findall(".//failure"))))
    element.set("errors", str(len(element.findall(".//error"))))


def _clean(text: str) -> str:
    """The text with characters that XML cannot hold as escapes."""
    return visible(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
