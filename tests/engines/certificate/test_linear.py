"""Programs that need not be solved: those of which the signs of monomials say that they have no solution."""

import random

from eqt_theory.engines.certificate.linear import _Column, _may_cancel, _solve
from eqt_theory.engines.certificate.terms import Ring
from eqt_theory.engines.certificate.work import Work

RING = Ring(("x", "y"))
x, y = RING.variables


def columns(*polys, strict=True):
    return [_Column(p, (str(k),), strict=strict) for k, p in enumerate(polys)]


def test_signs_tell_what_cannot_cancel():
    assert not _may_cancel(columns(x, x + y), [])
    assert not _may_cancel(columns(x * y, x - y, y - x * x), []), "without y - x^2 nothing takes the y of x - y"
    assert not _may_cancel([*columns(x), *columns(-x, strict=False), *columns(y)][1:], [])
    assert _may_cancel(columns(x, -x + y, -y), [])
    assert _may_cancel(columns(x, y), [x + y]), "a multiple of what is 0 has any sign"


def test_no_program_with_a_solution_is_left_out():
    rng, left_out, solved = random.Random(2), 0, 0
    monomials = [x, y, x * x, x * y, y * y]
    for _ in range(150):

        def poly():
            return sum((rng.choice((-2, -1, 1, 2)) * m for m in rng.sample(monomials, rng.randint(1, 2))), 0 * x)

        made = columns(*(poly() for _ in range(rng.randint(2, 6))))
        equations = [("e", RING.constant(1), poly())] if rng.random() < 0.3 else []
        found = _solve(made, equations, RING, Work(10**9, 60))
        may = _may_cancel(made, [p for *_, p in equations])
        assert may or found is None
        left_out, solved = left_out + (not may), solved + (found is not None)
    assert left_out > 20 and solved > 20
