import json
from pathlib import Path

import pytest
from sample_certificates import CASES, SQUARE

from eqt_theory.cli.main import main


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["recheck", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_what_each_certificate_shows_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(SQUARE))
    (tmp_path / "sub" / "b.json").write_text(json.dumps({"kind": "collection", "certificates": [SQUARE, CASES]}))
    assert _run(tmp_path) == 0
    said = capsys.readouterr().out
    assert said.count("shows:") == 2 and "none rejected" in said
    assert _run(tmp_path / "a.json") == 0


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"kind": "trust me"}', json.dumps(SQUARE | {"proof": CASES["proof"]})]
)
def test_one_that_is_rejected_is_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str):
    (tmp_path / "a.json").write_text(json.dumps(SQUARE))
    (tmp_path / "b.json").write_text(content)
    assert _run(tmp_path) == 1
    said = capsys.readouterr().out
    assert said.count("shows:") == 1 and said.count("REJECTED:") == 1


def test_a_wrong_call_is_one_line_and_exit_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for arguments in ((), (tmp_path,), (tmp_path / "missing.json",)):
        assert _run(*arguments) == 2
        said = capsys.readouterr()
        assert said.err.count("\n") == 1 and not said.out
