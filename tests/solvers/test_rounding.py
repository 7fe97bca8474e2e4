"""The rounding of computed gradients against exact arithmetic, above all where terms cancel."""

import math
from fractions import Fraction

import mpmath
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.solvers.bounds import gradient_rounding


def exact_quadratic(energy, h):
    A, b = energy.A.tolist(), energy.b.tolist()
    return [
        sum(Fraction(a) * x for a, x in zip(row, h, strict=True)) + Fraction(c) for row, c in zip(A, b, strict=True)
    ]


def exact_piecewise(energy, h):
    total = [Fraction(energy.ridge) * x for x in h]
    for row, c in zip(energy.A.tolist(), energy.b.tolist(), strict=True):
        t = sum(Fraction(a) * x for a, x in zip(row, h, strict=True)) + Fraction(c)
        slope = Fraction(energy.curvatures[0]) * t
        jumps = zip(energy.breakpoints, energy.curvatures, energy.curvatures[1:], strict=False)
        for point, before, after in jumps:
            p, jump = Fraction(point), Fraction(after) - Fraction(before)
            slope += jump * (max(t - p, 0) - max(-p, 0))
        total = [g + Fraction(a) * slope for g, a in zip(total, row, strict=True)]
    return total


def distance(computed, exact):
    return math.sqrt(float(sum((Fraction(c) - e) ** 2 for c, e in zip(computed, exact, strict=True))))


def proximal(objective, h):
    g = 1 / Fraction(objective.gamma)
    return [g * (x - Fraction(f)) for x, f in zip(h, objective.proposal.tolist(), strict=True)]


def random_quadratic(generator, d, scale):
    A = torch.randn(d, d, generator=generator, dtype=torch.float64)
    return eqt.Quadratic(A + A.mT, torch.randn(d, generator=generator, dtype=torch.float64) * scale)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(1, 5), st.integers(1, 6), st.floats(0, 15), st.floats(-3, 3), st.integers(0, 10**6))
def test_sums_whose_terms_cancel(d, pairs, decades, size, seed):
    generator = torch.Generator().manual_seed(seed)
    terms = []
    for _ in range(pairs):
        one, weight = random_quadratic(generator, d, 10**decades), 10 ** float(torch.randn((), generator=generator))
        # The opposite, but for a small part: both matrix and vector cancel.
        rest = random_quadratic(generator, d, 1.0)
        terms += [weight * one, weight * eqt.Quadratic(-one.A + rest.A, -one.b + rest.b)]
    objective = eqt.Objective(sum(terms), torch.randn(d, generator=generator, dtype=torch.float64), 0.7)
    h = torch.randn(d, generator=generator, dtype=torch.float64) * 10**size
    x = [Fraction(t) for t in h.tolist()]
    exact = proximal(objective, x)
    for weight, term in zip(objective.energy.weights, objective.energy.terms, strict=True):
        exact = [g + Fraction(weight) * e for g, e in zip(exact, exact_quadratic(term, x), strict=True)]
    error = distance(objective.gradient(h).tolist(), exact)
    for quick in (False, True):
        assert error <= float(gradient_rounding(objective, h, quick=quick))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(1, 4), st.integers(1, 8), st.floats(0, 14), st.integers(0, 10**6))
def test_rows_whose_slopes_cancel(d, n, decades, seed):
    generator = torch.Generator().manual_seed(seed)
    A, b = (torch.randn(n, k, generator=generator, dtype=torch.float64) for k in (d, 1))
    A, b = torch.cat([A, -A]), torch.cat([b, b]).squeeze(-1) * 10**decades
    points = (torch.rand(3, generator=generator, dtype=torch.float64) * 10**decades).sort().values.tolist()
    energy = eqt.PiecewiseCurvature(points, [0.3, 2.0, 0.1, 5.0], A, b)
    objective = eqt.Objective(energy, torch.randn(d, generator=generator, dtype=torch.float64), 0.7)
    h = torch.randn(d, generator=generator, dtype=torch.float64)
    x = [Fraction(t) for t in h.tolist()]
    exact = [p + e for p, e in zip(proximal(objective, x), exact_piecewise(energy, x), strict=True)]
    assert distance(objective.gradient(h).tolist(), exact) <= float(gradient_rounding(objective, h, quick=True))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(1, 8), st.floats(-3, 6), st.floats(-6, 1), st.integers(0, 10**6))
def test_log_sum_exp_whose_rows_cancel(d, n, decades, size, seed):
    generator = torch.Generator().manual_seed(seed)
    A, b = (torch.randn(n, k, generator=generator, dtype=torch.float64) for k in (d, 1))
    A, b = 10**decades * torch.cat([A, -A]), torch.cat([b, b]).squeeze(-1)
    energy = eqt.LogSumExp(A, b)
    h = 10**size * torch.randn(d, generator=generator, dtype=torch.float64)
    objective = eqt.Objective(energy, torch.zeros(d, dtype=torch.float64), 1.0)
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(a) for a in row] for row in A.tolist()]
        x = [mpmath.mpf(t) for t in h.tolist()]
        z = [sum(a * t for a, t in zip(row, x, strict=True)) + c for row, c in zip(rows, b.tolist(), strict=True)]
        weights = [mpmath.exp(t - max(z)) for t in z]
        exact = [sum(w * row[i] for w, row in zip(weights, rows, strict=True)) / sum(weights) + x[i] for i in range(d)]
        computed = objective.gradient(h).tolist()
        error = mpmath.sqrt(sum((c - e) ** 2 for c, e in zip(computed, exact, strict=True)))
    assert error <= float(gradient_rounding(objective, h, quick=True))


def cancelling_pairs():
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        a, c = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
        yield 1 + a, 1000.0, -1000.0 - c
    yield 1.307098150253296, 955004161993906.1, -955004161993906.5


def test_the_error_bound_of_cancelling_sums():
    for a, b1, b2 in cancelling_pairs():
        A = torch.tensor([[a]], dtype=torch.float64)
        one, other = (eqt.Quadratic(A, torch.tensor([b], dtype=torch.float64)) for b in (b1, b2))
        objective = eqt.Objective(one + other, torch.zeros(1, dtype=torch.float64), 1.0)
        solution = eqt.solve(objective, eqt.GradientDescent(0.2), tolerance=1e-12, max_steps=200)
        star = -(Fraction(b1) + Fraction(b2)) / (2 * Fraction(a) + 1)
        assert abs(Fraction(float(solution.h)) - star) <= Fraction(float(solution.error_bound))


def test_a_user_can_name_the_terms_of_an_energy():
    class Difference(eqt.Energy):
        def value(self, h):
            return 1e8 * (h.square() / 2 + h).sum(-1) - (1e8 - 1) * (h.square() / 2 + h).sum(-1)

        def gradient_terms(self, h, quick=False):
            return 2e8 * torch.linalg.vector_norm(h.abs() + 1, dim=-1)

    objective = eqt.Objective(Difference(), torch.zeros(1, dtype=torch.float64))
    h = torch.tensor([0.1], dtype=torch.float64)
    error = abs(Fraction(float(objective.gradient(h))) - (2 * Fraction(0.1) + 1))
    assert error <= float(gradient_rounding(objective, h))


def test_tokens_whose_classes_cancel():
    # At h = 0 all classes are as likely as they are frequent: the gradient is 0, its terms are not.
    generator = torch.Generator().manual_seed(0)
    for k in range(12):
        rows = torch.randn(3, 2, generator=generator, dtype=torch.float64) * 10 ** (k % 5)
        energy = eqt.ReversePrediction(eqt.LinearHead(rows), torch.tensor([0, 1, 2]))
        objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64), 1.0)
        h = torch.randn(2, generator=generator, dtype=torch.float64) * 10.0 ** (-2 * k)
        with mpmath.workdps(60):
            z = [
                sum(mpmath.mpf(a) * mpmath.mpf(x) for a, x in zip(row, h.tolist(), strict=True))
                for row in rows.tolist()
            ]
            weights = [mpmath.exp(t - max(z)) for t in z]
            shares = [w / sum(weights) - mpmath.mpf(1) / 3 for w in weights]
            exact = [
                sum(s * row[i] for s, row in zip(shares, rows.tolist(), strict=True)) + h[i].item() for i in (0, 1)
            ]
            computed = objective.gradient(h).tolist()
            error = mpmath.sqrt(sum((c - e) ** 2 for c, e in zip(computed, exact, strict=True)))
        assert error <= float(gradient_rounding(objective, h, quick=True))
