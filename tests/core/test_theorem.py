"""theorem and slip: a claim whose statement is a docstring, and its wrong version."""

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Claim, Finding, Judgement, Reading, Run, Verdict, prove, slip, theorem
from eqt_theory.core.errors import UsageError
from eqt_theory.core.ledger import run_ledger

x, m = sp.symbols("x m", positive=True)


@theorem("Eq. 1", symbols=[x, m], assumes=[x < m])
def half_of_it() -> Finding:
    """x/2 < m, for every
    x < m.

    Since x is positive.
    """
    return prove([x < m], x / 2 < m)


@slip(half_of_it, "m = 3/2 x")
def twice_of_it() -> Finding:
    """2 x < m."""
    return prove([x < m], 2 * x < m)


def test_the_docstring_is_the_statement_and_the_body_the_check():
    assert isinstance(half_of_it, Claim)
    assert (half_of_it.id, half_of_it.source) == ("half-of-it", "Eq. 1")
    assert half_of_it.statement == "x/2 < m, for every x < m."
    assert half_of_it.remark == "Since x is positive."
    assert half_of_it.readings == (Reading("stated", half_of_it.statement),)
    (check,) = half_of_it.checks
    assert (check.name, check.part, check.reading) == ("half_of_it", None, "stated")
    assert check(Run()).verdict is Verdict.PROVED


def test_a_slip_is_repaired_by_the_claim_and_is_judged_by_what_is_found():
    assert (twice_of_it.repair, twice_of_it.source) == ("half-of-it", "a usual slip")
    assert (twice_of_it.symbols, twice_of_it.assumes) == (half_of_it.symbols, half_of_it.assumes)
    ledger = run_ledger([half_of_it, twice_of_it], Run())
    assert ledger.entry("half-of-it").judgement is Judgement.HOLDS
    assert ledger.entry("twice-of-it").judgement is Judgement.FALSE

    @slip(half_of_it, "none: it is no slip")
    def third_of_it() -> Finding:
        """x/3 < m."""
        return prove([x < m], x / 3 < m)

    assert run_ledger([half_of_it, third_of_it], Run()).entry("third-of-it").judgement is Judgement.HOLDS


def test_the_body_shows_the_first_part_and_the_others_stay_open():
    @theorem("Eq. 2", parts=("bound", "attained"), setting="For all x: ", id="equation-2.1")
    def tight() -> Finding:
        """x <= x."""
        return sample.proved()

    assert (tight.id, tight.statement) == ("equation-2.1", "For all x: x <= x.")
    assert tight.readings == (Reading("stated", "For all x: x <= x.", parts=("bound", "attained")),)
    assert [check.part for check in tight.checks] == ["bound"]
    assert run_ledger([tight], Run()).entry("equation-2.1").judgement is Judgement.OPEN
    tight.shows("x = 1", part="attained")(lambda: sample.proved())
    assert [check.part for check in tight.checks] == ["bound", "attained"]


def test_what_a_check_takes_is_handed_on():
    @theorem("s", "x = 1", cases="x = 1", cites="Banach", uses="half-of-it", quick=False, title="t", remark="r")
    def one() -> Finding:
        """x > 0.

        Not the remark, which is given.
        """
        return sample.proved()

    (check,) = one.checks
    assert (check.scope, check.cases, check.cites, check.uses) == ("x = 1", "x = 1", ("Banach",), ("half-of-it",))
    assert (check.quick, one.title, one.remark) == (False, "t", "r")


def test_a_claim_is_used_as_itself_and_a_setting_stands_apart():
    @theorem("s", setting="For all x:", uses=half_of_it)
    def other() -> Finding:
        """x > 0."""
        return sample.proved()

    assert other.statement == "For all x: x > 0."
    assert other.checks[0].uses == ("half-of-it",)
    more = theorem("s", id="more", uses=[half_of_it, "other:other"])(other.checks[0].function)
    assert more.checks[0].uses == ("half-of-it", "other:other")


def test_what_cannot_be_stated_is_refused():
    with pytest.raises(UsageError, match="docstring of silent"):

        @theorem("s")
        def silent() -> Finding:
            return sample.proved()

    with pytest.raises(UsageError, match="made of a function, got Claim"):
        theorem("s")(half_of_it)  # pyright: ignore[reportArgumentType]

    with pytest.raises(UsageError, match="give them to its readings"):
        theorem("s", parts=("a",), readings=[Reading("stated", "t")])


def test_what_the_function_says_is_not_given_twice():
    with pytest.raises(UsageError, match="is the docstring of the function below"):
        theorem("s", statement="t")
    with pytest.raises(UsageError, match="a claim takes no remarks=; nearest: remark"):
        theorem("s", remarks="t")
    with pytest.raises(UsageError, match="repaired by the claim that it is given first, half-of-it"):
        slip(half_of_it, "all", repair="other")
    with pytest.raises(UsageError, match="is the docstring"):
        slip(half_of_it, "all", statement="t")


def test_a_line_of_blanks_ends_a_paragraph():
    def function() -> Finding:
        return sample.proved()

    function.__doc__ = "x > 0.\n        \n    The remark."
    claim = theorem("s")(function)
    assert (claim.statement, claim.remark) == ("x > 0.", "The remark.")


def test_a_lambda_is_named_by_the_part_that_it_shows():
    @theorem("s", parts=("bound", "a slow function"))
    def slow() -> Finding:
        """x <= x."""
        return sample.proved()

    slow.shows("x = 1", part="a slow function")(lambda: sample.proved())
    assert [check.name for check in slow.checks] == ["slow", "a_slow_function"]
    with pytest.raises(UsageError, match="two checks named 'a_slow_function'"):
        slow.shows("x = 2", part="a slow function")(lambda: sample.proved())
