"""An argument by cases needs every case, and all of them."""

import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.cases import by_cases

x, c = sp.symbols("x c", real=True)
up, down = prove([x >= 0, c >= 1], c * x >= -(c**2)), prove([x <= 0, x >= -c, c >= 1], c * x >= -(c**2))


def test_cases_that_cover_everything():
    found = by_cases([(x >= 0, up), (sp.And(x <= 0, x >= -c), down)], [x >= -c], detail="c x >= -c^2")
    assert found.verdict is Verdict.PROVED
    assert found.shown_by is ShownBy.KERNEL
    assert set(found.hypotheses) == {"c >= 1", "c >= -x"}, "the conditions are no hypotheses; what is given is"
    assert "x >= 0" in found.context


def test_a_gap_between_the_cases():
    found = by_cases([(x >= 0, up), (sp.And(x <= 0, x >= -c), down)], detail="for all x")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert ": no other case is REFUTED" in found.detail


def test_a_condition_and_its_opposite():
    above, below = prove([x > 1], x**2 + 1 >= x), prove([x <= 1], x**2 + 1 >= x)
    found = by_cases([(x > 1, above), (x <= 1, below)], detail="for all x")
    assert (found.verdict, found.hypotheses) == (Verdict.PROVED, ())


def test_a_case_that_fails():
    wrong = prove([x <= 0], x >= 1)
    assert by_cases([(x >= 0, up), (x <= 0, wrong)], detail="no").verdict is Verdict.INCONCLUSIVE


def test_what_one_case_concludes_is_no_premise_of_another():
    """x + 1 >= 0 is shown where x >= 0; where x < 0 it is assumed."""
    shown, assumed = prove([x >= 0], x + 1 >= 0), prove([x < 0, x + 1 >= 0], x + 1 >= 0)
    found = by_cases([(x >= 0, shown), (x < 0, assumed)], detail="x >= -1")
    assert found.hypotheses == ("x + 1 >= 0",)


def test_a_finding_under_another_condition():
    with pytest.raises(UsageError, match="its hypotheses are"):
        by_cases([(x > 0, up), (x <= 0, down)], detail="no")
    with pytest.raises(UsageError, match="at least one"):
        by_cases([], detail="no")
