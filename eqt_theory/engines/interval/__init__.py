"""Ball arithmetic: numbers, relations, roots and Hessians enclosed rigorously (python-flint `arb`)."""

from eqt_theory.engines.interval.branch import OnBox, certify_on
from eqt_theory.engines.interval.certificate import Carried, carried_by, certify_boxes, certify_hessian
from eqt_theory.engines.interval.curvature import show_curvature
from eqt_theory.engines.interval.enclosure import certify, enclose, replay_in_balls
from eqt_theory.engines.interval.hessian import CurvatureOnBox, certify_curvature, hessian_enclosure
from eqt_theory.engines.interval.minimum import enclose_minimum
from eqt_theory.engines.interval.on_box import show_on_box
from eqt_theory.engines.interval.root import enclose_root
from eqt_theory.engines.interval.spectrum import EigenvalueBounds, eigenvalue_bounds
from eqt_theory.engines.interval.values import Enclosure

__all__ = [
    "Carried",
    "CurvatureOnBox",
    "EigenvalueBounds",
    "Enclosure",
    "OnBox",
    "carried_by",
    "certify",
    "certify_boxes",
    "certify_curvature",
    "certify_hessian",
    "certify_on",
    "eigenvalue_bounds",
    "enclose",
    "enclose_minimum",
    "enclose_root",
    "hessian_enclosure",
    "replay_in_balls",
    "show_curvature",
    "show_on_box",
]
