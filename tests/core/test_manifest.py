from collections.abc import Callable
from pathlib import Path

import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import default_folders, load_file
from eqt_theory.core.manifest import Manifest, folders_in, read_manifest

CLAIM = "from eqt_theory.core.claim import Claim\nclaim = Claim(id='a', source='s', statement='t')\n"


def test_a_manifest_says_what_text_it_is(tmp_path: Path):
    assert read_manifest(tmp_path) == Manifest()
    (tmp_path / "manifest.toml").write_text('title = "T"\nauthors = ["A", "B"]\nidentifier = "doi"\nlink = "https://x"')
    assert str(read_manifest(tmp_path)) == "T. A, B. doi"


@pytest.mark.parametrize(
    "text",
    ["=", "title = 3", 'authors = "A"', 'link = "javascript:x"', 'tilte = "T"', "symbols = [1]", "sections = [1]"],
)
def test_a_broken_manifest_is_named(tmp_path: Path, text: str):
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(UsageError, match=r"manifest\.toml"):
        read_manifest(tmp_path)


def test_its_symbols_are_those_of_claims_that_declare_none(claims_folder: Callable[..., Path]):
    own = CLAIM.replace("statement='t'", "statement='t', symbols=[sp.Symbol('y', real=True)]")
    folder = claims_folder(a=CLAIM, b="import sympy as sp\n" + own)
    (folder / "manifest.toml").write_text('[symbols]\nmu = ["positive"]')
    assert load_file(folder / "a.py")[0].symbols == (sp.Symbol("mu", positive=True),)
    assert load_file(folder / "b.py")[0].symbols == (sp.Symbol("y", real=True),)


def test_a_folder_of_folders_names_those_with_claims(tmp_path: Path):
    for name in ("two", "one", "empty", "_hidden"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "a.py").write_text(CLAIM)
    assert folders_in(tmp_path) == [tmp_path / "one", tmp_path / "two"]
    assert folders_in(tmp_path / "one") == [tmp_path / "one"]
    with pytest.raises(UsageError, match="holds no claims file"):
        folders_in(tmp_path / "empty")


def test_this_projects_texts_begin_with_the_paper():
    assert default_folders()[0].name == "closed_loop"
    assert all((folder / "manifest.toml").is_file() for folder in default_folders())


def test_a_folder_that_does_not_exist_is_told_with_what_may_be_meant(tmp_path: Path):
    (tmp_path / "closed_loop").mkdir()
    with pytest.raises(UsageError, match="closed_lop does not exist; nearest: closed_loop"):
        folders_in(tmp_path / "closed_lop")
