"""A certificate as mathematics that a reader can follow: facts, cases, multipliers and squares, one line a step.

The lines are plain text in the notation of findings (`1/2 [4] (x - y)^2`), which `typeset` sets for HTML. They say what
the certificate holds; that it shows something, the kernel says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqt_theory.core.certificate import Certificate
from eqt_theory.core.proof import Proof
from eqt_theory.kernel.polynomial import Polynomial, add, powers, scale, substitute, value_of
from eqt_theory.kernel.smtlib import Formula, assertions, atom, expression, term

LONGEST = 600
"""Characters of a formula; what is longer ends in dots, since the certificate holds it."""

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True)
class Line:
    """One line of a proof.

    Args:
        depth: how many cases it lies within.
        text: what it says, plain.
    """

    depth: int
    text: str


def lines_of(proof: Proof) -> list[Line]:
    """What a proof says, step by step, with the name of each step.

    Args:
        proof: of a finding.

    Returns:
        The lines; of a step without certificate, who answered for it.
    """
    lines = []
    for obligation in proof.obligations:
        lines.append(Line(0, f"{obligation.name}:"))
        if obligation.certificate is None:
            said = ", ".join(f"{name}: {answer}" for name, answer in sorted(obligation.answers.items()))
            lines.append(Line(1, f"no certificate; {said}"))
        else:
            lines += [Line(line.depth + 1, line.text) for line in proof_lines(obligation.certificate)]
    for identity in proof.identities:
        shown = identity.formula or (identity_text(identity.certificate.data) if identity.certificate else "")
        lines.append(Line(0, f"{identity.text}: {_clipped(shown)}" if shown else identity.text))
    return [*lines, *(proof_lines(proof.point) if proof.point else [])]


def proof_lines(certificate: Certificate) -> list[Line]:
    """What a certificate of a contradiction, an identity or a point says; nothing for other kinds.

    Args:
        certificate: one that the kernel accepts; a collection is read part by part.

    Returns:
        The lines, in order.
    """
    data = certificate.data
    match certificate.kind:
        case "collection":
            parts = [Certificate(part) for part in data["certificates"]]
            return [line for part in parts for line in proof_lines(part)]
        case "contradiction":
            return _contradiction(data["text"], data["proof"])
        case "identity":
            return [Line(0, identity_text(data))]
        case "point":
            values = ", ".join(f"{x} = {_clipped(infix(expression(v)))}" for x, v in sorted(data["values"].items()))
            return [Line(0, f"The hypotheses hold together, for example at {values}.")] if values else []
    return []


def identity_text(data: Mapping[str, Any]) -> str:
    """`left = right` of the data of an identity."""
    return " = ".join(_clipped(infix(expression(data[side]))) for side in ("left", "right"))


def infix(tree: Any) -> str:
    """An expression of SMT-LIB as one writes it: `(* 2 (+ x y))` as `2*(x + y)`."""
    return _infix(tree)[0]


def polynomial_text(p: Polynomial) -> str:
    """A polynomial, terms of higher degree first: `x^2 - 2*x*y + 1/3`."""
    ordered = sorted(p.items(), key=lambda item: (-sum(k for _, k in item[0]), item[0]))
    parts = []
    for monomial, coefficient in ordered:
        names = "*".join(name if k == 1 else f"{name}^{k}" for name, k in monomial)
        size = abs(coefficient)
        body = str(size) if not names else names if size == 1 else f"{size}*{names}"
        sign = ("-" if coefficient < 0 else "") if not parts else (" - " if coefficient < 0 else " + ")
        parts.append(f"{sign}{body}")
    return "".join(parts) or "0"


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _infix(tree: Any) -> tuple[str, int]:
    """The text and how tightly it binds: 1 a sum, 2 a product, 3 whole."""
    if not isinstance(tree, list):
        return str(tree), 3
    operator, *parts = tree
    if operator == "-" and len(parts) == 1:
        return f"-{_within(parts[0], 2)}", 1
    level = _BINDING[str(operator)]
    if operator == "*":
        return _product(parts)
    if operator == "+":
        return _sum_of(parts), level
    first, *rest = parts
    return str(operator).join([_within(first, level), *(_within(part, level + 1) for part in rest)]), level


def _within(tree: Any, level: int) -> str:
    """The text, in brackets where it binds less tightly."""
    text, own = _infix(tree)
    return text if own >= level else f"({text})"


def _product(factors: Sequence[Any]) -> tuple[str, int]:
    """Factors in order, equal neighbours as a power, and how tightly that binds."""
    texts: list[tuple[str, int]] = []
    for factor in factors:
        text = _within(factor, 3)
        if texts and texts[-1][0] == text:
            texts[-1] = (text, texts[-1][1] + 1)
        else:
            texts.append((text, 1))
    if len(texts) > 1 and texts[0] == ("(-1)", 1):
        texts = [(f"-{texts[1][0]}", texts[1][1]), *texts[2:]]
    return "*".join(text if k == 1 else f"{text}^{k}" for text, k in texts), 3 if len(texts) == 1 else 2


def _sum_of(parts: Sequence[Any]) -> str:
    text = ""
    for part in parts:
        own = _within(part, 1)
        text += f" - {own[1:]}" if text and own.startswith("-") else f" + {own}" if text else own
    return text


def _relation(fact: tuple[str, Polynomial]) -> str:
    return f"{_clipped(polynomial_text(fact[1]))} {fact[0]} 0"


def _words(formula: Formula) -> str:
    """A formula that is no single fact."""
    kind, content = formula
    if kind in ("and", "or"):
        parts = [_words(part) for part in content if part != ("or", [])]
        return f" {kind} ".join(parts) if len(parts) < 2 else f"({f' {kind} '.join(parts)})"
    return _relation(formula)


@dataclass(frozen=True)
class _Known:
    """What is known at a node: facts, disjunctions that are open, and the names of the text."""

    facts: tuple[tuple[str, Polynomial], ...]
    disjunctions: tuple[Formula, ...]
    names: frozenset[str]

    def with_(self, formula: Formula) -> "_Known":
        kind, content = formula
        if kind == "and":
            known = self
            for part in content:
                known = known.with_(part)
            return known
        if kind == "or":
            return _Known(self.facts, (*self.disjunctions, formula), self.names)
        return _Known((*self.facts, formula), self.disjunctions, self.names)


def _contradiction(text: str, proof: Mapping[str, Any]) -> list[Line]:
    formulas, names = assertions(text)
    known, lines, used = _Known((), (), frozenset(names)), [], _used(proof)
    for formula, comment in zip(formulas, _comments(text), strict=True):
        before, known = len(known.facts), known.with_(formula)
        contrary = comment.startswith("negation of")
        lines += [
            Line(0, f"[{i}] {_relation(known.facts[i])}{', the contrary of what is to be shown' if contrary else ''}")
            for i in range(before, len(known.facts))
            if i in used
        ]
    return [*lines, *_node(proof, known, 0)]


def _comments(text: str) -> Iterator[str]:
    """The comment before each assertion."""
    comment = ""
    for line in text.splitlines():
        if line.startswith("; "):
            comment = line[2:]
        elif line.startswith("(assert "):
            yield comment
            comment = ""


def _used(node: Mapping[str, Any]) -> set[int]:
    """The facts that a node or one below it names."""
    if "sum" in node:
        return {i for _, used, _ in node["sum"] for i in used} | {i for i, _ in node["equations"]}
    below = [node["then"]] if "put" in node else node["cases"]
    below = below.values() if isinstance(below, Mapping) else below
    return set().union(*map(_used, below), {node["fact"]} if "put" in node else set())


def _node(node: Mapping[str, Any], known: _Known, depth: int) -> list[Line]:
    if "sum" in node:
        return [Line(depth, _sum(node, known))]
    if "put" in node:
        return _put(node, known, depth)
    if "sign" in node:
        p = term(node["sign"], set(known.names))
        cases = [(atom(str(relation), p), case) for relation, case in node["cases"].items()]
    else:
        k = node["or"]
        rest = _Known(known.facts, known.disjunctions[:k] + known.disjunctions[k + 1 :], known.names)
        cases = list(zip(known.disjunctions[k][1], node["cases"], strict=True))
        known = rest
    lines = []
    for formula, case in cases:
        if formula == ("or", []):  # what is false needs no proof
            continue
        new = known.with_(formula)
        facts = [f"[{i}] {_relation(new.facts[i])}" for i in range(len(known.facts), len(new.facts))]
        lines += [
            Line(depth, f"Case {' and '.join(facts) or _clipped(_words(formula))}:"),
            *_node(case, new, depth + 1),
        ]
    return lines


def _put(node: Mapping[str, Any], known: _Known, depth: int) -> list[Line]:
    x, (_, p) = node["put"], known.facts[node["fact"]]
    rest = add(*(c for k, c in powers(p, x) if k == 0))
    t = scale(rest, -1 / value_of(add(*(c for k, c in powers(p, x) if k == 1))))

    def put(formula: Formula) -> Formula:
        kind, content = formula
        return (kind, [put(part) for part in content] if kind in ("and", "or") else substitute(content, x, t))

    new = _Known(tuple(put(f) for f in known.facts), tuple(put(d) for d in known.disjunctions), known.names)
    said = f"By [{node['fact']}], {x} = {_clipped(polynomial_text(t))}; put it everywhere."
    return [Line(depth, said), *_node(node["then"], new, depth)]


def _sum(node: Mapping[str, Any], known: _Known) -> str:
    """The sum that is 0 although it is positive."""
    parts, positive = [], ""
    for coefficient, used, squares in node["sum"]:
        factors = ["".join(f"[{i}]" for i in used), *(f"({_clipped(infix(expression(s)))})^2" for s in squares)]
        number = "" if Fraction(coefficient) == 1 and any(factors) else coefficient
        parts.append(" ".join(part for part in (number, *factors) if part))
        if not positive and not squares and all(known.facts[i][0] == ">" for i in used):
            positive = parts[-1]
    parts += [f"({_clipped(infix(expression(q)))}) [{i}]" for i, q in node["equations"]]
    if len(parts) == 1:
        return f"{parts[0]} = 0 for all numbers, yet positive: a contradiction."
    none = "no summand is negative" if not node["equations"] else "no summand is negative, those of equations are 0"
    return f"{' + '.join(parts)} = 0 for all numbers, yet {none} and {positive} is positive: a contradiction."
