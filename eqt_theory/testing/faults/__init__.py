"""Solvers that are wrong on purpose, each in one way, and a few that are right: what `check_solver` is checked with."""

from eqt_theory.testing.faults import batch, corners, effects, gradients, memory, promises
from eqt_theory.testing.faults.fault import Specimen
from eqt_theory.testing.faults.right import RIGHT as PLAIN

FAULTS: tuple[Specimen, ...] = (
    *gradients.FAULTS,
    *memory.FAULTS,
    *batch.FAULTS,
    *effects.FAULTS,
    *corners.FAULTS,
    *promises.FAULTS,
)
"""Every planted fault. `check_solver` catches each of them."""

RIGHT: tuple[Specimen, ...] = (*PLAIN, *promises.TRUE)
"""Solvers that are right, and so is what they declare."""

__all__ = ["FAULTS", "RIGHT", "Specimen"]
