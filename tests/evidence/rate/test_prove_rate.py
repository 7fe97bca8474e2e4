import importlib
import re
from fractions import Fraction

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.core.budget import _CURRENT, OverBudget
from eqt_theory.engines.region import cases, extremes

m, M, alpha, beta = sp.symbols("m M alpha beta", positive=True)
mu, L = sp.symbols("mu L", real=True)


def descent(m, M, alpha):
    return eqt.GradientDescent(alpha)


def proved(measure, short=True):
    where = [m < M, alpha * (m + M) <= 2] if short else [m < M, alpha * (m + M) >= 2, alpha * M < 2]
    rate = 1 - alpha * m if short else alpha * M - 1
    return eqt.prove_rate(descent, (m, M, alpha), rate, m=m, M=M, where=where, measure=measure)


@pytest.mark.parametrize(
    ("measure", "short"),
    [("distance", True), ("gradient", True), pytest.param("value", False, marks=pytest.mark.slow)],
)
def test_gradient_descent_for_all_parameters(measure, short):
    finding = proved(measure, short)
    assert finding.verdict is eqt.Verdict.PROVED, finding.detail
    assert finding.shown_by == "kernel" and "every dimension" in finding.detail
    rate = 1 - alpha * m if short else alpha * M - 1
    assert f"({rate})^2" in finding.detail and str(m < M) in finding.detail
    assert eqt.recheck(finding.certificate)


def test_the_rate_is_found_where_none_is_given_and_max_is_split_into_cases():
    found = eqt.prove_rate(descent, (m, M, alpha), m=m, M=M, where=[m < M, alpha * M <= 1])
    assert found.verdict is eqt.Verdict.PROVED and f"({1 - alpha * m})^2" in found.detail
    rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
    split = cases(rate)
    assert len(split) > 2 and all(not value.atoms(sp.Max, sp.Abs) for _, value in split)
    point = {m: 1, M: 3, alpha: sp.Rational(3, 5)}
    assert {v.subs(point) for c, v in split if all(r.subs(point) == sp.true for r in c)} == {sp.Rational(4, 5)}


def test_proximal_gradient_on_weakly_convex_energies():
    g = sp.Symbol("g", positive=True)
    finding = eqt.prove_rate(
        lambda mu, L, alpha, g: eqt.ProximalGradient(alpha), (mu, L, alpha, g), (1 - alpha * mu) / (1 + alpha * g),
        m=mu + g, M=L + g, where=[mu < L, mu + g > 0, alpha * (mu + L) <= 2], gamma=1 / g,
    )  # fmt: skip
    assert finding.verdict is eqt.Verdict.PROVED and finding.shown_by == "kernel"


def two_steps(m, M, alpha, beta):
    def step(objective, h):
        ahead = h - alpha * objective.gradient(h)
        return ahead - beta * objective.gradient(ahead)

    return step


def test_a_users_own_method_with_two_parameters():
    where = [m < M, alpha * M <= 1, beta * M <= 1]
    rate = (1 - alpha * m) * (1 - beta * m)
    finding = eqt.prove_rate(two_steps, (m, M, alpha, beta), rate, m=m, M=M, where=where)
    assert finding.verdict is eqt.Verdict.PROVED, finding.detail
    assert finding.shown_by == "kernel"


q, s = sp.symbols("q s", positive=True)


def triple_momentum(q, s):
    return eqt.TripleMomentum(s, q)


@pytest.mark.slow
def test_triple_momentum_for_all_condition_numbers():
    finding = eqt.prove_rate(lambda q: eqt.TripleMomentum(1.0, q), (q,), 1 - q, m=q**2, M=1, where=[q < 1])
    assert finding.verdict is eqt.Verdict.PROVED and finding.shown_by == "kernel", finding.detail
    assert "C (1 - q)^(2k) |h_0 - h*|^2" in finding.detail and "q < 1" in finding.detail


def test_a_method_with_memory_and_a_false_rate():
    finding = eqt.prove_rate(triple_momentum, (q, s), 1 - q - q / 100, m=q**2 / s, M=1 / s, where=[q < 1])
    assert finding.verdict is eqt.Verdict.REFUTED and eqt.recheck(finding.certificate)


def test_nesterovs_textbook_rate_of_function_values_for_all_condition_numbers():
    finding = eqt.prove_rate(
        lambda q: eqt.Nesterov(1, (1 - q) / (1 + q)), (q,), sp.sqrt(1 - q), m=q**2, M=1, where=[q < 1], measure="value"
    )
    assert finding.verdict is eqt.Verdict.PROVED, finding.detail
    assert "Phi(h_k) - Phi* <= C (sqrt(1 - q))^(2k) (Phi(h_0) - Phi*)" in finding.detail
    assert finding.shown_by == "kernel" and eqt.recheck(finding.certificate)


b = sp.Symbol("b", positive=True)
HEAVY = (1 - q) * (q - b) / q  # alpha m, where q is the larger root of z^2 - (1 + b - alpha m) z + b


def heavy_ball(rate=q, where=(q < 1, b <= q**3, M * q <= q - b)):
    return eqt.prove_rate(
        lambda q, b, M: eqt.HeavyBall(1, b), (q, b, M), rate, m=HEAVY, M=M, where=[*where, HEAVY < M, b < q]
    )


def test_the_heavy_ball_has_the_rate_of_quadratics_for_all_momenta_and_the_largest_class():
    finding = eqt.prove_rate(
        lambda q, b: eqt.HeavyBall(1, b), (q, b), q, m=HEAVY, M=1 - b / q, where=[q < 1, b <= q**3]
    )
    assert finding.verdict is eqt.Verdict.PROVED and finding.shown_by == "kernel", finding.detail


@pytest.mark.slow
def test_the_heavy_ball_has_the_rate_of_quadratics_on_a_range_of_momenta_and_classes():
    finding = heavy_ball()
    assert finding.verdict is eqt.Verdict.PROVED and finding.shown_by == "kernel", finding.detail
    assert "C (q)^(2k) |h_0 - h*|^2" in finding.detail and str(b <= q**3) in finding.detail
    assert eqt.recheck(finding.certificate)


@pytest.mark.parametrize(
    "change",
    [
        {"rate": q * sp.Rational(999, 1000)},
        {"where": (q < 1, b <= q**3, M < 4)},  # steps beyond 2 (1 + b)/M diverge on quadratics
        {"where": (q < 1, M * q <= q - b), "rate": q * q},
    ],
    ids=["a little below the truth", "a range of steps too wide", "the rate squared"],
)
def test_what_is_false_of_the_heavy_ball_is_refuted(change):
    finding = heavy_ball(**change)
    assert finding.verdict is eqt.Verdict.REFUTED and eqt.recheck(finding.certificate)


def test_polyaks_heavy_ball_does_not_have_the_rate_of_quadratics():
    # which no quadratic refutes; other functions of the class have cycles
    finding = eqt.prove_rate(
        lambda q: eqt.HeavyBall(1, q**2), (q,), q, m=(1 - q) ** 2, M=(1 + q) ** 2, where=[q < 1, 3 * q > 2]
    )
    assert finding.verdict is not eqt.Verdict.PROVED


def test_a_method_with_memory_where_no_potential_fits_shows_what_was_found():
    # with this momentum the rate 1 - q is that of triple momentum, not of Nesterov's method
    finding = eqt.prove_rate(
        lambda q: eqt.Nesterov(1, (1 - q) / (1 + q)), (q,), 1 - q, m=q**2, M=1, where=[q < sp.Rational(1, 4)]
    )
    assert finding.verdict is not eqt.Verdict.PROVED
    assert finding.verdict is eqt.Verdict.REFUTED or "smallest rates found" in finding.detail


def test_extremes_of_points_come_first():
    points = [{m: sp.Rational(k, 8), M: sp.Rational(7 - k, 8)} for k in (3, 0, 7, 4)]
    assert extremes(points, 1) == [points[1], points[2], points[0]]


# What is false, on all of the region or on a part of it ---------------------------------------------------------------
FALSE = {
    "a little below the truth": (1 - alpha * m * sp.Rational(1001, 1000), [m < M, alpha * M <= 1]),
    "below it only for steps near 2/M": (1 - alpha * m, [m < M, alpha * M <= 2, alpha * m <= 1]),
    "below it for ill-conditioned classes alone": (1 - alpha * m - (1 - m / M) ** 9 / 50, [m < M, alpha * M <= 1]),
    "below it at one end": (
        (1 - alpha * m) * (1 - (1 - alpha * M) / 1000), [m < M, alpha * M <= 1],
    ),
    "the regimes exchanged": (sp.Abs(alpha * M - 1), [m < M, alpha * (m + M) <= 2]),
    "a step beyond 2/M": (sp.Max(1 - alpha * m, sp.Rational(99, 100)), [m < M, alpha * M <= 3, alpha * m <= 1]),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_rates_are_refuted_at_a_point_of_the_region(name):
    rate, where = FALSE[name]
    finding = eqt.prove_rate(descent, (m, M, alpha), rate, m=m, M=M, where=where)
    assert finding.verdict is eqt.Verdict.REFUTED, finding.detail
    point = {s: sp.Rational(finding.witness[s]) for s in (m, M, alpha)}
    assert all(r.subs(point) == sp.true for r in where)
    low, high, step = (point[s] for s in (m, M, alpha))
    truth = max(abs(1 - step * low), abs(1 - step * high))
    assert finding.witness["rate"] == rate.subs(point) < truth
    assert eqt.recheck(finding.certificate)


def test_a_rate_that_fails_only_where_no_sample_lies_is_not_proved():
    # wrong by 1e-9 of what is left, and only for condition numbers beyond those sampled
    rate = 1 - alpha * m - sp.Max(0, sp.Rational(1, 10**6) - m / M) * alpha * m
    finding = eqt.prove_rate(descent, (m, M, alpha), rate, m=m, M=M, where=[m < M, alpha * M <= 1])
    assert finding.verdict is not eqt.Verdict.PROVED


def test_a_region_that_goes_further_than_the_rate_holds_is_not_proved():
    # true for alpha (m + M) <= 2 only; the rest is a sliver
    where = [m < M, alpha * (m + M) <= 2 + sp.Rational(1, 10**9)]
    finding = eqt.prove_rate(descent, (m, M, alpha), 1 - alpha * m, m=m, M=M, where=where)
    assert finding.verdict is not eqt.Verdict.PROVED


@pytest.mark.parametrize("measure", ["distance", "value"])
def test_m_equal_to_M_is_proved_for_a_method_without_memory(measure):  # noqa: N802
    where = [m <= M, alpha * M <= 1]
    finding = eqt.prove_rate(descent, (m, M, alpha), 1 - alpha * m, m=m, M=M, where=where, measure=measure)
    assert finding.verdict is eqt.Verdict.PROVED and "m <= M" in finding.detail
    assert "assumed" not in finding.detail
    assert any("m - M" in o.smtlib or "(= m M)" in o.smtlib or "(- 1) M" in o.smtlib for o in finding.obligations)


@pytest.mark.slow
def test_m_equal_to_M_is_said_to_be_left_out_of_a_method_with_memory():  # noqa: N802
    where = [2 * m >= 1, m <= 1]
    finding = eqt.prove_rate(lambda m: eqt.Nesterov(1.0, 0.25), (m,), sp.Rational(9, 10), m=m, M=1, where=where)
    assert finding.verdict is eqt.Verdict.PROVED, finding.detail
    assert "m < M is assumed" in finding.detail and "m < 1" in finding.hypotheses


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"where": [m < M, alpha * M <= 1, alpha * m > 2]}, "hold somewhere"),
        ({"where": [alpha * M <= 1]}, "m <= M"),
        ({"where": [alpha * M <= 1, sp.Eq(m, M)]}, "allow m < M"),
        ({"rate": (1 - alpha * m) ** sp.Rational(1, 3)}, "rational"),
        ({"where": [m < M, sp.Eq(alpha, 2), sp.Eq(m, 1), sp.Eq(M, 3)]}, "leave one free"),
        ({"where": [m < M, sp.Symbol("t") > 0]}, "relations between"),
        ({"where": [m < M, sp.Eq(m**2, M**2)]}, "linear in a symbol"),
        ({"M": M * sp.Symbol("t", real=True)}, "M must be an expression"),
        ({"where": [m < M, sp.Eq(m, sp.sqrt(M))]}, "expected a rational number"),
        ({"gamma": 0}, "gamma > 0"),
        ({"gamma": alpha - 1}, "gamma > 0"),
        ({"rate": sp.oo}, "rate must be finite"),
        ({"rate": sp.nan}, "rate must be finite"),
        ({"measure": "speed"}, "measure must be"),
        ({"rate": alpha * m - 1, "where": [m < M, alpha * M <= 1]}, "not be negative"),
        ({"symbols": (m, m, M)}, "once"),
        ({"symbols": (sp.Symbol("m"), M, alpha)}, "real"),
    ],
)
def test_arguments_that_are_unusable(change, message):
    given = {"symbols": (m, M, alpha), "rate": 1 - alpha * m, "m": m, "M": M, "where": [m < M, alpha * M <= 1]}
    given |= change
    with pytest.raises(eqt.UsageError, match=message):
        eqt.prove_rate(descent, given.pop("symbols"), given.pop("rate"), **given)


def test_a_fit_that_is_wrong_proves_nothing(monkeypatch):
    from eqt_theory.evidence.rate import parametric_decrease as module

    honest = module.product_of_powers
    monkeypatch.setattr(module, "product_of_powers", lambda *args: honest(*args) * sp.Rational(1001, 1000))
    finding = eqt.prove_rate(descent, (m, M, alpha), 1 - alpha * m, m=m, M=M, where=[m < M, alpha * M <= 1])
    assert finding.verdict is eqt.Verdict.INCONCLUSIVE and "prove nothing" in finding.detail


def test_of_a_class_that_is_not_convex_no_table_is_asked_for():
    q = sp.Symbol("q", positive=True)
    given = {"m": -q, "M": 1, "where": [q < 1]}
    finding = eqt.prove_rate(lambda q: eqt.GradientDescent(0.5), [q], 1 + q, measure="value", **given)
    assert finding.verdict is eqt.Verdict.INCONCLUSIVE and "none found" in finding.detail
    assert eqt.prove_rate(lambda q: eqt.GradientDescent(0.5), [q], 1 + q / 2, **given).verdict is eqt.Verdict.PROVED


def test_a_rate_may_have_an_irrational_number_in_it_and_a_class_may_not():
    q = sp.Symbol("q", positive=True)

    def found(rate, m=q):
        return eqt.prove_rate(lambda q: eqt.GradientDescent(1.0), [q], rate, m=m, M=1, where=[q < 1])

    assert found(sp.sqrt(2) * (1 - q)).verdict is eqt.Verdict.PROVED
    assert found((1 - q) / sp.sqrt(2)).verdict is eqt.Verdict.INCONCLUSIVE
    with pytest.raises(eqt.UsageError, match="expected a rational number"):
        found(1 - q, m=q / sp.sqrt(2))


def test_with_four_symbols_and_too_few_seconds_the_rates_at_some_points_are_told(monkeypatch):
    def late(*_):
        raise OverBudget(_CURRENT.get())

    monkeypatch.setattr(importlib.import_module("eqt_theory.evidence.rate.prove_rate"), "potential_proofs", late)
    m, M, a, b = sp.symbols("m M alpha beta", positive=True)
    where = [m < M, a * M <= 1, b <= a * m / 8]
    solver = lambda m, M, a, b: eqt.Nesterov(a, b)  # noqa: E731
    found = eqt.prove_rate(solver, [m, M, a, b], 1 - a * m / 4, m=m, M=M, where=where, seconds=600)
    assert found.verdict is eqt.Verdict.INCONCLUSIVE and "not finished" in found.detail
    rows = re.findall(r"m = (\S+), M = (\S+), alpha = (\S+), beta = (\S+): ([0-9.]+)", found.note)
    assert len(rows) == 3
    for *point, rate in rows:
        low, _, step, _ = (float(Fraction(x)) for x in point)
        assert 1 - 2 * step * low <= float(rate) <= 1 - step * low / 4
