"""Normal forms are satisfiable exactly when the obligation is: z3 is asked about both, and solutions map back."""

from collections.abc import Sequence
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from smt_oracle import formula_truth

from eqt_theory.engines.smt import normalise as module
from eqt_theory.engines.smt.formula import All, Atom, Formula, No, Some, atoms
from eqt_theory.engines.smt.normalise import normalise
from eqt_theory.engines.smt.script import script
from eqt_theory.engines.smt.witness import point_of
from eqt_theory.engines.smt.worker import ask_z3

X, Y = sp.symbols("x y", positive=True)
Z, TAKEN = sp.symbols("z inv_x", real=True)
W, N = sp.Symbol("w", negative=True), sp.Symbol("n", nonnegative=True)
SIGNS = {X: Atom(-X, "<"), Y: Atom(-Y, "<"), W: Atom(W, "<"), N: Atom(-N, "<=")}


def symbols_of(formulas: Sequence[Formula]) -> list[sp.Symbol]:
    return sorted({s for f in formulas for a in atoms(f) for s in a.expr.free_symbols}, key=lambda s: s.name)


def ask(formulas: Sequence[Formula]) -> tuple[str, Any]:
    symbols = symbols_of(formulas)
    said, model = ask_z3(script([("", f) for f in formulas], symbols, ""), 3 * 10**6)
    return said, point_of(model, symbols) if said == "sat" else None


def mistakes(formulas: Sequence[Formula]) -> list[str]:
    """What is wrong with the normal form of these formulas."""
    formulas = list(formulas)
    normal = normalise(formulas, symbols_of(formulas))
    if normal.formulas == formulas:
        return []
    (raw, _), (short, point) = ask(formulas), ask(normal.formulas)
    if {raw, short} == {"sat", "unsat"}:
        return [f"{raw}, but its normal form ({normal}) is {short}"]
    if point is None:
        return []
    back = normal.original(point)
    values = {s: back.get(s, sp.Integer(0)) for s in symbols_of(formulas)}
    if all(v.is_Rational for v in values.values()) and not all(formula_truth(f, values) for f in formulas):
        return [f"{values} is no solution ({normal})"]
    return []


@st.composite
def conjunctions(draw: st.DrawFn) -> list[Formula]:
    symbols = draw(st.lists(st.sampled_from([X, Y, Z, TAKEN, W, N]), min_size=1, max_size=3, unique=True))
    weights = [draw(st.integers(-2, 2)) for _ in symbols]

    def polynomial() -> sp.Expr:
        powers = [tuple(draw(st.integers(0, 2)) for _ in symbols) for _ in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):  # keep the monomials of one weight, so that there is something to scale
            weight = sum(a * b for a, b in zip(powers[0], weights, strict=True))
            powers = [p for p in powers if sum(a * b for a, b in zip(p, weights, strict=True)) == weight]
        factors = [sp.Rational(draw(st.sampled_from([-3, -1, 1, 2]))) for _ in powers]
        total = sum(
            (
                c * sp.prod([s**k for s, k in zip(symbols, p, strict=True)])
                for c, p in zip(factors, powers, strict=True)
            ),
            sp.Integer(0),
        )
        if draw(st.integers(0, 9)) == 0:  # the first symbol is there, and cancels
            return (symbols[0] + 1) * total - total * symbols[0]
        return total

    def formula(depth: int) -> Formula:
        match draw(st.sampled_from(["atom", "atom", "no", "all", "some"])) if depth else "atom":
            case "no":
                return No(formula(depth - 1))
            case "all":
                return All((formula(depth - 1), formula(depth - 1)))
            case "some":
                return Some((formula(depth - 1), formula(depth - 1)))
        return Atom(polynomial(), draw(st.sampled_from(["<", "<=", "="])))

    signs = [SIGNS[s] for s in symbols if s in SIGNS]
    return draw(st.permutations([*signs, *(formula(2) for _ in range(draw(st.integers(1, 3))))]))


@settings(max_examples=200)
@given(conjunctions())
def test_a_normal_form_is_satisfiable_exactly_when_the_obligation_is(formulas: list[Formula]) -> None:
    assert mistakes(formulas) == []


HAND = [
    [Atom(-N, "<="), Atom(N**2, "<=")],  # true at n = 0 alone: n is not positive
    [Atom(W, "<"), Atom(W, "<=")],  # w is negative
    [No(Atom(-X, "<")), Atom(X**3, "<")],  # x > 0 is denied, not assumed
    [Some((Atom(-X, "<"), Atom(X, "="))), Atom(X**3, "<=")],  # nor is one of two cases
    [Atom(-X, "<"), Atom(X**2 - X - 1, "=")],  # no weight fits
    [Atom(-X, "<"), Atom(X - Z, "="), Atom(Z**2 - 4, "=")],
    [Atom(-X, "<"), Atom(-Y, "<"), Atom(X * Y - 1, "="), Atom(X - 2, "=")],
    [Atom(-X, "<"), Atom(X**2 * Z - 1, "="), No(Atom(X**2 * Z**2 - 1, "="))],
    [Atom(-X, "<"), Atom((X + 1) ** 2 - X**2 - 2 * X - Z, "="), Atom(Z * X**2 - X, "<")],  # x cancels in an atom
    [Atom(-X, "<"), Atom((X + 1) ** 2 - X**2 - 2 * X - 1, "="), Atom(X**2 * Z - 1, "<")],  # an atom that is 0 = 0
    [Atom(-X, "<"), Atom(X**3 * TAKEN - 1, "="), Atom(TAKEN, "<=")],  # the name inv_x is in use
]


@pytest.mark.parametrize("formulas", HAND, ids=str)
def test_by_hand(formulas: list[Formula]) -> None:
    assert mistakes(formulas) == []


def nonnegative_counts(formula: Formula) -> sp.Symbol | None:
    if isinstance(formula, Atom) and (-formula.expr).is_Symbol:
        return -formula.expr
    return None


def anything_counts(formula: Formula) -> sp.Symbol | None:
    return next((a.expr.free_symbols.pop() for a in atoms(formula) if a.expr.free_symbols), None)


def every_weight(formulas: Sequence[Formula], symbols: Sequence[sp.Symbol]) -> list[dict]:
    return [dict.fromkeys(symbols, sp.Integer(1))] if symbols else []


@pytest.mark.parametrize(
    ("name", "fault"),
    [("_positive_symbol", nonnegative_counts), ("_positive_symbol", anything_counts), ("_weights", every_weight)],
)
def test_a_planted_fault_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, fault: Any) -> None:
    monkeypatch.setattr(module, name, fault)
    assert any(mistakes(formulas) for formulas in HAND)


def test_scaling_and_inversion_are_said_and_undone() -> None:
    formulas = [Atom(-X, "<"), Atom(-Y, "<"), Atom(X**2 * Z - 1, "="), Atom(X**2 * Y - 3 * X**2 * Z, "=")]
    normal = normalise(formulas, [X, Y, Z])
    assert "scaled to 1" in str(normal)
    said, point = ask(normal.formulas)
    assert said == "sat"
    back = normal.original(point)
    assert set(back) >= {X, Y, Z}
    assert all(formula_truth(f, back) for f in formulas)


def test_the_name_of_an_inverse_is_new() -> None:
    normal = normalise([Atom(-X, "<"), Atom(X**3 * TAKEN - 1, "="), Atom(X**2 + TAKEN**2 * X**3 - 2, "<")], [X, TAKEN])
    assert [s.name for s in normal.inverse.values()] == ["inv_x_"]


def test_nothing_to_do_is_nothing_done() -> None:
    formulas = [Atom(-X, "<"), Atom(X**2 - X - 1, "=")]
    normal = normalise(formulas, [X])
    assert (normal.formulas, str(normal), normal.original({X: sp.Integer(2)})) == (formulas, "", {X: 2})
