import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict
from eqt_theory.engines.for_every_n import ForEveryN
from eqt_theory.engines.going_on import goes_on_from
from eqt_theory.engines.induction import Quantity, by_induction

n, i = sp.symbols("n i", real=True)
r = sp.Symbol("r", positive=True)
error, first_error, next_error = sp.symbols("e e_0 e_next", nonnegative=True)
SEQUENCE = sp.Function("a", nonnegative=True)
falls = Quantity(error, first_error, next_error)


def test_newtons_errors_halve_and_then_square():
    """|e_{n + 1}| <= K |e_n|^2: that the errors halve needs more of powers than P(n) says, that 2^-n is at most 1."""
    K = sp.Symbol("K", positive=True)
    newton = {"quantities": [falls], "each": [next_error <= K * error**2]}
    small = [K * first_error <= sp.Rational(1, 2)]
    halves = by_induction(error <= first_error / 2**n, n, small, **newton)
    assert halves.verdict is Verdict.PROVED and halves.certificate is not None
    assert halves.hypotheses[0] == str((K * first_error <= sp.Rational(1, 2)).canonical)
    assert by_induction(error <= first_error / 3**n, n, small, **newton).verdict is Verdict.REFUTED
    squares = K * error <= (K * first_error) ** (2**n)
    assert by_induction(squares, n, **newton).verdict is Verdict.PROVED
    doubled = {"quantities": [falls], "each": [next_error <= 2 * K * error**2]}
    assert by_induction(squares, n, **doubled).verdict is Verdict.REFUTED
    later = K * error <= (K * first_error) ** (2 ** (n + 1) - 1)
    assert by_induction(later, n, [K * first_error >= 1], **newton).verdict is Verdict.PROVED
    assert by_induction(later, n, [K * first_error < 1], **newton).verdict is Verdict.REFUTED


def test_a_power_may_stand_beside_one_of_which_it_is_the_exponent():
    assert by_induction(2 ** (2**n) >= 2**n, n).verdict is Verdict.PROVED
    assert by_induction(2 ** (2**n) >= 2 * 3**n, n).verdict is Verdict.REFUTED


@pytest.mark.parametrize("moving", [lambda q: q**n, lambda q: q ** (2**n), lambda q: sp.Sum(q, (i, 0, n))])
def test_no_power_or_sum_is_of_a_number_that_moves(moving):
    """Of q_n = n + 1, the sum of n + 1 times q_n is (n + 1)^2, and no q_0 + .. + q_n."""
    q, later = sp.symbols("q later", positive=True)
    with pytest.raises(UsageError, match=r"powers|sums"):
        by_induction(moving(q) <= (n + 1) ** 2, n, quantities=[Quantity(q, sp.Integer(1), q + 1)])
    with pytest.raises(UsageError, match=r"powers|sums"):
        by_induction(moving(later) <= (n + 1) ** 2, n, quantities=[Quantity(q, sp.Integer(1), later)])


def test_a_power_is_divided_by_where_it_is_not_zero():
    x = sp.Symbol("x", real=True)
    assert by_induction(x ** (-2 * n) >= 0, n, [sp.Ne(x, 0)]).verdict is Verdict.PROVED
    assert by_induction(x ** (-2 * n) >= 0, n).verdict is Verdict.INCONCLUSIVE
    with pytest.raises(UsageError, match="as SymPy sees"):
        by_induction(x ** (2 * n) >= 0, n)


def test_powers_of_nothing():
    """0**(2 - n) is 1/0 from n = 3 on, and no 0**2 / 0**n."""
    zero = sp.Pow(0, n, evaluate=False)
    assert by_induction(zero <= 1, n).verdict is Verdict.PROVED
    assert by_induction(sp.Eq(zero, 0, evaluate=False), n).verdict is Verdict.REFUTED, "0**0 = 1"
    for exponent in (2 - n, n - 1, 2 * 2**n - 1):
        with pytest.raises(UsageError, match="powers of 0"):
            by_induction(sp.Eq(sp.Pow(0, exponent, evaluate=False), 0, evaluate=False), n, start=3)


def test_what_powers_keep_is_used_and_said():
    assert by_induction(2**n > n, n).verdict is Verdict.PROVED
    assert by_induction(2**n > 2 * n, n).verdict is Verdict.REFUTED
    bounded = by_induction(n * r**n <= r / (1 - r), n, [r < 1])
    assert bounded.verdict is Verdict.PROVED and "with" in bounded.detail and "r**n" in bounded.detail
    assert by_induction(n * r**n <= r / 2, n, [r < 1]).verdict is Verdict.REFUTED


def test_powers_in_what_is_given_for_each_n():
    """Errors of an implicit gradient: a part that contracts, and what the state still lacks."""
    c = sp.Symbol("c", nonnegative=True)
    given = {"quantities": [falls], "each": [next_error <= r * error + c * r**n]}
    assert by_induction(error <= (first_error + c * n / r) * r**n, n, [r < 1], **given).verdict is Verdict.PROVED
    assert by_induction(error <= (first_error + c * n) * r**n, n, [r < 1], **given).verdict is Verdict.REFUTED


def test_factorials_and_products():
    assert by_induction(sp.factorial(n) >= 2 ** (n - 1), n, start=1).verdict is Verdict.PROVED
    assert by_induction(sp.factorial(n) >= 2**n, n, start=1).verdict is Verdict.REFUTED
    assert by_induction(sp.factorial(n + 2) >= 2 * (n + 1), n).verdict is Verdict.PROVED
    telescopes = sp.Product(1 - 1 / (i + 1), (i, 1, n))
    assert by_induction(sp.Eq(telescopes, 1 / (n + 1)), n).verdict is Verdict.PROVED
    assert by_induction(sp.Eq(telescopes, 1 / (n + 2)), n).verdict is Verdict.REFUTED
    triangle = sp.Sum(sp.Sum(i, (i, 1, n)), (n, 1, n))
    with pytest.raises(UsageError, match="sums must run"):
        by_induction(triangle >= 0, n)


def test_a_sequence_is_written_as_in_a_text():
    a, x0 = SEQUENCE, sp.Symbol("x_0", real=True)
    decay = a(n) <= r**n * a(0)
    assert by_induction(decay, n, [r < 1], each=[a(n + 1) <= r * a(n)]).verdict is Verdict.PROVED
    slower = by_induction(a(n) <= r ** (n + 1) * a(0), n, [r < 1], each=[a(n + 1) <= r * a(n)])
    assert slower.verdict is Verdict.REFUTED
    rate = by_induction(a(n) * (1 + n * r * a(0)) <= a(0), n, [r * a(0) <= 1], each=[a(n + 1) <= a(n) - r * a(n) ** 2])
    assert rate.verdict is Verdict.PROVED
    assert rate.hypotheses == ("a(0)*r <= 1",), "what n and a(n) are at the start is part of the argument"
    fibonacci = {"each": [sp.Eq(a(n + 2), a(n + 1) + a(n))], "hypotheses": [a(0) <= 1, a(1) <= 1]}
    both = sp.And(a(n) <= 2**n, a(n + 1) <= 2 ** (n + 1))
    assert by_induction(both, n, **fibonacci).verdict is Verdict.PROVED
    less = sp.And(a(n) <= sp.Rational(3, 2) ** n, a(n + 1) <= sp.Rational(3, 2) ** (n + 1))
    assert by_induction(less, n, **fibonacci).verdict is Verdict.REFUTED, "2 <= 9/4 and 3 <= 27/8, 5 <= 81/16, 8 > 7.6"
    d = sp.Function("d", nonnegative=True)
    sums = a(n) <= a(0) + sp.Sum(d(i), (i, 0, n - 1))
    assert by_induction(sums, n, each=[a(n + 1) <= a(n) + d(n)]).verdict is Verdict.PROVED
    assert by_induction(sums, n, each=[a(n + 1) <= a(n) + 2 * d(n)]).verdict is Verdict.REFUTED
    for wrong, said in ((a(n - 1), "must be spoken of"), (a(7), "first values"), (a(2 * n), "must be spoken of")):
        with pytest.raises(UsageError, match=said):
            by_induction(wrong <= x0, n)
    with pytest.raises(UsageError, match="integer"):
        by_induction(sp.Function("k", integer=True)(n) <= x0, n)


def test_what_no_sequence_satisfies_for_ever_shows_nothing():
    """A nonnegative number that falls by 1 in each step: not one step contradicts itself, six do."""
    six = [first_error <= 5]
    found = by_induction(error <= 5 - n, n, six, quantities=[falls], each=[next_error <= error - 1])
    assert found.verdict is Verdict.INCONCLUSIVE and "contradicts itself" in found.detail
    slower = [next_error <= error, next_error >= error - 1]
    assert by_induction(error <= 5, n, six, quantities=[falls], each=slower).verdict is Verdict.PROVED
    signed = [sp.Symbol(f"{s.name}", real=True) for s in (error, first_error, next_error)]
    of_any_sign = Quantity(*signed)
    free = by_induction(
        signed[0] <= 5 - n, n, [signed[1] <= 5], quantities=[of_any_sign], each=[signed[2] <= signed[0] - 1]
    )
    assert free.verdict is Verdict.PROVED and "not shown" not in free.note
    hundred = [first_error <= 100]
    late = by_induction(error <= 100 - n, n, hundred, quantities=[falls], each=[next_error <= error - 1])
    assert late.verdict is not Verdict.PROVED or "not shown" in late.note


def test_what_each_step_has_for_itself_is_kept_by_nothing():
    """c_n may be another at each n: that the first is at least the next is no invariant."""
    a, c = sp.symbols("a c", real=True)
    found = by_induction(a <= 1, n, quantities=[Quantity(a, sp.Integer(1), c)], each=[c <= 1])
    assert found.verdict is Verdict.PROVED
    assert by_induction(a <= 1, n, quantities=[Quantity(a, sp.Integer(1), c)], each=[c <= 2]).verdict is Verdict.REFUTED


def test_gronwall_with_factors_that_differ():
    c, d, P, D = sp.symbols("c d P D", nonnegative=True)
    grows = [falls, Quantity(P, sp.Integer(1), P * (1 + c)), Quantity(D, sp.Integer(0), D + d)]
    given = {"quantities": grows, "each": [next_error <= (1 + c) * error + d]}
    assert by_induction(error <= P * (first_error + D), n, **given).verdict is Verdict.PROVED
    assert by_induction(error <= P * first_error + D, n, **given).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("statement", "each"),
    [
        (lambda a, b: a(n) >= 5, lambda a, b: [sp.Eq(a(n + 1), a(n) - 1)]),
        (lambda a, b: b(n) >= b(0) + n, lambda a, b: [sp.Eq(b(n + 1), b(n) - 1), b(n) >= 0]),
        (lambda a, b: b(n) <= 1, lambda a, b: [sp.Eq(b(n + 1), sp.sqrt(b(n) - 1)), b(n) >= 1]),
    ],
)
def test_nothing_is_refuted_by_what_does_not_go_on(statement, each):
    """No sequence is so for every n: that such a one is at least 5, or anything else, is not false."""
    a, b = SEQUENCE, sp.Function("b", real=True)
    found = by_induction(statement(a, b), n, each=each(a, b))
    assert found.verdict is Verdict.INCONCLUSIVE and "goes on" in found.detail


@pytest.mark.parametrize(
    ("statement", "given", "each"),
    [
        (lambda b: b(n) >= b(0) + n, lambda b: [], lambda b: [sp.Eq(b(n + 1), b(n) / 2), b(n) >= 0]),
        (lambda b: b(n) <= 1, lambda b: [2 * b(0) <= 1], lambda b: [sp.Eq(b(n + 1), 1 / b(n)), b(n) > 0]),
        (lambda b: b(n) <= 5, lambda b: [], lambda b: [sp.Eq(b(n + 1) ** 2, b(n))]),
        (lambda b: SEQUENCE(n) >= n, lambda b: [], lambda b: [sp.Eq(SEQUENCE(n + 1) ** 2, -3 * SEQUENCE(n))]),
        (lambda b: b(n) <= 1, lambda b: [], lambda b: [b(n) >= n]),
        (lambda b: b(n) >= 1 - n, lambda b: [sp.Eq(b(0), 1)], lambda b: [b(n + 1) >= b(n) - 2, b(n) <= 1]),
        (lambda b: b(n) * (1 + n * r) <= b(0), lambda b: [], lambda b: [b(n + 1) <= b(n) - r * b(n) ** 2, b(n) >= 0]),
    ],
)
def test_what_goes_on_is_refuted(statement, given, each):
    b = sp.Function("b", real=True)
    assert by_induction(statement(b), n, given(b), each=each(b)).verdict is Verdict.REFUTED


def test_provers_cannot_follow_a_root_without_radicals():
    b = sp.Function("b", real=True)
    asked = ForEveryN.of(b(n) <= 1, n, [], 0, [], [sp.Eq(b(n + 1), b(n))])
    for value, followed in ((sp.sqrt(2), True), (sp.CRootOf(i**5 - i - 3, 0), False)):
        assert goes_on_from(asked, {s: value if s is not asked.n else sp.Integer(1) for s in asked.first}) is followed
