"""Contradiction: the assertions of one SMT-LIB text cannot hold together, whatever real numbers its constants are.

A proof is a tree. On the way down, facts and open disjunctions are collected, each numbered in order of arrival:
facts `p > 0`, `p >= 0` or `p = 0`; the parts of a conjunction one after another. A node is one of

  {"or": k, "cases": [node, ..]}         one case for each part of disjunction k, which is then no longer open
  {"sign": p, "cases": {"<": node, ..}}  one case for each sign of p, a term: < and >=, or <= and >, or <, = and >
  {"put": x, "fact": i, "then": node}    fact i is p = 0 with p = a (x - t), a a number, t without x; t replaces x
  {"sum": [[c, [i, ..], [s, ..]], ..], "equations": [[i, q], ..]}
      the sum of c * (product of facts i) * (product of s^2) and of q * (fact i) is 0 as a polynomial,
      although each c > 0, each fact in the first part is > or >=, in the second =, and one summand of
      the first part is positive: it has no squares, and all its facts are >.
"""

from hashlib import sha256
from typing import Any

from eqt_theory.kernel.polynomial import Polynomial, add, multiply, powers, scale, substitute, value_of, variable
from eqt_theory.kernel.reading import fields, items, need, position, positive
from eqt_theory.kernel.smtlib import Formula, assertions, atom, term

Fact = tuple[str, Polynomial]

_COVERS = ({"<", ">="}, {"<=", ">"}, {"<", "=", ">"})


def check(certificate: dict[str, Any]) -> str:
    """What the certificate shows, in words."""
    _, text, digest, proof = fields(certificate, "kind", "text", "sha256", "proof")
    formulas, names = read(text, digest)
    facts: list[Fact] = []
    disjunctions: list[Formula] = []
    for formula in formulas:
        _take(formula, facts, disjunctions)
    _close(proof, facts, disjunctions, names)
    return f"the {len(formulas)} assertions of the text {digest[:12]} cannot hold together"


def read(text: Any, digest: Any) -> tuple[list[Formula], set[str]]:
    """The assertions and names of a text that has this SHA-256."""
    need(
        type(text) is str and sha256(text.encode(errors="replace")).hexdigest() == digest, "not the text of this sha256"
    )
    return assertions(text)


def _take(formula: Formula, facts: list[Fact], disjunctions: list[Formula]) -> None:
    kind, content = formula
    if kind == "and":
        for part in content:
            _take(part, facts, disjunctions)
    else:
        (disjunctions if kind == "or" else facts).append(formula)


def _close(node: Any, facts: list[Fact], disjunctions: list[Formula], names: set[str]) -> None:
    """Return where the node shows that the facts and disjunctions cannot hold together; else reject."""
    need(type(node) is dict, f"expected a node of a proof, got {node!r:.60}")
    if "or" in node:
        k, cases = fields(node, "or", "cases")
        parts = disjunctions[position(k, len(disjunctions))][1]
        others = disjunctions[:k] + disjunctions[k + 1 :]
        for part, case in zip(parts, items(cases, len(parts)), strict=True):
            new_facts, new_disjunctions = list(facts), list(others)
            _take(part, new_facts, new_disjunctions)
            _close(case, new_facts, new_disjunctions, names)
    elif "sign" in node:
        text, cases = fields(node, "sign", "cases")
        need(type(cases) is dict and set(cases) in _COVERS, "a sign has the cases < and >=, or <= and >, or <, = and >")
        for relation, case in cases.items():
            _close(case, [*facts, atom(str(relation), term(text, names))], disjunctions, names)
    elif "put" in node:
        x, i, then = fields(node, "put", "fact", "then")
        relation, p = facts[position(i, len(facts))]
        need(relation == "=" and type(x) is str and x in names, f"fact {i} says not what {x!r:.40} is")
        t = add(*(c for k, c in powers(p, x) if k == 0))
        a = value_of(add(*(c for k, c in powers(p, x) if k == 1)))
        need(a != 0 and p == add(scale(variable(x), a), t), f"fact {i} says not what {x} is")
        t = scale(t, -1 / a)
        facts = [(relation, substitute(q, x, t)) for relation, q in facts]
        _close(then, facts, [_put(d, x, t) for d in disjunctions], names)
    else:
        _sum(node, facts, names)


def _put(formula: Formula, x: str, t: Polynomial) -> Formula:
    kind, content = formula
    if kind in ("and", "or"):
        return (kind, [_put(part, x, t) for part in content])
    return (kind, substitute(content, x, t))


def _sum(node: dict[str, Any], facts: list[Fact], names: set[str]) -> None:
    summands, equations = fields(node, "sum", "equations")
    total: list[Polynomial] = []
    positive_summand = False
    for summand in items(summands):
        c, used, squared = items(summand, 3)
        chosen = [facts[position(i, len(facts))] for i in items(used)]
        need(all(relation in (">", ">=") for relation, _ in chosen), "a product of facts has one that is no inequality")
        squares = [term(s, names) for s in items(squared)]
        total.append(multiply({(): positive(c)}, *(p for _, p in chosen), *squares, *squares))
        positive_summand |= not squares and all(relation == ">" for relation, _ in chosen)
    for equation in items(equations):
        i, q = items(equation, 2)
        relation, p = facts[position(i, len(facts))]
        need(relation == "=", f"fact {i} is no equation")
        total.append(multiply(term(q, names), p))
    need(positive_summand, "no summand is positive, so that the sum may be 0")
    need(not add(*total), "the sum is not 0")
