"""Products of facts times general squares that add up to 0, looked for within one degree at a time.

Where a scaling of the constants (a length, a curvature, a step) changes every fact by a factor only, the parts of a sum
that scale differently cancel by themselves. One way to scale at a time leaves few monomials even of a high degree.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from eqt_theory.engines.certificate.equations import summed
from eqt_theory.engines.certificate.linear import Fact, distinct
from eqt_theory.engines.certificate.rounding import exact
from eqt_theory.engines.certificate.semidefinite import Cone, Exact, Program, needed, propose, split
from eqt_theory.engines.certificate.terms import Poly, Ring, degree, key, monic, rational
from eqt_theory.engines.certificate.tree import Ref, Sum
from eqt_theory.engines.certificate.work import Work

Monomial = tuple[int, ...]
Weight = tuple[int, ...]


@dataclass(frozen=True)
class Squares:
    """Which sums are looked at.

    Args:
        factors: at most so many facts in a product, signs of variables not counted.
        degree: of every summand.
        weights: at most so many ways to scale.
        unknowns: larger programs are left out.
        inside: it is tried where at most so many signs are split around.
    """

    factors: int
    degree: int
    weights: int = 12
    unknowns: int = 400
    inside: int = 0


@dataclass(frozen=True)
class _Product:
    """Facts, their product, and whether it is above 0."""

    poly: Poly
    refs: tuple[Ref, ...] = ()
    strict: bool = True

    def times(self, fact: Fact) -> "_Product":
        ref, relation, p = fact
        return _Product(self.poly * p, (*self.refs, ref), self.strict and relation == ">")


def squares_contradiction(facts: Sequence[Fact], ring: Ring, reach: Squares, work: Work) -> Sum | None:
    """Sums of squares times products of facts that add up to 0 although one summand is positive.

    Args:
        facts: what is known.
        ring: of the polynomials.
        reach: which sums.
        work: what may be spent.

    Returns:
        The contradiction, exact; None where none was found within reach.

    Raises:
        Exhausted: the work is used up.
    """
    inequalities, equations = distinct(facts)
    if not inequalities:
        return None
    graded = _Graded(inequalities, equations, ring, reach, work)
    found = (graded.contradiction(weight) for weight in graded.weights()[: reach.weights])
    return next((total for total in found if total is not None), None)


class _Graded:
    """The products of facts by how they scale.

    Args:
        inequalities: facts.
        equations: facts.
        ring: of the polynomials.
        reach: which sums are looked at.
        work: what may be spent.
    """

    def __init__(
        self, inequalities: Sequence[Fact], equations: Sequence[Fact], ring: Ring, reach: Squares, work: Work
    ) -> None:
        self.ring, self.reach, self.work, self.equations = ring, reach, work, equations
        polys = [p for *_, p in (*inequalities, *equations)]
        self.used = [i for i in range(len(ring.names)) if any(p.degrees()[i] for p in polys)]
        self.scalings = _scalings(polys)
        self._weights: dict[Monomial, Weight] = {}
        self.signs: dict[int, Fact] = {}
        self.facts: list[Fact] = []
        for fact in inequalities:
            p = fact[2]
            if len(p) == 1 and degree(p) == 1 and p.leading_coefficient() > 0:
                self.signs[p.monoms()[0].index(1)] = fact
            else:
                self.facts.append(fact)
        self.monomials: dict[Weight, list[Monomial]] = defaultdict(list)
        for size in range(reach.degree // 2 + 1):
            for chosen in itertools.combinations_with_replacement(self.used, size):
                monomial = self._monomial(chosen)
                self.monomials[self._weight(monomial)].append(monomial)
        work.spend(3 * sum(map(len, self.monomials.values())))
        self.products = list(self._products())

    def weights(self) -> list[Weight]:
        """How the sums may scale: as something positive, the simplest first, where not only variables are in it."""
        positive = [i for i, (_, relation, _) in self.signs.items() if relation == ">"]
        found: dict[Weight, int] = {}
        for product in self.products:
            if not product.strict or (self.facts and not product.refs) or len(set(product.refs)) > 2:
                continue
            for size in range(3):
                for chosen in itertools.combinations_with_replacement(positive, size):
                    weight = _sum(self._weight(product.poly.monoms()[0]), self._weight(self._monomial(chosen)))
                    total = degree(product.poly) + size
                    if total <= self.reach.degree:
                        cost = total + 4 * len(product.refs) + 6 * size
                        found[weight] = min(cost, found.get(weight, cost))
        return sorted(found, key=lambda weight: (found[weight], weight))

    def contradiction(self, weight: Weight) -> Sum | None:
        """A sum of summands that scale like this."""
        rays, cones = self._summands(weight)
        program = Program(
            [p.poly * root * root for p, root in rays],
            [root.is_constant() and p.strict for p, root in rays],
            [Cone(p.poly, basis) for p, basis in cones],
            [],
        )
        if not any(program.strict) or program.unknowns > self.reach.unknowns:
            return None
        multiples = list(self._multiples(program))
        program = Program(program.rays, program.strict, program.cones, [q * p for _, q, p in multiples])
        found = self._solution(program)
        if found is None:
            return None
        summands = [_summand(c, *rays[k]) for k, c in found.multiples]
        summands += [_summand(d, cones[k][0], root) for k, d, root in found.squares]
        multiplied = [(ref, q, c) for (ref, q, _), c in zip(multiples, found.free, strict=True)]
        return Sum(tuple(summands), summed(multiplied))

    def _solution(self, program: Program) -> Exact | None:
        first = propose(program, self.work, least=True)
        if first is None:
            return None
        kept = needed(program, first, self.work)
        smaller = program.only(kept)
        for least in (False, True):  # inside; or as little as possible, a corner that is rational where all goes well
            near = propose(smaller, self.work, least=least)
            found = None if near is None else exact(smaller, self.ring, near, self.work)
            if found is not None:
                rays, cones = split(kept, len(program.rays))
                multiples = [(rays[k], c) for k, c in found.multiples]
                return Exact(multiples, [(cones[k], d, root) for k, d, root in found.squares], found.free)
        return None

    def _products(self) -> Iterator[_Product]:
        """Of facts that are no signs of variables."""
        layer = [(_Product(self.ring.constant(1)), 0)]
        yield layer[0][0]
        for _ in range(self.reach.factors):
            following = []
            for product, first in layer:
                for n, fact in enumerate(self.facts[first:], start=first):
                    if degree(product.poly) + degree(fact[2]) <= self.reach.degree:
                        self.work.spend(10 + len(product.poly) * len(fact[2]))
                        following.append((product.times(fact), n))
                        yield following[-1][0]
            layer = following

    def _summands(self, weight: Weight) -> tuple[list[tuple[_Product, Poly]], list[tuple[_Product, tuple[Poly, ...]]]]:
        """Products with one square each, and products with the squares of all combinations of several monomials."""
        rays: dict[object, tuple[_Product, Poly]] = {}
        cones: dict[object, tuple[_Product, tuple[Poly, ...]]] = {}
        one = self.ring.constant(1)
        chosen = (s for size in range(len(self.signs) + 1) for s in itertools.combinations(self.signs, size))
        subsets = [(s, self._weight(self._monomial(s))) for s in chosen]
        for known in self.products:
            room, own = self.reach.degree - degree(known.poly), self._weight(known.poly.monoms()[0])
            for subset, of_subset in subsets:
                left, rest = room - len(subset), [a - b - c for a, b, c in zip(weight, own, of_subset, strict=True)]
                if left < 0 or any(r % 2 for r in rest):
                    continue
                basis = [z for z in self.monomials.get(tuple(r // 2 for r in rest), ()) if 2 * sum(z) <= left]
                if not basis:
                    continue
                self.work.spend(20 + len(basis))
                product = known
                for i in subset:
                    product = product.times(self.signs[i])
                k = key(monic(product.poly))
                if len(basis) > 1 and k not in cones:
                    cones[k] = product, tuple(self._term(z) for z in basis)
                for z in basis:
                    positive = product.strict and all(i in self.signs and self.signs[i][1] == ">" for i in _support(z))
                    if positive:  # written as facts, for the kernel counts no square as positive
                        whole = product
                        for i in _support(z):
                            for _ in range(2 * z[i]):
                                whole = whole.times(self.signs[i])
                        rays[key(monic(whole.poly))] = whole, one
                    elif len(basis) == 1:
                        root = self._term(z)
                        rays.setdefault(key(monic(product.poly * root * root)), (product, root))
        return list(rays.values()), list(cones.values())

    def _multiples(self, program: Program) -> Iterator[tuple[Ref, Poly, Poly]]:
        """Monomial multiples of equations, where one of their monomials occurs: `(fact, monomial, equation)`."""
        if not self.equations:
            return
        parts = [*program.rays, *(cone.part(i, j) for cone in program.cones for i, j in cone.entries)]
        monomials = {m for p in parts for m in p.monoms()}
        for ref, _, p in self.equations:
            quotients = {tuple(a - b for a, b in zip(m, n, strict=True)) for m in monomials for n in p.monoms()}
            self.work.spend(len(monomials) * len(p))
            for q in sorted(quotients):
                if min(q) >= 0 and sum(q) + degree(p) <= max(self.reach.degree, degree(p)):
                    yield ref, self._term(q), p

    def _monomial(self, variables: Sequence[int]) -> Monomial:
        return tuple(variables.count(i) for i in range(max(1, len(self.ring.names))))

    def _term(self, monomial: Monomial) -> Poly:
        return self.ring.context.term(exp_vec=monomial)

    def _weight(self, monomial: Monomial) -> Weight:
        if monomial not in self._weights:
            scaled = (sum(w * e for w, e in zip(row, monomial, strict=True)) for row in self.scalings)
            self._weights[monomial] = tuple(scaled)
        return self._weights[monomial]


def _scalings(polys: Sequence[Poly]) -> list[list[int]]:
    """A basis of the scalings of variables that change every polynomial by a factor only."""
    rows = [[a - b for a, b in zip(m, p.monoms()[0], strict=True)] for p in polys for m in p.monoms()]
    matrix = flint.fmpz_mat(rows)
    basis, rank = matrix.nullspace()
    return [[int(basis[i, k]) for i in range(matrix.ncols())] for k in range(rank)]


def _sum(a: Weight, b: Weight) -> Weight:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _support(monomial: Monomial) -> list[int]:
    return [i for i, exponent in enumerate(monomial) if exponent]


def _summand(c: Fraction, product: _Product, root: Poly) -> tuple[Fraction, tuple[Ref, ...], tuple[Poly, ...]]:
    if root.is_constant():
        return c * rational(root.leading_coefficient()) ** 2, product.refs, ()
    return c, product.refs, (root,)
