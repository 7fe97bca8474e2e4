import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import default_folder, load_folder
from eqt_theory.core.outline import Outline, outline_folder

PARSED = """
import no_such_module
from eqt_theory import Claim
import eqt_theory as eqt
one = Claim(id="one", source="Eq. 1", statement=f"{1}", title="a" "b", repair="two")
two: Claim = eqt.Claim("two", "Eq. 2", "words")
"""
IMPORTED = """
from eqt_theory.core.claim import Claim
made = [Claim(id=f"made-{i}", source="s", statement="t") for i in range(2)]
first, second = made
"""


def test_plain_files_are_parsed_and_others_imported(claims_folder: Callable[..., Path]):
    outlines, failures = outline_folder(claims_folder(a=PARSED, b=IMPORTED))
    assert outlines == [
        Outline("one", "Eq. 1", "ab", "two"),
        Outline("two", "Eq. 2"),
        Outline("made-0", "s"),
        Outline("made-1", "s"),
    ]
    assert failures == []


@pytest.mark.parametrize("head", ["id='x' + '1', source='s'", "'x1', 's'.lower()", "**dict(id='x1', source='s')"])
def test_a_head_that_is_computed_is_imported(claims_folder: Callable[..., Path], head: str):
    statement = ", 't'" if head.startswith("'") else ", statement='t'"
    text = f"from eqt_theory.core.claim import Claim\nclaim = Claim({head}{statement})\n"
    outlines, failures = outline_folder(claims_folder(a=text))
    assert failures == []
    assert outlines == [Outline("x1", "s")]


def test_broken_files_are_reported(claims_folder: Callable[..., Path]):
    outlines, failures = outline_folder(claims_folder(a="def f(:", b="x = 1", c=PARSED, d=PARSED))
    assert [outline.id for outline in outlines] == ["one", "two"]
    assert [failure.file for failure in failures] == ["a.py", "b.py", "d.py", "d.py"]
    with pytest.raises(UsageError):
        outline_folder(Path("no such folder"))


def test_outlines_of_this_projects_claims_agree_with_the_claims_and_need_no_import():
    before = set(sys.modules)
    outlines, failures = outline_folder(default_folder())
    imported = [name for name in set(sys.modules) - before if name.startswith("closed_loop.")]
    assert imported == [], "write id, source, title and repair of each Claim as literals, so that listing stays quick"
    assert failures == []
    claims, _ = load_folder(default_folder())
    assert outlines == [Outline(c.id, c.source, c.title, c.repair) for c in claims]


def test_a_claim_made_by_repaired_is_seen_and_its_claim_names_it(claims_folder: Callable[..., Path]):
    text = (
        "from eqt_theory import Claim\nwrong = Claim(id='a', source='s', statement='t')\nright = wrong.repaired('u')\n"
    )
    outlines, failures = outline_folder(claims_folder(a=text))
    assert failures == []
    assert outlines == [Outline("a", "s", "", "a-repaired"), Outline("a-repaired", "corrects s")]


def test_claims_made_by_theorem_and_slip_are_seen(claims_folder: Callable[..., Path]):
    text = (
        "from eqt_theory import Claim, slip, theorem\nplain = Claim(id='a', source='s', statement='t')\n"
        "@theorem('Eq. 1')\ndef right():\n    'x > 0'\n@slip(right, 'x = 1')\ndef wrong():\n    'x > 1'\n"
    )
    outlines, failures = outline_folder(claims_folder(a=text))
    assert failures == []
    assert outlines == [Outline("a", "s"), Outline("right", "Eq. 1"), Outline("wrong", "a usual slip", "", "right")]
