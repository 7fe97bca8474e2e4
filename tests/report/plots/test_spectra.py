import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.report import plots


def test_every_eigenvalue_is_drawn_inside_what_is_declared():
    a = torch.diag(torch.tensor([0.5, 2.0], dtype=torch.float64))
    well, bowl = eqt.DoubleWell(), eqt.Quadratic(a, torch.zeros(2, dtype=torch.float64))
    at = torch.tensor([[0.1, 0.2], [1.0, -1.0]], dtype=torch.float64)
    figure = plots.curvature_spectra({"well": well, "bowl": bowl}, at, safe=-1.0)
    ticks = [np.sort(np.asarray(line.get_xdata())) for line in figure.axes[0].lines if line.get_marker() == "|"]
    np.testing.assert_allclose(ticks[0], np.sort(torch.linalg.eigvalsh(well.hessian(at)).numpy().reshape(-1)))
    np.testing.assert_allclose(ticks[1], [0.5, 0.5, 2, 2])
    bars = [box for box in figure.axes[0].patches if box.get_width() > 0]
    assert len(bars) == 1 and bars[0].get_x() <= 0.5 and bars[0].get_x() + bars[0].get_width() >= 2
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["well", "bowl"]


def test_a_wide_spread_gets_a_symmetric_log_axis():
    wide = eqt.Quadratic(torch.diag(torch.tensor([-1.0, 1.0, 1e4], dtype=torch.float64)), torch.zeros(3).double())
    assert plots.curvature_spectra({"wide": wide}, torch.zeros(3).double()).axes[0].get_xscale() == "symlog"


def test_the_ticks_of_a_symmetric_log_axis_stand_apart():
    wide = eqt.Quadratic(torch.diag(torch.tensor([-900.0, *[0.5] * 8, 800.0], dtype=torch.float64)))
    (panel,) = plots.curvature_spectra({"wide": wide}, torch.zeros(10, dtype=torch.float64)).axes
    ticks = [tick for tick in panel.get_xticks() if tick != 0]
    assert 0 in panel.get_xticks() and min(map(abs, ticks)) >= 0.5 and max(ticks) == 100


def test_what_does_not_fit_is_refused():
    with pytest.raises(eqt.UsageError, match="at least one energy"):
        plots.curvature_spectra({}, torch.zeros(2))
    broken = eqt.FunctionEnergy(lambda h: h.square().sum().sqrt())
    with pytest.raises(eqt.UsageError, match="'broken' must be finite"):
        plots.curvature_spectra({"broken": broken}, torch.zeros(2).double())
