"""Matrices that are not known: forms hold what transposes do, and numbers agree."""

import pickle

import numpy as np
import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Lipschitz, Operator, Operators, Point, Space, combine

space = Operators(("A", "B"), ("x", "u"))
(A, B), (x, u), eye = space.matrices, space.points, space.identity
m, L = sp.symbols("m L", positive=True)


def test_a_matrix_and_its_transpose_are_one_form():
    assert A.form(x) == A.T.form(x)
    assert A.between(u, x) == A.T.between(x, u) == (A @ x) @ u == x @ (A.T @ u)
    assert A.between(u, x) != A.between(x, u)
    assert (A - A.T).form(x) == 0
    assert (A.T @ A).form(x) == (A @ x).norm2
    assert (A @ B).form(x) == (B.T @ A.T).form(x) == (A.T @ x) @ (B @ x)
    assert str((A @ B).form(x)) == "<A^T x, B x>"


def test_the_algebra_of_matrices():
    assert (A @ B).T.terms == (B.T @ A.T).terms
    assert ((A + B) @ (A - B)).terms == {k: v for k, v in (A @ A - A @ B + B @ A - B @ B).terms.items()}
    assert sp.expand((2 * A / 4 - (-eye)).form(x) - A.form(x) / 2 - x.norm2) == 0


def in_numbers(operator: Operator, values: dict[str, np.ndarray]) -> np.ndarray:
    """The operator with matrices put in."""
    total = np.zeros_like(values["A"])
    for word, c in operator.terms.items():
        made = np.eye(len(total))
        for i, turned in word:
            matrix = values[space.letters[i]]
            made = made @ (matrix.T if turned else matrix)
        total = total + float(c) * made
    return total


@pytest.mark.parametrize("operator", [A.T @ A - B + B.T, A @ B @ A.T @ B.T, (A + 2 * B) @ (A.T - B @ A), A @ A @ A.T])
def test_forms_are_those_of_matrices_in_numbers(operator: Operator):
    deep = Operators(space.letters, space.on, 2)
    operator = Operator(deep, operator.terms)
    rng = np.random.default_rng(0)
    values = dict(zip(space.letters, rng.normal(size=(2, 3, 3)), strict=True))
    points = dict(zip(space.on, rng.normal(size=(2, 3)), strict=True))
    basis = [in_numbers(Operator(deep, {word: sp.S.One}), values) @ points[deep.on[v]] for word, v in deep._basis]
    at = {deep.gram[i, j]: basis[i] @ basis[j] for i in range(len(basis)) for j in range(len(basis))}
    for i, j in np.ndindex(len(basis), len(basis)):  # what is one symbol is one number
        assert float(at[deep.gram[i, j]]) == pytest.approx(basis[i] @ basis[j])
    p, q = deep.points
    wanted = points["u"] @ in_numbers(operator, values) @ points["x"]
    assert float(operator.between(q, p).subs(at)) == pytest.approx(wanted)


def test_what_is_shown_of_all_matrices():
    """W = (1 - m) I - A^T A + B - B^T has <(I - W) x, x> >= m |x|^2 (Winston, Kolter 2020); not with A^T A added."""
    W = (1 - m) * eye - A.T @ A + B - B.T
    found = prove([], (eye - W).form(x) >= m * x.norm2)
    assert found.verdict is Verdict.PROVED
    assert found.shown_by is ShownBy.KERNEL
    wrong = prove([], (eye - W - 2 * A.T @ A).form(x) >= m * x.norm2)
    assert wrong.verdict is Verdict.INCONCLUSIVE, "no matrices were built, so nothing is refuted"


def test_a_sum_counts_each_form_once():
    bounded = Lipschitz(L).inequalities([Point(x, A @ x), Point(0 * x, 0 * x)])
    left = (L**2 * eye - A.T @ A).form(x)
    assert combine([], left >= 0, [(sp.S.One, bounded[0])], space).verdict is Verdict.PROVED
    assert combine([], -left >= 0, [(sp.S.One, bounded[0])], space).verdict is Verdict.INCONCLUSIVE
    assert combine([], ((A - A.T) @ x).norm2 >= 0, [], space).verdict is Verdict.PROVED
    assert combine([], A.form(x) >= 0, [], space).verdict is Verdict.INCONCLUSIVE


def test_it_survives_pickling():
    again = pickle.loads(pickle.dumps(space))
    assert again.names == space.names
    assert again.gram.shape == space.gram.shape


def test_misuse():
    with pytest.raises(UsageError, match="length must be 2 or more for A B x"):
        (A @ B) @ x
    with pytest.raises(UsageError, match="two spaces"):
        A @ Space(("x",)).vectors[0]
    with pytest.raises(UsageError, match="two spaces"):
        A + Operators(("A",), ("x",)).matrices[0]
    with pytest.raises(UsageError, match="expected an Operator"):
        A - 1  # pyright: ignore
    with pytest.raises(UsageError, match="expected matrices"):
        Operators((), ("x",))
    with pytest.raises(UsageError, match="each vector once"):
        Operators(("A", "A"), ("x",))
