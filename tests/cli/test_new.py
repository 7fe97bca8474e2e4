"""`eqt-theory new`: what it writes works as it stands, fails once mutated, and nothing is written over."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.cli.new_texts import text_of_claim, text_of_test
from eqt_theory.core.folder import load_folder
from eqt_theory.core.manifest import read_manifest

ROOT = Path(__file__).parents[2]
ONE = ("theorem-1", "theorem_1", False)
PAIR = ("section-4.2", "section_4_2", True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _files(folder: Path) -> dict[str, str]:
    return {str(f.relative_to(folder)): f.read_text() for f in sorted(folder.rglob("*")) if f.is_file()}


def _tests_pass(test: Path) -> bool:
    scope: dict = {"__name__": "written", "__file__": str(test)}
    exec(compile(test.read_text(), str(test), "exec"), scope)
    tests = [value for name, value in scope.items() if name.startswith("test_")]
    assert len(tests) == 2
    try:
        for run in tests:
            run()
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(("claim", "stem", "repaired"), [ONE, PAIR])
def test_what_it_writes_is_judged_and_tested_and_goes_on_record(
    cli: Callable, here: Path, claim: str, stem: str, repaired: bool
):
    made = cli("new", claim, "--proofs", "a text", *(["--repaired"] if repaired else []))
    assert (made.status, made.err) == (0, "")
    assert set(_files(here / "a text")) == {f"{stem}.py", f"tests/test_{stem}.py", "manifest.toml"}
    assert f"judge it: eqt-theory verify {claim} --proofs 'a text'" in made.out and "record" not in made.out
    assert read_manifest(here / "a text").title == "Title of the text"
    for _ in range(2):  # without a record, and held against it
        outcome = cli("verify", "--proofs", "a text")
        assert outcome.status == 0, outcome.out
        assert ("2 claims (1 holds, 1 false)" if repaired else "1 claim (1 holds)") in outcome.out
        assert cli("verify", "--proofs", "a text", "--record").status == 0
    assert _tests_pass(here / "a text" / "tests" / f"test_{stem}.py")
    listed = cli("list", "--proofs", "a text").out
    assert claim in listed and (f"{claim}-repaired" in listed) is repaired


MUTATIONS = [
    (False, "[alpha < 2 / m]", "[alpha < 3 / m]"),
    (False, "[alpha >= 2 / m]", "[alpha >= 1 / m]"),
    (False, "[alpha >= 2 / m], after**2 >= h**2", "[alpha >= 2 / m], after**2 > h**2"),
    (False, "after = h - alpha * m * h", "after = h + alpha * m * h"),
    (False, "after = h - alpha * m * h", "after = h - 2 * alpha * m * h"),
    (False, "after**2 < h**2,", "after**2 <= h**2,"),
    (True, "[alpha <= 2 / m]", "[alpha <= 1 / m]"),
    (True, "[alpha < 2 / m]", "[alpha <= 2 / m]"),
]


@pytest.mark.parametrize(("repaired", "good", "bad"), MUTATIONS)
def test_a_mutated_one_fails_its_test(cli: Callable, here: Path, repaired: bool, good: str, bad: str):
    cli("new", "a", *(["--repaired"] if repaired else []))
    file, test = here / "my_claims" / "a.py", here / "my_claims" / "tests" / "test_a.py"
    assert good in file.read_text()
    file.write_text(file.read_text().replace(good, bad))
    assert not _tests_pass(test)


def test_a_false_claim_without_its_repair_is_unfinished(cli: Callable, here: Path):
    cli("new", "a", "--repaired")
    file = here / "my_claims" / "a.py"
    file.write_text(file.read_text().split("# The statement that holds")[0])
    outcome = cli("verify", "--proofs", "my_claims")
    assert outcome.status == 1 and "unfinished" in outcome.out


def test_pytest_finds_the_test_and_verify_does_not(cli: Callable, here: Path):
    cli("new", "a")
    assert load_folder(here / "my_claims")[1] == []
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "my_claims"]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_folder_that_is_there_keeps_all_that_it_has(cli: Callable, here: Path):
    cli("new", "a")
    (here / "my_claims" / "manifest.toml").write_text('title = "Mine"\n')
    before = _files(here / "my_claims")
    assert cli("new", "b").status == 0
    after = _files(here / "my_claims")
    assert {name: text for name, text in after.items() if name in before} == before
    assert set(after) - set(before) == {"b.py", "tests/test_b.py"}
    assert cli("verify", "--proofs", "my_claims").status == 0


def test_beside_a_record_it_is_said_how_to_join_it(cli: Callable, here: Path):
    cli("new", "a")
    cli("verify", "--proofs", "my_claims", "--record")
    command = cli("new", "b").out.split("put it on record: ")[1].split()
    found = cli("verify", "--proofs", "my_claims")
    assert found.status == 1 and "b: not on record; --record puts it there" in found.out
    assert cli(*command[1:]).status == 0
    assert cli("verify", "--proofs", "my_claims").status == 0


def _text(folder: Path) -> None:
    (folder / "texts" / "one").mkdir(parents=True)
    (folder / "texts" / "one" / "a.py").write_text(text_of_claim("a", repaired=False))
    (folder / "taken" / "tests").mkdir(parents=True)
    (folder / "taken" / "pair.py").write_text(text_of_claim("c.d", repaired=True))
    (folder / "taken" / "b.py").symlink_to("gone.py")
    (folder / "taken" / "tests" / "test_e.py").write_text("")
    (folder / "file").write_text("")
    os.mkfifo(folder / "taken" / "pipe.py")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["Theorem 1"], "id must be lower case words joined by '-' or '.', got 'Theorem 1'"),
        (["../x"], "id must be lower case words"),
        ([""], "id must be lower case words"),
        (["x" * 300], "cannot be written: File name too long"),
        (["lemmas"], "no claim can have the id 'lemmas'"),
        (["a", "--proofs", "file"], "--proofs must name a folder, got the file file"),
        (["a", "--proofs", "file/x"], "cannot be written"),
        (["a", "--proofs", "-"], "--proofs must name a folder"),
        (["a", "--proofs", "/proc/x"], "--proofs /proc/x cannot be written"),
        (["a", "--proofs", "a\0b"], "Invalid value for '--proofs'"),
        (["b", "--proofs", "texts"], "is a folder of folders of claims; name one of them, or a new one: one"),
        (["b", "--proofs", "taken"], "taken/b.py is there already, and nothing is written over"),
        (["pipe", "--proofs", "taken"], "taken/pipe.py is there already"),
        (["e", "--proofs", "taken"], "taken/tests/test_e.py is there already"),
        (["c.d", "--proofs", "taken"], "taken/pair.py has a claim 'c.d' already"),
        (["c.d-repaired", "--proofs", "taken"], "taken/pair.py has a claim 'c.d-repaired' already"),
        (["a", "--proofs", "texts/one", "--repaired"], "texts/one/a.py has a claim 'a' already"),
        ([], "Missing argument 'CLAIM'"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(cli: Callable, here: Path, line: list[str], said: str):
    _text(here)
    before = sorted(here.rglob("*"))
    outcome = cli("new", *line)
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.error
    assert sorted(here.rglob("*")) == before


def test_a_second_file_that_cannot_be_written_takes_the_first_along(
    cli: Callable, here: Path, monkeypatch: pytest.MonkeyPatch
):
    opened = Path.open

    def refuses(file: Path, mode: str = "r", encoding: str | None = None) -> object:
        if file.name == "test_a.py":
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, mode, encoding=encoding)

    monkeypatch.setattr(Path, "open", refuses)
    outcome = cli("new", "a")
    assert outcome.status == 2 and outcome.error.endswith("test_a.py cannot be written: Permission denied")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("repaired", [False, True])
def test_the_texts_are_formatted_as_this_project_is(tmp_path: Path, repaired: bool):
    (tmp_path / "a.py").write_text(text_of_claim("section-4.2", repaired=repaired))
    (tmp_path / "b.py").write_text(text_of_test("section-4.2", "section_4_2", repaired=repaired))
    for command in (["format", "--check"], ["check", "--ignore", "D,DOC"]):
        line = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
