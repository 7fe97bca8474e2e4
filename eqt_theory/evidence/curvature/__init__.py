"""Curvature: measured at states, checked over domains, and known in closed form."""

from eqt_theory.evidence.curvature.check import check_smoothness, check_strong_convexity
from eqt_theory.evidence.curvature.measure import CurvatureEstimate, Eigenvalue, Eigenvalues, measure_curvature

__all__ = [
    "CurvatureEstimate",
    "Eigenvalue",
    "Eigenvalues",
    "check_smoothness",
    "check_strong_convexity",
    "measure_curvature",
]
