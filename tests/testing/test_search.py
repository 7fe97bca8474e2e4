import math

from hypothesis import strategies as st

from eqt_theory.core.verdict import Verdict
from eqt_theory.testing.search import Line, at_most, search


def _search(judge, *, shrinks: int = 200, hypotheses=lambda n: ()):
    return search(
        st.integers(0, 1000),
        judge,
        seed=0,
        examples=50,
        shrinks=shrinks,
        detail="small",
        describe=lambda n: {"n": n},
        hypotheses=hypotheses,
    )


def test_a_fault_is_found_shrunk_and_replayed():
    finding = _search(lambda n: (at_most("n", n, 100),))
    assert finding.verdict is Verdict.REFUTED and finding.witness == {"n": 101}
    assert finding.replay is not None and finding.replay.conclusions[0].text == "n <= 100"


def test_no_fault_supports_and_nothing_tried_does_not():
    assert _search(lambda n: (at_most("n", n, 1000),)).verdict is Verdict.SUPPORTED
    assert _search(lambda n: ()).verdict is Verdict.INCONCLUSIVE


def test_the_budget_ends_the_shrinking():
    tried: list[int] = []

    def judge(n: int):
        tried.append(n)
        return (at_most("n", n, 100),)

    finding = _search(judge, shrinks=0)
    assert finding.verdict is Verdict.REFUTED and finding.witness is not None and finding.witness["n"] > 100
    first = next(i for i, n in enumerate(tried) if n > 100)
    # The first fault, and its replay.
    assert len(tried) == first + 2


def test_a_fault_outside_of_the_hypotheses_or_that_goes_away_is_no_refutation():
    outside = _search(lambda n: (at_most("n", n, 100),), hypotheses=lambda n: (Line("n is not allowed", False),))
    assert outside.verdict is Verdict.INCONCLUSIVE
    seen: set[int] = set()

    def once(n: int):
        fresh = n not in seen
        seen.add(n)
        return (Line("again", not fresh),)

    assert _search(once).verdict is Verdict.INCONCLUSIVE


def test_nan_is_never_at_most_anything():
    assert not at_most("x", math.nan, math.inf).holds
    assert at_most("x", 1.0, 1.0).holds


def test_a_failing_line_prints_numbers_that_differ():
    line = at_most("x", 1 + 1e-7, 1.0)
    assert not line.holds
    assert line.margin == "1.0000001" and line.text == "x <= 1"
