"""Solvers that are wrong on purpose, each in one way, and a few that are right: what `check_solver` is checked with."""

from eqt_theory.testing.faults import batch, corners, effects, gradients, memory
from eqt_theory.testing.faults.fault import Specimen
from eqt_theory.testing.faults.right import RIGHT

FAULTS: tuple[Specimen, ...] = (
    *gradients.FAULTS,
    *memory.FAULTS,
    *batch.FAULTS,
    *effects.FAULTS,
    *corners.FAULTS,
)
"""Every planted fault. `check_solver` catches each of them."""

__all__ = ["FAULTS", "RIGHT", "Specimen"]
