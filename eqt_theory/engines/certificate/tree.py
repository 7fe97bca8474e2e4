"""Proof trees: what a search builds.

Facts and disjunctions have names of their own (`Ref`) instead of positions, so that what was not needed can be left
out; `write` gives the positions that the kernel counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqt_theory.engines.certificate.terms import Poly, Ring, written

Ref = str
Formula = tuple[str, Any]
"""As the kernel's, with FLINT polynomials."""


@dataclass(frozen=True)
class Given:
    """Facts and disjunctions that a step adds, in the kernel's order."""

    facts: tuple[Ref, ...]
    disjunctions: tuple[Ref, ...] = ()


Summand = tuple[Fraction, tuple[Ref, ...], tuple[Poly, ...]]
"""A positive number times facts and squares."""


@dataclass(frozen=True)
class Sum:
    """A contradiction: summands `(c, facts, squares)` and equations `(fact, multiplier)` that add up to 0."""

    summands: tuple[Summand, ...]
    equations: tuple[tuple[Ref, Poly], ...] = ()


@dataclass(frozen=True)
class Or:
    """A case for each part of a disjunction."""

    disjunction: Ref
    cases: tuple[tuple[Given, "Node"], ...]


@dataclass(frozen=True)
class Sign:
    """A case for each sign of a polynomial, by relation to 0; each adds one fact."""

    of: Poly
    cases: Mapping[str, tuple[Ref, "Node"]]


@dataclass(frozen=True)
class Put:
    """An equation is solved for a variable (by index), which is then gone."""

    variable: int
    fact: Ref
    then: "Node"


Node = Sum | Or | Sign | Put


def used(node: Node) -> frozenset[Ref]:
    """The facts and disjunctions from above that a proof rests on."""
    match node:
        case Sum(summands, equations):
            return frozenset(r for _, refs, _ in summands for r in refs) | {r for r, _ in equations}
        case Or(disjunction, cases):
            below = (used(case) - {*given.facts, *given.disjunctions} for given, case in cases)
            return frozenset({disjunction}).union(*below)
        case Sign(_, cases):
            return frozenset().union(*(used(case) - {ref} for ref, case in cases.values()))
        case Put(_, fact, then):
            return used(then) | {fact}


def split_or(disjunction: Ref, cases: Sequence[tuple[Given, Node]]) -> Node:
    """The split, or one of its cases where that does without what the case adds."""
    for given, case in cases:
        if not used(case) & {*given.facts, *given.disjunctions}:
            return case
    return Or(disjunction, tuple(cases))


def split_sign(of: Poly, cases: Mapping[str, tuple[Ref, Node]]) -> Node:
    """The split, or one of its cases where that does without the sign."""
    for ref, case in cases.values():
        if ref not in used(case):
            return case
    return Sign(of, cases)


def write(node: Node, ring: Ring, facts: Sequence[Ref], disjunctions: Sequence[Ref]) -> dict[str, Any]:
    """The tree as the kernel reads it.

    Args:
        node: the tree.
        ring: of its polynomials.
        facts: what the kernel has collected so far, in its order.
        disjunctions: likewise.

    Returns:
        JSON data.
    """
    match node:
        case Sum(summands, equations):
            return {
                "sum": [
                    [str(c), [facts.index(r) for r in refs], [ring.write(s) for s in squares]]
                    for c, refs, squares in summands
                ],
                "equations": [[facts.index(r), ring.write(q)] for r, q in equations],
            }
        case Or(disjunction, cases):
            k = disjunctions.index(disjunction)
            left = [*disjunctions[:k], *disjunctions[k + 1 :]]
            below = [write(case, ring, [*facts, *g.facts], [*left, *g.disjunctions]) for g, case in cases]
            return {"or": k, "cases": below}
        case Sign(of, cases):
            split = {rel: write(case, ring, [*facts, ref], disjunctions) for rel, (ref, case) in cases.items()}
            return {"sign": ring.write(of), "cases": split}
        case Put(variable, fact, then):
            below = write(then, ring, facts, disjunctions)
            return {"put": ring.names[variable], "fact": facts.index(fact), "then": below}


__all__ = [
    "Formula",
    "Given",
    "Node",
    "Or",
    "Put",
    "Ref",
    "Sign",
    "Sum",
    "split_or",
    "split_sign",
    "used",
    "write",
    "written",
]
