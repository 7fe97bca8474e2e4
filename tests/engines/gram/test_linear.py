"""Linear operators: what their bound says of sums and differences of points, which minors say in degree 2."""

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Verdict, prove
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Linear, Monotone, Skew, Space

K, tau, sigma, mu = sp.symbols("K tau sigma mu", positive=True)
Statement = tuple[list[Boolean], Boolean]


def difference(by: sp.Expr) -> Statement:
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    A = Linear(K).member()
    A.at(x, u)
    A.at(y, v)
    return A.inequalities, (u - v).norm2 <= by * K**2 * (x - y).norm2


def skew(by: sp.Expr) -> Statement:
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    A = Skew(K).member()
    A.at(x, u)
    A.at(y, v)
    return A.inequalities, (x + y + u + v).norm2 <= by * (1 + K**2) * (x + y).norm2


def primal_dual(by: sp.Expr) -> Statement:
    """A step of Chambolle and Pock to a saddle point at 0, in its own norm, tau sigma |K|^2 <= 1."""
    x, y, p, r, kty, kx, kxp, ktyp = Space(("x", "y", "p", "r", "KTy", "Kx", "Kx+", "KTy+")).vectors
    A, B, linear = Monotone(0).member(), Monotone(0).member(), Linear(K).member()
    x1, y1 = x - tau * (kty + p), y + sigma * (2 * kxp - kx - r)
    for member, at, image in ((A, x1, p), (B, y1, r)):
        member.at(at, image)
        member.at(0 * x, 0 * x)
    for at, image in ((x, kx), (x1, kxp)):
        linear.at(at, image)
    for at, image in ((y, kty), (y1, ktyp)):
        linear.adjoint_at(at, image)
    given = [tau * sigma * K**2 <= 1, *linear.inequalities, *A.inequalities, *B.inequalities]
    before = x.norm2 / tau + y.norm2 / sigma - 2 * kx @ y
    return given, x1.norm2 / tau + y1.norm2 / sigma - 2 * kxp @ y1 <= by * before


LEMMAS = [difference, skew, primal_dual]


@pytest.mark.parametrize("lemma", LEMMAS)
def test_the_bound_is_used_of_sums_and_differences(lemma):
    found = prove(*lemma(sp.Integer(1)))
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found


@pytest.mark.parametrize("lemma", LEMMAS)
def test_an_operator_refutes_a_smaller_one(lemma):
    found = prove(*lemma(sp.Rational(9, 10)))
    assert found.verdict is Verdict.REFUTED and "of norm at most" in found.note, found


def test_what_was_used_stands_in_the_context():
    given, conclusion = difference(sp.Integer(1))
    context = prove(given, conclusion).context
    assert len(context) == len(given) + 2  # the sum and the difference of the two points
    assert set(context) > set(map(said, given))


def test_only_points_whose_bound_is_assumed_are_spoken_of():
    given, conclusion = difference(sp.Integer(1))
    assert prove(given[:2], conclusion, timeout=2).verdict is not Verdict.PROVED
