"""The Markdown table: one row per statement, repaired ones beside what they repair, texts kept in their cells."""

from eqt_theory.core.outline import Outline
from eqt_theory.report.markdown import judgement_table

OUTLINES = [
    Outline("first", "Thm 1 | Eq. 2", "a < b", repair="first-repaired"),
    Outline("first-repaired", "corrects Thm 1"),
    Outline("second", "Sec. 3", "two\nlines"),
]


def test_rows_and_repairs():
    lines = judgement_table(OUTLINES, {"first": "false", "first-repaired": "holds"}).splitlines()
    assert len(lines) == 4
    assert lines[2] == r"| `first` | a &lt; b | Thm 1 \| Eq. 2 | **false** | holds (`first-repaired`) |"
    assert lines[3] == "| `second` | two lines | Sec. 3 | **not judged** |  |"


def test_a_judgement_that_changes_changes_the_table():
    assert judgement_table(OUTLINES, {"second": "holds"}) != judgement_table(OUTLINES, {"second": "false"})
