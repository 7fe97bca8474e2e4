"""Several texts in one run: ids, what uses what, records of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core.runner import Processes

HEAD = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.core.verdict import Method, Verdict
def good():
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1 is 2", enclosures={"sum": 2})
def bad():
    replay = Replay(Arithmetic.EXACT, (), (ReplayLine("1 = 2", 1 == 2, "1"),))
    return Finding(Verdict.REFUTED, Method.EXACT, "1 is not 2", witness={"x": 1}, replay=replay)
"""
FIRST = (
    HEAD
    + """
claim = Claim(id="base", source="s", statement="t")
@claim.shows("all")
def shown() -> Finding: return good()
"""
)
SECOND = (
    HEAD
    + """
wrong = Claim(id="base", source="s", statement="false here", repair="base-repaired")
@wrong.shows("all")
def fails() -> Finding: return bad()
right = Claim(id="base-repaired", source="s", statement="t")
@right.shows("all", uses=["one:base", "one:base:shown", "other"])
def main() -> Finding: return good()
other = Claim(id="other", source="s", statement="t")
@other.shows("all")
def also() -> Finding: return good()
"""
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for name, text in (("one", FIRST), ("two", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "claims.py").write_text(text)
    return tmp_path


JUDGED = {"base": "holds", "two:base": "false", "two:base-repaired": "holds", "two:other": "holds"}


def test_texts_share_their_workers(cli: Callable, texts: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[int] = []
    make = Processes.__call__
    monkeypatch.setattr(Processes, "__call__", lambda self, jobs: made.append(jobs) or make(self, jobs))
    cli("verify", "--proofs", texts, "--jobs", 2)
    assert made == [2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_ids_of_the_first_text_stand_alone_and_texts_use_each_other(cli: Callable, texts: Path, jobs: int):
    for given in (["--proofs", texts], ["--proofs", texts / "one", "--proofs", texts / "two"]):
        outcome = cli("verify", *given, "--json", "-", "--jobs", jobs)
        assert outcome.status == 0, outcome.err
        assert {c["id"]: c["judgement"] for c in json.loads(outcome.out)["claims"]} == JUDGED


def test_each_has_a_record_of_its_own(cli: Callable, texts: Path):
    assert cli("verify", "--proofs", texts, "--record").status == 0
    two = json.loads((texts / "two" / "judgements.json").read_text())
    assert {name: entry["judgement"] for name, entry in two.items()} == {
        name.removeprefix("two:"): judged for name, judged in JUDGED.items() if name.startswith("two:")
    }
    assert list(json.loads((texts / "one" / "judgements.json").read_text())) == ["base"]
    assert cli("verify", "--proofs", texts).status == 0
    assert cli("verify", "--proofs", texts / "one").status == 0
    outcome = cli("list", "--proofs", texts)
    assert [line.split()[:2] for line in outcome.out.splitlines()[1:]] == [[k, v] for k, v in JUDGED.items()]


def test_one_claim_brings_along_what_it_uses(cli: Callable, texts: Path):
    outcome = cli("verify", "two:base", "--proofs", texts, "--json", "-")
    assert outcome.status == 0
    assert [c["id"] for c in json.loads(outcome.out)["claims"]] == ["base", *list(JUDGED)[1:]]
    assert cli("show", "two:other", "--proofs", texts).out.startswith("two:other")
    assert cli("show", "one:base", "--proofs", texts).out.startswith("base")


def test_pages_have_names_that_links_can_hold(cli: Callable, texts: Path, tmp_path: Path):
    (texts / "two" / "manifest.toml").write_text('title = "The second <text>"')
    assert cli("verify", "--proofs", texts, "--html", tmp_path / "site").status == 0
    assert (tmp_path / "site" / "claims" / "two--base.html").is_file()
    index = (tmp_path / "site" / "index.html").read_text()
    assert 'href="claims/two--base.html"' in index and "The second &lt;text&gt;" in index


def test_pages_say_what_uses_what_and_how_to_check_again(
    cli: Callable, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    remark = 'statement="t", remark="see two:base-repaired, and base."'
    claims = (texts / "two" / "claims.py").read_text()
    (texts / "two" / "claims.py").write_text(
        claims.replace('id="other", source="s", statement="t"', f'id="other", source="s", {remark}')
    )
    monkeypatch.chdir(texts)
    assert cli("verify", "--proofs", texts, "--html", tmp_path / "site").status == 0
    pages = {file.stem: file.read_text() for file in (tmp_path / "site").rglob("*.html")}
    assert '<b>Uses:</b> <a href="base.html">base</a>, <a href="two--other.html">' in pages["two--base-repaired"]
    assert '<b>Used by:</b> <a href="two--base-repaired.html">' in pages["base"]
    assert "<b>Uses:</b>" not in pages["base"]
    assert 'see <a href="two--base-repaired.html">two:base-repaired</a>, and base.' in pages["two--other"]
    assert "eqt-theory verify two:other --proofs one --proofs two" in pages["two--other"]
    again = cli("verify", "two:other", "--proofs", "one", "--proofs", "two")
    assert again.status == 0
    two = pages["text-two"]
    assert 'href="claims/two--other.html"' in two and 'href="claims/base.html"' not in two
    assert 'href="text-one.html"' in pages["index"]


def test_two_folders_of_one_name_are_told(cli: Callable, texts: Path):
    (texts / "deep" / "one").mkdir(parents=True)
    (texts / "deep" / "one" / "claims.py").write_text(FIRST)
    outcome = cli("verify", "--proofs", texts / "one", "--proofs", texts / "deep")
    assert outcome.status == 2
    assert "must have different names" in outcome.error
