import importlib
import inspect
import pkgutil
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
import eqt_theory.solvers
from eqt_theory import Verdict
from eqt_theory.core.verdict import Method
from eqt_theory.engines.gram import Point, combine
from eqt_theory.evidence.rate import stated
from eqt_theory.evidence.rate.stated import PROOFS
from eqt_theory.lemmas import step_rules
from eqt_theory.lemmas.step_rules import together


def _all_solvers():
    for module in pkgutil.iter_modules(eqt_theory.solvers.__path__):
        home = importlib.import_module(f"eqt_theory.solvers.{module.name}")
        for item in vars(home).values():
            if inspect.isclass(item) and issubclass(item, eqt.Solver) and item.__module__ == home.__name__:
                yield item


def test_every_solver_that_states_a_rate_has_a_proof():
    stating = {solver for solver in _all_solvers() if solver.guarantee is not eqt.Solver.guarantee}
    assert stating == set(PROOFS)
    assert len(stating) >= 9


@pytest.mark.parametrize("solver", PROOFS, ids=lambda s: s.__name__)
def test_every_rate_is_proved(solver):
    finding = PROOFS[solver].prove()
    assert finding.verdict is Verdict.PROVED, finding.detail
    assert PROOFS[solver].prove not in (stated.descent, stated.proximal_gradient) or finding.shown_by == "kernel"


def test_nesterov_on_quadratics_is_proved():
    assert step_rules.nesterov_on_quadratics().verdict is Verdict.PROVED


@st.composite
def instances(draw):
    m = draw(st.floats(0.02, 5))
    M = m * draw(st.floats(1, 1e4))
    gamma = draw(st.floats(0.1, 20))
    alpha = draw(st.floats(0.01, 1.9)) / M
    beta = draw(st.floats(0, 0.95))
    solver = draw(
        st.sampled_from(
            [
                eqt.GradientDescent(alpha),
                eqt.ScheduledGradientDescent([alpha, alpha / 3]),
                eqt.ProximalGradient(alpha),
                eqt.ProximalPoint(alpha, accuracy=0.01),
                eqt.BacktrackingGradientDescent(alpha),
                eqt.Nesterov.optimal(m, M),
                eqt.Nesterov(min(alpha, 0.99 / M), draw(st.floats(0.99, 0.9999))),
                eqt.TripleMomentum.optimal(m, M),
                eqt.ITEM.optimal(m, M),
                eqt.FISTA(alpha / 2),
                eqt.OGM.optimal(m, M),
                eqt.AnchoredGradient.optimal(m, M),
                eqt.Lookahead(alpha, draw(st.integers(1, 4)), draw(st.floats(0.01, 1))),
                eqt.HeavyBall(alpha, beta),
                eqt.HeavyBall.optimal(m, M),
                eqt.ConjugateGradients(),
                eqt.Chebyshev(m, M),
                eqt.Newton(),
            ]
        )
    )
    return solver, m, M, gamma


@settings(derandomize=True, deadline=None, max_examples=250)
@given(instances())
def test_the_stated_rate_is_the_proved_formula_rounded_up(instance):
    solver, m, M, gamma = instance
    stated = solver.guarantee(m, M, gamma)
    if stated is None:
        return
    proof = PROOFS[type(solver)]
    exact = tuple(map(Fraction, (m, M, gamma)))
    pairs = [(stated.rate, proof.rate(solver, *exact))]
    if proof.constant is not None:
        pairs.append((stated.constant, proof.constant(solver, *exact)))
    else:
        assert stated.constant in (1.0, None)
    for said, truth in pairs:
        difference = sp.Rational(said) - truth
        assert difference.evalf(60) >= -(sp.Float(10) ** -50)  # never below
        assert difference.evalf(60) <= 1e-12 * max(1.0, said)


def test_a_formula_that_says_too_little_is_noticed():
    solver = eqt.GradientDescent(0.1)
    stated = solver.guarantee(1.1, 10.1)
    assert stated is not None
    stated = replace(stated, rate=0.8899)
    truth = PROOFS[eqt.GradientDescent].rate(solver, Fraction(1.1), Fraction(10.1), Fraction(1))
    assert sp.Rational(stated.rate) < truth


@pytest.mark.parametrize(
    ("name", "value", "proof"),
    [
        ("POINT", 1 / (1 + step_rules.alpha * step_rules.m), step_rules.proximal_point),
        ("NESTEROV_CONSTANT", sp.sqrt(step_rules.M * step_rules.alpha / step_rules.q**2), step_rules.nesterov),
    ],
)
def test_a_smaller_rate_is_not_proved(monkeypatch, name, value, proof):
    monkeypatch.setattr(step_rules, name, value)
    assert proof().verdict is not Verdict.PROVED


@pytest.mark.parametrize(
    ("name", "value", "proof"),
    [
        ("DESCENT", sp.Abs(1 - step_rules.alpha * step_rules.m), stated.descent),
        ("PROXIMAL", stated.PROXIMAL / (1 + step_rules.alpha * stated.g), stated.proximal_gradient),
    ],
)
def test_a_smaller_rate_is_refuted_by_a_function(monkeypatch, name, value, proof):
    monkeypatch.setattr(stated, name, value)
    finding = proof.__wrapped__()
    assert finding.verdict is Verdict.REFUTED and eqt.recheck(finding.certificate)


def test_nesterovs_potential_does_not_shrink_faster(monkeypatch):
    real = combine

    def greedy(known, conclusion, uses, space, **more):
        return real(known, conclusion.lhs - step_rules.q / 100 * space.vectors[0].norm2 >= 0, uses, space, **more)

    monkeypatch.setattr(step_rules, "combine", greedy)
    assert step_rules.nesterov().verdict is Verdict.INCONCLUSIVE


def test_a_wrong_class_inequality_proves_nothing_about_backtracking(monkeypatch):
    def reversed_(i: Point, j: Point, curvature: sp.Expr):
        return step_rules._below(i, j, curvature)

    monkeypatch.setattr(step_rules, "_above", reversed_)
    assert step_rules.backtracking().verdict is Verdict.INCONCLUSIVE


def test_together_needs_every_part():
    good = step_rules.newton()
    bad = eqt.Finding(Verdict.INCONCLUSIVE, Method.SMT, "no answer")
    assert together([good, step_rules.roots_within()], "both").verdict is Verdict.PROVED
    finding = together([good, bad], "both")
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "no answer" in finding.detail


def test_together_keeps_what_each_part_is_given():
    x = sp.Symbol("x", real=True)
    finding = together([step_rules.newton(), eqt.prove([x >= 2], x**2 >= 4)], "both")
    assert finding.hypotheses == ("x >= 2",) and finding.assumes["x"]["real"]
