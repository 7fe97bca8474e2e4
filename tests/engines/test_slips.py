"""slip: wrong versions of a claim that write their statements of what they check, and what is no slip at all."""

from dataclasses import replace

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Claim, Finding, Judgement, Run, Verdict, prove, slip, theorem
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger
from eqt_theory.engines.gram import SmoothClass, Space

mu, L, alpha, R, N = sp.symbols("mu L alpha R N", positive=True)
gap = sp.Symbol("f(x_N) - f*", nonnegative=True)
r = sp.Symbol("r", positive=True)
x = sp.Symbol("x", real=True)
d, D = Space(("d", "D")).vectors


def claim() -> Claim:
    @theorem("Polyak 1963", symbols=[mu, L, alpha], assumes=[mu < L, alpha < 2 / (mu + L)])
    def gd_distance(factor: sp.Expr = 1 - alpha * mu) -> Finding:
        """For short steps |x+ - x*|^2 <= ({factor})^2 |x - x*|^2.

        So {factor} is less than 1.
        """
        known = [mu < L, alpha < 2 / (mu + L), SmoothClass(mu, L).gradients(d, D)]
        return prove(known, (d - alpha * D).norm2 <= factor**2 * d.norm2)

    return gd_distance


def judged(right: Claim, wrong: Claim) -> tuple[Judgement, list[str]]:
    ledger = run_ledger([right, wrong], Run())
    return ledger.entry(wrong.id).judgement, ledger.problems()


def test_a_statement_says_what_its_function_takes_and_its_check_sees_the_same():
    right = claim()
    assert right.statement == "For short steps |x+ - x*|^2 <= (1 - alpha mu)^2 |x - x*|^2."
    assert right.remark == "So (1 - alpha mu) is less than 1."
    wrong = slip(right, "every such f", id="gd-distance-fast").by(factor=1 - alpha * L)
    assert wrong.statement == "For short steps |x+ - x*|^2 <= (1 - L alpha)^2 |x - x*|^2."
    assert (wrong.repair, right.slips, wrong.assumes) == ("gd-distance", [wrong], right.assumes)
    assert judged(right, wrong) == (Judgement.FALSE, [])


def test_a_relation_that_fails_at_an_instance():
    right = claim()
    wrong = slip(right, "f = mu x^2/2", id="gd-distance-value", source="s").says(
        gap <= (1 - alpha * mu) ** (4 * N) * mu * R**2 / 2, {N: 1, gap: mu * (R - alpha * mu * R) ** 2 / 2}
    )
    assert wrong.statement == "As gd-distance, with f(x_N) - f* <= R^2 mu (1 - alpha mu)^(4 N)/2."
    assert (wrong.source, wrong.checks[0].scope) == ("s", "f = mu x^2/2")
    found = wrong.checks[0](Run())
    assert found.verdict is Verdict.REFUTED
    assert found.detail.startswith("at N = 1, f(x_N) - f* = mu (R - R alpha mu)^2/2: ")
    assert "that this instance occurs is what the claim says; it is not checked" in found.note
    values = {sp.Symbol(str(k), positive=True): v for k, v in (found.witness or {}).items()}
    assert (mu < L).subs(values) == sp.true, "what the right claim assumes holds where this fails"
    assert judged(right, wrong) == (Judgement.FALSE, [])


def test_what_it_is_said_under_is_said_and_holds_where_it_fails():
    right = claim()
    wrong = slip(right, "f = L x^2/2", id="one-step", setting="From x_0 = 1:").says(
        gap <= L / 8, {gap: L * (1 - alpha * L) ** 2 / 2}, where=alpha * L < sp.Rational(1, 4)
    )
    assert wrong.statement == "From x_0 = 1: f(x_N) - f* <= L/8, where L alpha < 1/4."
    found = wrong.checks[0](Run())
    values = {str(k): v for k, v in (found.witness or {}).items()}
    assert found.verdict is Verdict.REFUTED
    assert values["alpha"] * values["L"] < sp.Rational(1, 4)


def test_what_a_class_says_is_known_at_the_instance():
    f1, f0 = sp.symbols("f_1 f", real=True)
    x, g, k = Space(("x", "g", "k")).vectors
    known = SmoothClass(0, L).says((x, g, f0), (x - g / L, k, f1), 0)

    @theorem("s")
    def gd_convex() -> Finding:
        """L-smooth, step 1/L."""
        return prove(known, f1 <= L * x.norm2 / 2)

    says = slip(gd_convex, "N = 1", id="gd-convex-quarter").says
    wrong = says(gap <= L * R**2 / (4 * N + 4), {N: 1, gap: f1, R**2: x.norm2}, known=known)
    assert wrong.statement == "As gd-convex, with f(x_N) - f* <= L R^2/(4 N + 4)."
    assert judged(gd_convex, wrong) == (Judgement.FALSE, [])
    true = says(gap <= L * R**2 / (4 * N + 2), {N: 1, gap: f1, R**2: x.norm2}, known=known)
    assert true.checks[0](Run()).verdict is Verdict.INCONCLUSIVE


def test_a_relation_that_holds_at_the_instance_is_a_problem_and_establishes_nothing():
    right = claim()
    true = slip(right, "f = mu x^2/2", id="true").says(
        gap <= (1 - alpha * mu) ** (2 * N) * mu * R**2 / 2, {N: 1, gap: mu * (R - alpha * mu * R) ** 2 / 2}
    )
    judgement, problems = judged(right, true)
    assert judgement is Judgement.OPEN
    assert problems[0].startswith("true: true is inconclusive: it does not fail at N = 1, ")


@pytest.mark.parametrize("how", ["by", "a function"])
def test_a_slip_that_holds_is_a_problem(how: str):
    right = claim()
    if how == "by":
        true = slip(right, "every such f", id="true").by(factor=1 - alpha * mu / 2)
    else:
        true = slip(right, "every such f", id="true")(lambda_of("x <= x."))
    assert judged(right, true) == (Judgement.HOLDS, ["true: unfinished, it is called a slip of gd-distance, and holds"])


def lambda_of(statement: str):
    def check() -> Finding:
        return sample.proved()

    check.__doc__ = statement
    return check


def test_an_instance_of_the_wrong_sign_or_half_given_is_refused():
    right = claim()
    whole = sp.Symbol("n", integer=True, positive=True)
    r = sp.Symbol("r", real=True)
    relation = gap <= L * R**2 / N
    says = slip(right, "f", id="x").says
    with pytest.raises(UsageError, match=r"at must give N a value that it can have, declared \['positive', 'nonneg"):
        says(relation, {N: -1, gap: L * R**2})
    with pytest.raises(UsageError, match=r"a value that it can have, declared \['integer', .*, got 1/2"):
        says(gap <= L * R**2 / whole, {whole: sp.Rational(1, 2), gap: L * R**2})
    with pytest.raises(UsageError, match=r"at must say what f\(x_N\) - f\*, is|at must say what N is at the instance"):
        says(relation, {gap: L * R**2})
    with pytest.raises(UsageError, match=r"at must say what f\(x_N\) - f\* is at the instance"):
        says(relation, {N: 1}, known=[L > R])
    with pytest.raises(UsageError, match="at must give values to what stands in .*, got alpha"):
        says(relation, {N: 1, gap: L * R**2, alpha: 2})
    with pytest.raises(UsageError, match="at must say what r is at the instance"):
        says(gap <= L * r**2 + r, {gap: L, r**2: d.norm2})
    with pytest.raises(UsageError, match="at must leave .* defined"):
        says(gap <= L * R**2 / (N - 1), {N: 1, gap: L * R**2})
    with pytest.raises(UsageError, match="relation must be one relation of SymPy, got And"):
        says(sp.And(gap <= L, gap >= R), {gap: L * R**2})
    assert right.slips == []


@pytest.mark.parametrize("at", [{N: 2, gap: L * R**2 / (4 * N + 2)}, {R**2: 4, N: 1, gap: L * R / 3}])
def test_a_value_does_not_speak_of_what_has_another(at):
    """N would be 2 in the relation and free in the gap: a relation that holds was REFUTED."""
    with pytest.raises(UsageError, match="must not speak of [NR], which at gives a value itself"):
        slip(claim(), "x", id="one").says(gap <= L * R**2 / (4 * N + 2), at)


@pytest.mark.parametrize(
    ("relation", "at"),
    [
        (sp.Ge(sp.sqrt(R), 0, evaluate=False), {sp.sqrt(R): -4}),
        (sp.Ge(x**2 + 1, 2 * x), {x**2: 0}),  # x, which the right claim speaks of, is then 0
    ],
)
def test_an_expression_has_only_values_that_it_can_have(relation, at):
    found = slip(replace(claim(), symbols=(x,)), "f", id="x").says(relation, at).checks[0](Run())
    assert found.verdict is Verdict.INCONCLUSIVE, found.detail


def test_the_value_of_an_expression_refutes():
    found = slip(claim(), "f", id="x").says(gap <= L * r**2, {gap: 2 * L, r**2: 1}).checks[0](Run())
    assert found.verdict is Verdict.REFUTED


def test_what_is_decided_when_it_arrives_is_taken_as_it_is():
    right = claim()
    found = slip(right, "f", id="x").says(gap <= L, {gap: 2 * L}, where=L > 0).checks[0](Run())
    assert found.verdict is Verdict.REFUTED
    found = slip(right, "f", id="y").says(gap <= L, {gap: 2 * L}, where=L < 0).checks[0](Run())
    assert found.verdict is Verdict.INCONCLUSIVE and "contradict" in found.detail


def test_a_value_of_unknown_sign_is_taken_only_where_it_has_that_of_its_symbol():
    right = claim()
    wrong = slip(right, "f", id="x").says(gap >= L * R / 4, {gap: L * R - alpha * R})
    found = wrong.checks[0](Run())
    values = {str(k): v for k, v in (found.witness or {}).items()}
    assert found.verdict is Verdict.REFUTED
    assert values["L"] >= values["alpha"]
    never = slip(right, "f", id="y").says(gap >= (L - alpha) * R / 2, {gap: L * R - alpha * R})
    assert never.checks[0](Run()).verdict is Verdict.INCONCLUSIVE, "it fails only where the gap would be negative"


def test_other_values_must_be_of_what_the_statement_says():
    right = claim()
    with pytest.raises(UsageError, match=r"takes no factors=; nearest: factor; what it takes is \['factor'\]"):
        slip(right, "f", id="x").by(factors=1)
    with pytest.raises(UsageError, match=r"must speak of \{factor\}, and change with it"):
        slip(right, "f", id="x").by(factor=1 - alpha * mu)
    with pytest.raises(UsageError, match="leave setting= out"):
        slip(right, "f", id="x", setting="For all x:").by(factor=2)
    with pytest.raises(UsageError, match="is not made by theorem"):
        slip(Claim(id="c", source="s", statement="t"), "f", id="x").by(factor=2)
    with pytest.raises(UsageError, match="needs id=, as gd-distance-halved"):
        slip(right, "f").by(factor=2)

    @theorem("s")
    def silent(factor: int = 1) -> Finding:
        """It does not say."""
        return sample.proved()

    with pytest.raises(UsageError, match=r"must speak of \{factor\}"):
        slip(silent, "f", id="x").by(factor=2)


def test_slips_without_a_name_are_claims_of_their_file(claims_folder):
    folder = claims_folder(
        one="""
import sympy as sp
from eqt_theory import Finding, prove, slip, theorem

x, y = sp.symbols("x y", positive=True)

@theorem("s")
def square() -> Finding:
    \"\"\"y = x^2: y >= x^2/2.\"\"\"
    return prove([sp.Eq(y, x**2)], y >= x**2 / 2)

for k in (1, 2):
    slip(square, "x = 1/2", id=f"square-{k}").says(y >= k * x, {y: x**2})

named = slip(square, "x = 1/2", id="named").says(y >= 3 * x, {y: x**2})
"""
    )
    claims, failures = load_folder(folder)
    assert failures == []
    assert [c.id for c in claims] == ["square", "square-1", "square-2", "named"]
    ledger = run_ledger(claims, Run(), jobs=2)
    assert [e.judgement for e in ledger.entries] == [Judgement.HOLDS, *[Judgement.FALSE] * 3]
    assert ledger.problems() == []


def test_what_cannot_be_known_at_once_refutes_nothing():
    right = claim()
    known = slip(right, "f", id="x").says(gap <= L / 2, {gap: L}, known=mu > L)
    where = slip(right, "f", id="y").says(gap <= 2 * mu, {gap: L}, where=mu > L)
    for wrong in (known, where):
        found = wrong.checks[0](Run())
        assert found.verdict is Verdict.INCONCLUSIVE, "the right claim assumes mu < L"
        assert "the hypotheses contradict each other" in found.detail
