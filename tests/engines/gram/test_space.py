"""Products belong to their Space: no name collides, two spaces do not mix, positive semidefiniteness is known."""

import pickle

import numpy as np
import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.engines.gram import Convex, Point, PolyakLojasiewicz, SmoothClass, Space, combine
from eqt_theory.engines.gram.coordinates import factored

mu, L = sp.symbols("mu L", positive=True)


def test_names_do_not_collide():
    h, k_f, h_k, f = Space(("h", "k_f", "h_k", "f")).vectors
    assert h @ k_f != h_k @ f
    assert prove([h @ k_f > 1], h_k @ f > 0).verdict is Verdict.REFUTED
    own = [sp.Symbol(name, real=True) for name in ("h_h", "<h, h>")]
    assert h.norm2 not in own
    finding = prove([h.norm2 > 1], own[0] > 1)
    assert finding.verdict is Verdict.REFUTED and "<h, h>" in finding.detail


def test_vectors_of_two_spaces_do_not_mix():
    (u,), (v,) = Space(("u",)).vectors, Space(("u",)).vectors
    for mixed in (lambda: u + v, lambda: u - v, lambda: u @ v):
        with pytest.raises(UsageError, match="two spaces do not mix"):
            mixed()
    with pytest.raises(UsageError, match="two spaces"):
        prove([], u.norm2 >= v.norm2)
    with pytest.raises(UsageError, match="two spaces"):
        prove([], u.norm2 + v.norm2 >= 0)
    with pytest.raises(UsageError, match="another space"):
        combine([], u.norm2 >= 0, [], v.space)
    with pytest.raises(UsageError, match="expected a Vector"):
        u + 1


@pytest.mark.parametrize("value", ["f", L > 0, Space(("f",)).vectors[0]])
def test_a_value_is_a_number(value):
    x, g = Space(("x", "g")).vectors
    with pytest.raises(UsageError, match="value must be a number"):
        Convex(0).says((x, g, value), 0)


def test_products_that_read_alike_are_two():
    u, v, w, z = Space(("a, b", "c", "a", "b, c")).vectors
    assert str(u @ v) == str(w @ z) and u @ v != w @ z
    with pytest.raises(UsageError, match="two different symbols"):
        prove([], 2 * (u @ v) + w.norm2 >= u @ v + w @ z)  # it was PROVED


@pytest.mark.parametrize("names", [("u", "u"), (), "uv", ("u", ""), ("u", 3)])
def test_a_name_stands_once(names):
    with pytest.raises(UsageError, match="names must"):
        Space(names)


def test_positive_semidefinite_without_being_asked_for():
    u, v = Space(("u", "v")).vectors
    assert prove([], (u @ v) ** 2 <= u.norm2 * v.norm2).verdict is Verdict.PROVED
    assert prove([], (u + v).norm2 >= 0).verdict is Verdict.PROVED
    finding = prove([], (u @ v) ** 2 <= u.norm2 * v.norm2 / 2)
    assert finding.verdict is Verdict.REFUTED and "vectors u = " in finding.note


def test_a_counterexample_of_four_vectors_is_one_of_vectors():
    """Beyond three vectors the provers know of pairs only; what no vectors have is no counterexample."""
    a, b, c, d = Space(("a", "b", "c", "d")).vectors
    unit = [sp.Eq(e.norm2, 1) for e in (a, b, c, d)]
    apart = [sp.Eq(p @ q, -sp.Rational(1, 2)) for p, q in ((a, b), (a, c), (a, d), (b, c), (b, d), (c, d))]
    finding = prove([*unit, *apart[:-1]], c @ d > -sp.Rational(1, 2))  # |a + b + c + d|^2 would be -2
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_products_survive_pickling():
    (u,) = (space := Space(("u",))).vectors
    again_space, again = pickle.loads(pickle.dumps((space, u.norm2)))
    assert again == again_space.vectors[0].norm2 and str(again) == "<u, u>"


@pytest.mark.parametrize("seed", range(4))
def test_factored_gives_back_the_gram_matrix_exactly(seed):
    rng = np.random.default_rng(seed)
    columns = sp.Matrix(rng.integers(-3, 4, (seed + 1, 4)).tolist()) / 3
    gram = columns.T * columns
    frame = factored(gram)
    assert frame is not None and len(frame.squares) == gram.rank()
    assert sp.Matrix(4, 4, lambda i, j: frame.inner(frame.rows[i], frame.rows[j])) == gram


@pytest.mark.parametrize("entries", [[[1, 2], [2, 1]], [[0, 1], [1, 5]], [[-1, 0], [0, 1]]])
def test_what_no_vectors_have_is_not_factored(entries):
    assert factored(sp.Matrix(entries)) is None


@pytest.mark.parametrize("family", [Convex(mu), SmoothClass(mu, L), PolyakLojasiewicz(mu, L, sp.Integer(0))])
def test_a_class_of_functions_needs_their_values(family):
    x, g = Space(("x", "g")).vectors
    member = family.member()
    member.at(x, g)
    member.at(0 * x, 0 * x, 0)
    asked = (
        lambda: member.inequalities,
        lambda: family.weighted(1, Point(x, g)),
        lambda: family.inequalities(member.points),
    )
    for ask in asked:
        with pytest.raises(UsageError, match="expected the value of the function at x beside its gradient there"):
            ask()
