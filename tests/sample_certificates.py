"""Certificates small enough to read, for the tests of the kernel and of what uses it."""

import hashlib
from collections.abc import Iterable
from typing import Any


def text(*assertions: str, names: Iterable[str] = "xy") -> str:
    """The SMT-LIB text of these assertions about real constants with these names, one letter each by default."""
    declared = [f"(declare-const {name} Real)" for name in names]
    stated = [f"(assert {assertion})" for assertion in assertions]
    return "\n".join(["(set-logic QF_NRA)", *declared, *stated, "(check-sat)", ""])


def about(kind: str, smtlib: str, **fields: Any) -> dict[str, Any]:
    """A certificate of this kind about the text."""
    return {"kind": kind, "text": smtlib, "sha256": hashlib.sha256(smtlib.encode()).hexdigest(), **fields}


def contradiction(smtlib: str, proof: Any) -> dict[str, Any]:
    """A certificate that the assertions of the text cannot hold together."""
    return about("contradiction", smtlib, proof=proof)


def leaf(*summands: list[Any], equations: list[Any] | None = None) -> dict[str, Any]:
    """A node that ends a branch of a proof."""
    return {"sum": list(summands), "equations": equations or []}


# x^2 + y^2 < 2 x y is impossible: (2 x y - x^2 - y^2) + (x - y)^2 = 0 with a first summand above 0.
SQUARE = contradiction(text("(< (+ (* x x) (* y y)) (* 2 x y))"), leaf(["1", [0], []], ["1", [], ["(- x y)"]]))

# x > 0 and x y > 0, but y < 0 or y = 0: the first case by the product x (-y), the second with y = 0 put in.
CASES = contradiction(
    text("(< 0 x)", "(< 0 (* x y))", "(or (< y 0) (= y 0))"),
    {
        "or": 0,
        "cases": [
            leaf(["1", [0, 2], []], ["1", [1], []]),
            {"put": "y", "fact": 2, "then": leaf(["1", [1], []])},
        ],
    },
)

# x^3 = 0 but x != 0, by the sign of x.
SIGNS = contradiction(
    text("(= (* x x x) 0)", "(not (= x 0))", names="x"),
    {
        "or": 0,
        "cases": [
            leaf(["1", [1, 1, 1], []], equations=[[0, "1"]]),
            leaf(["1", [1, 1, 1], []], equations=[[0, "(- 1)"]]),
        ],
    },
)

# x = sqrt(2), y = 1/2
POINT = about(
    "point",
    text("(= (* x x) 2)", "(< 0 x)", "(or (< x y) (<= (* 2 y) 1))"),
    roots={"r": [["-2", "0", "1"], "1", "2"]},
    values={"x": "r", "y": "(/ 1 2)"},
)

VALID = {"square": SQUARE, "cases": CASES, "signs": SIGNS, "point": POINT}
