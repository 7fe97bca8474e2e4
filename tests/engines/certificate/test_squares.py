"""Sums of squares by semidefinite programming: what linear programming does not find, and nothing that is not so."""

import random

import pytest
from sample_certificates import text

from eqt_theory.engines.certificate import Work, find_contradiction
from eqt_theory.engines.certificate.linear import Fact, Reach, linear_contradiction
from eqt_theory.engines.certificate.squares import Squares, squares_contradiction
from eqt_theory.engines.certificate.terms import Ring
from eqt_theory.engines.certificate.work import Exhausted
from eqt_theory.kernel.smtlib import assertions

REACH = Squares(2, 8)
BEYOND_LINEAR = {
    # Motzkin's polynomial is no sum of squares, but times x^2 + y^2 it is; here both are known
    "motzkin": (["(< (+ (* x x x x y y) (* x x y y y y) 1 (* (- 3) x x y y)) 0)", "(< 0 (+ (* x x) (* y y)))"], "xy"),
    # |2 a - b|^2 >= 0 of two vectors whose products obey Cauchy and Schwarz
    "gram": (["(<= 0 a)", "(<= 0 b)", "(<= (* c c) (* a b))", "(< (+ (* 4 a) b) (* 4 c))"], "abc"),
}


def _facts(stated: list[str], names: str) -> tuple[list[Fact], Ring]:
    formulas, found = assertions(text(*stated, names=names))
    ring = Ring(tuple(sorted(found)))
    return [(str(i), relation, ring.read(p)) for i, (relation, p) in enumerate(formulas)], ring


@pytest.mark.parametrize("name", BEYOND_LINEAR)
def test_what_linear_programming_does_not_find(name: str):
    stated, names = BEYOND_LINEAR[name]
    facts, ring = _facts(stated, names)
    for reach in (Reach(2, 5), Reach(3, 6), Reach(2, 4, squares=True), Reach(3, 6, squares=True)):
        assert linear_contradiction(facts, ring, reach, Work(10**7, seconds=60)) is None
    assert squares_contradiction(facts, ring, REACH, Work(10**7, seconds=60)) is not None
    found = find_contradiction(text(*stated, names=names), Work(10**7, seconds=60))
    assert found is not None and found.shows


def test_a_constant_at_the_border_is_told_from_one_beyond():
    """x^4 - 4 x + 3 touches 0 at 1, where no float is exact: below 0 it never is, at or below 0 it is, at 1."""
    quartic = "(+ (* x x x x) (* (- 4) x) 3)"
    found = find_contradiction(text(f"(< {quartic} 0)", names="x"), Work(10**7, seconds=60))
    assert found is not None and found.shows
    for relation, bound in (("<=", "0"), ("<", "(/ 1 1000000)")):
        facts, ring = _facts([f"({relation} {quartic} {bound})"], "x")
        assert squares_contradiction(facts, ring, REACH, Work(10**7, seconds=60)) is None


@pytest.mark.parametrize("seed", range(12))
def test_texts_that_hold_at_a_point_get_none(seed: int):
    """Quadratics and quartics in three constants, each true at (2, -3, 1), some of them only just."""
    draw = random.Random(seed)
    point = {"x": 2, "y": -3, "z": 1}
    stated = []
    for _ in range(4):
        terms, value = [], 0
        for _ in range(draw.randint(2, 5)):
            c, chosen = draw.choice((-3, -2, -1, 1, 2, 3)), draw.choices("xyz", k=draw.randint(1, 4))
            number = c
            for name in chosen:
                number *= point[name]
            value += number
            terms.append(f"(* {c if c > 0 else f'(- {-c})'} {' '.join(chosen)})")
        slack = draw.choice((0, 0, 1))
        bound = value + slack
        stated.append(f"({'<' if slack else '<='} (+ 0 {' '.join(terms)}) {bound if bound >= 0 else f'(- {-bound})'})")
    facts, ring = _facts(stated, "xyz")
    for reach in (Squares(1, 6), REACH):
        assert squares_contradiction(facts, ring, reach, Work(3 * 10**6, seconds=60)) is None


def test_a_square_that_is_at_most_zero_gives_its_root():
    """g^2 <= 0 says g = 0, and then a linear equation says the rest."""
    found = find_contradiction(
        text("(<= (* g g) 0)", "(= (+ (* a a x) (* a g)) 0)", "(< 0 x)", "(< 0 a)", names="agx"),
        Work(10**6, seconds=60),
    )
    assert found is not None and found.shows
    assert find_contradiction(text("(<= (* g g) 0)", "(= (+ (* a a x) (* a g)) 0)", "(< 0 x)", names="agx"),
                              Work(10**6, seconds=60)) is None  # fmt: skip


def test_a_multiple_of_what_is_zero_is_not_above_zero():
    """Of whatever degree the multiple is: here 7, beyond what monomial multiples reach."""
    cofactor = "(* x x x y y)"
    stated = [f"(< 0 (* (- (* x y) 2) {cofactor}))", "(= (- (* x y) 2) 0)"]
    found = find_contradiction(text(*stated, names="xy"), Work(10**5, seconds=60))
    assert found is not None and found.shows
    assert find_contradiction(text(f"(< 0 (* (- (* x y) 1) {cofactor}))", stated[1], names="xy"),
                              Work(10**5, seconds=60)) is None  # fmt: skip


def test_without_work_nothing_is_found():
    facts, ring = _facts(*BEYOND_LINEAR["gram"])
    with pytest.raises(Exhausted):
        squares_contradiction(facts, ring, REACH, Work(0, seconds=60))
