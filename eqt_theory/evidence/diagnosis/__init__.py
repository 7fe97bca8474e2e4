"""Diagnosis of a refinement on real states: whether it converges, is inert or oscillates, and what to set instead."""

from eqt_theory.evidence.diagnosis.barrier import Barrier, measure_barrier
from eqt_theory.evidence.diagnosis.diagnose import diagnose
from eqt_theory.evidence.diagnosis.of_map import MapDiagnosis
from eqt_theory.evidence.diagnosis.result import Behaviour, Diagnosis, Predictions, Spectrum

__all__ = [
    "Barrier",
    "Behaviour",
    "Diagnosis",
    "MapDiagnosis",
    "Predictions",
    "Spectrum",
    "diagnose",
    "measure_barrier",
]
