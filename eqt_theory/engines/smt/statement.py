"""The statement that `prove` is asked about, as it was written and lowered."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Replay
from eqt_theory.engines.smt import witness
from eqt_theory.engines.smt.formula import Formula
from eqt_theory.engines.smt.lower import Lowered, Lowering
from eqt_theory.engines.smt.replay import confirmed, holds_at, replay
from eqt_theory.engines.smt.script import names_of
from eqt_theory.engines.smt.signs import constraints_of, declared
from eqt_theory.engines.smt.structure import Realised, Structure, structure_of


def flat(booleans: Boolean | bool | Iterable[Boolean | bool], place: str) -> list[Boolean]:
    """The relations that were handed over, one by one, in an order of their own.

    Args:
        booleans: a SymPy boolean or several.
        place: what they are, for messages.

    Returns:
        The parts; a conjunction is taken apart, an equation of matrices by entries. The function sign is written as
        the Piecewise that it is.

    Raises:
        UsageError: one is a plain bool or no boolean.
    """
    if isinstance(booleans, bool):
        raise UsageError(
            f"expected SymPy relations, but {place} is the Python bool {booleans}: `a == b` compares how two"
            " expressions are written and is True or False at once; the relation a = b is sp.Eq(a, b)"
        )
    if isinstance(booleans, sp.And):
        parts: Iterable[Boolean] = sorted(booleans.args, key=sp.default_sort_key)  # pyright: ignore
        return [part for a in parts for part in flat(a, place)]
    sides: tuple[sp.Basic, ...] = booleans.args if isinstance(booleans, sp.Eq) else ()  # pyright: ignore
    if sides and all(isinstance(side, sp.MatrixBase) for side in sides):
        if len(shapes := {side.shape for side in sides}) > 1:  # pyright: ignore
            shown = " and ".join(map(str, sorted(shapes)))
            raise UsageError(f"expected matrices of one shape on both sides of an equation, got {shown}: {booleans}")
        entries = zip(*(side.flat() for side in sides), strict=True)  # pyright: ignore
        return [sp.Eq(one, other, evaluate=False) for one, other in entries]
    if isinstance(booleans, Boolean):
        return [booleans.replace(sp.sign, _sign) if booleans.has(sp.sign) else booleans]  # pyright: ignore
    if not isinstance(booleans, Iterable) or isinstance(booleans, str):
        raise UsageError(f"expected a SymPy boolean or several of them, got {type(booleans).__name__}: {booleans!r}")
    if isinstance(booleans, Set):  # a set has no order of its own that two runs share
        booleans = sorted(booleans, key=sp.default_sort_key)
    return [part for boolean in booleans for part in flat(boolean, place)]


def _sign(value: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, value > 0), (-1, value < 0), (0, True))


@dataclass(frozen=True)
class Statement:
    """A statement and its lowered form, with what parameters must satisfy lest it be about nothing."""

    hypotheses: list[Boolean]
    conclusions: list[Boolean]
    symbols: list[sp.Symbol]
    signs: list[tuple[str, Formula]]
    given: list[Lowered]
    goals: list[Lowered]
    limits: list[Boolean]
    members: list[Lowered]
    structure: Structure | None

    @classmethod
    def of(cls, hypotheses: list[Boolean], conclusions: list[Boolean]) -> "Statement":
        """Lower a statement, with what the owner of its symbols knows of them.

        Args:
            hypotheses: what is assumed.
            conclusions: what is to be shown.

        Returns:
            The statement.

        Raises:
            UsageError: there is nothing to show, or a part cannot be lowered; it is named.
        """
        if not conclusions:
            raise UsageError("conclusion must hold at least one relation, got none")
        if set(conclusions) == {sp.true}:
            raise UsageError(
                "the conclusion is the literal true: SymPy had decided it before it arrived (`x > 0` of a positive x,"
                " sp.Eq of two equal expressions), so nothing is left to prove; write it with evaluate=False"
            )
        free: set[sp.Symbol] = set()
        for boolean in (*hypotheses, *conclusions):
            free |= getattr(boolean, "free_symbols", set())
        structure = structure_of(free)
        if structure is not None:
            roots = {p for boolean in (*hypotheses, *conclusions) for p in boolean.atoms(sp.Pow) if p.exp.is_Rational}
            radicands = sorted({p.base for p in roots if not p.exp.is_Integer}, key=sp.default_sort_key)
            everything = [*structure.relations(free), *structure.lengths(radicands)]
            by_itself = [r for r in everything if r != sp.true and r not in hypotheses]
            hypotheses = [*hypotheses, *by_itself]
            free |= {s for relation in by_itself for s in relation.free_symbols}
        symbols = sorted(free, key=lambda s: s.name)
        signs = [(f"declared sign of {s}", formula) for s in symbols for formula in constraints_of(s)]
        lowering = Lowering(frozenset(names_of(symbols).values()))
        given = [lowering.lower(h) for h in hypotheses]
        goals = [lowering.lower(c) for c in conclusions]
        limits = [] if structure is None else structure.limits(hypotheses)
        limits = [limit for limit in limits if limit.free_symbols and limit.free_symbols <= free]
        members = [lowering.lower(limit) for limit in limits]
        return cls(hypotheses, conclusions, symbols, signs, given, goals, limits, members, structure)

    def replay(self, values: witness.Point) -> Replay:
        """The original statement at a point, declared signs included."""
        return replay([*declared(self.symbols), *self.hypotheses], self.conclusions, values)

    def fails_at(self, values: witness.Point) -> bool:
        """Whether the replay at a point confirms that the statement fails there."""
        return confirmed([*declared(self.symbols), *self.hypotheses], self.conclusions, values)

    def has_members(self, values: witness.Point) -> bool:
        """Whether the classes that hypotheses are about have members at a point."""
        return all(holds_at(limit, values) for limit in self.limits)

    def admits(self, values: witness.Point) -> bool:
        """Whether the structure that owns symbols can have these values."""
        return self.structure is None or self.structure.admits(values)

    def realise(self, values: witness.Point) -> Realised:
        """What is behind the values of a counterexample in the structure that owns symbols."""
        if self.structure is None:
            return Realised()
        return self.structure.realise([*self.hypotheses, *self.conclusions], self.hypotheses, values)
