"""combine: what it takes for a sum of inequalities and squares to be a proof."""

import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict
from eqt_theory.engines.gram import Monotone, Point, Space, combine

c = sp.Symbol("c", real=True)
w = sp.Symbol("w", positive=True)
u, v = Space(("u", "v")).vectors
SPACE = u.space
(monotone,) = Monotone(0).inequalities([Point(u, v), Point(0 * u, 0 * u)])


def test_inequalities_and_squares_that_add_up_are_a_proof_with_its_identity():
    found = combine([], (u + w * v).norm2 + u @ v >= 0, [(1, monotone)], SPACE, squares=[(1, u + w * v)])
    assert found.verdict is Verdict.PROVED
    assert [step.residual for step in found.proof.identities] == ["0"]
    assert found.proof.identities[0].certificate is not None
    assert found.context == ("<u, v> >= 0",), "what is used stands among what is taken for granted"
    assert found.assumes["w"]["positive"], "what is assumed of a multiplier, though no prover was asked about it"


@pytest.mark.parametrize(
    ("uses", "squares"),
    [
        ([], [(1, u + w * v)]),
        ([(1, monotone)], [(1, u + 2 * w * v)]),
        ([(2, monotone)], [(1, u + w * v)]),
        ([(-1, monotone)], [(1, u + w * v)]),
        ([(1, monotone)], [(c, u), (1, u + w * v)]),
    ],
)
def test_what_does_not_add_up_is_none(uses: list, squares: list):
    found = combine([], (u + w * v).norm2 + u @ v >= 0, uses, SPACE, squares=squares)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_square_of_negative_weight_is_refused_though_the_sum_comes_out():
    left = u @ v - u.norm2
    assert combine([], left >= 0, [(1, monotone)], SPACE, squares=[(-1, u)]).verdict is Verdict.INCONCLUSIVE
    assert combine([], left + 2 * u.norm2 >= 0, [(1, monotone)], SPACE, squares=[(1, u)]).verdict is Verdict.PROVED


def test_nothing_is_divided_by_what_may_be_zero():
    assert combine([], u.norm2 / c**2 + u @ v >= 0, [(1, monotone)], SPACE).verdict is Verdict.INCONCLUSIVE
    given = [c > 1]
    assert combine(given, u.norm2 / c**2 + u @ v >= 0, [(1, monotone)], SPACE).verdict is Verdict.PROVED


def test_squares_of_another_space_do_not_mix():
    (other,) = Space(("u",)).vectors
    with pytest.raises(UsageError, match="space"):
        combine([], u @ v >= 0, [(1, monotone)], SPACE, squares=[(1, other)])


def test_two_symbols_of_one_name_are_refused_where_one_of_them_is_put_to_no_prover():
    with pytest.raises(UsageError, match="different names"):
        combine([sp.Symbol("w", real=True) < 0], w * u.norm2 + u @ v >= 0, [(1, monotone)], SPACE)
