"""What a claim declares, and what its checks take for granted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sample_findings as sample
import sympy as sp
from sample_findings import found_by as results
from sample_findings import judged, named

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.judge import assess
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.symbols import assumptions, undeclared
from eqt_theory.core.verdict import Judgement, Method, Verdict
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

HOLDS, IN_CASES, OPEN = Judgement.HOLDS, Judgement.HOLDS_IN_CASES, Judgement.OPEN
Make = Callable[[], Finding]


def about(make: Make, **declared: bool) -> Make:
    return lambda: replace(make(), assumes={"x": assumptions(sp.Symbol("x", **declared))})


@pytest.mark.parametrize(
    ("claim_says", "check_says", "more"),
    [
        ({"real": True}, {"positive": True}, "x is positive"),
        ({"nonnegative": True}, {"positive": True}, "x is positive"),
        ({"real": True}, {"integer": True}, "x is integer"),
        ({"positive": True}, {"positive": True}, ""),
        ({"positive": True}, {"real": True}, ""),
        ({"positive": True}, {"nonnegative": True}, ""),
    ],
)
def test_a_check_that_assumes_more_is_told(claim_says: dict[str, bool], check_says: dict[str, bool], more: str):
    claim = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", **claim_says)])
    claim.shows("all")(named("main", about(sample.proved, **check_says)))
    ledger = run_ledger([claim], Run())
    assert ledger.entries[0].judgement is (OPEN if more else HOLDS)
    assert any(more in problem for problem in ledger.problems()) == bool(more)
    narrow = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", **claim_says)])
    narrow.shows("some", cases="x > 0")(named("main", about(sample.proved, **check_says)))
    assert run_ledger([narrow], Run()).problems() == []


def test_a_refutation_outside_of_what_the_claim_speaks_about_counts_for_nothing():
    def at(value: int) -> Claim:
        claim = Claim(id="a", source="s", statement="t", symbols=[sp.Symbol("x", positive=True)])
        claim.shows("all")(named("main", lambda: replace(sample.refuted(), witness={"x": value})))
        return claim

    assert assess(at(1), results(at(1))).judgement is Judgement.FALSE
    found = assess(at(-1), results(at(-1)))
    assert found.judgement is OPEN
    assert found.told == ("main refutes outside of what the claim speaks about: x = -1 is not positive",)


def test_what_is_assumed_stands_in_one_order():
    """Symbols come out of sets; the ledger must be the same in every process."""
    signs = {"b": {"positive": True}, "a": {"nonnegative": True}}
    for order in (signs, dict(reversed(signs.items()))):
        finding = inconclusive(Method.SMT, "nothing")
        assert list(replace(finding, assumes=order).assumes) == ["a", "b"]


def test_provers_and_derivations_say_what_they_assumed():
    x, y = sp.Symbol("x", positive=True), sp.Symbol("y", real=True)
    for finding in (
        prove([x > 1], x + y**2 > y / 2),
        derive([("square", (x + y) ** 2, x**2 + 2 * x * y + y**2)], "square"),
    ):
        assert finding.verdict is Verdict.PROVED
        assert finding.assumes["x"]["positive"] and "positive" not in finding.assumes["y"]


@pytest.mark.parametrize(
    ("symbols", "assumes", "closed", "cases", "judgement", "more"),
    [
        ((), (), False, None, HOLDS, False),
        (("y",), (), False, None, OPEN, True),
        (("y",), ("y >= 2",), False, None, HOLDS, False),
        (("y",), ("2 <= y",), True, None, HOLDS, False),
        (("y",), ("y >= 1",), False, None, OPEN, True),
        ((), ("y >= 1",), False, None, OPEN, True),
        (("y",), (), False, "y >= 2", IN_CASES, False),
        (("x",), (), False, None, HOLDS, False),
        (("x",), (), True, None, OPEN, True),
        ((), (), True, None, OPEN, True),
    ],
)
def test_a_relation_that_the_claim_does_not_declare_is_assumed_by_no_check(
    symbols, assumes, closed, cases, judgement, more
):
    y = sp.Symbol("y", real=True)
    claim = Claim(
        id="a",
        source="s",
        statement="t",
        symbols=[sp.Symbol(name, real=True) for name in symbols],
        assumes=[sp.sympify(text, {"y": y}) for text in assumes],
        closed=closed,
    )
    claim.shows("all", cases=cases)(named("main", lambda: prove([y >= 2], y >= 1)))
    ledger = run_ledger([claim], Run())
    assert ledger.entries[0].judgement is judgement
    assert any("main assumes more than the claim does: y >= 2" in p for p in ledger.problems()) == more
    told = undeclared(claim, ledger.entries[0].results[0].finding)
    assert told == ([] if "y >= 2" in assumes or "2 <= y" in assumes else ["y >= 2"]), "told in any case"


def test_symbols_that_a_closed_claim_does_not_declare_have_no_sign():
    x, y = sp.Symbol("x", real=True), sp.Symbol("y", positive=True)
    for declared, assumed, closed, judgement in (
        ([x], [], True, OPEN),
        ([x, y], [], True, HOLDS),
        ([x], [], False, HOLDS),
        ([x], [y > 1], True, HOLDS),
    ):
        claim = Claim(id="a", source="s", statement="t", symbols=declared, assumes=assumed, closed=closed)
        claim.shows("all")(named("main", lambda: prove([], x**2 + y > -x / 8 - 1)))
        assert judged(claim).judgement is judgement
        assert undeclared(claim, results(claim)[0].finding) == ([] if y in declared or assumed else ["y is positive"])


def test_a_refutation_where_a_declared_relation_fails_counts_for_nothing():
    x = sp.Symbol("x", real=True)
    for assumed, judgement in ((x >= 1, Judgement.FALSE), (x > 1, OPEN)):
        claim = Claim(id="a", source="s", statement="t", assumes=[assumed])
        claim.shows("all")(named("main", sample.refuted))
        assert judged(claim).judgement is judgement


def test_what_is_assumed_is_no_bool_and_speaks_of_symbols():
    x, y = sp.symbols("x y")
    for wrong in (x == y, "x > 0", x + y, sp.true):
        with pytest.raises(UsageError, match="assumes must hold"):
            Claim(id="a", source="s", statement="t", assumes=[wrong])
