import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict
from eqt_theory.engines.induction import Quantity, by_induction

n, i = sp.symbols("n i", real=True)
x = sp.Symbol("x", real=True)
r = sp.Symbol("r", positive=True)


def test_what_a_step_speaks_of_may_be_the_same_at_all():
    """True where c is one number, and false where each step has its own; which is meant nothing says."""
    a, b, c = sp.symbols("a b c", real=True)
    alike = [Quantity(a, c, a), Quantity(b, c, c)]
    assert by_induction(sp.Eq(a, b), n, quantities=alike).verdict is Verdict.INCONCLUSIVE
    sums = [Quantity(a, sp.Integer(0), a + c), Quantity(b, sp.Integer(0), (n + 1) * c)]
    assert by_induction(sp.Eq(a, b), n, quantities=sums).verdict is Verdict.INCONCLUSIVE
    # With one c that goes on for ever within these bounds, a stays at 0; with others it need not.
    within = {"quantities": sums[:1], "each": [a <= 5, a >= -5]}
    assert by_induction(a <= 0, n, **within).verdict is Verdict.INCONCLUSIVE
    unused = Quantity(b, r, sp.Min(c, r) + r)  # c is any number, of which the counterexample says nothing
    assert by_induction(n <= x, n, quantities=[unused]).verdict is Verdict.REFUTED
    # The next value of a quantity is no such number.
    following = sp.Symbol("following", real=True)
    falls = {"quantities": [Quantity(a, c, following)], "each": [following <= a]}
    assert by_induction(a <= c, n, **falls).verdict is Verdict.PROVED
    assert by_induction(a <= c - n / 4, n, **falls).verdict is Verdict.REFUTED


def test_what_symbols_are_declared_with_is_shown_and_not_taken_for_granted():
    """e_n = 1 - n is not >= 0, and a positive n would leave out the step from 0."""
    e = sp.Symbol("e", nonnegative=True)
    falling = Quantity(e, sp.Integer(1), e - 1)
    assert by_induction(e + 1 >= x - x**2, n, quantities=[falling]).verdict is not Verdict.PROVED
    k = sp.Symbol("k", positive=True)
    jump = Quantity(x, sp.Integer(0), x + sp.Piecewise((5, k < sp.Rational(1, 2)), (1, True)))
    assert by_induction(x <= k, k, quantities=[jump]).verdict is not Verdict.PROVED
    whole = sp.Symbol("m", integer=True, positive=True)
    assert by_induction(r**whole <= 1, whole, [r <= 1]).verdict is Verdict.PROVED


def test_a_sign_that_does_not_begin_refutes_no_statement():
    """x^2 >= 0 whatever e begins with; that e is positive at the start is not shown, so nothing is proved either."""
    e = sp.Symbol("e", positive=True)
    begins = [Quantity(e, x, e)]
    found = by_induction(x**2 + n >= 0, n, quantities=begins)
    assert found.verdict is Verdict.INCONCLUSIVE and "the base" in found.detail
    wrong = by_induction(e >= 1, n, quantities=begins)
    assert wrong.verdict is Verdict.REFUTED and wrong.witness[x] > 0


def test_a_quantity_has_a_value_at_every_n():
    """d_1 = 1/d_0 = 1/0 is no number: nothing is shown of what is added up from such."""
    c, d = sp.symbols("c d", real=True)
    adds = Quantity(c, sp.Integer(0), c + d**2)
    for start, after in ((sp.Integer(0), 1 / d), (sp.Integer(0), sp.sqrt(d - 1)), (1 / x, d)):
        found = by_induction(c >= 0, n, quantities=[adds, Quantity(d, start, after)])
        assert found.verdict is Verdict.INCONCLUSIVE and "do not imply" in found.detail
    halves = Quantity(d, sp.Integer(1), d / (1 + d**2))
    assert by_induction(c >= 0, n, quantities=[adds, halves]).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("quantities", "said"),
    [
        ([Quantity(x, sp.Integer(0), x + 1), Quantity(x, sp.Integer(0), x - 1)], "got several of x"),
        ([Quantity(sp.sin(x), sp.Integer(0), x)], "named by a Symbol, got sin"),
        ([(x, 0, x)], "quantities must be"),
        ([Quantity(n, sp.Integer(0), n - 1)], "none of them n"),
        ([Quantity(x, n, x)], "first value of x must not depend on n"),
        ([Quantity(x, x + r, x)], "first value of x must not depend on x"),
        ([Quantity(x, i, x), Quantity(i, sp.Integer(1), i - 1)], "first value of x must not depend on i"),
    ],
)
def test_each_quantity_is_one_and_begins_somewhere(quantities, said: str):
    with pytest.raises(UsageError, match=said):
        by_induction(x >= 0, n, quantities=quantities)
