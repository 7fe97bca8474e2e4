"""Multipliers that are no products of powers, and points at which those that were proposed fail."""

from pathlib import Path

import pytest
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Verdict, prove
from eqt_theory.core.store import keep, using
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Averaged, Lipschitz, Monotone, SmoothClass, Space
from eqt_theory.engines.gram.critical import critical_ones
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.smt.provers import Answer, Panel

m, L, alpha, beta, delta, q, theta, eta, sigma = sp.symbols("m L alpha beta delta q theta eta sigma", positive=True)
N = sp.Symbol("N", nonnegative=True)
f0, f1, fs = sp.symbols("f0 f1 fs", real=True)
Statement = tuple[list[Boolean], Boolean]


class Nobody(Panel):
    """No prover."""

    def ask(self, text: str, seconds: float) -> dict[str, Answer]:
        return {}


def monotone_and_lipschitz(by: sp.Expr) -> Statement:
    """At m = L, far out, not every multiplier does that does elsewhere."""
    x, y, u, v = Space(("x", "y", "u", "v")).vectors
    members = Monotone(m).member(), Lipschitz(L).member()
    for member in members:
        member.at(x, u)
        member.at(y, v)
    d, D = x - y, u - v
    given = [m <= L, *members[0].inequalities, *members[1].inequalities]
    return given, by * L**2 * d.norm2 - m * D @ d + (D.norm2 / m if by == 1 else 0) >= 0


def relative_error(by: sp.Expr) -> Statement:
    """A gradient with an error |e| <= delta |g|: alpha L (1 + delta) + 1, in multipliers, stands nowhere."""
    x, g, e, h = Space(("x", "g", "e", "h")).vectors
    f = SmoothClass(-L, L).member()
    f.at(x, g, f0)
    f.at(x - alpha * (g + e), h, f1)
    decrease = alpha * (1 - delta) - L * alpha**2 * (1 + delta) ** 2 / 2
    return [delta < 1, e.norm2 <= delta**2 * g.norm2, *f.inequalities], f1 <= f0 - decrease * g.norm2 / by


def noise(by: sp.Expr) -> Statement:
    """E|x - alpha (g + noise)|^2 with a variance N <= sigma^2: what is left is a number."""
    x, g = Space(("x", "g")).vectors
    f = SmoothClass(m, L).member()
    f.at(x, g, f0)
    f.at(0 * x, 0 * x, fs)
    after = (x - alpha * g).norm2 + alpha**2 * N
    given = [m < L, alpha <= 2 / (m + L), sigma**2 >= N, *f.inequalities]
    return given, after <= (1 - alpha * m) ** 2 * x.norm2 + by * alpha**2 * sigma**2


def drift(by: sp.Expr) -> Statement:
    """Minors of degree 6, of which certificates need multiples by monomials of as high a degree."""
    x, g, e = Space(("x", "g", "e")).vectors
    f = SmoothClass(m, L).member()
    f.at(x, g, f0)
    f.at(0 * x, 0 * x, sp.Integer(0))
    bound = (1 + q) * (1 - alpha * m) ** 2 * x.norm2 + (1 + 1 / q) * alpha**2 * e.norm2
    return [m < L, alpha <= 2 / (m + L), *f.inequalities], (x - alpha * (g + e)).norm2 <= by * bound


def reflected_resolvent(by: sp.Expr) -> Statement:
    """A denominator of which the certificate is to be found among many hypotheses."""
    x, y, p, r = Space(("x", "y", "p", "r")).vectors
    members = Monotone(m).member(), Lipschitz(L).member()
    for member in members:
        member.at(x - alpha * p, p)
        member.at(y - alpha * r, r)
    rate = 1 - 4 * alpha * m / (1 + 2 * alpha * m + alpha**2 * L**2)
    given = [m <= L, *members[0].inequalities, *members[1].inequalities]
    return given, (x - y - 2 * alpha * (p - r)).norm2 <= by * rate * (x - y).norm2


def averaged_combination(by: sp.Expr) -> Statement:
    """An identity that is too long for the kernel but for one denominator."""
    x, y, u, v, w, z = Space(("x", "y", "u", "v", "w", "z")).vectors
    T, S = Averaged(theta).member(), Averaged(eta).member()
    for member, images in ((T, (u, v)), (S, (w, z))):
        member.at(x, images[0])
        member.at(y, images[1])
    both, d, D = q * theta + (1 - q) * eta, x - y, q * (u - v) + (1 - q) * (w - z)
    given = [theta < 1, eta < 1, q < 1, *T.inequalities, *S.inequalities]
    return given, D.norm2 <= by * d.norm2 - (1 - both) / both * (d - D).norm2


LEMMAS = [
    monotone_and_lipschitz,
    relative_error,
    noise,
    drift,
    reflected_resolvent,
    averaged_combination,
]


@pytest.mark.parametrize("lemma", LEMMAS)
def test_the_kernel_sees_what_is_true(lemma):
    found = prove(*lemma(sp.Integer(1)))
    assert found.shown_by is ShownBy.KERNEL and "multipliers: " in found.note, found


@pytest.mark.parametrize("lemma", LEMMAS)
def test_a_function_or_operator_refutes_what_is_not(lemma):
    found = prove(*lemma(sp.Rational(9, 10)))
    assert found.verdict is Verdict.REFUTED, found
    assert "f(h) = " in found.note or "the operator" in found.note


def test_a_number_that_is_left_over_is_no_less_than_0():
    """2 >= N where N <= 1 needs no multiplier but of the number; where N is at most 3 it is false."""
    (x,) = Space(("x",)).vectors
    for most, verdict in ((1, Verdict.PROVED), (3, Verdict.REFUTED)):
        assert prove([most >= N], x.norm2 + 2 >= N).verdict is verdict


def test_what_is_kept_of_the_pertinent_hypotheses_alone_spares_the_provers(tmp_path: Path):
    """Of all hypotheses no certificate is found that a denominator is not 0; they are more than it speaks of."""
    statement = reflected_resolvent(sp.Integer(1))
    first = prove(*statement)
    keep(tmp_path, {"a": [first]}, all_claims=True)
    with using(tmp_path):
        again = prove(*statement, panel=Nobody())
    assert again.shown_by is ShownBy.KERNEL
    assert [o.smtlib for o in again.obligations] == [o.smtlib for o in first.obligations]


def test_critical_multipliers_lie_where_a_minor_is_largest_or_ends():
    """(1 - w) |x|^2 + 2 b <x, y> + w |y|^2 is a square at most for w (1 - w) >= b^2, which w = 1/2 allows for most."""
    x, y = Space(("x", "y")).vectors
    goal = Goal.of(x.norm2 + 2 * beta * x @ y >= 0, [x.norm2 - y.norm2 >= 0], x.space)
    assert set(critical_ones(goal, {}, [0])) == {sp.Rational(1, 2), 0, 1}
    two = Goal.of(x.norm2 >= 0, [x.norm2 - y.norm2 >= 0, x @ y >= 0], x.space)
    assert critical_ones(two, {}, [0, 1]) == []  # two numbers are open
    tied = Goal.of(x.norm2 + 2 * beta * x @ y + f0 >= 0, [x.norm2 - y.norm2 >= 0, x @ y >= 0, f0 >= 0], x.space, [f0])
    assert critical_ones(tied, {1: sp.Integer(0)}, [0, 2])[0] == sp.Rational(1, 2)
    assert critical_ones(tied, {0: sp.Integer(0), 1: sp.Integer(0)}, [2]) == []
