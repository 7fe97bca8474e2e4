"""Multiples and sums of squares that add up to 0: proposed by semidefinite programming, then made exact.

What the solver of floats says is a proposal. Most squares are not needed and are left out one after another while
enough are left; of the rest a point inside is asked for, so that rounding it does not leave the cone; forms that are
singular there act on a smaller space, whose basis is rounded first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eqt_theory.engines.certificate.terms import Poly
from eqt_theory.engines.certificate.work import Work
from eqt_theory.engines.panics import unless_it_panics

_UNIT = 200  # of work for each unknown of a program


@dataclass(frozen=True)
class Cone:
    """The multiples of a polynomial by squares of combinations of some polynomials, and their sums.

    Args:
        poly: what is multiplied.
        basis: of what is squared.
    """

    poly: Poly
    basis: tuple[Poly, ...]

    @property
    def entries(self) -> list[tuple[int, int]]:
        """The places of a symmetric form, upper triangle column by column."""
        return [(i, j) for j in range(len(self.basis)) for i in range(j + 1)]

    def part(self, i: int, j: int) -> Poly:
        """What an entry of the form is multiplied with."""
        return self.poly * self.basis[i] * self.basis[j] * (1 if i == j else 2)


@dataclass(frozen=True)
class Program:
    """Multiples `c >= 0` of rays, elements of cones and any multiples of `free` are to add up to 0.

    Args:
        rays: polynomials.
        strict: whether each ray is positive; the multiples of those are to add up to 1.
        cones: of squares.
        free: polynomials that are 0.
    """

    rays: Sequence[Poly]
    strict: Sequence[bool]
    cones: Sequence[Cone]
    free: Sequence[Poly]

    @property
    def unknowns(self) -> int:
        """How many numbers are asked for."""
        return len(self.rays) + sum(len(c.entries) for c in self.cones) + len(self.free)

    def only(self, kept: Sequence[int]) -> "Program":
        """With these rays and cones, counted on."""
        rays, cones = split(kept, len(self.rays))
        parts = [self.rays[k] for k in rays], [self.strict[k] for k in rays], [self.cones[k] for k in cones]
        return Program(*parts, self.free)


@dataclass(frozen=True)
class Proposal:
    """Floats: multiples of rays, forms of cones."""

    multiples: np.ndarray
    forms: Sequence[np.ndarray]

    @property
    def masses(self) -> list[float]:
        """How much of each ray and cone there is."""
        return [*map(float, self.multiples), *(float(np.trace(form)) for form in self.forms)]


@dataclass(frozen=True)
class Exact:
    """The same in fractions; rays and cones by index, a form as a sum of `d * root^2`."""

    multiples: Sequence[tuple[int, Fraction]]
    squares: Sequence[tuple[int, Fraction, Poly]]
    free: Sequence[Fraction]


def split(kept: Sequence[int], rays: int) -> tuple[list[int], list[int]]:
    """Rays and cones of a program with so many rays, counted on, each by its own index."""
    return [k for k in kept if k < rays], [k - rays for k in kept if k >= rays]


def needed(program: Program, first: Proposal, work: Work) -> list[int]:
    """Rays and cones without any of which, or any part of the last few, the program has no solution."""
    masses: dict[int, float] = dict(enumerate(first.masses))

    def present() -> list[int]:
        return [k for k, mass in masses.items() if mass > 1e-6 * max(masses.values())]

    kept = present()
    pending = sorted(kept, key=masses.__getitem__)
    chunk = max(1, len(pending) // 4)
    while pending:
        rest = [k for k in kept if k not in pending[:chunk]]
        proposal = propose(program.only(rest), work, least=True)
        if proposal is not None:
            masses = dict(zip(rest, proposal.masses, strict=True))
            kept = present()
            pending = sorted((k for k in pending[chunk:] if k in kept), key=masses.__getitem__)
        elif chunk > 1:
            chunk //= 2
        else:
            pending = pending[1:]
    return kept


def propose(program: Program, work: Work, *, least: bool) -> Proposal | None:
    """Floats that meet the program: with the least multiples and traces, or somewhere inside."""
    import clarabel
    from scipy import sparse

    if not any(program.strict):
        return None
    work.spend(_UNIT * program.unknowns)
    rows: dict[tuple[int, ...], int] = {}
    entries: list[tuple[float, int, int]] = []  # row 0: the multiples of strict rays add up to 1
    scales: list[float] = []

    def column(p: Poly, scale: float, factor: float = 1.0) -> None:
        values = (factor * int(c.p) / int(c.q) / scale for c in p.coeffs())
        places = (1 + rows.setdefault(m, len(rows)) for m in p.monoms())
        entries.extend((v, i, len(scales)) for v, i in zip(values, places, strict=True))
        scales.append(scale / factor)

    for p, strict in zip(program.rays, program.strict, strict=True):
        if strict:
            entries.append((1.0, 0, len(scales)))
        column(p, 1.0 if strict else _size(p))
    for cone in program.cones:
        scale = _size(cone.poly)
        for i, j in cone.entries:
            column(cone.part(i, j), scale, 1.0 if i == j else 0.5**0.5)
    inside = len(scales)
    for p in program.free:
        column(p, _size(p))
    value, at, of = zip(*entries, strict=True)
    equations = sparse.csc_matrix((value, (at, of)), shape=(1 + len(rows), len(scales)))
    target = np.eye(1, 1 + len(rows) + inside)[0]
    cones = [clarabel.ZeroConeT(1 + len(rows)), clarabel.NonnegativeConeT(len(program.rays))]
    cones += [clarabel.PSDTriangleConeT(len(c.basis)) for c in program.cones]
    diagonal = [float(i == j) for c in program.cones for i, j in c.entries]
    cost = np.array([1.0] * len(program.rays) + diagonal + [0.0] * len(program.free)) * least
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_iter, settings.max_threads = False, 100, 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    whole = sparse.vstack([equations, -sparse.eye(inside, len(scales))], format="csc")
    nothing = sparse.csc_matrix((len(scales), len(scales)))
    solution = unless_it_panics(lambda: clarabel.DefaultSolver(nothing, cost, whole, target, cones, settings).solve())
    if solution is None:
        return None
    x = np.array(solution.x)
    if "Infeasible" in str(solution.status) or not np.isfinite(x).all():
        return None
    missed = np.abs(equations @ x - target[: 1 + len(rows)]).max()
    if missed > 1e-4 * max(1.0, float(np.abs(x).max())):
        return None
    x /= np.array(scales)
    at_end = len(program.rays)
    forms = []
    for cone in program.cones:
        form = np.zeros((len(cone.basis), len(cone.basis)))
        for k, (i, j) in enumerate(cone.entries, start=at_end):
            form[i, j] = form[j, i] = x[k]
        at_end += len(cone.entries)
        forms.append(form)
    return Proposal(x[: len(program.rays)], forms)


def _size(p: Poly) -> float:
    return max((abs(int(c.p) / int(c.q)) for c in p.coeffs()), default=1.0)
