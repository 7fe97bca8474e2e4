"""Potentials of the accelerated rules: proved, and not with a constant or rate that says more."""

import pytest
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.engines.gram import combine
from eqt_theory.lemmas import accelerated

LEMMAS = (
    accelerated.triple_momentum,
    accelerated.item,
    accelerated.fista,
    accelerated.ogm,
    accelerated.anchored_gradient,
)


@pytest.mark.parametrize("lemma", LEMMAS, ids=lambda f: f.__name__)
def test_a_potential_is_proved_and_does_not_shrink_faster(lemma, monkeypatch):
    assert lemma().verdict is Verdict.PROVED

    def greedy(known, conclusion, uses, space, **more):
        extra = sp.Rational(1, 100) * sum(vector.norm2 for vector in space.vectors)
        return combine(known, conclusion.lhs - extra >= 0, uses, space, **more)

    monkeypatch.setattr(accelerated, "combine", greedy)
    assert lemma().verdict is Verdict.INCONCLUSIVE


def test_a_smaller_constant_is_not_proved(monkeypatch):
    monkeypatch.setattr(accelerated, "TRIPLE_MOMENTUM_CONSTANT", sp.Rational(99, 100) / accelerated.q)
    assert accelerated.triple_momentum().verdict is Verdict.INCONCLUSIVE
