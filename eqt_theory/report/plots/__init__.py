"""Figures of the library's own results, each one function; all return a matplotlib Figure and touch no pyplot state."""

from eqt_theory.report.plots.basin import basin_of_attraction
from eqt_theory.report.plots.convergence import convergence, relative_change, solver_comparison
from eqt_theory.report.plots.counterexamples import minimum_of_pieces, several_minimisers, theorem_4, theorem_8
from eqt_theory.report.plots.phase import phase_diagram
from eqt_theory.report.plots.spectra import curvature_spectra
from eqt_theory.report.plots.style import Chart, chart, look, png, save, svg
from eqt_theory.report.plots.worst_function import rates_against_kappa, worst_function

__all__ = [
    "Chart",
    "basin_of_attraction",
    "chart",
    "convergence",
    "curvature_spectra",
    "look",
    "minimum_of_pieces",
    "phase_diagram",
    "png",
    "rates_against_kappa",
    "relative_change",
    "save",
    "several_minimisers",
    "solver_comparison",
    "svg",
    "theorem_4",
    "theorem_8",
    "worst_function",
]
