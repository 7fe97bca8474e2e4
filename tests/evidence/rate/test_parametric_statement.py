"""What prove_rate says, and that it is proved only where all of its parts are."""

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_statement import Statement

q = sp.Symbol("q", positive=True)
STATEMENT = Statement(1 - q, q, sp.S.One, "value", Region([q], [q < 1]), False, (), 0)


def test_it_is_proved_where_all_of_its_parts_are():
    parts = [eqt.prove([q < 1], q**2 < q), eqt.prove([q < 1], q**3 < q)]
    found = STATEMENT.proved_by(parts)
    assert found.verdict is eqt.Verdict.PROVED and found.shown_by == "kernel"
    assert found.obligations == tuple(o for part in parts for o in part.obligations)
    assert found.assumes == {"q": parts[0].assumes["q"]} and found.detail == str(STATEMENT)
    assert (found.hypotheses, found.note) == ((), "")


@pytest.mark.parametrize(
    "part",
    [
        eqt.prove([q < 1], q**2 > q),
        eqt.prove([sp.Symbol("q", negative=True) > -1], sp.Symbol("q", negative=True) ** 2 < 1),
    ],
)
def test_a_part_that_fails_or_speaks_of_another_number_is_not_passed_over(part):
    found = STATEMENT.proved_by([eqt.prove([q < 1], q**2 < q), part])
    assert found.verdict is eqt.Verdict.INCONCLUSIVE and found.proof is None


def test_a_constant_or_a_smaller_rate_is_said():
    over = Statement(1 - q, q, sp.S.One, "value", Region([q], []), True, (q < 1,), 2, through=1 - 2 * q)
    assert str(over).startswith("Phi(h_k) - Phi* <= C (1 - q)^(2k) (Phi(h_0) - Phi*)")
    assert str(over).endswith("shown with the smaller rate 1 - 2*q; m < M is assumed, from step 2 on")
    assert str(STATEMENT).startswith("Phi(h_(k+1)) - Phi* <= (1 - q)^2 times Phi(h_k) - Phi* in every step")
