import ast
import json
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from sample_certificates import CASES, SQUARE

from eqt_theory import kernel
from eqt_theory.kernel import Rejected
from eqt_theory.kernel.reading import parse

KERNEL = Path(kernel.__file__).parent


def _run(*arguments: object, folder: Path = KERNEL) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", str(folder), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_it_runs_where_nothing_is_installed(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(SQUARE))
    (tmp_path / "b" / "c.json").write_text(json.dumps(CASES))
    status, said = _run(tmp_path)
    assert (status, said.count("shows")) == (0, 2)
    (tmp_path / "b" / "d.json").write_text(json.dumps(CASES | {"text": SQUARE["text"]}))
    status, said = _run(tmp_path / "a.json", tmp_path / "b")
    assert (status, said.count("shows"), said.count("REJECTED")) == (1, 2, 1)


def test_a_wrong_call_is_told(tmp_path: Path):
    for arguments in ((), (tmp_path,), (tmp_path / "missing.json",)):
        status, said = _run(*arguments)
        assert (status, said.count("\n"), said.startswith("usage")) == (2, 1, True)


def test_it_runs_as_a_module_too(tmp_path: Path):
    (tmp_path / "a.json").write_text(json.dumps(SQUARE))
    done = subprocess.run([sys.executable, "-m", "eqt_theory.kernel", str(tmp_path)], timeout=60)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "text",
    ['{"kind": "a", "kind": "b"}', '{"a": [{"b": "1", "b": "2"}]}', "1.5", "[NaN]", "[Infinity]", "{", "", "[1e3]"]
    + ["[" * 10**5, "9" * 10**4],
)  # fmt: skip
def test_json_that_could_be_read_in_two_ways_is_rejected(text: str, tmp_path: Path):
    with pytest.raises(Rejected):
        parse(text)
    (tmp_path / "a.json").write_text(text)
    assert _run(tmp_path)[0] == 1


def test_a_file_that_is_no_text_is_rejected(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    assert _run(tmp_path)[0] == 1


def test_the_kernel_can_be_read_in_an_hour():
    """At most 903 lines of code, 150 of them for boxes with exp and log; blank lines, comments, docstrings left out."""
    assert sum(map(_lines_of_code, KERNEL.glob("*.py"))) <= 903


def _lines_of_code(file: Path) -> int:
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    with file.open("rb") as opened:
        tokens = [t for t in tokenize.tokenize(opened.readline) if t.type not in nothing][1:]
    lines = {n for t in tokens for n in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.end_lineno:
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)
