"""First-order methods: what is on record, by what it is shown, and that each argument fails when a piece is broken."""

import sys
from types import ModuleType

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folders, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.record import load_record, read_record
from eqt_theory.core.store import FOLDER
from eqt_theory.core.verdict import ShownBy

(TEXT,) = (folder for folder in default_folders() if folder.name == "first_order_methods")
WRONG = {
    "descent-lemma-constants",
    "gd-distance-slow-end",
    "gd-best-step-short",
    "gd-convex-quarter",
    "gd-nonconvex-last",
    "gd-pl-distance",
    "proximal-gradient-as-gradient",
    "heavy-ball-global",
    "nesterov-monotone",
    "polyak-step-doubled",
    "averaged-composition-largest",
    "picard-nonexpansive",
    "forward-step-monotone",
    "sgd-no-floor",
}


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    found, failures = load_folder(TEXT)
    assert failures == []
    return found


@pytest.fixture(scope="module")
def ledger(claims: list[Claim]) -> Ledger:
    return run_ledger(claims, Run(certificates=TEXT / FOLDER), recorded=load_record(TEXT), complete=True)


def test_the_record_is_complete_and_kept(claims: list[Claim], ledger: Ledger):
    assert read_record(TEXT).problems(claims, complete=True) == []
    assert ledger.problems() == []


def test_the_usual_wrong_versions_are_false_and_the_others_hold(claims: list[Claim]):
    record = load_record(TEXT)
    assert {name for name, judgement in record.items() if judgement == "false"} == WRONG
    assert {record[c.id] for c in claims if c.id not in WRONG} == {"holds", "holds_loosely", "holds_in_cases"}
    assert all(c.repair in record for c in claims if c.id in WRONG)


def test_the_kernel_sees_all_that_is_proved(ledger: Ledger):
    for entry in ledger.entries:
        for result in entry.results:
            if result.finding.verdict is Verdict.PROVED:
                assert result.finding.shown_by is ShownBy.KERNEL, f"{entry.claim.id}: {result.check.name}"


def _of(name: str) -> ModuleType:
    claims, _ = load_folder(TEXT)
    package = claims[0].checks[0].function.__module__.rpartition(".")[0]  # not always the folder's name: see package_of
    return sys.modules[f"{TEXT.name if name == 'lemmas' else package}.{name}"]


r, lam = sp.symbols("r lambda", positive=True)
half = sp.Rational(1, 2)


@pytest.mark.parametrize(
    ("module", "call", "broken", "right"),
    [
        ("lemmas", "accelerated", {"factor": 2}, {}),
        ("lemmas", "accelerated", {"factor": 2, "composite": True}, {"composite": True}),
        ("optimized", "ogm_step", {"last": False, "step": 2}, {"last": False}),
        ("optimized", "ogm_step", {"last": True, "step": half, "greedy": True}, {"last": True, "greedy": True}),
        ("momentum", "momentum_step", {"share": 2 * r}, {"share": r}),
        ("momentum", "triple_step", {"rho": 1 - r * half}, {"rho": 1 - r}),
        ("polyak_step", "step", {"factor": 2}, {"factor": 1}),
        ("noise", "noisy_step", {"variance": 0}, {"variance": sp.Symbol("sigma", positive=True) ** 2}),
        ("operators", "mann_step", {"cost": lam}, {"cost": lam * (1 - lam)}),
        ("descent_lemma", "bound", {"curvature": sp.Symbol("L", positive=True) / 2, "upwards": 1}, None),
        ("gradient_descent", "step", {"end": sp.Symbol("L", positive=True), "sign": 1}, None),
        ("gradient_descent_other", "by_weights", {"gain": 3 / sp.Symbol("L", positive=True)}, None),
    ],
)
def test_a_broken_method_or_constant_is_not_proved(module: str, call: str, broken: dict, right: dict | None):
    function = getattr(_of(module), call)
    assert function(**broken).verdict is Verdict.INCONCLUSIVE
    if right is not None:
        assert function(**right).verdict is Verdict.PROVED


@pytest.mark.parametrize("weight", ["n**2 / (2 * L)", "n**3 / (4 * L)"])
def test_weights_that_grow_faster_are_not_proved(weight: str):
    lemmas = _of("lemmas")
    faster = sp.sympify(weight, {"n": lemmas.n, "L": lemmas.L})
    each = [sp.Eq(lemmas.L * lemmas.a**2, lemmas.A + lemmas.a)]
    found = lemmas.by_potential(sample.proved(), faster, lemmas.a, "faster", each)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_huber_functions_are_slow_in_floats():
    """Ten steps on the function of gd-convex, in plain numbers."""
    smooth, start, steps = 4.0, 3.0, 10
    t = smooth * start / (2 * steps + 1)
    x = start
    for _ in range(steps):
        x -= (smooth * x if abs(x) <= t / smooth else t) / smooth
    assert t * x - t**2 / (2 * smooth) == pytest.approx(smooth * start**2 / (4 * steps + 2))
