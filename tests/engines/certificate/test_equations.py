"""Linear equations in fractions: solved where they can be, whatever stays open is set to, and never wrongly."""

import random
from fractions import Fraction

import flint
import pytest

from eqt_theory.engines.certificate import equations
from eqt_theory.engines.certificate.equations import solved
from eqt_theory.engines.certificate.terms import Poly, Ring
from eqt_theory.engines.certificate.work import Work

RING = Ring(("x", "y", "z"))


def _systems(seed: int) -> list[tuple[list[Poly], list[int]]]:
    """Polynomials, of which the last ones depend on the first ones, and which of them are strict."""
    draw = random.Random(seed)
    x, y, z = RING.variables
    monomials = [RING.constant(1), x, y, z, x * x, x * y, y * z]
    found = []
    for _ in range(40):
        few = [
            sum(m * RING.constant(Fraction(draw.randint(-9, 9), draw.randint(1, 6))) for m in draw.sample(monomials, 3))
            for _ in range(draw.randint(1, 5))
        ]
        polys = [*few, *(p * -2 for p in few[:2])] + ([sum(few, RING.constant(0))] if draw.random() < 0.5 else [])
        found.append((polys, draw.sample(range(len(polys)), draw.randint(0, 2))))
    return found


def _met(polys: list[Poly], strict: list[int], x: list[Fraction]) -> bool:
    total = sum((p * RING.constant(c) for p, c in zip(polys, x, strict=True)), RING.constant(0))
    return total == 0 and sum(x[k] for k in strict) == 1


def _ranks(polys: list[Poly], strict: list[int]) -> tuple[int, int]:
    """Of the equations without and with their right sides."""
    monomials = sorted({m for p in polys for m in p.monoms()})
    rows = [[dict(p.terms()).get(m, 0) for p in polys] + [0] for m in monomials]
    rows.append([int(k in strict) for k in range(len(polys))] + [1])
    return flint.fmpq_mat([row[:-1] for row in rows]).rref()[1], flint.fmpq_mat(rows).rref()[1]


@pytest.mark.parametrize("seed", range(3))
def test_solutions_meet_the_equations_and_there_are_some_where_ranks_agree(seed: int):
    kinds = set()
    for polys, strict in _systems(seed):
        found = solved(polys, strict, Work(10**6, seconds=60))
        rank, whole = _ranks(polys, strict)
        kinds.add(found is None)
        assert (found is None) == (rank < whole)
        if found is not None:
            assert len(found.follow) == rank and sorted([*found.follow, *found.open_]) == list(range(len(polys)))
            for scale in (Fraction(0), Fraction(1), Fraction(22, 7)):
                numbers = [scale * (k + 1) for k in range(len(found.open_))]
                x = found.at(numbers)
                assert x is not None and _met(polys, strict, x)
                assert [x[k] for k in found.open_] == numbers
    assert kinds == {True, False}


def test_where_the_prime_misleads_nothing_wrong_comes_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equations, "_PRIME", 3)
    misled = 0
    for polys, strict in _systems(0):
        found = solved(polys, strict, Work(10**6, seconds=60))
        x = None if found is None else found.at([Fraction(1)] * len(found.open_))
        assert x is None or _met(polys, strict, x)
        misled += found is not None and x is None
    assert misled
