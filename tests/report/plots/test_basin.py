import pytest
import torch

import eqt_theory as eqt
from eqt_theory.report import plots


def test_starts_are_sorted_by_where_they_end():
    x = torch.linspace(-2, 2, 6, dtype=torch.float64)
    starts = torch.stack(torch.meshgrid(x, x, indexing="ij"), -1)
    phi = eqt.Objective(eqt.DoubleWell(), torch.zeros_like(starts), 5.0)
    run = eqt.solve(phi, eqt.GradientDescent(0.02), start=starts, record=500, max_steps=2000)
    figure = plots.basin_of_attraction(run, run.h[-1, -1], radius=0.4)
    drawn = {str(line.get_label()): line for line in figure.axes[0].lines}
    inside = drawn["ends at $h^*$"]
    assert len(inside.get_xdata()) == 9 and min(inside.get_xdata()) > 0 and min(inside.get_ydata()) > 0
    assert len(drawn["ends elsewhere"].get_xdata()) == 27
    assert any("radius 0.4" in name for name in drawn)


def test_what_is_not_a_recorded_batch_in_the_plane_is_refused():
    phi = eqt.Objective(eqt.DoubleWell(), torch.zeros(2).double(), 5.0)
    with pytest.raises(eqt.UsageError, match="in the plane"):
        plots.basin_of_attraction(eqt.solve(phi, eqt.GradientDescent(0.02), record=True), torch.zeros(2))
