from pathlib import Path

import pytest

from eqt_theory.cli.target import load_target


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "target_sample.py").write_text("class Box:\n    inner = 7\nvalue = 3\n")
    (tmp_path / "target_broken.py").write_text("1 / 0\n")
    (tmp_path / "target_exits.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "target_needs.py").write_text("import no_such_module_at_all\n")


def test_an_object_of_the_current_directory():
    assert load_target("target_sample:value") == 3
    assert load_target("target_sample:Box.inner") == 7
    assert load_target("math:pi") == pytest.approx(3.14159, abs=1e-5)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("target_sample", "expected MODULE:ATTR"),
        ("target_sample:", "expected MODULE:ATTR"),
        ("a/b.py:x", "expected MODULE:ATTR"),
        ("target_sample:nope", "target_sample has no attribute 'nope'"),
        ("target_nowhere:x", "there is no module 'target_nowhere'"),
        (
            "target_needs:x",
            "importing target_needs raised ModuleNotFoundError: No module named 'no_such_module_at_all'",
        ),
        ("target_broken:x", "importing target_broken raised ZeroDivisionError"),
        ("target_exits:x", "importing target_exits raised SystemExit: 3"),
    ],
)
def test_what_cannot_be_loaded_is_told(target: str, said: str):
    with pytest.raises(ValueError, match="^" + said[:20]) as caught:
        load_target(target)
    assert said in str(caught.value)
