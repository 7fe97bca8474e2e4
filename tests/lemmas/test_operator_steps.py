"""Every rate on operator classes is proved, and what says too much is not."""

import pytest
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.core.verdict import ShownBy
from eqt_theory.lemmas import operator_steps

LEMMAS = (
    "relaxed",
    "averaged",
    "halpern",
    "forward",
    "forward_cocoercive",
    "resolvent",
    "forward_backward",
    "reflected",
)


@pytest.mark.parametrize("name", LEMMAS)
def test_every_lemma_is_proved_and_seen_by_the_kernel(name):
    finding = getattr(operator_steps, name)()
    assert finding.verdict is Verdict.PROVED, finding.detail
    assert finding.shown_by is ShownBy.KERNEL


@pytest.mark.parametrize("name", LEMMAS)
def test_a_class_that_says_less_is_not_enough(monkeypatch, name):
    """With every inequality of a class weakened by a hundredth of |d|^2 none of the formulas is proved."""
    genuine = operator_steps._holds

    def weaker(family, d, D):  # noqa: N803
        return sp.Ge(genuine(family, d, D).lhs + d.norm2 / 100, 0)

    monkeypatch.setattr(operator_steps, "_holds", weaker)
    assert getattr(operator_steps, name)().verdict is not Verdict.PROVED
