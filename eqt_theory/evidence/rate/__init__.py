"""Rates: measured along a run, and checked over a domain against a stated one."""

from eqt_theory.evidence.rate.contraction import check_contraction
from eqt_theory.evidence.rate.estimate import RateEstimate
from eqt_theory.evidence.rate.measure import measure_rate

__all__ = ["RateEstimate", "check_contraction", "measure_rate"]
