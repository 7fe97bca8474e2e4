"""Exact rational mathematics: functions whose trajectories and minimisers are fractions."""

from eqt_theory.evidence.exact.matrix import distance2, dot, semidefinite, solve
from eqt_theory.evidence.exact.piecewise import PiecewiseQuadratic
from eqt_theory.evidence.exact.quadratic import RationalQuadratic
from eqt_theory.evidence.exact.replay import Line, exact_replay
from eqt_theory.evidence.exact.separable import SeparableSum
from eqt_theory.evidence.exact.trajectory import descent, equilibria, equilibrium, proximal_descent
from eqt_theory.evidence.exact.twin import Twin

__all__ = [
    "Line",
    "PiecewiseQuadratic",
    "RationalQuadratic",
    "SeparableSum",
    "Twin",
    "descent",
    "distance2",
    "dot",
    "equilibria",
    "equilibrium",
    "exact_replay",
    "proximal_descent",
    "semidefinite",
    "solve",
]
