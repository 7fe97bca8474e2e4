from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory.core.claim import Claim
from eqt_theory.core.judge import Result, Standing
from eqt_theory.core.verdict import Judgement, Method, Relation, Verdict
from eqt_theory.engines.cases import by_cases
from eqt_theory.engines.smt import prove
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


def test_what_belongs_to_the_argument_is_told_apart_from_what_the_statement_does_not_declare():
    x, m, y = sp.symbols("x m y", real=True)
    claim = Claim(id="c", source="s", statement="t", symbols=[x, m], assumes=[m >= 1])
    cases = [(x >= 0, prove([x >= 0, m >= 1, y > 2], m * x**2 + y > 0))]
    cases.append((x <= 0, prove([x <= 0, m >= 1, y > 2], m * x**2 + y > 0)))
    claim.shows("all")(lambda: by_cases(cases, detail="d"))
    told = wording.assumptions(claim, Result(claim.checks[0], by_cases(cases, detail="d")))
    assert told == "m >= 1; y > 2 (which the statement does not declare: y > 2); in the argument: x >= 0; x <= 0"
    plain = Result(claim.checks[0], prove([m >= 1], m > 0))
    assert wording.assumptions(claim, plain) == "m >= 1"
