"""Exact rational mathematics: functions of one variable whose trajectories and minimisers are fractions."""

from eqt_theory.evidence.exact.piecewise import PiecewiseQuadratic
from eqt_theory.evidence.exact.replay import Line, exact_replay
from eqt_theory.evidence.exact.trajectory import descent, equilibria, equilibrium, proximal_descent

__all__ = ["Line", "PiecewiseQuadratic", "descent", "equilibria", "equilibrium", "exact_replay", "proximal_descent"]
