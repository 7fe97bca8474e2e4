"""Claims files of this project, imported once, and their ledger."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folder, load_file
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.record import load_record


@cache
def _claims(name: str) -> tuple[Claim, ...]:
    return tuple(load_file(default_folder() / f"{name}.py"))


@pytest.fixture(scope="session")
def claims_file() -> Callable[[str], ModuleType]:
    """The module of a claims file: `claims_file("theorem_2")`, to build mutations of its obligations."""

    def module(name: str) -> ModuleType:
        function = _claims(name)[0].checks[0].function
        return sys.modules[function.__module__]

    return module


@pytest.fixture(scope="session")
def ledger_of() -> Callable[[str], Ledger]:
    """The ledger of one claims file, run once: `ledger_of("theorem_2")`."""
    return cache(lambda name: run_ledger(_claims(name), Run(examples=60), recorded=load_record(default_folder())))


@pytest.fixture(scope="session")
def proofs_folder() -> Path:
    """The folder of claims."""
    return default_folder()
