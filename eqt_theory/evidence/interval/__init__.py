"""Ball arithmetic: numbers, relations, roots and Hessians enclosed rigorously (python-flint `arb`)."""

from eqt_theory.evidence.interval.branch import OnBox, certify_on, enclose_minimum, enclose_root
from eqt_theory.evidence.interval.enclosure import Enclosure, certify, enclose, replay_in_balls
from eqt_theory.evidence.interval.hessian import CurvatureOnBox, certify_curvature

__all__ = [
    "CurvatureOnBox",
    "Enclosure",
    "OnBox",
    "certify",
    "certify_curvature",
    "certify_on",
    "enclose",
    "enclose_minimum",
    "enclose_root",
    "replay_in_balls",
]
