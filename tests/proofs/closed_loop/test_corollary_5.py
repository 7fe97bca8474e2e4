"""Corollary 5: its judgement, faults planted in the repaired form, and the counterexample in plain floats."""

from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Run, Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("corollary_5")
    assert ledger.entry("corollary-5").judgement is Judgement.FALSE
    assert ledger.entry("corollary-5-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_both_methods_refute(ledger_of):
    verdicts = {r.finding.method: r.finding.verdict for r in ledger_of("corollary_5").entry("corollary-5").results}
    assert set(verdicts.values()) == {Verdict.REFUTED}
    assert len(verdicts) == 2


@pytest.fixture
def c5(claims_file):
    return claims_file("corollary_5")


def test_counterexample_in_floats():
    h, energies = 1.0, []
    for _ in range(3):
        energies.append(h * h / 2)
        h -= 0.6 * (h + (h - 1))
    assert energies == pytest.approx([0.5, 0.08, 0.1352])
    assert next(k for k, e in enumerate(energies) if e < 0.1) == 1
    assert sum(e >= 0.1 for e in energies) == 2


def test_two_states_cannot_refute_it(c5):
    """The check could come out the other way: for K_max = 2 the equality holds on these energies."""
    energies = [e.subs({c5.f: 1, c5.g: 1}) for e in c5.energies_on_quadratics(2)]
    equal = sp.Eq(c5.stopping_time(energies, 2), c5.visits(energies, 2))
    assert prove([c5.alpha < 2 / (2 * c5.a + 1)], equal).verdict is Verdict.PROVED


def _step(c5, later, extra=(), conclusion=None):
    given = [c5.n >= 0, *c5.invariant(c5.n, c5.K, c5.N, c5.back, c5.alive), *extra]
    return prove(given, [*c5.invariant(*later), later[1] <= later[2]] if conclusion is None else conclusion)


def test_planted_faults_in_the_induction(c5):
    n, K, N, back, alive = c5.after(c5.energy)
    assert _step(c5, (n, K, N, back, alive)).verdict is Verdict.PROVED
    one_more, no_visit, never_back = (n, K + 1, N, back, alive), (n, K, c5.N, back, alive), (n, K, N, c5.back, alive)
    for wrong in (one_more, no_visit, never_back, (n, K, N, back, c5.alive)):
        assert _step(c5, wrong).verdict is Verdict.REFUTED


def test_equality_is_refuted_without_falling(c5):
    later = c5.after(c5.energy)
    assert _step(c5, later, [sp.Eq(c5.back, 0)], sp.Eq(later[1], later[2])).verdict is Verdict.REFUTED


def test_longer_steps_let_phi_rise():
    M, alpha = sp.symbols("M alpha", positive=True)
    s = sp.Symbol("s", nonnegative=True)
    rise = -alpha * s + M * alpha**2 * s / 2
    assert prove([alpha <= 2 / M], rise <= 0).verdict is Verdict.PROVED
    assert prove([alpha <= sp.Rational(21, 10) / M], rise <= 0).verdict is Verdict.REFUTED


def test_patterns_notice_a_wrong_count(c5, monkeypatch):
    monkeypatch.setattr(c5, "any", lambda values: False, raising=False)  # as if no sequence came back
    assert c5.definitions_on_all_patterns().verdict is Verdict.REFUTED


def test_drawn_energies_do_not_refute_the_bound(c5, monkeypatch):
    def more_steps_than_visits(case):
        energy, proposal, gamma, step, limit, index = case
        values = [energy.value(h) for h in c5.descent(energy, proposal, gamma, step, 5)]
        steps, visited = c5.counts(values, values[index], limit)
        return steps > visited

    monkeypatch.setattr(c5, "miscounts", more_steps_than_visits)
    assert c5.count_of_visits_on_drawn_energies(Run(examples=300)).verdict is Verdict.SUPPORTED


def test_counts(c5):
    values = [Fraction(x) for x in (5, 1, 3)]
    assert c5.counts(values, Fraction(2), 3) == (1, 2)
    assert c5.counts(values, Fraction(2), 1) == (1, 1)
    assert c5.counts(values, Fraction(9), 3) == (0, 0)
