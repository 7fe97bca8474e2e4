import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Claim, UsageError, Verdict, prove
from eqt_theory.core.judge import Result, assess
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.induction import Induction, Quantity, by_induction, induction, together

n, i = sp.symbols("n i", real=True)
x = sp.Symbol("x", real=True)
r = sp.Symbol("r", positive=True)


@pytest.mark.parametrize(
    ("base", "step", "conclude", "verdict"),
    [
        (sample.proved, sample.proved, None, "PROVED"),
        (sample.proved, sample.proved, sample.proved, "PROVED"),
        (sample.certified, sample.proved, None, "CERTIFIED"),
        (sample.refuted, sample.proved, None, "REFUTED"),
        (sample.refuted, sample.proved, sample.proved, "INCONCLUSIVE"),
        (sample.proved, sample.refuted, None, "INCONCLUSIVE"),
        (sample.proved, sample.supported, None, "INCONCLUSIVE"),
        (sample.unknown, sample.proved, None, "INCONCLUSIVE"),
        (sample.proved, sample.proved, sample.refuted, "INCONCLUSIVE"),
        (sample.proved, sample.proved, sample.unknown, "INCONCLUSIVE"),
    ],
)
def test_the_verdict_follows_from_the_parts(base, step, conclude, verdict: str):
    found = induction(base(), step(), conclude and conclude())
    assert found.verdict == verdict
    assert list(Induction(base(), step(), conclude and conclude()).parts)[:2] == ["base", "step"]


def test_an_argument_of_steps_needs_them_all_and_assumes_what_each_does():
    proved, other = prove([x > 0], x >= 0), prove([], (r + x) ** 2 <= 2 * r**2 + 2 * x**2)
    assert together({"one": proved, "two": other}, "both").verdict is Verdict.PROVED
    assert together({"one": proved, "two": other}, "both").assumes["r"]["positive"]
    same = together(
        {
            "one": prove([], (sp.Symbol("r", real=True) + x) ** 2 <= 2 * sp.Symbol("r", real=True) ** 2 + 2 * x**2),
            "two": other,
        },
        "both",
    )
    assert same.assumes["r"]["positive"], "one name, and one part assumes more of it"
    positive, other_x = sp.Symbol(x.name, positive=True), sp.Symbol(x.name, negative=True)
    clashing = together(
        {"one": prove([], positive <= positive**2 + 1), "two": prove([], -other_x <= other_x**2 + 1)}, "both"
    )
    assert clashing.verdict is Verdict.INCONCLUSIVE, "no number is positive and negative"
    assert f"{x.name} is" in clashing.detail
    failed = together({"one": proved, "two": sample.refuted()}, "both")
    assert failed.verdict is Verdict.INCONCLUSIVE
    assert "two is REFUTED" in failed.detail


def test_what_a_part_is_given_is_held_against_the_claim():
    """Else a proof under a hypothesis of its own would establish the claim, once it stood in an argument."""
    given = prove([x >= 1], x**2 >= 1)
    joined = together({"only": given}, "all")
    assert (joined.hypotheses, joined.speaks_of, joined.context) == (("x >= 1",), (("x",),), ())
    claim = Claim(id="squares", source="none", statement="x^2 >= 1", symbols=[x])
    claim.shows("all x")(lambda: joined)
    assert assess(claim, [Result(claim.checks[0], joined)]).judgement is Judgement.OPEN
    assert together({"first": prove([x >= 2], x >= 1), "then": given}, "all").hypotheses == ("x >= 2",)
    assert together({"then": given, "first": prove([x >= 2], x >= 1)}, "all").hypotheses == ("x >= 1", "x >= 2")
    assert together({"nested": joined}, "all").hypotheses == ("x >= 1",)
    onward = prove([x >= 3, n >= 0], (n + x) ** 2 >= 1)
    step = induction(given, onward, given=[(n >= 0) & (x >= 3)])
    assert (step.hypotheses, set(step.context)) == (("x >= 1",), {"x >= 3", "n >= 0"}), "a step is given P(n)"
    assert induction(given, onward, given=[n >= 0]).hypotheses == ("x >= 1", "x >= 3"), "and nothing else"


def test_a_step_under_a_condition_of_its_own_establishes_no_claim_without_it():
    """2 x <= x^2 + n is passed on by steps that are given x >= 5, and the claim is of every x."""
    statement = 2 * x <= x**2 + n
    onward = prove([x >= 5, statement], 2 * x <= x**2 + n + 1)
    claim = Claim(id="squares", source="none", statement="2 x <= x^2 + n for all x and n >= 1", symbols=[x])
    found = induction(prove([], 2 * x <= x**2 + 1), onward, given=[statement])
    claim.shows("all x")(lambda: found)
    assert found.verdict is Verdict.PROVED
    assert assess(claim, [Result(claim.checks[0], found)]).judgement is Judgement.OPEN
    last = induction(
        prove([], 2 * x <= x**2 + 1), prove([statement], statement), prove([x >= 5], x > 0), given=[statement]
    )
    assert last.hypotheses == ("x >= 5",), "what the conclusion is given belongs to the whole, too"


def test_what_is_given_of_each_n_is_no_way_around_the_hypotheses():
    """r <= 1/2 speaks of a parameter; that the error at n + 1 is at most r e does not."""
    e, after, e0 = sp.symbols("e after e_0", nonnegative=True)
    contracts, half = after <= r * e, r <= sp.Rational(1, 2)
    found = by_induction(e <= r**n * e0, n, each=[contracts, half], quantities=[Quantity(e, e0, after)])
    assert found.verdict is Verdict.PROVED
    assert "r <= 1/2" in found.hypotheses
    assert not any("after" in text for text in found.hypotheses)


@pytest.mark.parametrize(
    "given",
    [
        {"each": [x + n >= 5 + n]},
        {"each": [r**n <= 1, x >= n * (r - 1) + 5]},
        {"each": [i >= 5], "quantities": [Quantity(i, x, i)]},
    ],
)
def test_what_parameters_decide_at_each_n_is_a_hypothesis_about_them(given):
    found = by_induction(2 * x >= 10, n, **given)
    assert found.verdict is Verdict.PROVED
    claim = Claim(id="large", source="none", statement="2 x >= 10", symbols=[x, r])
    claim.shows("all x")(lambda: found)
    assert assess(claim, [Result(claim.checks[0], found)]).judgement is Judgement.OPEN
    assert any("x" in of for of in found.speaks_of)


def test_bernoulli():
    bernoulli = (1 + x) ** n >= 1 + n * x
    assert by_induction(bernoulli, n, [x >= -1]).verdict is Verdict.PROVED
    assert by_induction(bernoulli, n, []).verdict is Verdict.REFUTED, "false for x < -2, at n = 3"
    assert by_induction(bernoulli, n, [x >= -2]).verdict is Verdict.INCONCLUSIVE, "true, and its step is not"


def test_a_wrong_base_is_refuted_whatever_the_step_says():
    """Off by 3/2: the step passes on, the base does not hold."""
    total = sp.Sum(i, (i, 1, n))
    assert by_induction(sp.Eq(total, n * (n + 1) / 2), n).verdict is Verdict.PROVED
    wrong = by_induction(sp.Eq(total, n * (n + 1) / 2 + sp.Rational(3, 2)), n)
    assert wrong.verdict is Verdict.REFUTED
    assert "base" in wrong.detail


def test_a_wrong_step_proves_nothing():
    assert by_induction(n**2 <= 7 * n, n).verdict is Verdict.INCONCLUSIVE, "up to 7 and no further"
    assert by_induction(n <= 5, n).verdict is Verdict.INCONCLUSIVE
    # True of all n, and does not pass on.
    e = sp.Symbol("e", real=True)
    turns = Quantity(e, sp.Integer(1), -e)
    assert by_induction(e <= 1, n, quantities=[turns]).verdict is Verdict.INCONCLUSIVE


def test_what_fails_at_one_of_the_first_n_is_refuted_there():
    late = by_induction(n**2 <= 3 * n, n)
    assert late.verdict is Verdict.REFUTED and "n = 4: " in late.detail, "0, 1, 2, 3 and no further"
    v, R, s, c = sp.symbols("v R s c", nonnegative=True)
    noise = Quantity(v, R**2, s**2 * v + c)
    floor = {
        k: by_induction(v <= s ** (2 * n) * R**2 + c / (k * (1 - s)), n, [s < 1], quantities=[noise]) for k in (1, 2)
    }
    assert floor[1].verdict is Verdict.PROVED
    assert floor[2].verdict is Verdict.REFUTED, "c/(1 - s^2) is the floor"
    assert floor[2].hypotheses == ("s < 1",)


def test_what_is_given_for_each_n_is_given_at_the_first_and_beyond():
    """Z falls by r or more and stays nonnegative, so that (n + 1) r <= R^2 while r does not grow."""
    Z, r0, fall, R = sp.symbols("Z r_0 fall R", nonnegative=True)
    sums = sp.And(Z + n * r0 <= R**2, (n + 1) * r0 <= R**2)
    falls = {"quantities": [Quantity(Z, R**2, Z - fall)], "each": [fall >= r0, fall <= Z]}
    first = by_induction(r0 <= Z, n, **falls)
    assert first.verdict is not Verdict.REFUTED, "true at every n, by what is given there"
    assert by_induction(sums, n, **falls).verdict is not Verdict.REFUTED
    vacuous = by_induction((n + 2) * r0 <= R**2, n, **falls)
    assert vacuous.verdict is Verdict.INCONCLUSIVE, "true: with r0 > 0 nothing falls so for ever"
    assert "goes on" in vacuous.detail
    wrong = by_induction(R**2 - n * r0 <= Z, n, **falls)
    assert wrong.verdict is Verdict.REFUTED and "fall <= R**2" in wrong.context


def test_a_geometric_sum_and_its_bound():
    total = sp.Sum(r**i, (i, 0, n - 1))
    assert by_induction(sp.Eq((1 - r) * total, 1 - r**n), n, [r < 1]).verdict is Verdict.PROVED
    assert by_induction(sp.Eq((1 - r) * total, 1 - r ** (n + 1)), n, [r < 1]).verdict is Verdict.REFUTED
    assert by_induction(r ** (2 * n) <= 1, n, [r <= 1]).verdict is Verdict.PROVED
    assert by_induction(r**n <= 1, n, [r <= 2]).verdict is Verdict.REFUTED


def test_a_sequence_of_ones_own():
    """e_{n + 1} <= r e_n + c gives e_n <= r^n e_0 + c/(1 - r)."""
    e, after, e0, c = sp.symbols("e after e_0 c", nonnegative=True)
    error = Quantity(e, e0, after)
    bound = e <= r**n * e0 + c / (1 - r)
    given = {"each": [after <= r * e + c], "quantities": [error]}
    assert by_induction(bound, n, [r < 1], **given).verdict is Verdict.PROVED
    assert by_induction(e <= r**n * e0, n, [r < 1], **given).verdict is Verdict.REFUTED


def test_another_start():
    statement = 2**n >= n + 2
    assert by_induction(statement, n, start=2).verdict is Verdict.PROVED
    assert by_induction(statement, n, start=0).verdict is Verdict.REFUTED


def test_names_of_ones_own_do_not_collide():
    mine = sp.Symbol("power_0", positive=True)
    assert by_induction(r**n <= mine, n, [r <= 1, mine <= sp.Rational(1, 2)]).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("statement", "hypotheses", "said"),
    [
        (x**n >= 0, [n >= 3], "must not depend on n"),
        ((1 + n) ** n >= 1, [], "powers"),
        (r ** (n / 2) >= x, [], "powers"),
        (sp.Sum(i * n, (i, 0, n)) >= 0, [], "sums"),
        (sp.Sum(i, (i, 0, 2 * n)) >= 0, [], "sums"),
        (sp.Sum(i, (i, 3, n)) >= 0, [], "must not end before"),
        (True, [], "SymPy relation"),
    ],
)
def test_what_cannot_be_put_so_is_said(statement, hypotheses, said: str):
    with pytest.raises(UsageError, match=said):
        by_induction(statement, n, hypotheses)


def test_a_hypothesis_joined_to_what_is_given_of_each_n_is_one_of_the_whole():
    b, q, first, after = sp.symbols("b q first after", nonnegative=True)
    falls = sp.And(b <= 1, after <= b * q)
    found = by_induction(q <= first, n, quantities=[Quantity(q, first, after)], each=[falls])
    assert found.verdict is Verdict.PROVED
    assert "b <= 1" in found.hypotheses
    assert "after <= b*q" in found.context


def test_what_is_given_is_told_from_a_python_bool():
    for given in ({"hypotheses": [x == r]}, {"each": [x == r]}):
        with pytest.raises(UsageError, match="Python bool"):
            by_induction(r * n >= 0, n, **given)


def test_what_has_no_value_at_the_start_is_said():
    b = sp.Function("b", real=True)
    for statement in (sp.factorial(n - 3) >= 1, sp.Eq(sp.factorial(n - 3), 1), 1 / n >= 0, sp.sqrt(n - 1) >= 0):
        with pytest.raises(UsageError, match="must have a value at the first n"):
            by_induction(statement, n)
    with pytest.raises(UsageError, match="begin later"):
        by_induction(b(n) >= 1, n, each=[1 / n <= b(n + 1)])
    assert by_induction(sp.factorial(n - 3) >= 1, n, start=3).verdict is Verdict.PROVED
    assert by_induction(1 / (n - 2) <= 5, n).verdict is Verdict.INCONCLUSIVE, "no value at n = 2"


@pytest.mark.parametrize(
    ("declared", "start"),
    [({"even": True}, 0), ({"negative": True}, 0), ({"positive": True}, -3), ({"zero": True}, 0), ({"prime": True}, 2)],
)
def test_n_is_no_number_of_a_kind(declared: dict[str, bool], start: int):
    """Of an even m, SymPy takes (-1)^m for 1, of a positive one |m| for m, and both would be shown of every m."""
    m = sp.Symbol("m", **declared)
    with pytest.raises(UsageError, match="every whole number from"):
        by_induction(sp.And(sp.Ge((-1) ** m * r, 0, evaluate=False), m >= start, evaluate=False), m, start=start)


def test_what_is_divided_by_0_is_said():
    with pytest.raises(UsageError, match="divided by 0"):
        by_induction(sp.factorial(n) + sp.zoo <= n, n)


def test_what_n_and_its_start_must_be_is_said():
    for wrong, said in (({"n": 3}, "n must be"), ({"start": "0"}, "start must be"), ({"start": 0.5}, "start must be")):
        with pytest.raises(UsageError, match=said):
            by_induction(x >= 0, **{"n": n, **wrong})
