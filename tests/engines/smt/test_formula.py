"""Atoms and substitution."""

import sympy as sp

from eqt_theory.engines.smt.formula import All, Atom, No, Some, atoms, substitute

x, y = sp.symbols("x y", real=True)
FORMULA = Some((All((Atom(x - y, "<"), No(Atom(x, "=")))), Atom(y, "<="), All(), Some()))


def test_atoms_are_found_left_to_right_under_every_connective() -> None:
    assert list(atoms(FORMULA)) == [Atom(x - y, "<"), Atom(x, "="), Atom(y, "<=")]


def test_substitution_reaches_every_atom_and_keeps_the_shape() -> None:
    assert substitute(FORMULA, {x: sp.Integer(1)}) == Some(
        (All((Atom(1 - y, "<"), No(Atom(sp.Integer(1), "=")))), Atom(y, "<="), All(), Some())
    )
