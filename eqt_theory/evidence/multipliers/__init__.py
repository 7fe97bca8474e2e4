"""Multipliers that nobody wrote down: found in floating point, fitted, and proved by `engines.gram.combine`."""

from eqt_theory.evidence.multipliers.prove import prove_by_multipliers as prove_by_multipliers
