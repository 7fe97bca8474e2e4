from pathlib import Path

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory.core.claim import Claim, Reading
from eqt_theory.core.errors import UsageError
from eqt_theory.core.record import Record, digest, load_record, read_record, save_record
from eqt_theory.core.verdict import Relation


def test_the_record_comes_back_sorted_a_line_for_each_claim(tmp_path: Path):
    assert read_record(tmp_path) == Record()
    record = Record({"b": "false", "a": "holds"}, {"a": "0f"})
    text = save_record(tmp_path, record).read_text()
    assert text == '{\n  "a": {"judgement": "holds", "digest": "0f"},\n  "b": {"judgement": "false"}\n}\n'
    assert read_record(tmp_path) == record
    assert load_record(tmp_path) == {"a": "holds", "b": "false"}


def test_a_record_of_judgements_only_is_read_and_lacks_digests(tmp_path: Path):
    (tmp_path / "judgements.json").write_text('{"sample": "holds"}')
    record = read_record(tmp_path)
    assert record == Record({"sample": "holds"}, {})
    assert "no digest" in record.problems([sample.claim_of()], complete=True)[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 1}', '{"a": {}}', '{"a": {"judgement": 1}}', '{"a": {"judgement": "holds", "x": ""}}']
)
def test_a_broken_record_is_named(tmp_path: Path, text: str):
    (tmp_path / "judgements.json").write_text(text)
    with pytest.raises(UsageError, match=r"judgements\.json"):
        read_record(tmp_path)


def _claim(**changed: object) -> Claim:
    return Claim(**({"id": "a", "source": "s", "statement": "t", "symbols": [sp.Symbol("x", real=True)]} | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"statement": "u"},
        {"readings": [Reading("stated", "t", parts=("a",))]},
        {"readings": [Reading("stated", "t"), Reading("more", "v", Relation.SHARPER)]},
        {"symbols": [sp.Symbol("x", positive=True)]},
        {"symbols": []},
    ],
)
def test_a_digest_is_of_what_is_judged(changed: dict[str, object]):
    record = Record({"a": "holds"}, {"a": digest(_claim())})
    assert record.problems([_claim(title="another", remark="r", source="elsewhere")], complete=True) == []
    assert record.problems([_claim(**changed)], complete=True) == [
        "a: the record is of another statement, with other readings or other symbols"
    ]


def test_what_is_new_and_what_is_gone():
    record = Record({"b": "open"}, {"b": "0"})
    assert len(record.problems([_claim()], complete=True)) == 2
    assert len(record.problems([_claim()], complete=False)) == 1
    assert Record().problems([_claim()], complete=True) == []
