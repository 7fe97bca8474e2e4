import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory import __version__
from eqt_theory.cli import app as app_module
from eqt_theory.cli import main as main_module
from eqt_theory.core.errors import ContradictoryFindings, ProverDisagreement


def test_help_names_every_command(cli: Callable):
    outcome = cli("--help")
    assert outcome.status == 0
    for command in ("verify", "list", "show", "plan"):
        assert re.search(rf"^  {command} ", outcome.out, re.MULTILINE)
    assert cli().out == outcome.out, "no command is a question for help"
    assert cli("--version").out == f"eqt-theory {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["verify", "--frobnicate"], "--frobnicate"),
        (["verify", "--seed", "x"], "--seed"),
        (["verify", "--seed", "-1"], "--seed must be at least 0, got -1"),
        (["verify", "--examples", "0"], "--examples must be at least 1, got 0"),
        (["verify", "--device", "tpu"], "'tpu'"),
        (["verify", "--record", "--quick"], "--record needs every check"),
        (["show"], "CLAIM"),
        (["plan", "--mu", "1"], "--lipschitz"),
        (["plan", "--mu", "x", "--lipschitz", "1", "--gamma", "1"], "--mu"),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(cli: Callable, arguments: list[str], said: str):
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert outcome.error.startswith("eqt-theory: ")
    assert said in outcome.error
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ContradictoryFindings("a, reading\n'b'"), 1, "contradictory findings, a bug in a check: a, reading 'b'"),
        (ProverDisagreement("z3: unsat, cvc5: sat"), 1, "the provers disagree"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "file"), 2, "Permission denied"),
        (OSError(28, "No space left on device", "file"), 1, "No space left on device"),
        (MemoryError(), 1, "not enough memory"),
        (RuntimeError("a \x1b[31mbug"), 1, "a bug in eqt-theory, please report it: RuntimeError: a \\x1b[31mbug"),
    ],
)
def test_other_errors_are_one_line_too(
    cli: Callable, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, said: str
):
    def app(**_: object) -> None:
        raise error

    monkeypatch.setattr(app_module, "app", app)
    monkeypatch.delenv(main_module.TRACEBACK, raising=False)
    outcome = cli("list")
    assert outcome.status == status
    assert said in outcome.error


def test_a_bug_in_the_tool_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    def app(**_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(app_module, "app", app)
    monkeypatch.setenv(main_module.TRACEBACK, "1")
    with pytest.raises(RuntimeError, match="a bug"):
        main_module.main(["list"])


def _run(arguments: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eqt_theory", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("command", [["list"], ["verify"], ["verify", "--json", "-"], ["show", "squares-grow"]])
def test_a_reader_that_goes_away_changes_nothing(sample_claims: Path, command: list[str]):
    reader, writer = os.pipe()
    os.close(reader)
    done = _run([*command, "--proofs", str(sample_claims)], stdout=writer)
    os.close(writer)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("command", [["list"], ["verify"], ["--help"], ["--version"], ["frobnicate"]])
def test_standard_streams_that_are_closed_are_no_traceback(sample_claims: Path, command: list[str]):
    where = ["--proofs", str(sample_claims)] if command[0] in ("list", "verify") else []
    run = shlex.join([sys.executable, "-m", "eqt_theory", *command, *where])
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f"{run} {closed}"], capture_output=True, text=True, timeout=60)
        assert done.returncode == (2 if command == ["frobnicate"] else 0), closed
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["list"], ["verify"], ["verify", "--json", "-"], ["list", "--markdown"]])
def test_a_full_disk_below_standard_output_is_status_1(sample_claims: Path, command: list[str]):
    with open("/dev/full", "w") as full:
        done = _run([*command, "--proofs", str(sample_claims)], stdout=full)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr


def test_an_interrupt_while_loading_is_one_line():
    code = (
        "import sys, _thread\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'rich': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
        "sys.argv[1:] = ['list']\n"
        "from eqt_theory.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "eqt-theory: interrupted\n")


def test_a_terminal_without_unicode_is_no_traceback(sample_claims: Path):
    command = [sys.executable, "-m", "eqt_theory", "verify", "--proofs", str(sample_claims)]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_thread_that_a_check_leaves_behind_does_not_hang_the_command(claims_folder: Callable[..., Path]):
    text = (
        "import threading, time\n"
        "from eqt_theory.core.claim import Claim\n"
        "claim = Claim(id='a', source='s', statement='t')\n"
        "threading.Thread(target=time.sleep, args=(300,)).start()\n"
    )
    code = "from eqt_theory.cli import main\nmain._WAIT = 0.5\nmain.main()\n"
    command = [sys.executable, "-c", code, "verify", "--jobs", "1", "--proofs", str(claims_folder(a=text))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert "1 claim (1 open)" in done.stdout


def test_the_entry_point_is_declared():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="eqt-theory")
    assert script.value == "eqt_theory.cli.main:main"
    assert script.load() is main_module.main
