"""Table 2: its judgements, faults planted in the data, and the sums in plain floats."""

import pytest

from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("table_2")
    expected = {
        "table-2": Judgement.HOLDS,
        "section-5.3.1-identical": Judgement.FALSE,
        "section-5.3.1-identical-repaired": Judgement.HOLDS,
        "table-2-refinement": Judgement.NOT_CHECKABLE,
    }
    assert {e.claim.id: e.judgement for e in ledger.entries} == expected
    assert ledger.problems() == []


@pytest.fixture
def t2(claims_file):
    return claims_file("table_2")


@pytest.fixture
def altered(t2, tmp_path, monkeypatch):
    """Replace a text in the table: `altered("64,88.15", "64,88.25")`."""

    def write(old, new):
        text = t2.TABLE.read_text("utf-8")
        assert old in text
        file = tmp_path / "table.csv"
        file.write_text(text.replace(old, new), "utf-8")
        monkeypatch.setattr(t2, "TABLE", file)

    return write


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("64,88.15", "64,88.16", "every_difference"),
        ("92.81,92.81", "92.91,92.91", "average_from_64_on"),
        ("48,98.09", "48,98.15", "average_up_to_48"),
        ("128,64.64", "128,64.84", "average_below_70_percent"),
        ("128,64.64", "128,74.64", "average_below_70_percent"),
        ("192,51.86", "192,51.95", "relative_gain_at_192"),
        ("56.60,56.59", "56.60,56.57", "nearly_same_accuracy"),
    ],
)
def test_one_wrong_figure_is_caught(t2, altered, old, new, check):
    assert getattr(t2, check)().verdict is Verdict.CERTIFIED
    altered(old, new)
    assert getattr(t2, check)().verdict is Verdict.REFUTED


def test_equal_columns_would_be_certified(t2, altered):
    altered("56.60,56.59", "56.59,56.59")
    assert t2.same_accuracy().verdict is Verdict.CERTIFIED


def test_a_header_with_k_0_refutes_that_it_is_missing(t2, monkeypatch):
    monkeypatch.setattr(t2, "columns", lambda: ("length", "standard", "eqt_k0", "eqt_k8"))
    assert t2.table_fits_both_explanations().verdict is Verdict.REFUTED


def test_sums_in_floats(t2):
    gains = [float(r.gain) for r in t2.rows()]
    assert sum(gains[4:]) / 5 == pytest.approx(3.284)
    assert sum(gains[:4]) / 4 == pytest.approx(-0.4075)
    assert sum(gains[6:]) / 3 == pytest.approx(3.7567, abs=1e-4)
    assert pytest.approx(15.56, abs=0.005) == 100 * 8.07 / 51.86
