"""Symbols that belong to a structure, which knows what holds among them and what a witness has to show."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Proof, ReplayLine


@dataclass(frozen=True)
class Realised:
    """What a structure makes of values of its symbols.

    Args:
        shown: the objects that have these values, in words; empty where there are none or none is known.
        lines: what was checked of them, exactly.
        reason: why the values are no witness; empty where they are one.
    """

    shown: str = ""
    lines: tuple[ReplayLine, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Argument:
    """What a structure can say of a statement about its symbols.

    Args:
        proof: of the statement; None where it has none.
        note: the argument in words.
        points: values of the symbols at which the statement may fail, to be replayed.
        holds: values of some of the symbols at which the hypotheses may hold, all others 0, likewise.
        hint: where there is no proof, what kept it from one, for who can state more.
        known: what the proof uses besides the hypotheses and what is shown of it: what the structure knows.
    """

    proof: Proof | None = None
    note: str = ""
    points: tuple[dict[sp.Symbol, sp.Expr], ...] = ()
    holds: tuple[dict[sp.Symbol, sp.Expr], ...] = ()
    hint: str = ""
    known: tuple[Boolean, ...] = ()


class Structure(Protocol):
    """What owns symbols, such as a space whose inner products they are."""

    @abstractmethod
    def relations(self, symbols: Collection[sp.Symbol]) -> list[Boolean]:
        """What holds among the symbols by themselves, whether anybody states it or not."""
        ...

    @abstractmethod
    def lengths(self, radicands: Iterable[sp.Expr]) -> list[Boolean]:
        """That those of some expressions that are squares of lengths are >= 0, whether anybody states it or not."""
        ...

    @abstractmethod
    def realise(
        self, statement: Sequence[Boolean], hypotheses: Sequence[Boolean], values: Mapping[sp.Symbol, sp.Expr]
    ) -> Realised:
        """The objects behind the values of a counterexample.

        Args:
            statement: hypotheses and conclusions.
            hypotheses: what was assumed.
            values: an exact number for every symbol.
        """
        ...

    @abstractmethod
    def argue(self, hypotheses: Sequence[Boolean], conclusion: Boolean, timeout: float) -> Argument:
        """Show a conclusion, or say where it may fail.

        Args:
            hypotheses: what is assumed.
            conclusion: one relation.
            timeout: the budget of each prover for each obligation.
        """
        ...

    @abstractmethod
    def limits(self, hypotheses: Sequence[Boolean]) -> list[Boolean]:
        """What parameters must satisfy lest the hypotheses be about nothing.

        Args:
            hypotheses: what is assumed.
        """
        ...

    @abstractmethod
    def admits(self, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
        """Whether the symbols of the structure can have these values."""
        ...


class Owned(sp.Symbol):
    """A symbol of a structure; equal only to itself, whatever others are called."""

    __slots__ = ("structure",)
    structure: Structure


def owned(symbols: Iterable[sp.Basic]) -> bool:
    """Whether one of the symbols belongs to a structure."""
    return any(isinstance(symbol, Owned) for symbol in symbols)


def structure_of(symbols: Iterable[sp.Symbol]) -> Structure | None:
    """The structure that the symbols belong to, or None.

    Args:
        symbols: the symbols of one statement.

    Returns:
        Their owner.

    Raises:
        UsageError: they belong to two.
    """
    theirs = sorted((s for s in symbols if isinstance(s, Owned)), key=lambda s: s.name)
    for symbol in theirs:
        if symbol.structure is not theirs[0].structure:
            raise UsageError(
                f"{theirs[0]} and {symbol} belong to two spaces, and vectors of two spaces do not mix:"
                f" {theirs[0].structure} and {symbol.structure}; take all vectors of a statement from one Space"
            )
    return theirs[0].structure if theirs else None
