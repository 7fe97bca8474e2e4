"""`verify --resume`: a run that was killed or interrupted goes on from its JSON."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CLAIMS = """
import pathlib
import time
import sympy as sp
from eqt_theory import Claim, Finding, prove
here = pathlib.Path(__file__).parent
x = sp.Symbol("x", real=True)
claim = Claim(id="{0}", source="s", statement="t")
@claim.shows("all")
def grows() -> Finding:
    with (here / "ran").open("a") as ran:
        ran.write("{0} ")
    return prove([x >= 2], x**2 >= 4)
"""
WAITS = """
@claim.shows("all")
def waits() -> Finding:
    while not (here / "go").exists():
        time.sleep(0.05)
    return prove([x >= 3], x**2 >= 9)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_goes_on(cli: Callable, claims_folder: Callable, tmp_path: Path, how: signal.Signals):
    folder = claims_folder(a=CLAIMS.format("a"), b=CLAIMS.format("b") + WAITS, c=CLAIMS.format("c"))
    file = tmp_path / "run.json"
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from eqt_theory.cli import journal; journal._SECONDS = journal._SHARE = 0.0;"
        "from eqt_theory.cli.main import main; main()"
    )
    command = [sys.executable, "-c", start, "verify", "--proofs", str(folder), "--jobs", "1", "--json", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("b: grows"):
                break
        process.send_signal(how)
        process.communicate(timeout=60)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9}[how]
    stopped = json.loads(file.read_text())
    assert stopped["summary"]["interrupted"] is True
    known = [*stopped["claims"], *stopped["begun"]]
    assert [(claim["id"], [f["check"] for f in claim["findings"]]) for claim in known] == [
        ("a", ["grows"]),
        ("b", ["grows"]),
    ]
    (folder / "go").touch()
    (folder / "ran").unlink()
    outcome = cli("verify", "--proofs", folder, "--jobs", "1", "--json", file, "--resume", file)
    assert (outcome.status, outcome.err) == (0, "")
    assert f"2 findings read back from {file}, the kernel sees them" in outcome.out
    assert (folder / "ran").read_text() == "c "
    assert "b: waits: PROVED" in outcome.out and "b: grows:" not in outcome.out
    fresh = tmp_path / "fresh.json"
    assert cli("verify", "--proofs", folder, "--jobs", "1", "--json", fresh).status == 0
    assert _timeless(fresh) == _timeless(file)


def _timeless(file: Path) -> str:
    return re.sub(r'"seconds": [-+.e0-9]+', '"seconds": 0', file.read_text("utf-8"))


def test_wrong_uses_are_told_in_a_line(cli: Callable, claims_folder: Callable, tmp_path: Path):
    folder, file = claims_folder(a=CLAIMS.format("a")), tmp_path / "run.json"
    assert "--resume must name a file that can be read" in cli("verify", "--proofs", folder, "--resume", file).error
    file.write_text("{}")
    for given, said in (
        (["--resume", file], "--resume must name a file that verify --json wrote"),
        (["--resume", tmp_path], "--resume must name a file that can be read"),
        (["--resume", file, "--record"], "--record needs every check of this run; leave out --resume"),
        (["--quick", "--record"], "--record needs every check of this run; leave out --quick"),
    ):
        outcome = cli("verify", "--proofs", folder, *given)
        assert outcome.status == 2
        assert said in outcome.error and "\n" not in outcome.error.strip()
    assert not (folder / "ran").exists() and file.read_text() == "{}"
