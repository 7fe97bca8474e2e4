import pytest
import sympy as sp

from eqt_theory import Claim, UsageError, Verdict, prove_exists
from eqt_theory.core.judge import Result, assess
from eqt_theory.core.verdict import Judgement

m, M, alpha, q = sp.symbols("m M alpha q", positive=True)
x, t = sp.symbols("x t", real=True)


def test_a_step_size_that_contracts():
    contracts = [alpha < 2 / M, (1 - alpha * M) ** 2 < 1]
    found = prove_exists([], contracts, {alpha: 1 / M})
    assert found.verdict is Verdict.PROVED
    assert "alpha = 1/M" in found.detail and found.hypotheses == ()
    assert found.certificate is not None
    wrong = prove_exists([], contracts, {alpha: 2 / M})
    assert wrong.verdict is Verdict.INCONCLUSIVE, "another one does"
    assert "not shown with alpha = 2/M" in wrong.detail and "REFUTED" not in wrong.detail
    assert wrong.witness is None
    balanced = sp.Eq(1 - alpha * m, alpha * M - 1)
    assert prove_exists([m < M], [alpha < 2 / M, balanced], {alpha: 2 / (m + M)}).verdict is Verdict.PROVED
    assert prove_exists([m < M], [alpha < 1 / M, balanced], {alpha: 2 / (m + M)}).verdict is Verdict.REFUTED


def test_the_declared_sign_is_shown_and_not_given():
    assert prove_exists([], alpha <= 5, {alpha: sp.Integer(-1)}).verdict is Verdict.INCONCLUSIVE
    assert prove_exists([], alpha <= x**2 + 1, {alpha: x**2 + 1}).verdict is Verdict.PROVED
    assert prove_exists([], alpha <= x**2, {alpha: x**2}).verdict is Verdict.REFUTED, "none at x = 0"
    other = sp.Symbol("alpha", real=True)
    with pytest.raises(UsageError, match="two symbols are called alpha"):
        prove_exists([other <= 5], alpha + other <= 9, {alpha: sp.Integer(1)})
    assert prove_exists([], alpha > 0, {alpha: sp.Integer(0)}).verdict is Verdict.INCONCLUSIVE, "SymPy would say true"


def test_what_has_no_value_is_no_witness():
    t_x = prove_exists([], sp.Eq(t * x, 1), {t: 1 / x})
    assert t_x.verdict is Verdict.INCONCLUSIVE and "x != 0" in t_x.detail
    assert prove_exists([sp.Ne(x, 0)], sp.Eq(t * x, 1), {t: 1 / x}).verdict is Verdict.PROVED
    assert prove_exists([], sp.Eq(t**2, x), {t: sp.sqrt(x)}).verdict is Verdict.INCONCLUSIVE
    assert prove_exists([x >= 0], sp.Eq(t**2, x), {t: sp.sqrt(x)}).verdict is Verdict.PROVED


def test_a_root_without_radicals_is_said_and_no_error():
    found = prove_exists([sp.Eq(x**5, x + 3)], sp.Eq(t**2, -x), {t: x})
    assert found.verdict is Verdict.INCONCLUSIVE and "CRootOf" in found.detail


def test_contradictory_hypotheses_show_nothing():
    assert prove_exists([m < M, m > M], alpha < 1, {alpha: sp.Integer(7)}).verdict is Verdict.INCONCLUSIVE


def test_all_hold_with_the_same_numbers():
    r = sp.Symbol("r", real=True)
    apart = [t * r < 0, sp.Eq(t + r, x)]
    assert prove_exists([], apart, {t: x**2 + x + 1, r: -(x**2) - 1}).verdict is Verdict.PROVED
    assert prove_exists([], apart, {t: x**2, r: x - x**2}).verdict is Verdict.INCONCLUSIVE


def test_where_no_number_does_it_is_refuted():
    """The best factor of a step is (M - m)/(M + m)."""
    factor = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
    best, better = (M - m) / (M + m), (M - m) / (M + 2 * m)
    assert prove_exists([m <= M], factor <= best, {alpha: 2 / (m + M)}).verdict is Verdict.PROVED
    assert prove_exists([m <= M], factor <= best, {alpha: 1 / M}).verdict is Verdict.INCONCLUSIVE, "another one does"
    none = prove_exists([m <= M], factor <= better, {alpha: 2 / (m + M)})
    assert none.verdict is Verdict.REFUTED and none.replay.confirms and none.hypotheses == ("M >= m",)
    assert none.witness.keys() == {m, M} and none.witness[m] < none.witness[M]
    assert "there is none at" in none.detail
    assert prove_exists([], sp.And(t > x, t < x), {t: x}).verdict is Verdict.REFUTED
    assert prove_exists([], sp.Eq(t**2, -1 - x**2), {t: x}).verdict is Verdict.REFUTED, "SymPy knows it, too"
    assert prove_exists([], sp.And(t > x, t < x + 1), {t: x}).verdict is Verdict.INCONCLUSIVE
    assert prove_exists([x >= 1], sp.Eq(t**2, -x), {t: x}).verdict is Verdict.REFUTED
    # Only numbers of the declared sign are looked for.
    assert prove_exists([], alpha <= -x, {alpha: -x}).verdict is Verdict.REFUTED
    assert prove_exists([], t <= -x, {t: 1 - x}).verdict is Verdict.INCONCLUSIVE
    assert prove_exists([], sp.Eq(t * alpha, 1) & (t < 0), {t: 1 / M, alpha: M}).verdict is Verdict.REFUTED


def test_a_hypothesis_is_one_of_the_claim():
    claim = Claim(id="step", source="none", statement="there is a step", symbols=[M])
    found = prove_exists([M >= 2], alpha * M <= 2, {alpha: sp.Integer(1) / M})
    claim.shows("every M")(lambda: found)
    assert found.verdict is Verdict.PROVED and found.hypotheses == ("M >= 2",)
    assert assess(claim, [Result(claim.checks[0], found)]).judgement is Judgement.OPEN


@pytest.mark.parametrize(
    ("given", "witness", "said"),
    [
        ([alpha < 1], {alpha: 1 / M}, "hypotheses must not speak"),
        ([], {}, "witness must name"),
        ([], {alpha: alpha / 2}, "parameters alone"),
        ([], {M * 2: M}, "from a Symbol"),
        ([], {sp.Symbol("k", integer=True): sp.Rational(1, 2)}, "declared integer=True"),
        ([], {sp.Symbol("k", irrational=True): sp.Integer(1)}, "declared irrational=True"),
        ([], {sp.Symbol("k"): sp.Integer(1)}, "must be declared real"),
    ],
)
def test_what_cannot_be_put_so_is_said(given, witness, said: str):
    with pytest.raises(UsageError, match=said):
        prove_exists(given, alpha * M <= 1, witness)
