"""Gram-matrix proofs: what is proved agrees with real functions, and what is false is refuted."""

import numpy as np
import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.engines.gram import (
    Point,
    SmoothClass,
    Space,
    combine,
    gradient_step,
    interpolation,
    proximal_gradient_step,
)

m, M, alpha, g = sp.symbols("m M alpha g", positive=True)
space = Space(("d", "D"))
d, D = space.vectors
pair = [m <= M, *space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)]
rho = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))


def test_inner_products_agree_with_numpy():
    rng = np.random.default_rng(0)
    three = Space(("u", "v", "w"))
    u, v, w = three.vectors
    columns = rng.normal(size=(5, 3))
    values = {three.gram[i, j]: float(columns[:, i] @ columns[:, j]) for i in range(3) for j in range(3)}
    left, right = 2 * u - v / 4 + w, -u + 3 * w
    a, b = columns @ [2, -0.25, 1], columns @ [-1, 0, 3]
    assert float((left @ right).subs(values)) == pytest.approx(float(a @ b))
    assert float(left.norm2.subs(values)) == pytest.approx(float(a @ a))


def test_positive_semidefinite_rejects_what_no_vectors_have():
    gram = space.gram
    impossible = {gram[0, 0]: 1, gram[1, 1]: 1, gram[0, 1]: 2}
    assert not all(condition.subs(impossible) == sp.true for condition in space.positive_semidefinite)


@pytest.mark.parametrize("seed", range(5))
def test_class_inequalities_hold_for_quadratics_and_are_tight_at_the_extremes(seed):
    rng = np.random.default_rng(seed)
    low, high = -0.5, 3.0
    basis, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    for eigenvalues, tight in ((rng.uniform(low, high, 4), False), (rng.choice([low, high], 4), True)):
        hessian = basis * eigenvalues @ basis.T
        x, y = rng.normal(size=(2, 4))
        dx, dg = x - y, hessian @ (x - y)
        gram = {space.gram[0, 0]: dx @ dx, space.gram[0, 1]: dx @ dg, space.gram[1, 1]: dg @ dg}
        slack = float(SmoothClass(low, high).gradients(d, D).lhs.subs(gram))
        assert slack >= -1e-10
        assert (abs(slack) < 1e-10) == tight


def test_both_steps_contract_by_the_tight_factor():
    assert prove(pair, gradient_step(d, D, alpha).norm2 <= rho**2 * d.norm2).verdict is Verdict.PROVED
    proximal = proximal_gradient_step(d, D, alpha, g).norm2
    assert prove(pair, proximal <= (rho / (1 + alpha * g)) ** 2 * d.norm2).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    "wrong",
    [
        sp.Abs(1 - alpha * m),
        sp.Abs(1 - alpha * M),
        rho - sp.Rational(1, 1000),
        sp.Max(sp.Abs(1 - alpha * m / 2), sp.Abs(1 - alpha * M)) * sp.Rational(9, 10),
    ],
)
def test_a_smaller_factor_is_refuted(wrong):
    finding = prove([*pair, d.norm2 > 0, wrong >= 0], gradient_step(d, D, alpha).norm2 <= wrong**2 * d.norm2)
    assert finding.verdict is Verdict.REFUTED


def test_the_bound_rests_on_the_class_inequality_and_cauchy_schwarz_is_known():
    bound = gradient_step(d, D, alpha).norm2 <= rho**2 * d.norm2
    assert prove([m <= M, *space.positive_semidefinite, alpha * M < 2], bound).verdict is Verdict.REFUTED
    assert prove([m <= M, pair[-1], alpha * M < 2], bound).verdict is Verdict.PROVED  # nobody states it


def test_interpolation_inequalities_are_derived():
    assert interpolation().verdict is Verdict.PROVED


def test_a_wrong_interpolation_inequality_is_noticed(monkeypatch):
    right = SmoothClass.values
    monkeypatch.setattr(SmoothClass, "values", lambda self, i, j: right(self, i, j).lhs + (i.x - j.x).norm2 >= 0)
    assert interpolation().verdict is not Verdict.PROVED


def _gap(multiplier_error, rate):
    states = Space(("x", "g0", "g1"))
    x, g0, g1 = states.vectors
    f0, f1, best = sp.symbols("f0 f1 best", real=True)
    here, after, star = Point(x, g0, f0), Point(x - alpha * g0, g1, f1), Point(0 * x, 0 * x, best)
    values, scale, r = SmoothClass(m, M).values, 1 / (2 * (M - m)), 1 - alpha * m
    return combine(
        [m < M, alpha <= 2 / (m + M)],
        rate**2 * (f0 - best) - (f1 - best) >= 0,
        [
            (r * scale + multiplier_error, values(here, after)),
            ((1 - r) * r * scale, values(star, here)),
            ((1 - r) * scale, values(star, after)),
        ],
        states,
    )


def test_the_gap_certificate_and_wrong_ones():
    right = 1 - alpha * m
    assert _gap(0, right).verdict is Verdict.PROVED
    assert _gap(sp.Rational(1, 10), right).verdict is Verdict.INCONCLUSIVE
    assert _gap(0, right - alpha * m / 10).verdict is Verdict.INCONCLUSIVE


def test_combine_reads_only_relations_against_zero():
    with pytest.raises(UsageError, match="left >= 0"):
        combine([], d.norm2 <= 1, [], space)
