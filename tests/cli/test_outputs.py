import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.cli.outputs import Outputs
from eqt_theory.core import files
from eqt_theory.core.errors import UsageError

HOSTILE = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
claim = Claim(id="a", source="s\\x1b[31m", statement="t\\x9b2J", title="\\x1b]0;owned\\x07 half \\ud800")
@claim.shows("all\\x1b[2J")
def sums() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 \\x1b[1mand \\udcff", enclosures={"\\x1bsum": "\\x1b"})
"""


def test_two_outputs_do_not_share_a_place(tmp_path: Path):
    for first, second in [(Path("-"), Path("-")), (tmp_path / "x", tmp_path / "y" / ".." / "x")]:
        (tmp_path / "y").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="--json and --junit both write to"):
            Outputs({"--json": first, "--junit": second})


def test_one_that_fails_loses_no_other(tmp_path: Path):
    outputs = Outputs({"--json": tmp_path / "a", "--junit": tmp_path / "b", "--markdown": None})
    outputs.write("--json", lambda: str(1 // 0))
    outputs.write("--junit", lambda: "text")
    outputs.write("--markdown", lambda: "text")
    assert outputs.problems == ["--json could not be written: ZeroDivisionError: integer division or modulo by zero"]
    assert [f.name for f in tmp_path.iterdir()] == ["b"]


def test_a_disk_that_is_full_for_one_output_is_a_problem_and_the_rest_is_written(
    cli: Callable, sample_claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill = files._fill

    def choosy(file: Path, content: bytes) -> None:
        if b"testsuites" in content:
            raise OSError(28, "No space left on device")
        fill(file, content)

    monkeypatch.setattr(files, "_fill", choosy)
    (tmp_path / "b").write_text("old")
    names = {"--json": "a", "--junit": "b", "--markdown": "c", "--smtlib": "d"}
    options = [part for option, name in names.items() for part in (option, tmp_path / name)]
    outcome = cli("verify", "--proofs", sample_claims, *options)
    assert outcome.status == 1
    assert "problem: --junit could not be written: No space left on device" in outcome.out
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a", "c", "d"], "an old one would look like one of this run"
    assert outcome.out.count("--junit could not") == 1


@pytest.mark.parametrize("option", ["--json", "--junit", "--markdown"])
def test_a_dash_is_standard_output(
    cli: Callable, sample_claims: Path, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    outcome = cli("verify", "--proofs", sample_claims, option, "-")
    assert outcome.status == 0
    assert outcome.out.lstrip()[0] == {"--json": "{", "--junit": "<", "--markdown": "|"}[option]
    assert "3 claims" in outcome.err
    assert list(tmp_path.iterdir()) == []
    for folder in ("--html", "--smtlib"):
        assert "standard output" in cli("verify", "--proofs", sample_claims, folder, "-").error


def test_texts_of_a_claim_cannot_act_on_a_terminal(cli: Callable, claims_folder: Callable, tmp_path: Path):
    folder = claims_folder(a=HOSTILE)
    (folder / "bad\x1b[31m.py").write_text("raise BaseException('\\x1b[31m')")
    options = ["--json", tmp_path / "x", "--junit", tmp_path / "y", "--markdown", tmp_path / "z", "--html", tmp_path]
    for command in (["verify", *options], ["list"], ["list", "--markdown"], ["show", "a"]):
        outcome = cli(*command, "--proofs", folder)
        for text in (outcome.out, outcome.err):
            assert not set(text) & {"\x1b", "\x9b", "\x07", "\r"}, command
    assert json.loads((tmp_path / "x").read_text())["claims"][0]["findings"][0]["detail"] == "1 \x1b[1mand \udcff"
    for name in ("y", "z", "claims/a.html"):
        (tmp_path / name).read_text("utf-8")


DISAGREES = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import ProverDisagreement
claim = Claim(id="a", source="s", statement="t")
@claim.shows("all")
def asks():
    raise ProverDisagreement("goal: z3 unsat, cvc5 sat")
"""


def test_no_earlier_result_survives_a_run_that_fails(cli: Callable, claims_folder: Callable, tmp_path: Path):
    folder = claims_folder(a=DISAGREES)
    site = tmp_path / "site"
    (site / "claims").mkdir(parents=True)
    old = [tmp_path / "run.json", tmp_path / "run.xml", tmp_path / "run.md", site / "index.html"]
    old += [site / "claims" / "a.html", site / "claims" / "other.html"]
    for file in old:
        file.write_text("holds, no problems")
    options = ["--json", old[0], "--junit", old[1], "--markdown", old[2], "--html", site]
    outcome = cli("verify", "--proofs", folder, *options)
    assert outcome.status == 1
    assert "provers disagree" in outcome.error
    assert json.loads(old[0].read_text())["summary"]["interrupted"] is True
    assert [("did not end" in file.read_text(), "holds" in file.read_text()) for file in old[1:]] == [
        *[(True, False)] * 4,
        (False, True),
    ]
    for file in old:
        file.write_text("holds, no problems")
    assert cli("verify", "nothing-like-it", "--proofs", folder, *options).status == 2
    assert all("holds" in file.read_text() for file in old), "a mistake in the command touches nothing"
