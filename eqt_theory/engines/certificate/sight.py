"""What facts say at sight: which variable an equation gives, which formula plainly follows or is contradicted."""

from collections.abc import Sequence

from eqt_theory.engines.certificate.linear import Fact
from eqt_theory.engines.certificate.terms import Poly, Ring, degree, key, monic, rational
from eqt_theory.engines.certificate.tree import Formula, Ref, Summand
from eqt_theory.engines.certificate.work import Work


def solvable(facts: Sequence[Fact]) -> tuple[Ref, int, Poly] | None:
    """An equation that says what one variable is, and its value; the one with the shortest value first."""
    found: list[tuple[int, Ref, int, Poly]] = []
    for ref, relation, p in facts:
        if relation != "=":
            continue
        for m, c in p.terms():
            if sum(m) == 1 and p.degrees()[index := m.index(1)] == 1 and sum(n[index] > 0 for n in p.monoms()) == 1:
                variable = p.context().gens()[index]
                value = variable - p / c
                found.append((len(value), ref, index, value))
        if found:
            break
    return min(found, key=lambda f: f[:3])[1:] if found else None


def above(facts: Sequence[Fact], ring: Ring, work: Work) -> tuple[Poly, tuple[Summand, ...]] | None:
    """A factor of a fact that is plainly above 0: it is a sum of products of variables that are.

    Args:
        facts: what is known.
        ring: of the polynomials.
        work: what may be spent.

    Returns:
        The first that is news, and the products that add up to it; None where there is none.
    """
    known = atoms(facts)
    positive = {m.index(1): ref for ref, relation, p in facts if relation == ">" for m in _variable(p)}
    for _, _, p in facts:
        work.spend(10)
        for q, _ in ring.factors(p)[1] if positive and degree(p) > 1 else ():
            if len(q) == 1 or degree(q) == degree(p) or (">", key(monic(q))) in known:
                continue
            if all(c > 0 and all(k == 0 or i in positive for i, k in enumerate(m)) for m, c in q.terms()):
                return q, tuple(
                    (rational(c), tuple(positive[i] for i, k in enumerate(m) for _ in range(k)), ())
                    for m, c in q.terms()
                )
    return None


def _variable(p: Poly) -> list[tuple[int, ...]]:
    """The one monomial of a variable, as it is written in FLINT; nothing for others."""
    return list(p.monoms()) if degree(p) == 1 and len(p) == 1 and p.leading_coefficient() == 1 else []


def atoms(facts: Sequence[Fact]) -> set[tuple[str, object]]:
    """Facts as relation and polynomial up to a positive factor."""
    return {(relation, key(monic(p))) for _, relation, p in facts}


def implied(formula: Formula, known: set[tuple[str, object]]) -> bool:
    """Whether the formula plainly follows from facts."""
    kind, content = formula
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(implied(part, known) for part in content)
    if content.is_constant():
        value = content.leading_coefficient() if content != 0 else 0
        return value == 0 if kind == "=" else (value > 0 or (kind == ">=" and value == 0))
    k = key(monic(content))
    return (kind, k) in known or (kind == ">=" and ((">", k) in known or ("=", k) in known))


def refuted(formula: Formula, known: set[tuple[str, object]]) -> bool:
    """Whether the formula plainly contradicts facts."""
    kind, content = formula
    if kind in ("and", "or"):
        return (any if kind == "and" else all)(refuted(part, known) for part in content)
    negations = {">": [(">=", -1), ("=", 1), ("=", -1)], ">=": [(">", -1)], "=": [(">", 1), (">", -1)]}[kind]
    if content.is_constant():
        return not implied(formula, known)
    return any(implied((relation, s * content), known) for relation, s in negations)
