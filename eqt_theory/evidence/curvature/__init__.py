"""Curvature: measured at states, checked over domains, and known in closed form."""

from eqt_theory.evidence.curvature.check import check_smoothness, check_strong_convexity
from eqt_theory.evidence.curvature.local import LocalCertificate, largest_gamma, local_certificate
from eqt_theory.evidence.curvature.measure import CurvatureEstimate, Eigenvalue, Eigenvalues, measure_curvature

__all__ = [
    "CurvatureEstimate",
    "Eigenvalue",
    "Eigenvalues",
    "LocalCertificate",
    "check_smoothness",
    "check_strong_convexity",
    "largest_gamma",
    "local_certificate",
    "measure_curvature",
]
