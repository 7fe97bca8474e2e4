"""Symbolic derivations: right steps stand, wrong ones are refuted or left open."""

import pytest
import sympy as sp

from eqt_theory import Method, Verdict
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines import symbolic
from eqt_theory.engines.symbolic import derive

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)


def test_rational_and_transcendental_identities():
    finding = derive(
        [
            ("square", (x + y) ** 2, x**2 + 2 * x * y + y**2),
            ("fraction", 1 / p - 1 / (p + 1), 1 / (p * (p + 1))),
            ("addition theorem", sp.sin(x + y), sp.sin(x) * sp.cos(y) + sp.cos(x) * sp.sin(y)),
            ("softplus", sp.diff(sp.log(1 + sp.exp(x)), x), 1 / (1 + sp.exp(-x))),
        ],
        "four identities",
    )
    assert finding.verdict is Verdict.PROVED
    assert finding.method is Method.SYMBOLIC
    assert [identity.residual for identity in finding.proof.identities] == ["0"] * 4


def test_what_the_kernel_sees_needs_no_computer_algebra(monkeypatch):
    monkeypatch.setattr(sp, "cancel", lambda _: pytest.fail("asked"))
    monkeypatch.setattr(sp, "simplify", lambda _: pytest.fail("asked"))
    root = sp.sqrt(p)
    steps = [("rational", (x**2 - 1) / (x + 1), x - 1), ("a root", (root * x + root) / (1 + x), root)]
    found = derive(steps, "two identities")
    assert found.verdict is Verdict.PROVED and found.shown_by is ShownBy.KERNEL


def test_a_wrong_rational_step_is_refuted_with_numbers():
    finding = derive([("wrong", (x + 1) ** 2, x**2 + 1)], "a sum squared")
    assert finding.verdict is Verdict.REFUTED
    value = finding.witness[x]
    assert (value + 1) ** 2 != value**2 + 1


def test_one_wrong_step_among_right_ones_is_enough():
    assert derive([("right", x, x), ("wrong", x, 2 * x)], "two").verdict is Verdict.REFUTED


def test_a_wrong_transcendental_step_proves_nothing():
    assert derive([("wrong", sp.exp(x), 1 + x)], "exponential").verdict is Verdict.INCONCLUSIVE
    assert derive([("a branch", sp.sqrt(x**2), x)], "root of a square").verdict is Verdict.INCONCLUSIVE


def test_a_simplifier_that_errs_is_caught_by_numbers(monkeypatch):
    monkeypatch.setattr(symbolic.sp, "simplify", lambda expr: sp.Integer(0))
    assert derive([("wrong", sp.exp(x), 1 + x)], "exponential").verdict is Verdict.INCONCLUSIVE


def test_a_term_that_both_sides_have_does_not_hide_a_wrong_step():
    common, b, c = sp.symbols("common b c", real=True)
    finding = derive([("b against c", common + b, common + c)], "")
    assert finding.verdict is Verdict.REFUTED
    assert set(finding.witness) == {common, b, c}


def test_a_symbolic_sum_that_is_too_hard_ends_within_its_work():
    """The Dirichlet kernel, of sixty terms; the identity is right, and simplifying it takes minutes."""
    kernel = sum(2 * sp.sin(x / 2) * sp.cos(k * x) for k in range(1, 61))
    step = ("Dirichlet", kernel, sp.sin(sp.Rational(121, 2) * x) - sp.sin(x / 2))
    finding = derive([step], "a sum", work=2_000_000)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "2000000 calls" in finding.detail
    assert derive([("square", (x + y) ** 2, x**2 + 2 * x * y + y**2)], "after it").verdict is Verdict.PROVED


def test_what_ran_before_does_not_change_what_the_work_suffices_for():
    step = ("addition theorem", sp.sin(x + y), sp.sin(x) * sp.cos(y) + sp.cos(x) * sp.sin(y))
    works = [2**k for k in range(8, 25, 2)]
    first = [derive([step], "a sine", work=work).verdict for work in works]
    again = [derive([step], "a sine", work=work).verdict for work in works]
    assert first == again
    assert first[0] is Verdict.INCONCLUSIVE and first[-1] is Verdict.PROVED
