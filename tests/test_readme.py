"""The README's commands and code do what they say."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from code_blocks import blocks

from eqt_theory.core.folder import default_folder

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = [(block.language, block.code) for block in blocks(ROOT / "README.md")]


def _commands(block: str) -> list[list[str]]:
    return [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]


def test_the_first_screen_gives_exactly_two_commands():
    language, first = BLOCKS[0]
    assert language == "sh"
    assert _commands(first) == [["make", "verify"], ["make", "test"]]
    assert README.index("make test") < README.index("\n## "), "before the first section"


def test_the_makefile_offers_these_two_and_the_reference_site():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    targets = ["verify", "test", "types", "suite", "docs", "notebooks"]  # types and suite are the halves of test
    assert phony.split() == targets
    assert re.findall(r"^([a-z]+):", makefile, re.MULTILINE) == targets
    assert "$(MAKE) --no-print-directory -j2 types suite" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize(
    "command", [c for language, block in BLOCKS[1:] if language == "sh" for c in _commands(block)], ids=" ".join
)
def test_every_command_runs(cli: Callable, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert command[0] == "eqt-theory"
    monkeypatch.chdir(tmp_path)
    assert cli(*command[1:]).status == 0


def test_the_claim_in_the_readme_is_judged(cli: Callable, claims_folder: Callable):
    (code,) = [block for language, block in BLOCKS if language == "python" and "Claim(" in block]
    outcome = cli("verify", "--proofs", claims_folder(means=code))
    assert outcome.status == 0
    assert "1 PROVED by SMT" in outcome.out


@pytest.mark.parametrize(
    "code", [block for language, block in BLOCKS if language == "python" and "Claim(" not in block]
)
def test_the_other_code_runs(code: str, capsys: pytest.CaptureFixture):
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    out = capsys.readouterr().out
    assert out
    assert "REFUTED" not in out
    assert "INCONCLUSIVE" not in out


def test_the_table_of_judgements_is_the_one_on_record(cli: Callable):
    table = README.split("<!-- judgements -->\n")[1].split("<!-- end of judgements -->")[0]
    listed = cli("list", "--proofs", default_folder(), "--markdown").out.strip()
    assert table.strip() == listed, "refresh it: eqt-theory list --proofs proofs/closed_loop --markdown"
