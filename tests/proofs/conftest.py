"""Claims files of this project, imported once, and their ledger."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lowering_watch import disagreements

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folder, load_file, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger, select
from eqt_theory.core.record import load_record
from eqt_theory.core.store import FOLDER
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.smt.lower import Lowered, Lowering

_compared: set[tuple[Any, Lowered, tuple[Any, ...]]] = set()


@pytest.fixture(scope="module", autouse=True)
def every_statement_is_watched() -> Iterator[None]:
    """Hold every statement that these tests lower, all obligations of the claims among them, against its text."""
    lower, wrong = Lowering.lower, []

    def watched(self: Lowering, expr: Any) -> Lowered:
        lowered = lower(self, expr)
        case = expr, lowered, tuple(self._roots.items())  # all that a comparison depends on
        if case not in _compared:
            _compared.add(case)
            wrong.extend(disagreements(self, expr, lowered))
        return lowered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lowering, "lower", watched)
        yield
    assert wrong == []


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
    """The ledger of one claims file and of what its claims use, run once: `ledger_of("theorem_2")`.

    What provers close in it the kernel sees, too.
    """

    def ledger(name: str) -> Ledger:
        claims = _claims(name)
        own = {claim.id for claim in claims}
        if any(used.partition(":")[0] not in own for claim in claims for used in _used_elsewhere(claim)):
            every = [claim for claim in load_folder(default_folder())[0] if claim.id not in own]
            claims = (*claims, *(c for c in select([*claims, *every], sorted(own)) if c.id not in own))
        run = Run(examples=60, certificates=default_folder() / FOLDER)
        found = run_ledger(claims, run, recorded=load_record(default_folder()))
        assert _by_provers_alone(found) == []
        return found

    return cache(ledger)


def _by_provers_alone(ledger: Ledger) -> list[str]:
    """The checks whose certificate is missing."""
    results = [(entry.claim.id, result) for entry in ledger.entries for result in entry.results]
    return [f"{claim}: {r.check.name}" for claim, r in results if r.finding.shown_by is ShownBy.PROVERS]


def _used_elsewhere(claim: Claim) -> list[str]:
    """What a claim's checks use that is no check of its own."""
    names = {check.name for check in claim.checks}
    return [used for check in claim.checks for used in check.uses if used not in names]


@pytest.fixture(scope="session")
def proofs_folder() -> Path:
    """The folder of claims."""
    return default_folder()
