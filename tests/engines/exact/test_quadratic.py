from fractions import Fraction as F

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact import RationalQuadratic, distance2
from eqt_theory.engines.exact.draw import gammas, rational_quadratics, rationals, shares

states = st.tuples(rationals(-3, 3), rationals(-3, 3))


@settings(max_examples=50, deadline=None)
@given(rational_quadratics(), states, gammas(), shares())
def test_the_equilibrium_is_stationary_and_descent_contracts(energy, f, gamma, share):
    g, (mu, L) = 1 / gamma, (F(1, 10), F(10))
    star = energy.equilibrium(f, gamma)
    assert all(x + g * (a - b) == 0 for x, a, b in zip(energy.gradient(star), star, f, strict=True))
    alpha = share * 2 / (L + g)
    rate = max(abs(1 - alpha * (mu + g)), abs(1 - alpha * (L + g)))
    path = energy.descent(f, gamma, alpha, 3)
    assert path[0] == f
    assert all(distance2(b, star) <= rate**2 * distance2(a, star) for a, b in zip(path, path[1:], strict=False))


@settings(max_examples=30, deadline=None)
@given(rational_quadratics(), states)
def test_the_symbolic_twin_agrees(energy, h):
    symbols = sp.symbols("h1 h2")
    at = dict(zip(symbols, map(sp.Rational, h), strict=True))
    twin = energy.symbolic(symbols)
    assert twin.subs(at) == sp.Rational(energy.value(h))
    assert tuple(sp.diff(twin, s).subs(at) for s in symbols) == tuple(map(sp.Rational, energy.gradient(h)))


def test_the_spectrum_is_decided_exactly():
    energy = RationalQuadratic(((2, 1), (1, 2)))  # eigenvalues 1 and 3
    assert energy.curvature_in(1, 3) and energy.curvature_in(None, 3) and energy.curvature_in(1, None)
    assert not energy.curvature_in(1 + F(1, 10**30), 3) and not energy.curvature_in(1, 3 - F(1, 10**30))


def test_against_floating_point():
    energy = RationalQuadratic(((2, 1), (1, 2)), (1, -1))
    A, b, f = np.array([[2.0, 1], [1, 2]]), np.array([1.0, -1]), np.array([3.0, 0])
    h = f
    for _ in range(10):
        h = h - 0.125 * (A @ h + b + (h - f) / 2)
    assert np.allclose([float(x) for x in energy.descent((3, 0), 2, F(1, 8), 10)[-1]], h, rtol=1e-13)
    assert np.allclose([float(x) for x in energy.equilibrium((3, 0), 2)], np.linalg.solve(A + np.eye(2) / 2, f / 2 - b))


def test_text():
    assert str(RationalQuadratic(((1, 0), (0, F(1, 2))), (0, 3))) == (
        "h^T A h/2 + b^T h, b = (0, 3), A = ((1, 0), (0, 1/2))"
    )


@pytest.mark.parametrize(
    "A, b, message",
    [(((1, 2), (3, 4)), (), "symmetric"), (((1, 2),), (), "square"), (((1,),), (1, 2), "b must have 1 entries")],
)
def test_bad_input(A, b, message):
    with pytest.raises(UsageError, match=message):
        RationalQuadratic(A, b)


def test_no_minimiser_without_definiteness():
    with pytest.raises(UsageError, match="positive definite"):
        RationalQuadratic(((1, 0), (0, 0))).minimiser()
    with pytest.raises(UsageError, match="2 entries"):
        RationalQuadratic(((1, 0), (0, 1))).value((1,))
    with pytest.raises(UsageError, match="gamma must be positive"):
        RationalQuadratic(((1,),)).equilibrium((1,), 0)
