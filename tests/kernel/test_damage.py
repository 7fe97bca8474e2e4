"""Thousands of altered certificates of the paper: each is rejected, or what it shows is still true."""

import copy
import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
import z3

from eqt_theory import kernel
from eqt_theory.core.folder import default_folder
from eqt_theory.kernel import Rejected

FOLDER = default_folder() / "certificates"


@pytest.fixture(scope="module")
def certificates() -> list[dict[str, Any]]:
    return [part for file in sorted(FOLDER.glob("*.json")) for part in kernel.load(file)["certificates"]]


def _accepted(certificate: dict[str, Any]) -> bool:
    try:
        return bool(kernel.check(certificate))
    except Rejected:
        return False


def _nodes(value: Any) -> Iterator[Any]:
    """Every dictionary and list in a value."""
    if isinstance(value, dict | list):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _nodes(part)


def _pick(proof: Any, wanted: Callable[[Any], bool], draw: random.Random) -> Any:
    found = [node for node in _nodes(proof) if wanted(node)]
    return draw.choice(found) if found else None


def _is_node(*names: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and set(names) <= set(value)


def _is_summand(value: Any) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, list, list]


def coefficient(proof: Any, draw: random.Random) -> bool:
    summand = _pick(proof, _is_summand, draw)
    if summand is None:
        return False
    c = Fraction(summand[0])
    summand[0] = str(draw.choice([c + 1, c / 2, -c, Fraction(0)]))
    return True


def other_fact(proof: Any, draw: random.Random) -> bool:
    summand = _pick(proof, lambda v: _is_summand(v) and v[1], draw)
    if summand is None:
        return False
    summand[1][draw.randrange(len(summand[1]))] += draw.choice([-1, 1, 100])
    return True


def lost_fact(proof: Any, draw: random.Random) -> bool:
    summand = _pick(proof, lambda v: _is_summand(v) and v[1], draw)
    return summand is not None and bool([summand[1].pop()])


def lost_summand(proof: Any, draw: random.Random) -> bool:
    leaf = _pick(proof, lambda v: _is_node("sum")(v) and v["sum"], draw)
    return leaf is not None and bool([leaf["sum"].pop(draw.randrange(len(leaf["sum"])))])


def lost_square(proof: Any, draw: random.Random) -> bool:
    summand = _pick(proof, lambda v: _is_summand(v) and v[2], draw)
    return summand is not None and bool([summand[2].pop()])


def lost_equation(proof: Any, draw: random.Random) -> bool:
    leaf = _pick(proof, lambda v: _is_node("equations")(v) and v["equations"], draw)
    return leaf is not None and bool([leaf["equations"].pop()])


def lost_case(proof: Any, draw: random.Random) -> bool:
    node = _pick(proof, lambda v: _is_node("cases")(v) and v["cases"], draw)
    if node is not None:
        node["cases"].pop(-1 if isinstance(node["cases"], list) else next(iter(node["cases"])))
    return node is not None


def swapped_cases(proof: Any, draw: random.Random) -> bool:
    node = _pick(proof, lambda v: _is_node("cases")(v) and len(v["cases"]) > 1, draw)
    if node is None:
        return False
    cases = node["cases"]
    a, b = (0, 1) if isinstance(cases, list) else list(cases)[:2]
    cases[a], cases[b] = cases[b], cases[a]
    return True


def other_disjunction(proof: Any, draw: random.Random) -> bool:
    node = _pick(proof, _is_node("or"), draw)
    if node is not None:
        node["or"] += draw.choice([-1, 1])
    return node is not None


def other_sign(proof: Any, draw: random.Random) -> bool:
    node = _pick(proof, _is_node("sign"), draw)
    if node is not None:
        node["sign"] = f"(+ 1 {node['sign']})"
    return node is not None


def other_equation(proof: Any, draw: random.Random) -> bool:
    node = _pick(proof, _is_node("put"), draw)
    if node is not None:
        node["fact"] += draw.choice([-1, 1])
    return node is not None


KINDS = (
    coefficient, other_fact, lost_fact, lost_summand, lost_square, lost_equation,
    lost_case, swapped_cases, other_disjunction, other_sign, other_equation,
)  # fmt: skip


def test_there_is_something_to_damage(certificates: list[dict]):
    kinds = Counter(c["kind"] for c in certificates)
    assert kinds["contradiction"] > 400 and kinds["point"] > 100
    assert all(map(_accepted, certificates))


def test_altered_proofs_are_rejected_or_prove_the_same_text(certificates: list[dict]):
    """The text of an altered proof is unchanged, and its own proof stands: what is accepted is true all the same."""
    draw, tried, rejected = random.Random(0), Counter(), Counter()
    for certificate in certificates:
        if certificate["kind"] == "contradiction":
            for kind in draw.sample(KINDS, 6):
                altered = copy.deepcopy(certificate)
                if kind(altered["proof"], draw) and altered != certificate:
                    tried[kind.__name__] += 1
                    rejected[kind.__name__] += not _accepted(altered)
    assert sum(tried.values()) > 1000
    assert set(tried) == {kind.__name__ for kind in KINDS}
    assert rejected["lost_case"] == tried["lost_case"]
    for kind in ("coefficient", "lost_summand", "lost_fact"):  # harmless where a fact says 0 > 0 all by itself
        assert rejected[kind] >= 0.75 * tried[kind], (kind, rejected[kind], tried[kind])
    assert sum(rejected.values()) > 0.8 * sum(tried.values())


def _of_text(certificate: dict[str, Any], text: str) -> dict[str, Any]:
    return certificate | {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _lines(certificate: dict[str, Any]) -> tuple[list[str], list[int]]:
    lines = certificate["text"].splitlines(keepends=True)
    return lines, [n for n, line in enumerate(lines) if line.startswith("(assert")]


def test_without_the_goal_nothing_is_shown(certificates: list[dict]):
    """The last assertion is the negated goal; the others hold together."""
    for certificate in certificates:
        if certificate["kind"] == "contradiction":
            lines, assertions = _lines(certificate)
            text = "".join(lines[: assertions[-1]] + lines[assertions[-1] + 1 :])
            assert not _accepted(_of_text(certificate, text)), text


def test_proofs_of_altered_texts_are_rejected_or_true(certificates: list[dict]):
    draw, tried, accepted = random.Random(1), 0, []
    changes = (
        ("<=", "<"),
        ("<", "<="),
        ("(- 1)", "1"),
        (r"\b2\b", "3"),
        (r"\b1\b", "2"),
        (r"\+", "-"),
        ("or", "and"),
        ("and", "or"),
    )
    for certificate in certificates:
        lines, assertions = _lines(certificate)
        for old, new in draw.sample(changes, 2):
            n = draw.choice(assertions)
            places = [m.span() for m in re.finditer(old if old[0] in "\\" else re.escape(old), lines[n])]
            if places:
                start, end = draw.choice(places)
                line = lines[n][:start] + new + lines[n][end:]
                text = "".join([*lines[:n], line, *lines[n + 1 :]])
                tried += 1
                assert not _accepted(certificate | {"text": text})  # another digest
                if _accepted(_of_text(certificate, text)):
                    accepted.append((certificate["kind"], text))
    assert tried > 500 and len(accepted) < 0.6 * tried
    for kind, text in accepted:
        solver = z3.Solver()
        solver.set("timeout", 2000)
        solver.from_string(text)
        assert str(solver.check()) != ("sat" if kind == "contradiction" else "unsat"), text


def test_altered_points_are_rejected_or_hold(certificates: list[dict]):
    draw, tried, rejected = random.Random(2), 0, 0
    for certificate in certificates:
        if certificate["kind"] == "point" and certificate["values"]:
            altered = copy.deepcopy(certificate)
            name = draw.choice(sorted(altered["values"]))
            altered["values"][name] = draw.choice(["0", "(- 1)", "1000", f"(- {altered['values'][name]})"])
            if altered == certificate:
                continue
            tried += 1
            if not _accepted(altered):
                rejected += 1
            elif not altered["roots"]:
                solver = z3.Solver()
                solver.from_string(altered["text"].replace("(check-sat)", "") + "".join(
                    f"(assert (= {_quoted(x)} {value}))" for x, value in altered["values"].items()
                ))  # fmt: skip
                assert str(solver.check()) == "sat"
    assert tried > 100 and rejected > 0.3 * tried


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else f"|{name}|"
