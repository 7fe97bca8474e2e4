from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core import folder as folder_module
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import default_folder, load_folder
from eqt_theory.core.outline import outline_folder

CLAIM = "from eqt_theory.core.claim import Claim\nclaim = Claim(id='{0}', source='s', statement='t')\n"


def test_files_come_in_natural_order_and_underscores_are_left_out(claims_folder: Callable[..., Path]):
    names = ["theorem_10", "theorem_2", "equation_9"]
    files = {name: CLAIM.format(name.replace("_", "-")) for name in names}
    claims, failures = load_folder(claims_folder(**files, _shared="raise RuntimeError"))
    assert [claim.id for claim in claims] == ["equation-9", "theorem-2", "theorem-10"]
    assert failures == []


def test_a_broken_file_is_reported_and_the_others_load(claims_folder: Callable[..., Path]):
    folder = claims_folder(
        a=CLAIM.format("a"),
        b="1 / 0",
        c="raise SystemExit(3)",
        d="def f(:",
        e="x = 1",
        f=CLAIM.format("a"),
        g=CLAIM.format("Bad Id"),
        h=CLAIM.format("h"),
        i="raise ValueError('two\\nlines')",
    )
    claims, failures = load_folder(folder)
    assert [claim.id for claim in claims] == ["a", "h"]
    reasons = {failure.file: failure.reason for failure in failures}
    assert reasons["b.py"] == "ZeroDivisionError: division by zero"
    assert reasons["c.py"] == "SystemExit: 3"
    assert reasons["d.py"].startswith("SyntaxError")
    assert reasons["e.py"] == "it defines no Claim at its top level"
    assert reasons["f.py"] == "claim id 'a' is already defined in a.py"
    assert reasons["g.py"].startswith("UsageError: id must be lower case")
    assert reasons["i.py"] == "ValueError: two lines"


LOST = """
from eqt_theory import Claim, theorem

@theorem("s")
def one():
    '''x^2 >= 0.'''

two = Claim(id="two", source="s", statement="t")
"""


@pytest.mark.parametrize(
    "again",
    [
        "@theorem('s')\ndef one():\n    'x >= 0.'",
        "@two.shows('all')\ndef one(): ...",
        "two = Claim(id='three', source='s', statement='t')",
        "two = two.repaired('t is right')",
        "with open(__file__) as two: ...",
        "for two in [two, 3]: ...",
        "if True:\n    two = 3",
        "del two",
        "twice = theorem('s')\n@twice\ndef three():\n    'x >= 0.'\n@twice\ndef three():\n    'x > 0.'",
        "made = [Claim(id='three', source='s', statement='t')]",
    ],
)
def test_a_claim_whose_name_is_given_away_is_not_lost_in_silence(claims_folder: Callable[..., Path], again: str):
    folder = claims_folder(lost=LOST + again)
    for read in (load_folder, outline_folder):
        found, failures = read(folder)
        assert found == []
        assert [f.file for f in failures] == ["lost.py"]
        assert "is lost, as no name" in failures[0].reason


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ("kept = two\ntwo = Claim(id='three', source='s', statement='t')", ["one", "three", "two"]),
        ("kept, other = two, 1\ntwo = Claim(id='three', source='s', statement='t')", ["one", "three", "two"]),
        ("two = two\ntwo: Claim\ntwo.repair = 'one'", ["one", "two"]),
        ("thing = lambda two: two\nx = thing(3)\nx = thing(4)", ["one", "two"]),
        ("try:\n    Claim(id='!', source='s', statement='t')\nexcept ValueError: ...", ["one", "two"]),
        ("def make():\n    return Claim(id='three', source='s', statement='t')", ["one", "two"]),
        ("from .z import far\ndel far", ["one", "two", "far"]),
    ],
)
def test_a_claim_that_a_name_stands_for_is_not_lost(claims_folder: Callable[..., Path], more: str, ids: list[str]):
    far = "from eqt_theory import Claim\nfar = Claim(id='far', source='s', statement='t')\n"
    claims, failures = load_folder(claims_folder(kept=LOST + more, z=far))
    assert failures == []
    assert [claim.id for claim in claims] == [*ids, *["far"] * ("far" not in ids)]


def test_a_literal_claim_whose_name_is_given_away_is_no_outline(claims_folder: Callable[..., Path]):
    text = CLAIM.format("one") + CLAIM.format("two").split("\n", 1)[1]
    folder = claims_folder(lost=text)
    for read in (load_folder, outline_folder):
        found, failures = read(folder)
        assert (found, [f.file for f in failures]) == ([], ["lost.py"])


def test_an_interrupt_while_loading_is_no_failure_of_a_file(claims_folder: Callable[..., Path]):
    with pytest.raises(KeyboardInterrupt):
        load_folder(claims_folder(a="raise KeyboardInterrupt"))


def test_a_folder_that_is_missing_empty_or_a_file_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="nowhere does not exist"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no claims file"):
        load_folder(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is no folder"):
        load_folder(tmp_path / "file")


def test_this_projects_claims_are_found():
    assert default_folder().name == "closed_loop"


def test_a_file_that_never_ends_to_load_is_a_failure(
    claims_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(folder_module, "LOADING", 0.2)
    claims, failures = load_folder(claims_folder(a="while True: pass", b=CLAIM.format("b")))
    assert [claim.id for claim in claims] == ["b"]
    assert "loading it did not end within 0.2 s" in failures[0].reason
