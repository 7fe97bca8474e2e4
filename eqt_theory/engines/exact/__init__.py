"""Exact rational mathematics: functions whose trajectories and minimisers are fractions."""

from eqt_theory.engines.exact.matrix import distance2, dot, semidefinite, solve
from eqt_theory.engines.exact.piecewise import PiecewiseQuadratic
from eqt_theory.engines.exact.quadratic import RationalQuadratic
from eqt_theory.engines.exact.replay import Line, exact_replay
from eqt_theory.engines.exact.separable import SeparableSum
from eqt_theory.engines.exact.trajectory import descent, equilibria, equilibrium, proximal_descent
from eqt_theory.engines.exact.twin import Twin

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
