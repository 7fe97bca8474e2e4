"""Proofs over the reals: SymPy statements, lowered once to SMT-LIB, closed by two provers, replayed exactly."""

from eqt_theory.engines.smt.prove import consistent, prove

__all__ = ["consistent", "prove"]
