"""What facts say at sight: which variable an equation gives, which formula plainly follows or is contradicted."""

from collections.abc import Sequence

from eqt_theory.engines.certificate.linear import Fact
from eqt_theory.engines.certificate.terms import Poly, key, monic
from eqt_theory.engines.certificate.tree import Formula, Ref


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
