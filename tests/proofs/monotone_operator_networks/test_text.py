"""Monotone operator equilibrium networks: what is on record, by what it is shown, and what fails once it is broken."""

import sys

import numpy as np
import pytest
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folders, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.record import load_record, read_record
from eqt_theory.core.store import FOLDER
from eqt_theory.core.verdict import ShownBy

(TEXT,) = (folder for folder in default_folders() if folder.name == "monotone_operator_networks")
FAILING = {
    "forward-backward": "false",
    "cayley": "false",
    "algorithm-3": "false",
    "linear-strongly-monotone": "needs_condition",
    "equation-d8": "inconsistent",
}


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    claims, failures = load_folder(TEXT)
    assert failures == []
    return run_ledger(claims, Run(certificates=TEXT / FOLDER), recorded=load_record(TEXT), complete=True)


def test_the_record_is_complete_and_kept(ledger: Ledger):
    claims = [entry.claim for entry in ledger.entries]
    assert read_record(TEXT).problems(claims, complete=True) == []
    assert ledger.problems() == []


def test_what_fails_has_a_repair_that_holds_and_the_rest_holds(ledger: Ledger):
    record = load_record(TEXT)
    assert {name: judgement for name, judgement in record.items() if judgement != "holds"} == FAILING
    for entry in ledger.entries:
        if FAILING.get(entry.claim.id) in ("false", "needs_condition"):
            assert record[entry.claim.repair or ""] == "holds"


def test_the_kernel_sees_all_that_is_proved(ledger: Ledger):
    proved = [r for e in ledger.entries for r in e.results if r.finding.verdict is Verdict.PROVED]
    assert len(proved) > 15
    assert [r.check.name for r in proved if r.finding.shown_by is not ShownBy.KERNEL] == []


alpha, m = sp.symbols("alpha m", positive=True)
D, x, y = sp.symbols("D x y", real=True)


@pytest.mark.parametrize(
    ("module", "call", "broken", "right"),
    [
        ("equilibrium", "proposition_1", (-1,), ()),
        ("equilibrium", "forward_backward_repaired", (1 - 2 * alpha * m,), ()),
        ("operators", "cayley_repaired", (5 * alpha * m,), ()),
        ("gradient", "theorem_2", (2,), ()),
        ("gradient", "fixed_point", (2 + alpha * D, 1 + D), (1 + alpha * D, 1 + D)),
    ],
)
def test_a_wrong_sign_or_constant_is_not_proved(module: str, call: str, broken: tuple, right: tuple):
    claims, _ = load_folder(TEXT)
    package = claims[0].checks[0].function.__module__.rpartition(".")[0]  # not always the folder's name: see package_of
    found = getattr(sys.modules[f"{package}.{module}"], call)
    function = found.form.function if isinstance(found, Claim) else found
    assert function(*broken).verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)
    assert function(*right).verdict is Verdict.PROVED


def test_forward_backward_at_the_border_in_floats():
    """I - W = [[1, -1], [1, 1]], m = 1, L = sqrt 2: at alpha = 2 m/L^2 the error keeps its length, below it shrinks."""
    matrix = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert np.linalg.norm(matrix, 2) == pytest.approx(np.sqrt(2))
    for step, shrinks in ((1.0, False), (0.9, True)):
        z = np.array([1.0, 2.0])
        for _ in range(200):
            z = z - step * matrix @ z
        assert (np.linalg.norm(z) < 1e-3) == shrinks


@pytest.mark.parametrize("extra", [0.0, 1.0])
def test_the_backward_iteration_in_floats(extra: float):
    """Algorithm 3 with 1 + alpha D (extra 0) and with 1 + alpha (1 + D), against the solution of the linear system."""
    rng = np.random.default_rng(0)
    a, b = 0.5 * rng.normal(size=(2, 4, 4))
    w = 0.5 * np.eye(4) - a.T @ a + b - b.T
    v, d = rng.normal(size=4), rng.uniform(0, 3, size=4)
    wanted = np.linalg.solve(np.eye(4) - w.T @ np.diag(1 / (1 + d)), v)
    step, u = 0.5 / np.linalg.norm(np.eye(4) - w, 2) ** 2, np.zeros(4)
    for _ in range(5000):
        u = ((1 - step) * u + step * w.T @ u + step * v) / (1 + step * (extra + d))
    assert np.allclose(v + w.T @ u, wanted) == (extra == 0)
