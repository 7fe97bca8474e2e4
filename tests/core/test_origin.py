from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eqt_theory.core import origin as module
from eqt_theory.core.check import Run
from eqt_theory.core.folder import load_folder
from eqt_theory.core.origin import origin

CLAIM = """
from eqt_theory import Claim, Finding
claim = Claim(id="{0}", source="s", statement="t")
@claim.shows("all")
def one() -> Finding: ...
@claim.shows("all")
def two() -> Finding: ...
"""


@pytest.fixture
def told(claims_folder: Callable) -> tuple[Path, Callable[..., dict[tuple[str, str], str | None]]]:
    folder = claims_folder(
        a="from claims.lemmas.deep import word\n" + CLAIM.format("a"),
        b="from . import lemmas\n" + CLAIM.format("b"),
        c=CLAIM.format("c"),
    )
    (folder / "lemmas").mkdir()
    (folder / "lemmas" / "__init__.py").write_text("")
    (folder / "lemmas" / "deep.py").write_text("word = 1\n")

    def origins(run: Run = Run()) -> dict[tuple[str, str], str | None]:  # noqa: B008
        module._code.cache_clear()
        claims, failures = load_folder(folder)
        assert not failures
        return {(claim.id, check.name): origin(claim, check, run) for claim in claims for check in claim.checks}

    return folder, origins


def test_every_check_has_its_own_and_keeps_it(told):
    _, origins = told
    first = origins()
    assert len(set(first.values())) == 6 and origins() == first
    assert origins(replace(Run(), timeout=3.0, limit=9.0)) == first
    for other in (Run(seed=1), Run(examples=7), Run(quick=True)):
        assert not set(origins(other).values()) & set(first.values())


def test_it_changes_with_the_files_it_imports_and_no_other(told):
    folder, origins = told
    first = origins()

    def changed() -> set[str]:
        return {claim for (claim, check), value in origins().items() if value != first[claim, check]}

    (folder / "lemmas" / "deep.py").write_text("word = 2\n")
    assert changed() == {"a", "b"}
    (folder / "lemmas" / "deep.py").write_text("word = 1\n")
    assert changed() == set()
    (folder / "c.py").write_text(CLAIM.format("c") + "# more\n")
    assert changed() == {"b", "c"}, "b imports from the folder itself, which may be anything in it"
    (folder / "c.py").write_text(CLAIM.format("c").replace('"t"', '"another statement"'))
    assert changed() == {"b", "c"}


@pytest.mark.parametrize(
    "line", ["from claims import lemmas", "import claims.lemmas as l", "if 1: from .lemmas import deep"]
)
def test_every_way_to_import_what_stands_beside_it_counts(told, line):
    folder, origins = told
    (folder / "c.py").write_text(f"{line}\n" + CLAIM.format("c"))
    first = origins()
    (folder / "lemmas" / "deep.py").write_text("word = 2\n")
    assert not {v for (claim, _), v in origins().items() if claim == "c"} & set(first.values())


def test_it_changes_with_a_package_that_is_worked_on(told, tmp_path, monkeypatch):
    folder, origins = told
    place = tmp_path / "own"
    (place / "solver_of_mine").mkdir(parents=True)
    (place / "solver_of_mine" / "__init__.py").write_text("import math, steps_of_mine\n")
    (place / "steps_of_mine.py").write_text("step = 1\n")
    monkeypatch.syspath_prepend(place)
    (folder / "c.py").write_text("from solver_of_mine import steps_of_mine\n" + CLAIM.format("c"))
    first = origins()
    module._worked_on.cache_clear()
    (place / "steps_of_mine.py").write_text("step = 2\n")
    assert {claim for (claim, check), value in origins().items() if value != first[claim, check]} == {"c", "b"}
    assert module._worked_on("sympy") == module._worked_on("json") == module._worked_on("no_such_module") == []


def test_a_claim_from_no_file_has_none(told):
    folder, _ = told
    claim = load_folder(folder)[0][0]
    object.__setattr__(claim, "file", None)
    assert origin(claim, claim.checks[0], Run()) is None
