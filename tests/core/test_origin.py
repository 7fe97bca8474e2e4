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


def test_a_claim_from_no_file_has_none(told):
    folder, _ = told
    claim = load_folder(folder)[0][0]
    object.__setattr__(claim, "file", None)
    assert origin(claim, claim.checks[0], Run()) is None
