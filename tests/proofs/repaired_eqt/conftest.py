"""The claims files of the repaired model, imported once, and the ledger of the whole folder."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from eqt_theory.core.claim import Run
from eqt_theory.core.folder import default_folder, load_file, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.record import load_record
from eqt_theory.core.store import FOLDER


@pytest.fixture(scope="session")
def repaired_folder() -> Path:
    return default_folder().parent / "repaired_eqt"


@pytest.fixture(scope="session")
def repaired_file(repaired_folder: Path) -> Callable[[str], ModuleType]:
    """The module of a claims file, to build mutations of its obligations."""
    known: dict[str, ModuleType] = {}

    def module(name: str) -> ModuleType:
        if name not in known:
            function = load_file(repaired_folder / f"{name}.py")[0].checks[0].function
            known[name] = sys.modules[function.__module__]
        return known[name]

    return module


@pytest.fixture(scope="session")
def repaired_ledger(repaired_folder: Path) -> Ledger:
    claims, failures = load_folder(repaired_folder)
    run = Run(examples=30, quick=True, certificates=repaired_folder / FOLDER)
    return run_ledger(claims, run, failures=failures, recorded=load_record(repaired_folder))
