from fractions import Fraction

import pytest

from eqt_theory.core.judge import Standing
from eqt_theory.core.verdict import Judgement, Method, Relation, Verdict
from eqt_theory.report import wording


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (wording.JUDGEMENT, Judgement),
        (wording.JUDGEMENT_STYLE, Judgement),
        (wording.RELATION, Relation),
        (wording.STANDING, Standing),
        (wording.METHOD, Method),
        (wording.VERDICT_STYLE, Verdict),
    ],
)
def test_nothing_is_left_without_words(words: dict, kinds: type):
    assert set(words) == set(kinds)  # type: ignore[call-overload]


def test_quantities_show_a_decimal_value_beside_what_is_not_plain():
    assert wording.quantity(Fraction(1, 3)) == "1/3 (about 0.333333)"
    assert wording.quantity(2) == "2"
    assert wording.quantity(0.25) == "0.25"
    assert wording.quantity("[0.1 +/- 0.01]") == "[0.1 +/- 0.01]"
    assert wording.quantity(True) == "True"
    assert wording.quantity([1, 2]) == "[1, 2]"


def test_numbers_agree_with_their_nouns():
    assert [wording.counted(n, "check") for n in (0, 1, 2)] == ["0 checks", "1 check", "2 checks"]
