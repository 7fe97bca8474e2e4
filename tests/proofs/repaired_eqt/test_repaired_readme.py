"""The study's table and sentences in the README are those of the kept runs."""

from pathlib import Path

from eqt_theory.models.study.paired import conclusions
from eqt_theory.models.study.repaired import kept_runs
from eqt_theory.report.study_table import accuracy_rows, study_markdown

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")


def between(begin: str, end: str) -> str:
    return README.split(f"<!-- {begin} -->\n")[1].split(f"<!-- {end} -->")[0]


def test_the_table_is_that_of_the_runs(repaired_folder: Path) -> None:
    runs = kept_runs(repaired_folder / "data" / "parity", "parity")
    assert between("study", "end of study") == study_markdown(*accuracy_rows(runs)), "eqt-theory study .. --markdown"


def test_the_sentences_are_those_of_the_runs(repaired_folder: Path) -> None:
    runs = kept_runs(repaired_folder / "data" / "parity", "parity")
    said = between("study words", "end of study words")
    assert " ".join(said.split()) == " ".join(f"- {sentence}" for sentence in conclusions(runs))
