"""Ball arithmetic: numbers, relations, roots and Hessians enclosed rigorously (python-flint `arb`)."""

from eqt_theory.evidence.interval.branch import OnBox, certify_on
from eqt_theory.evidence.interval.curvature import show_curvature
from eqt_theory.evidence.interval.enclosure import certify, enclose, replay_in_balls
from eqt_theory.evidence.interval.hessian import CurvatureOnBox, certify_curvature, hessian_enclosure
from eqt_theory.evidence.interval.minimum import enclose_minimum
from eqt_theory.evidence.interval.root import enclose_root
from eqt_theory.evidence.interval.spectrum import EigenvalueBounds, eigenvalue_bounds
from eqt_theory.evidence.interval.values import Enclosure

__all__ = [
    "CurvatureOnBox",
    "EigenvalueBounds",
    "Enclosure",
    "OnBox",
    "certify",
    "certify_curvature",
    "certify_on",
    "eigenvalue_bounds",
    "enclose",
    "enclose_minimum",
    "enclose_root",
    "hessian_enclosure",
    "replay_in_balls",
    "show_curvature",
]
