"""Workers start as forks of one server, and yet have the environment, folder and path of the process that asks."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory.core.processes import Processes, prepare


@pytest.fixture
def ask():
    processes = Processes()

    def asked(function: Callable, *arguments: object) -> object:
        with processes(1) as pool:
            return pool.submit(function, *arguments).result()

    yield asked
    processes.end()


def test_the_environment_is_that_of_today(ask: Callable, monkeypatch: pytest.MonkeyPatch):
    ask(os.getpid)  # the server runs
    monkeypatch.setenv("EQT_THEORY_TEST", "changed")
    assert ask(os.getenv, "EQT_THEORY_TEST") == "changed"
    monkeypatch.delenv("EQT_THEORY_TEST")
    assert ask(os.getenv, "EQT_THEORY_TEST") is None


def test_so_are_the_folder_and_the_path(ask: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    ask(os.getpid)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "a_module_of_the_user.py").write_text("ANSWER = 42\n")
    assert ask(os.getcwd) == str(tmp_path)
    assert ask(_imported, "a_module_of_the_user") == 42


@pytest.mark.skipif(sys.platform == "win32", reason="workers start afresh there")
def test_libraries_are_there_when_a_worker_starts_and_workers_are_no_copies_of_each_other(ask: Callable):
    prepare()
    assert ask(_loaded, "torch") and ask(_loaded, "sympy")
    assert ask(os.getpid) != ask(os.getpid)


def _imported(name: str) -> int:
    return __import__(name).ANSWER


def _loaded(name: str) -> bool:
    return name in sys.modules
