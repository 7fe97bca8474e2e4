import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core.folder import load_file, load_folder
from eqt_theory.core.modules import package_of

LEMMA = "TWO = {0}\n"
CLAIM = """
from dataclasses import dataclass
from {package}.lemmas import TWO
from eqt_theory.core.claim import Claim

@dataclass(frozen=True)
class Case:
    value: int

claim = Claim(id="a", source="s", statement=f"t {{TWO}}")
claim.case = Case(TWO)
"""


@pytest.fixture
def folder(claims_folder: Callable[..., Path]) -> Path:
    return claims_folder(lemmas=LEMMA.format(2), first=CLAIM.format(package="claims"))


def test_claims_import_the_lemmas_beside_them_which_are_no_claims_file(folder: Path):
    claims, failures = load_folder(folder)
    assert failures == []
    assert [claim.statement for claim in claims] == ["t 2"]
    assert claims[0].file == (folder / "first.py").resolve()


def test_a_package_of_lemmas_will_do(claims_folder: Callable[..., Path]):
    folder = claims_folder(first=CLAIM.format(package="claims").replace("claims.lemmas", "claims.lemmas.numbers"))
    (folder / "lemmas").mkdir()
    (folder / "lemmas" / "numbers.py").write_text(LEMMA.format(5))
    assert [claim.statement for claim in load_folder(folder)[0]] == ["t 5"]


def test_what_changed_is_read_again(folder: Path):
    load_folder(folder)
    (folder / "lemmas.py").write_text(LEMMA.format("1 + 2"))
    assert load_folder(folder)[0][0].statement == "t 3"


def test_another_folder_of_the_same_name_has_lemmas_of_its_own(folder: Path, tmp_path: Path):
    assert load_file(folder / "first.py")[0].statement == "t 2"
    other = tmp_path / "elsewhere" / "claims"
    other.mkdir(parents=True)
    (other / "lemmas.py").write_text(LEMMA.format(7))
    (other / "first.py").write_text(CLAIM.format(package="claims"))
    assert load_file(other / "first.py")[0].statement == "t 7"
    assert load_file(folder / "first.py")[0].statement == "t 2"


def test_names_are_the_same_in_every_process_and_hide_no_package(folder: Path, tmp_path: Path):
    case = load_file(folder / "first.py")[0].case  # type: ignore[attr-defined]
    code = (
        "import pickle, sys; from pathlib import Path; from eqt_theory.core.folder import load_file;"
        f"load_file(Path({str(folder / 'first.py')!r}));"
        "print(pickle.loads(sys.stdin.buffer.read()).value)"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(case), capture_output=True, env=env)
    assert done.stdout.strip() == b"2", done.stderr
    names = {name: package_of(tmp_path / name) for name in ("torch", "json", "my-claims", "2024", "proofs_of_mine")}
    assert names == {
        "torch": "claims_torch",
        "json": "claims_json",
        "my-claims": "my_claims",
        "2024": "claims_2024",
        "proofs_of_mine": "proofs_of_mine",
    }
