"""Section 3.5: the judgement, planted faults, and the witnesses in plain floats."""

from fractions import Fraction

import pytest

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibrium


def test_judgements(ledger_of):
    ledger = ledger_of("section_3_5_gamma")
    assert ledger.entry("section-3.5-gamma").judgement is Judgement.FALSE
    assert ledger.entry("section-3.5-gamma-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_reading_is_refuted_by_every_check(ledger_of):
    results = ledger_of("section_3_5_gamma").entry("section-3.5-gamma").results
    assert {r.check.reading for r in results} == {"equilibrium", "state after K steps"}
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


@pytest.fixture
def gamma(claims_file):
    return claims_file("section_3_5_gamma")


def test_flipped_sign(gamma):
    assert prove(gamma.both_optimal, gamma.r1 >= gamma.r2).verdict is Verdict.REFUTED


@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_every_hypothesis_is_needed(gamma, dropped):
    given = [h for i, h in enumerate(gamma.both_optimal) if i != dropped]
    assert prove(given, gamma.r1 <= gamma.r2).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(gamma):
    finding = prove([*gamma.both_optimal, gamma.g1 < gamma.g2], gamma.r1 > gamma.r2)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_strictly_farther_needs_a_gradient(gamma):
    """Energy |h| has its kink as the equilibrium for both: convexity alone gives no strict inequality."""
    finding = prove([*gamma.convex, gamma.u.norm2 > 0], gamma.u.norm2 < gamma.v.norm2)
    assert finding.verdict is Verdict.REFUTED


def test_how_far_apart_needs_its_factor(gamma):
    smaller = (gamma.g1 - gamma.g2) ** 2 * gamma.v.norm2 / 2
    finding = prove(gamma.convex, (gamma.mu + gamma.g1) ** 2 * (gamma.u - gamma.v).norm2 <= smaller)
    assert finding.verdict is Verdict.REFUTED


def test_states_after_one_step_are_the_same(gamma):
    """The strict inequality of equilibria is false of states: h_0 = f, so the first step does not see gamma."""
    case = (PiecewiseQuadratic.quadratic(1), Fraction(1))
    first = [gamma.descent(*case, damping, Fraction(1, 10), 1)[1] for damping in (gamma.SMALL, gamma.LARGE)]
    assert first[0] == first[1] != 1


def test_drawn_states_need_short_steps(gamma):
    finding = gamma.states_on_drawn(Run(examples=300), 4, gamma.LARGE, gamma.SMALL)
    assert finding.verdict is Verdict.REFUTED


def test_replay_rejects_equal_gammas(gamma):
    case = (PiecewiseQuadratic.quadratic(1), Fraction(1))
    assert not gamma.strays(case, gamma.SMALL, gamma.SMALL)
    assert not gamma.strays_again(case, gamma.SMALL, gamma.SMALL).confirms


def test_witness_in_floats():
    """energy = h^2/2, f = 1: 1/2 at gamma = 1 and 1/11 at gamma = 10; descent agrees."""
    for gamma_, star in ((1.0, 1 / 2), (10.0, 1 / 11)):
        h = 1.0
        for _ in range(400):
            h -= 0.5 * (h + (h - 1) / gamma_)
        assert h == pytest.approx(star)
        assert float(equilibrium(PiecewiseQuadratic.quadratic(1), 1, int(gamma_))) == pytest.approx(star)


def test_local_minimum_in_floats():
    def phi(h, gamma_):
        return h**2 * (h - 4) ** 2 / 3 + h**2 / (2 * gamma_)

    assert phi(3.5, 1) < min(phi(3.49, 1), phi(3.51, 1))
    assert all(phi(k / 100, 10) > 0 for k in range(-500, 900) if k)
    assert phi(0, 1) < phi(3.5, 1)
