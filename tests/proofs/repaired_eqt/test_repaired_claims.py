"""The claims about the repaired model hold as recorded; with a constant, sign or hypothesis changed they do not."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import sympy as sp

from eqt_theory import Verdict, kernel
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import Ledger
from eqt_theory.core.record import read_record
from eqt_theory.core.verdict import Judgement, ShownBy

THEOREMS = [
    "chebyshev-bound", "joint-contraction", "causal-contraction", "ridge-contraction", "joint-convexity",
    "ridge-convexity", "exact-after-n-steps", "contraction-is-memory",
]  # fmt: skip


def test_all_theorems_hold_and_are_on_record(repaired_ledger: Ledger, repaired_folder: Path):
    assert repaired_ledger.problems() == []
    found = {entry.claim.id: entry.judgement for entry in repaired_ledger.entries}
    assert {name: found[name] for name in THEOREMS} == dict.fromkeys(THEOREMS, Judgement.HOLDS)
    claims, failures = load_folder(repaired_folder)
    assert failures == []
    assert read_record(repaired_folder).problems(claims, complete=True) == []


def test_the_kernel_sees_nearly_all(repaired_ledger: Ledger, repaired_folder: Path):
    findings = [
        result.finding for entry in repaired_ledger.entries if entry.claim.id in THEOREMS for result in entry.results
    ]
    assert {finding.verdict for finding in findings} == {Verdict.PROVED}
    assert sum(finding.shown_by is ShownBy.KERNEL for finding in findings) >= len(findings) - 3
    for file in (repaired_folder / "certificates").glob("*.json"):
        assert kernel.check(kernel.load(file))


lam, gamma = sp.symbols("lambda gamma", positive=True)
MUTANTS = [
    ("convexity", "form_is_below_M", "slack", lambda m: lambda last: lam * last**2 / 2),
    ("convexity", "form_is_below_M", "form_grows", lambda m: lambda v, before: lam * (v - 2 * m.a * before) ** 2),
    ("convexity", "form_is_above_m", "form_grows", lambda m: lambda v, before: lam * (v**2 - 2 * m.a * v * before)),
    ("convexity", "m_cannot_be_larger", "form_grows", lambda m: lambda v, before: lam * (v + m.a * before) ** 2),
    ("convexity", "M_cannot_be_smaller", "form_grows", lambda m: lambda v, before: lam * (v + m.a * before) ** 2),
    ("convexity", "ridge_form_is_at_most_four", "of_row", lambda m: [m.v >= 0, m.v <= 5, m.s > 0, m.s < 1]),
    ("convexity", "ridge_form_is_not_negative", "of_row", lambda m: [m.v >= -1, m.v <= 4, m.s > 0, m.s < 1]),
    ("convexity", "four_is_attained", "bend", lambda m: lambda v, s, p: v * s * (1 - s / 2) * p**2),
    ("contraction", "joint_factor", "w", lambda m: 2 * lam * gamma),
    ("contraction", "step_forgets_the_position_itself", "own", lambda m: lam + 2 / gamma),
    ("contraction", "causal_factor_is_attained", "b", lambda m: m.b * sp.Rational(99, 100)),
    ("contraction", "no_step_size_does_better", "b", lambda m: m.b * sp.Rational(101, 100)),
    ("contraction", "no_step_size_does_better", "own_step", lambda m: lambda h, before, size: h - size * lam * h),
    ("contraction", "joint_step", "gradient_step", lambda m: lambda d, D, alpha: d - 2 * alpha * D),
    ("contraction", "ridge_factor_is_below_one", "gamma", lambda m: -m.gamma),
    ("contraction", "own_step_contracts", "gradient_step", lambda m: lambda d, D, alpha: d - 2 * alpha * D),
    ("contraction", "predecessor_adds_alpha_lambda", "size", lambda m: m.size * 2),
    ("chebyshev", "weights_follow_the_recurrence", "weight", lambda m: lambda later, here: here / (m.sigma * later)),
    ("chebyshev", "errors_are_chebyshev_polynomials", "weight", lambda m: lambda later, here: 1 + 0 * later),
    ("chebyshev", "errors_are_chebyshev_polynomials", "sigma", lambda m: m.sigma**2),
    ("chebyshev", "value_outside", "after", lambda m: lambda here, before, at: 2 * at * here + before),
    ("exact_after_n_steps", "one_more_position_each_step", "after_a_step", lambda m: lambda e: m.b * m.a * (1 - e)),
    ("exact_after_n_steps", "the_last_position_waits", "b", lambda m: 0 * m.b),
    ("memory", "causal_decay", "b", lambda m: lam * gamma / (2 + lam * gamma)),
    ("memory", "joint_decay", "r", lambda m: (m.q - 1) / (m.q + 2)),
    ("memory", "joint_decay", "strength", lambda m: m.strength * 2),
    ("memory", "r_is_a_rate", "r", lambda m: (m.q - 1) / (m.q + 1) + 1),
]


@pytest.mark.parametrize(("file", "check", "name", "change"), MUTANTS, ids=[f"{m[1]}-{m[2]}" for m in MUTANTS])
def test_mutants_are_not_proved(
    repaired_file: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    check: str,
    name: str,
    change: Callable,
):
    module = repaired_file(file)
    monkeypatch.setattr(module, name, change(module))
    assert getattr(module, check)().verdict is not Verdict.PROVED


def test_a_step_that_is_too_long_is_not_proved(repaired_file: Callable[[str], ModuleType]):
    """Without the hypothesis on the couplings, or with a smaller factor, the causal step is refuted."""
    from eqt_theory import prove

    c = repaired_file("contraction")
    e, square = sp.symbols("e square", real=True)
    assert prove([c.a >= -1, c.a <= 1], (c.b * c.a * e) ** 2 <= c.b**2 * e**2).verdict is Verdict.PROVED
    assert prove([c.a <= 1], (c.b * c.a * e) ** 2 <= c.b**2 * e**2).verdict is Verdict.REFUTED
    smaller = c.b * sp.Rational(99, 100)
    assert prove([c.a >= -1, c.a <= 1], (c.b * c.a * e) ** 2 <= smaller**2 * e**2).verdict is Verdict.REFUTED


def test_the_theorems_in_numbers():
    """The joint chain with couplings of 1, solved in floats: the decay is r, Chebyshev's bound is attained nearly."""
    import torch

    import eqt_theory as eqt

    n, weight = 201, 4.0
    chain = eqt.CoupledChain(torch.ones(n, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), weight)
    f = torch.zeros(n, dtype=torch.float64)
    f[100] = 1
    star = chain.equilibrium(f)
    kappa = 1 + 4 * weight
    r = (kappa**0.5 - 1) / (kappa**0.5 + 1)
    assert float(star[100]) == pytest.approx(kappa**-0.5)
    assert float(star[105] / star[104]) == pytest.approx(r)
    assert float(star[95] / star[96]) == pytest.approx(r)
    causal = chain.causal_equilibrium(f)
    assert float(causal[105] / causal[104]) == pytest.approx(weight / (1 + weight))
