"""Short certificates as mathematics: which multiples of which facts add up to 0, although they are positive."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqt_theory.core.certificate import Certificate
from eqt_theory.core.mathml import mathml
from eqt_theory.core.typeset import typeset
from eqt_theory.kernel.contradiction import read
from eqt_theory.kernel.polynomial import Polynomial, add, powers, scale, substitute, value_of
from eqt_theory.kernel.smtlib import Formula, atom, expression, term
from eqt_theory.report.formula import number_tex, polynomial_tex, term_tex

_SUMMANDS, _CASES, _TERMS, _LETTERS, _LINE = 9, 4, 14, 900, 260
"""What is short: summands and cases of a certificate, terms of a polynomial, letters of a formula and of a line."""
_SIGNS = {">": ">", ">=": r"\geq", "=": "=", "<": "<", "<=": r"\leq"}


@dataclass(frozen=True)
class Line:
    """A line of what is shown.

    Args:
        depth: how many cases it stands in.
        html: its text.
        number: of the fact that it states; 0 for none.
    """

    depth: int
    html: str
    number: int = 0


class _TooLong(Exception):
    pass


def multipliers(certificate: Certificate | None) -> list[Line]:
    """A certificate of contradiction, line by line.

    Args:
        certificate: that the kernel accepts.

    Returns:
        HTML that is safe; none where it is another certificate, a long one, or formulas cannot be set.
    """
    if certificate is None or certificate.kind != "contradiction":
        return []
    data = certificate.data
    formulas, names = read(data["text"], data["sha256"])
    facts: list[_Fact] = []
    disjunctions: list[Formula] = []
    for said, formula in zip(_comments(data["text"]), formulas, strict=True):
        _take(formula, said, facts, disjunctions)
    try:
        used = _used(data["proof"], len(facts))
        shown = [line for i, fact in enumerate(facts) if i in used for line in _stated(i, fact, 0)]
        return [*shown, *_node(data["proof"], facts, disjunctions, names, 0)]
    except _TooLong:
        return []


def equation(certificate: Certificate | None) -> list[str]:
    """A certificate of an identity as formulas, a long one with a line for each summand of its right side.

    Args:
        certificate: that the kernel accepts.

    Returns:
        HTML that is safe, a text for each line; none where it is another certificate, a very long one, or formulas
        cannot be set.
    """
    if certificate is None or certificate.kind != "identity":
        return []
    left, right = (expression(certificate.data[side]) for side in ("left", "right"))
    whole = f"{term_tex(left)} = {term_tex(right)}"
    if len(whole) <= _LINE:
        lines = [whole]
    else:
        first, *others = right[1:] if isinstance(right, list) and right[0] == "+" else [right]
        parts = [term_tex(part) for part in others]
        rest = [text if text.startswith("-") else rf"{{}} + {text}" for text in parts]
        lines = [term_tex(left), f"{{}} = {term_tex(first)}", *rest]
    if sum(map(len, lines)) > _LETTERS * 4:
        return []
    formulas = [mathml(line) for line in lines]
    return [formula for formula in formulas if formula] if None not in formulas else []


@dataclass(frozen=True)
class _Fact:
    relation: str
    p: Polynomial
    said: str = ""


def _comments(text: str) -> Iterator[str]:
    """What stands above each assertion."""
    above = ""
    for line in text.split("\n"):
        if line.startswith("(assert"):
            yield above
            above = ""
        elif line.startswith("; "):
            above = line[2:]


def _take(formula: Formula, said: str, facts: list[_Fact], disjunctions: list[Formula]) -> None:
    """Collect facts and disjunctions in the kernel's order."""
    kind, content = formula
    if kind == "and":
        for part in content:
            _take(part, said, facts, disjunctions)
    elif kind == "or":
        disjunctions.append(formula)
    else:
        facts.append(_Fact(kind, content, said))


def _used(node: Mapping[str, Any], known: int) -> set[int]:
    """Which of the facts known at the root are used anywhere; raises for a long proof."""
    leaves = list(_leaves(node))
    summands = sum(len(leaf["sum"]) + len(leaf["equations"]) for leaf, _ in leaves)
    if len(leaves) > _CASES or summands > _SUMMANDS:
        raise _TooLong
    used = {i for leaf, _ in leaves for _, facts, _ in leaf["sum"] for i in facts}
    used |= {i for leaf, _ in leaves for i, _ in leaf["equations"]} | {i for _, put in leaves for i in put}
    return {i for i in used if i < known}


def _leaves(node: Mapping[str, Any], put: tuple[int, ...] = ()) -> Iterator[tuple[Mapping[str, Any], tuple[int, ...]]]:
    """The sums at the ends, with the facts that were put in on the way."""
    if "sum" in node:
        yield node, put
    elif "put" in node:
        yield from _leaves(node["then"], (*put, node["fact"]))
    else:
        for case in node["cases"] if isinstance(node["cases"], list) else node["cases"].values():
            yield from _leaves(case, put)


def _node(
    node: Mapping[str, Any], facts: list[_Fact], disjunctions: list[Formula], names: set[str], depth: int
) -> Iterator[Line]:
    if "or" in node:
        k = node["or"]
        others = disjunctions[:k] + disjunctions[k + 1 :]
        for n, (part, case) in enumerate(zip(disjunctions[k][1], node["cases"], strict=True), start=1):
            more, left = list(facts), list(others)
            _take(part, "", more, left)
            yield Line(depth, f"Case {n}:")
            yield from _new(more, len(facts), depth + 1)
            yield from _node(case, more, left, names, depth + 1)
    elif "sign" in node:
        for relation, case in node["cases"].items():
            sign = f"{_limited(term_tex(expression(node['sign'])))} {_SIGNS[relation]} 0"
            yield Line(depth, f"Case {_set(sign)}:")
            more = [*facts, _Fact(*atom(relation, term(node["sign"], names)))]
            yield from _new(more, len(facts), depth + 1)
            yield from _node(case, more, disjunctions, names, depth + 1)
    elif "put" in node:
        x, i = node["put"], node["fact"]
        p = facts[i].p
        a = value_of(add(*(c for k, c in powers(p, x) if k == 1)))
        t = scale(add(*(c for k, c in powers(p, x) if k == 0)), -1 / a)
        formula = _set(f"{polynomial_tex({((x, 1),): Fraction(1)})} = {_short(t)}")
        yield Line(depth, f"By ({i + 1}), {formula}, which is put in wherever it stands.")
        facts = [_Fact(f.relation, substitute(f.p, x, t), f.said) for f in facts]
        disjunctions = [_put(d, x, t) for d in disjunctions]
        yield from _node(node["then"], facts, disjunctions, names, depth)
    else:
        yield Line(depth, _sum(node))


def _put(formula: Formula, x: str, t: Polynomial) -> Formula:
    kind, content = formula
    if kind in ("and", "or"):
        return kind, [_put(part, x, t) for part in content]
    return kind, substitute(content, x, t)


def _sum(node: Mapping[str, Any]) -> str:
    """The sum at an end, its facts by their numbers."""
    summands = []
    for c, used, squares in node["sum"]:
        factors = [f"({i + 1})" for i in used]
        factors += [f"({_limited(term_tex(expression(s)))})^{{2}}" for s in squares]
        number = number_tex(Fraction(c)) if Fraction(c) != 1 or not factors else ""
        summands.append(r" \, ".join([*([number] if number else []), *factors]))
    for i, q in node["equations"]:
        summands.append(rf"({_limited(term_tex(expression(q)))}) \, ({i + 1})")
    formula = _set(f"{' + '.join(summands)} = 0")
    if len(summands) == 1:
        return f"{formula}, but it is positive: a contradiction."
    return f"{formula}, but no summand is negative and one is positive: a contradiction."


def _new(facts: list[_Fact], before: int, depth: int) -> Iterator[Line]:
    for i in range(before, len(facts)):
        yield from _stated(i, facts[i], depth)


def _stated(i: int, fact: _Fact, depth: int) -> Iterator[Line]:
    formula = _set(f"{_short(fact.p)} {_SIGNS[fact.relation]} 0")
    said = fact.said.removeprefix("negation of: ")
    label = typeset(said) if said == fact.said else f"were it not so that {typeset(said)}"
    yield Line(depth, formula + (f' <span class="said">{label}</span>' if label else ""), i + 1)


def _short(p: Polynomial) -> str:
    if len(p) > _TERMS:
        raise _TooLong
    return polynomial_tex(p)


def _limited(latex: str) -> str:
    if len(latex) > _LETTERS:
        raise _TooLong
    return latex


def _set(latex: str) -> str:
    formula = mathml(latex)
    if formula is None:
        raise _TooLong
    return formula
