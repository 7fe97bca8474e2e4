"""Linear programming over products of facts and squares: found in floating point, shown in fractions."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eqt_theory.engines.certificate.equations import solved, summed
from eqt_theory.engines.certificate.terms import Poly, Ring, degree, key, monic, rational
from eqt_theory.engines.certificate.tree import Ref, Sum
from eqt_theory.engines.certificate.work import Work

Fact = tuple[Ref, str, Poly]
Monomial = tuple[int, ...]


@dataclass(frozen=True)
class Reach:
    """Which products a linear program looks at.

    Args:
        factors: at most so many facts in a product.
        degree: of a product of two facts or more, and of a product with a square.
        squares: whether products with squares of simple polynomials are among them.
        columns: at most so many products.
        whole: whether it is left out where there are more of them.
        inside: it is tried where at most so many signs are split around.
        meeting: where it is positive, the products are of one fact (or two, as `factors` says) and variables above 0,
            that have monomials in common with the facts or, so many times over, with such products.
    """

    factors: int
    degree: int
    squares: bool = False
    columns: int = 2500
    whole: bool = False
    inside: int = 9
    meeting: int = 0


@dataclass(frozen=True)
class _Column:
    """A product: its polynomial, the facts and the square in it, and whether it is above 0."""

    poly: Poly
    refs: tuple[Ref, ...]
    squares: tuple[Poly, ...] = ()
    strict: bool = False


def constants(facts: Sequence[Fact], ring: Ring) -> Sum | None:
    """The contradiction of a fact that is about a number alone."""
    for ref, relation, p in facts:
        if p.is_constant():
            value = rational(p.leading_coefficient()) if p != 0 else Fraction(0)
            if relation == "=" and value:
                return Sum(((Fraction(1), (), ()),), ((ref, ring.constant(-1 / value)),))
            if relation == ">" and value == 0:
                return Sum(((Fraction(1), (ref,), ()),))
            if relation != "=" and value < 0:
                return Sum(((-1 / value, (ref,), ()), (Fraction(1), (), ())))
    return None


def divisible(facts: Sequence[Fact], ring: Ring, work: Work) -> Sum | None:
    """The contradiction of something above 0 that is a multiple of something that is 0."""
    equations = [(ref, p) for ref, relation, p in facts if relation == "=" and p != 0]
    for ref, relation, p in facts:
        for equation, q in equations if relation == ">" else ():
            work.spend(10)
            if degree(q) <= degree(p):
                work.spend(5 * len(p) * len(q))
                quotient, rest = divmod(p, q)
                if rest == 0:
                    return Sum(((Fraction(1), (ref,), ()),), ((equation, -quotient),))
    return None


def linear_contradiction(facts: Sequence[Fact], ring: Ring, reach: Reach, work: Work) -> Sum | None:
    """Nonnegative multiples of products that add up to 0 although one is positive.

    Args:
        facts: what is known.
        ring: of the polynomials.
        reach: which products.
        work: what may be spent.

    Returns:
        The contradiction, exact; None where there is none within reach.

    Raises:
        Exhausted: the work is used up.
    """
    inequalities, equations = distinct(facts)
    if not inequalities and not equations:
        return None
    if reach.whole and math.comb(len(inequalities) + reach.factors, reach.factors) > reach.columns:
        return None
    columns = list((_meeting if reach.meeting else _products)(inequalities, ring, reach, work))
    if reach.squares:
        columns += _squares(inequalities, equations, ring, reach, work)
    seen: dict[object, int] = {}
    for n, column in enumerate(columns):
        k = key(monic(column.poly))
        if k not in seen or (column.strict and not columns[seen[k]].strict):
            seen[k] = n
    columns = [columns[n] for n in sorted(seen.values())]
    multiples = list(_multiples(columns, equations, ring, reach))
    work.spend(20 * sum(len(c.poly) for c in columns) + 20 * sum(len(p) for _, _, p in multiples))
    if not _may_cancel(columns, [p for _, _, p in multiples]):
        work.spend(2000)
        return None
    return _solve(columns, multiples, ring, work)


def _may_cancel(columns: Sequence[_Column], multiples: Sequence[Poly]) -> bool:
    """Whether something positive is left once no product has a monomial that is of one sign in all that are left."""
    # Such a product has no part in a sum that is 0: most programs are seen to have no solution, without being solved.
    free = {m for p in multiples for m in p.monoms()}
    signs = [[(m, c > 0) for m, c in column.poly.terms() if m not in free] for column in columns]
    holders: dict[tuple[Monomial, bool], set[int]] = {}
    for n, terms in enumerate(signs):
        for term in terms:
            holders.setdefault(term, set()).add(n)
    left = {n for n, column in enumerate(columns) if column.strict}
    out = [(m, s) for m, s in holders if (m, not s) not in holders]
    while out and left:
        for n in holders.pop(out.pop(), ()):
            left.discard(n)
            for m, s in signs[n]:
                if (others := holders.get((m, s))) is not None:
                    others.discard(n)
                    if not others:
                        del holders[m, s]
                        out.append((m, not s))
    return bool(left)


def distinct(facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Inequalities and equations, each once, strict ones before weak ones of the same polynomial."""
    known: dict[object, Fact] = {}
    for fact in facts:
        _, relation, p = fact
        if p.is_constant() or not len(p):
            continue
        same = (relation == "=", key(monic(p)))
        if same not in known or (relation == ">" and known[same][1] == ">="):
            known[same] = fact
    found = list(known.values())
    return [f for f in found if f[1] != "="], [f for f in found if f[1] == "="]


def _products(inequalities: Sequence[Fact], ring: Ring, reach: Reach, work: Work) -> Iterator[_Column]:
    yield _Column(ring.constant(1), (), strict=True)
    layer = [((), ring.constant(1), True, 0)]
    count = 1
    for size in range(1, reach.factors + 1):
        following = []
        for refs, p, strict, first in layer:
            for n in range(first, len(inequalities)):
                ref, relation, q = inequalities[n]
                if size > 1 and degree(p) + degree(q) > reach.degree:
                    continue
                count += 1
                if count > reach.columns:
                    return
                product, both = p * q, strict and relation == ">"
                work.spend(10 + len(product))
                following.append(((*refs, ref), product, both, n))
                yield _Column(product, (*refs, ref), strict=both)
        layer = following


def _meeting(inequalities: Sequence[Fact], ring: Ring, reach: Reach, work: Work) -> Iterator[_Column]:
    """Facts times monomials of what is above 0, where that may cancel: of a higher degree than can be tried in full."""
    above: dict[int, tuple[Ref, bool]] = {}
    bases: list[tuple[tuple[Ref, ...], Poly, bool]] = []
    for ref, relation, p in inequalities:
        (powers, c), *more = p.terms()
        if not more and c > 0 and sum(powers) == 1:
            above[list(powers).index(1)] = ref, relation == ">"
        else:
            bases.append(((ref,), p, relation == ">"))
    wanted = {m for _, p, _ in bases for m in p.monoms()}
    if reach.factors > 1:
        pairs = itertools.combinations_with_replacement(bases, 2)
        bases += [((*r, *s), p * q, a and b) for (r, p, a), (s, q, b) in pairs if degree(p) + degree(q) <= reach.degree]
    yield _Column(ring.constant(1), (), strict=True)
    known: set[tuple[int, Monomial]] = set()
    bases.append(((), ring.constant(1), True))
    for _ in range(reach.meeting):
        met: set[Monomial] = set()
        for n, (refs, p, strict) in enumerate(bases):
            apart = {tuple(a - b for a, b in zip(w, m, strict=True)) for w in wanted for m in p.monoms()}
            work.spend(len(apart))
            for m in sorted(apart):
                fits = all(k == 0 or k > 0 and i in above for i, k in enumerate(m))
                if not fits or (n, m) in known or sum(m) + degree(p) > reach.degree:
                    continue
                known.add((n, m))
                if len(known) > reach.columns:
                    return
                product = p * ring.context.term(exp_vec=m)
                work.spend(10 + len(product))
                used = [above[i] for i, k in enumerate(m) for _ in range(k)]
                yield _Column(product, (*refs, *(ref for ref, _ in used)), strict=strict and all(a for _, a in used))
                met |= set(product.monoms())
        wanted = met - wanted


def _squares(
    inequalities: Sequence[Fact], equations: Sequence[Fact], ring: Ring, reach: Reach, work: Work
) -> list[_Column]:
    """Squares of variables, sums and differences, facts, their factors and slopes, times up to two facts."""
    variables = list(ring.variables)
    bases = list(variables)
    for a, b in itertools.combinations(variables, 2):
        bases += [a + b, a - b]
    bases += [v + s for v in variables for s in (1, -1)]
    if len(variables) <= 6:
        bases += [a + b - 2 * c for a, b in itertools.combinations(variables, 2) for c in variables]
    for _, _, p in (*equations, *inequalities):
        if 2 * degree(p) <= reach.degree:
            bases.append(p)
        bases += [q for q, _ in ring.factors(p)[1]]
        slopes = (p.derivative(i) for i in range(len(variables)))  # where p is a square but for other facts, its root
        bases += [q for q in slopes if degree(q) > 0 and 2 * degree(q) <= reach.degree]
        work.spend(100)
    bases = list({key(monic(b)): b for b in bases}.values())
    singles = [((ref,), p) for ref, _, p in inequalities]
    pairs = [((*r, *s), p * q) for (r, p), (s, q) in itertools.combinations(singles, 2)]
    work.spend(10 * len(pairs))
    columns = []
    for base in bases:
        square = base * base
        for refs, p in [((), ring.constant(1)), *singles, *pairs]:
            if degree(square) + degree(p) <= reach.degree and len(columns) < 2 * reach.columns:
                columns.append(_Column(square * p, refs, (base,)))
                work.spend(10 + len(columns[-1].poly))
    return columns


def _multiples(
    columns: Sequence[_Column], equations: Sequence[Fact], ring: Ring, reach: Reach
) -> Iterator[tuple[Ref, Poly, Poly]]:
    """Monomial multiples of the equations: `(fact, monomial, product)`."""
    if not equations:
        return
    monomials = {m for c in columns for m in c.poly.monoms() if sum(m) < max(1, reach.degree)}
    monomials.add((0,) * max(1, len(ring.names)))
    count = 0
    for ref, _, p in equations:
        for m in sorted(monomials):
            if sum(m) + degree(p) <= max(reach.degree, degree(p)) and count < reach.columns:
                count += 1
                monomial = ring.context.term(exp_vec=m)
                yield ref, monomial, monomial * p


def _solve(
    columns: Sequence[_Column], multiples: Sequence[tuple[Ref, Poly, Poly]], ring: Ring, work: Work
) -> Sum | None:
    from scipy.optimize import linprog
    from scipy.sparse import csc_matrix

    polys = [c.poly for c in columns] + [p for _, _, p in multiples]
    rows: dict[tuple[int, ...], int] = {}
    places: list[int] = []
    starts: list[int] = [0]
    values: list[float] = []
    for p, column in itertools.zip_longest(polys, columns):
        entries = [int(c.p) / int(c.q) for c in p.coeffs()]
        scale = max(map(abs, entries))
        values += [entry / scale for entry in entries]
        places += [rows.setdefault(m, 1 + len(rows)) for m in p.monoms()]
        if column is not None and column.strict:  # row 0: the multiples of what is above 0 add up to 1
            values.append(1.0)
            places.append(0)
        starts.append(len(values))
    matrix = csc_matrix((values, places, starts), shape=(1 + len(rows), len(polys)))
    cost = [1.0 + degree(c.poly) + 0.1 * len(c.poly) for c in columns] + [0.0] * len(multiples)
    result = linprog(
        cost,
        A_eq=matrix,
        b_eq=np.eye(1, 1 + len(rows))[0],
        bounds=[(0, None)] * len(columns) + [(None, None)] * len(multiples),
        method="highs-ds",
        options={"maxiter": 20000},
    )
    work.spend(2000 + 20 * int(result.nit or 0) * (1 + matrix.nnz // 500))
    if result.status != 0 or result.x is None:
        return None
    for tolerance in (1e-9, 1e-7):
        support = [j for j, x in enumerate(result.x) if abs(x) > tolerance]
        strict = [k for k, j in enumerate(support) if j < len(columns) and columns[j].strict]
        found = solved([polys[j] for j in support], strict, work)
        numbers = None if found is None else found.at([Fraction(0)] * len(found.open_))
        if found is None or numbers is None:
            continue
        exact = {support[k]: numbers[k] for k in found.follow}
        if exact and all(x >= 0 for j, x in exact.items() if j < len(columns)):
            return _sum(columns, multiples, exact)
    return None


def _sum(columns: Sequence[_Column], multiples: Sequence[tuple[Ref, Poly, Poly]], exact: dict[int, Fraction]) -> Sum:
    summands = [(x, columns[j].refs, columns[j].squares) for j, x in exact.items() if j < len(columns) and x]
    multiplied = [(*multiples[j - len(columns)][:2], x) for j, x in exact.items() if j >= len(columns)]
    return Sum(tuple(summands), summed(multiplied))
