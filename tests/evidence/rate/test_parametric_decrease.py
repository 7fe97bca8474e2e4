import sympy as sp

from eqt_theory.engines.gram import Space
from eqt_theory.evidence.rate.parametric_decrease import squares_left


def test_what_is_left_over_is_made_of_squares_with_their_signs():
    a, b = sp.symbols("a b", positive=True)
    space = Space(("u", "v", "w"))
    u, v, w = space.vectors
    form = a * (u + 2 * b * v).norm2 - b * (v - w).norm2 + sp.Symbol("f")
    found = squares_left(form, space)
    assert len(found) == 2 and sp.expand(form - sp.Symbol("f") - sum(c * x.norm2 for c, x in found)) == 0
    assert sorted(str(c) for c, _ in found) == ["-b", "a"]


def test_a_product_of_two_vectors_has_no_pivot():
    space = Space(("u", "v"))
    u, v = space.vectors
    assert squares_left(u @ v, space) == []
