import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory import __version__
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
    ],
)
def test_other_errors_are_one_line_too(
    cli: Callable, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, said: str
):
    def app(**_: object) -> None:
        raise error

    monkeypatch.setattr(main_module, "app", app)
    outcome = cli("list")
    assert outcome.status == status
    assert said in outcome.error


def test_a_bug_in_the_tool_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    def app(**_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(main_module, "app", app)
    with pytest.raises(RuntimeError, match="a bug"):
        main_module.main(["list"])


def test_a_closed_pipe_is_no_traceback(sample_claims: Path):
    command = [sys.executable, "-m", "eqt_theory", "list", "--proofs", str(sample_claims)]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


def test_a_terminal_without_unicode_is_no_traceback(sample_claims: Path):
    command = [sys.executable, "-m", "eqt_theory", "verify", "--proofs", str(sample_claims)]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_entry_point_is_declared():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="eqt-theory")
    assert script.value == "eqt_theory.cli.main:main"
    assert script.load() is main_module.main
