"""Search for a contradiction: values put in, known signs divided out, cases split, a sum at each leaf."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from eqt_theory.engines.certificate.linear import Fact, Reach, constants, divisible, linear_contradiction
from eqt_theory.engines.certificate.sight import above, atoms, implied, refuted, solvable
from eqt_theory.engines.certificate.squares import Squares, squares_contradiction
from eqt_theory.engines.certificate.terms import Poly, Ring, degree, key, monic
from eqt_theory.engines.certificate.tree import Formula, Given, Node, Put, Ref, Sum, split_or, split_sign
from eqt_theory.engines.certificate.work import Work

Open = tuple[Ref, Formula]

_EFFORTS: tuple[tuple[int, tuple[Reach | Squares, ...]], ...] = (
    (0, (Reach(2, 4),)),
    (0, (Reach(2, 5, inside=0), Reach(3, 6), Reach(1, 9, meeting=2), Reach(2, 9, meeting=1))),
    (
        0,
        (
            Reach(4, 4, whole=True),
            Squares(1, 6, weights=4, inside=2, unknowns=150),
            Squares(2, 8, unknowns=1000),
            Reach(6, 6, whole=True),
            Squares(2, 12),
            Squares(2, 16),
        ),
    ),
    (2, ()),
    (1, (Squares(2, 6, inside=1, unknowns=1500),)),
    (1, (Reach(2, 4, squares=True),)),
    (2, (Reach(3, 6, squares=True),)),
    (3, (Reach(4, 8, squares=True),)),
)
"""Signs that may be split one inside the other, and what a leaf tries beyond the efforts before."""


@dataclass
class Search:
    """One search; what it closed once it remembers, so that a greater effort goes on where a smaller one stopped.

    Args:
        ring: of the polynomials.
        work: what may be spent.
    """

    ring: Ring
    work: Work
    _closed: dict[str, Node] = field(default_factory=dict, init=False)

    def begin(self, formulas: Sequence[Formula]) -> tuple[list[Fact], list[Open]]:
        """The facts and disjunctions of assertions, in the kernel's order."""
        facts: list[Fact] = []
        opened: list[Open] = []
        for formula in formulas:
            self._take(formula, facts, opened, "")
        return facts, opened

    def refute(self, facts: Sequence[Fact], opened: Sequence[Open]) -> Node | None:
        """A proof that these cannot hold together.

        Args:
            facts: in the kernel's order.
            opened: the disjunctions, likewise.

        Returns:
            The proof; None where the search ends without one.

        Raises:
            Exhausted: the work is used up.
        """
        for effort in range(len(_EFFORTS)):
            node = self._close("", list(facts), list(opened), effort, _EFFORTS[effort][0])
            if node is not None:
                return node
        return None

    def _take(self, formula: Formula, facts: list[Fact], opened: list[Open], path: str) -> Given:
        before = len(facts), len(opened)
        kind, content = formula
        if kind == "and":
            for part in content:
                self._take(part, facts, opened, path)
        else:
            ref = f"{path}#{len(facts)}.{len(opened)}"
            if kind == "or":
                opened.append((ref, formula))
            else:
                facts.append((ref, kind, content))
        return Given(tuple(f[0] for f in facts[before[0] :]), tuple(o[0] for o in opened[before[1] :]))

    def _close(self, path: str, facts: list[Fact], opened: list[Open], effort: int, signs: int) -> Node | None:
        """A proof for one branch; `path` names it, whatever the effort."""
        if path in self._closed:
            return self._closed[path]
        node = self._try(path, facts, opened, effort, signs)
        if node is not None:
            self._closed[path] = node
        return node

    def _try(self, path: str, facts: list[Fact], opened: list[Open], effort: int, signs: int) -> Node | None:
        self.work.spend(100 * (1 + len(facts)))
        contradiction = constants(facts, self.ring) or divisible(facts, self.ring, self.work)
        if contradiction:
            return contradiction
        solved = solvable(facts)
        if solved is not None:
            ref, index, value = solved
            facts = [(r, rel, self._put(p, index, value)) for r, rel, p in facts]
            opened = [(r, self._put_in(f, index, value)) for r, f in opened]
            then = self._close(f"{path}p", facts, opened, effort, signs)
            return None if then is None else Put(index, ref, then)
        rooted = self._root(facts)
        if rooted is not None:
            return self._rooted(path, *rooted, facts, opened, effort, signs)
        plain = above(facts, self.ring, self.work)
        if plain is not None:
            (factor, summands), new = plain, f"{path}a"
            then = self._close(new, [*facts, (new, ">", factor)], opened, effort, signs)
            below = Sum(((Fraction(1), (new,), ()), *summands))
            return None if then is None else split_sign(factor, {"<=": (new, below), ">": (new, then)})
        divided = self._divide(facts)
        if divided is not None:
            return self._divided(path, divided, facts, opened, effort, signs)
        simple = linear_contradiction(facts, self.ring, Reach(1, 0), self.work)
        if simple:
            return simple
        live = [o for o in opened if not implied(o[1], atoms(facts))]
        if live:
            return self._cases(path, self._narrowest(facts, live), facts, opened, effort, signs)
        return self._leaf(path, facts, effort, signs)

    def _put(self, p: Poly, index: int, value: Poly) -> Poly:
        if p.degrees()[index] == 0:
            return p
        images = list(self.ring.context.gens())
        images[index] = value
        self.work.spend(50)
        return p.compose(*images)

    def _put_in(self, formula: Formula, index: int, value: Poly) -> Formula:
        kind, content = formula
        if kind in ("and", "or"):
            return kind, [self._put_in(part, index, value) for part in content]
        return kind, self._put(content, index, value)

    def _narrowest(self, facts: Sequence[Fact], live: Sequence[Open]) -> Open:
        """The disjunction with the fewest parts that are not refuted at sight."""
        known = atoms(facts)
        return min(live, key=lambda o: (sum(not refuted(part, known) for part in o[1][1]), len(o[1][1])))

    def _cases(
        self, path: str, split: Open, facts: list[Fact], opened: list[Open], effort: int, signs: int
    ) -> Node | None:
        ref, (_, parts) = split
        others = [o for o in opened if o[0] != ref]
        cases: list[tuple[Given, Node]] = []
        for n, part in enumerate(parts):
            more, left = list(facts), list(others)
            given = self._take(part, more, left, f"{path}o{n}")
            node = self._close(f"{path}o{n}", more, left, effort, signs)
            if node is None:
                return None
            cases.append((given, node))
        return split_or(ref, cases)

    def _root(self, facts: Sequence[Fact]) -> tuple[Fact, Poly, Fraction] | None:
        """A fact -c r^2 >= 0 or c r^2 = 0, c > 0: `(fact, r, c)`, where r = 0 is news."""
        zero = {key(monic(s * p)) for _, relation, p in facts if relation == "=" for s in (1, -1)}
        for fact in facts:
            _, relation, p = fact
            if relation == ">" or degree(p) < 2 or degree(p) % 2:
                continue
            self.work.spend(20)
            number, parts = self.ring.factors(p)
            if (number < 0 or relation == "=") and all(exponent % 2 == 0 for _, exponent in parts):
                root = self.ring.constant(1)
                for q, exponent in parts:
                    root *= q ** (exponent // 2)
                if key(monic(root)) not in zero:
                    return fact, root, number
        return None

    def _rooted(
        self, path: str, fact: Fact, root: Poly, c: Fraction, facts: list[Fact], opened: list[Open], effort: int,
        signs: int,
    ) -> Node | None:  # fmt: skip
        (ref, relation, _), new, one = fact, f"{path}r", Fraction(1)
        then = self._close(f"{path}r", [*facts, (new, "=", root)], opened, effort, signs)
        if then is None:
            return None
        if relation == ">=":
            apart = Sum(((abs(c), (new, new), ()), (one, (ref,), ())))
        else:
            apart = Sum(((abs(c), (new, new), ()),), ((ref, self.ring.constant(-1 if c > 0 else 1)),))
        return split_sign(root, {"<": (new, apart), "=": (new, then), ">": (new, apart)})

    def _divide(self, facts: Sequence[Fact]) -> tuple[Fact, Poly, Fraction, tuple[Ref, ...]] | None:
        """A fact c * (product of positive facts) * r, c > 0: `(fact, r, c, positive facts)`, where r is news."""
        positive = {key(monic(p)): (ref, p) for ref, relation, p in facts if relation == ">" and not p.is_constant()}
        have = {(relation, key(monic(p))) for _, relation, p in facts}
        for fact in facts:
            ref, relation, p = fact
            if degree(p) < 2:
                continue
            self.work.spend(100)
            number, parts = self.ring.factors(p)
            rest, factor, refs = self.ring.constant(1 if number > 0 else -1), abs(number), ()
            for q, exponent in parts:
                for s in (1, -1):
                    hit = positive.get(key(monic(s * q)))
                    if hit is not None and hit[0] != ref:
                        ratio = Fraction(*_ratio(s * q, hit[1]))
                        factor, refs = factor * ratio**exponent, refs + (hit[0],) * exponent
                        rest = rest * s**exponent
                        break
                else:
                    rest *= q**exponent
            if (
                refs
                and (relation, key(monic(rest))) not in have
                and not (rest.is_constant() and rest == 1 and relation != "=")
            ):
                return fact, rest, factor, refs
        return None

    def _divided(
        self, path: str, found: tuple[Fact, Poly, Fraction, tuple[Ref, ...]], facts: list[Fact], opened: list[Open],
        effort: int, signs: int,
    ) -> Node | None:  # fmt: skip
        (ref, relation, _), rest, c, refs = found
        new = f"{path}d"
        down = Sum(((c, (*refs, new), ()), (Fraction(1), (ref,), ())))  # for `new` says here that -rest > 0, or >= 0
        then = self._close(f"{path}d", [*facts, (new, relation, rest)], opened, effort, signs)
        if then is None:
            return None
        if relation == ">=":
            return split_sign(rest, {"<": (new, down), ">=": (new, then)})
        if relation == ">":
            return split_sign(rest, {"<=": (new, down), ">": (new, then)})
        one = self.ring.constant(1)
        below = Sum(((c, (*refs, new), ()),), ((ref, one),))
        above = Sum(((c, (*refs, new), ()),), ((ref, -one),))
        return split_sign(rest, {"<": (new, below), "=": (new, then), ">": (new, above)})

    def _leaf(self, path: str, facts: list[Fact], effort: int, signs: int) -> Node | None:
        for depth in range(effort + 1):
            for n, reach in enumerate(_EFFORTS[depth][1]):
                if f"{path}!{depth}.{n}" in self._failed or _EFFORTS[effort][0] - signs > reach.inside:
                    continue
                if isinstance(reach, Squares):
                    found = squares_contradiction(facts, self.ring, reach, self.work)
                else:
                    found = linear_contradiction(facts, self.ring, reach, self.work)
                if found:
                    return found
                self._failed.add(f"{path}!{depth}.{n}")
        if signs == 0:
            return None
        for n, p in enumerate(self._unknown_signs(facts)):
            new = f"{path}s{n}"
            cases: dict[str, tuple[Ref, Node]] = {}
            for relation, fact in (("<", (">", -p)), ("=", ("=", p)), (">", (">", p))):
                node = self._close(f"{path}s{n}{relation}", [*facts, (new, *fact)], [], effort, signs - 1)
                if node is None:
                    break
                cases[relation] = (new, node)
            else:
                return split_sign(p, cases)
        return None

    def _unknown_signs(self, facts: Sequence[Fact]) -> list[Poly]:
        """Polynomials whose sign may help: variables, differences, factors of facts and of slopes; simplest first."""
        known = {key(monic(s * p)) for _, relation, p in facts if relation in (">", "=") for s in (1, -1)}
        candidates: dict[object, Poly] = {}
        for _, _, p in facts:
            for q, _ in self.ring.factors(p)[1] if not p.is_constant() else ():
                candidates.setdefault(key(monic(q)), q)
            slopes = (p.derivative(i) for i in range(len(self.ring.names)))  # d - m, d - M of (M - d)(d - m) >= 0
            for q in slopes:
                if 0 < degree(q) <= 2 and len(q) <= 3:
                    for factor, _ in self.ring.factors(q)[1]:
                        candidates.setdefault(key(monic(factor)), factor)
        occurring = [v for i, v in enumerate(self.ring.variables) if any(p.degrees()[i] for _, _, p in facts)]
        pairs = itertools.combinations(occurring, 2) if len(occurring) <= 3 else ()
        for p in (*occurring, *(a - b for a, b in pairs)):
            candidates.setdefault(key(monic(p)), p)
        unknown = [p for k, p in candidates.items() if k not in known]
        first = sorted(unknown, key=lambda p: (degree(p), len(p)))[:8]
        between = {k: p for k, p in self._between(facts).items() if k not in known and k not in candidates}
        return [*sorted(between.values(), key=lambda p: (degree(p), len(p)))[:4], *first]

    def _between(self, facts: Sequence[Fact]) -> dict[object, Poly]:
        """What decides which of two facts says more: factors of the difference of two that are nearly the same."""
        found: dict[object, Poly] = {}
        for (_, _, p), (_, _, q) in itertools.combinations(facts, 2):
            difference = p - q
            if degree(p) == degree(q) > 2 and 1 < len(difference) <= len(p) and not difference.is_constant():
                self.work.spend(100)
                for factor, _ in self.ring.factors(difference)[1]:
                    if 0 < degree(factor) <= 3:
                        found.setdefault(key(monic(factor)), factor)
        return found

    _failed: set[str] = field(default_factory=set, init=False)


def _ratio(p: Poly, q: Poly) -> tuple[int, int]:
    """The number p / q of two multiples."""
    value = p.leading_coefficient() / q.leading_coefficient()
    return int(value.p), int(value.q)
