"""From floats that nearly meet a semidefinite program to fractions that do."""

from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np

from eqt_theory.engines.certificate.equations import solved
from eqt_theory.engines.certificate.semidefinite import Cone, Exact, Program, Proposal
from eqt_theory.engines.certificate.terms import Poly, Ring
from eqt_theory.engines.certificate.work import Work

_FLOORS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_DENOMINATORS = (12, 1000, 10**6, 10**9)


def exact(program: Program, ring: Ring, near: Proposal, work: Work) -> Exact | None:
    """Fractions near floats that meet the program, where what is nearly 0 is 0."""
    top = max(near.masses)
    for floor in _FLOORS:
        rays = [k for k, c in enumerate(near.multiples) if c > floor * top]
        cones, forms, places = [], [], []
        for k, (cone, form) in enumerate(zip(program.cones, near.forms, strict=True)):
            basis = _space(form, floor * top)
            if basis:
                cones.append(Cone(cone.poly, tuple(_combined(row, cone.basis, ring) for row in basis)))
                inverse = np.linalg.pinv(np.array(basis, float))
                forms.append(inverse.T @ form @ inverse)
                places.append(k)
        smaller = Program([program.rays[k] for k in rays], [program.strict[k] for k in rays], cones, program.free)
        found = _fitted(smaller, ring, Proposal(near.multiples[rays], forms), work)
        if found is not None:
            multiples = [(rays[k], c) for k, c in found.multiples]
            return Exact(multiples, [(places[k], d, root) for k, d, root in found.squares], found.free)
    return None


def _space(form: np.ndarray, floor: float) -> list[list[Fraction]]:
    """A rational basis of the space where the eigenvalues of a form are above a floor; all of it as it stands."""
    values, vectors = np.linalg.eigh(form)
    rows = vectors[:, values > floor].T.copy()
    if len(rows) == len(form):
        return [[Fraction(int(i == j)) for j in range(len(form))] for i in range(len(form))]
    for i in range(len(rows)):
        r, c = np.unravel_index(int(np.abs(rows[i:]).argmax()), rows[i:].shape)
        rows[[i, i + r]] = rows[[i + r, i]]
        rows[i] /= rows[i, c]
        others = np.arange(len(rows)) != i
        rows[others] -= np.outer(rows[others, c], rows[i])
    return [[_simple(float(v)) for v in row] for row in rows]


def _simple(value: float) -> Fraction:
    """A fraction near a float, with a small denominator where one will do."""
    found = (Fraction(value).limit_denominator(2**k) for k in range(11))
    return next((f for f in found if abs(f - value) < 1e-5), Fraction(value).limit_denominator(2**10))


def _combined(numbers: Sequence[Fraction], polys: Sequence[Poly], ring: Ring) -> Poly:
    parts = (p * flint.fmpq(c.numerator, c.denominator) for c, p in zip(numbers, polys, strict=True) if c)
    return sum(parts, ring.constant(0))


def _fitted(program: Program, ring: Ring, near: Proposal, work: Work) -> Exact | None:
    """Fractions near floats that meet the equations, where they are in the cones, too."""
    columns = [*program.free, *program.rays]
    wanted = [0.0] * len(program.free) + list(near.multiples)
    for cone, form in zip(program.cones, near.forms, strict=True):
        columns += [cone.part(i, j) for i, j in cone.entries]
        wanted += [float(form[i, j]) for i, j in cone.entries]
    strict = [len(program.free) + k for k, s in enumerate(program.strict) if s]
    found = solved(columns, strict, work)
    if found is None:
        return None
    for limit in _DENOMINATORS:
        x = found.at([Fraction(wanted[k]).limit_denominator(limit) for k in found.open_])
        inside = None if x is None else _inside(program, x, ring)
        if inside is not None or not found.open_:
            return inside
    return None


def _inside(program: Program, x: Sequence[Fraction], ring: Ring) -> Exact | None:
    """The solution of the equations, where multiples are nonnegative and forms semidefinite."""
    begin = len(program.free)
    multiples = x[begin : begin + len(program.rays)]
    if any(c < 0 for c in multiples):
        return None
    begin += len(program.rays)
    squares = []
    for n, cone in enumerate(program.cones):
        form = [[Fraction(0)] * len(cone.basis) for _ in cone.basis]
        for k, (i, j) in enumerate(cone.entries, start=begin):
            form[i][j] = form[j][i] = x[k]
        begin += len(cone.entries)
        parts = diagonal(form)
        if parts is None:
            return None
        squares += [(n, d, _combined(line, cone.basis, ring)) for d, line in parts]
    return Exact([(k, c) for k, c in enumerate(multiples) if c], squares, x[: len(program.free)])


def diagonal(form: list[list[Fraction]]) -> list[tuple[Fraction, list[Fraction]]] | None:
    """A form as a sum of `d * (line . z)^2` with d > 0; None where it is not semidefinite."""
    rest, found = [list(row) for row in form], []
    for k in range(len(rest)):
        d = rest[k][k]
        if d < 0 or (d == 0 and any(rest[k])):
            return None
        if d:
            line = [v / d for v in rest[k]]
            found.append((d, line))
            rest = [[v - d * a * b for v, b in zip(row, line, strict=True)] for row, a in zip(rest, line, strict=True)]
    return found
