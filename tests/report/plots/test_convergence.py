import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.report import plots


def problem(states: int = 1) -> eqt.Objective:
    generator = torch.Generator().manual_seed(0)
    proposal = torch.randn(states, 3, dtype=torch.float64, generator=generator)
    a = torch.diag(torch.tensor([0.1, 3.0, 10.0], dtype=torch.float64))
    b = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    return eqt.Objective(eqt.Quadratic(a, b), proposal[0] if states == 1 else proposal, 1.0)


def lines(figure) -> dict[str, np.ndarray]:
    return {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[0].lines}


@pytest.mark.parametrize("solver", [eqt.GradientDescent(0.1), eqt.Nesterov.optimal(1.1, 11.0)])
def test_the_run_lies_under_its_envelope_down_to_the_floor(solver: eqt.Solver):
    phi = problem()
    run = eqt.solve(phi, solver, record=True, tolerance=1e-13)
    guarantee = solver.guarantee(1.1, 11.0)
    figure = plots.convergence(run, guarantee)
    drawn = lines(figure)
    (envelope,) = (y for name, y in drawn.items() if name.startswith("guaranteed"))
    measured = drawn["measured"]
    floor = max(box.get_y() + box.get_height() for box in figure.axes[0].patches)
    with np.errstate(invalid="ignore"):
        assert np.nanmax(measured - np.maximum(envelope, floor)) <= 1e-12
    assert measured[0] == 1 and len(measured) == int(run.steps) + 1
    assert 0 < floor < 1e-9


def test_a_promise_that_is_too_good_shows():
    run = eqt.solve(problem(), eqt.GradientDescent(0.1), record=True)
    broken = eqt.GradientDescent.optimal(1.1, 2.0).guarantee(1.1, 2.0)
    drawn = lines(plots.convergence(run, broken))
    (envelope,) = (y for name, y in drawn.items() if name.startswith("guaranteed"))
    assert np.nanmax(drawn["measured"] / envelope) > 10


@pytest.mark.parametrize("wrong", [False, True])
def test_gradient_norms_and_sublinear_bounds_are_drawn(wrong):
    M, solver = 11.0, eqt.GradientDescent(1 / 11)
    run = eqt.solve(problem(3), solver, record=True, max_steps=40)
    shrink = 0.1 if wrong else 1.0
    kinds = {"function_class": eqt.FunctionClass.CONVEX, "sharpness": eqt.Sharpness.UPPER, "source": "here"}
    slopes = eqt.Guarantee(rate=shrink * (1 - 1.1 / M), metric=eqt.Metric.GRADIENT, **kinds)
    gaps = eqt.Guarantee(
        rate=1.0, metric=eqt.Metric.GAP, per_step=False, constant=shrink**2 * M / 4, power=1.0, shift=0.5,
        first=eqt.Metric.DISTANCE, **kinds,
    )  # fmt: skip
    for guarantee in (slopes, gaps):
        drawn = plots.convergence(run, guarantee).axes[0].lines
        (envelope,) = (line for line in drawn if str(line.get_label()).startswith("guaranteed"))
        measured = [np.asarray(line.get_ydata(), dtype=float) for line in drawn if line.get_color() == "#0072B2"]
        above = max(float(np.nanmax(y / np.asarray(envelope.get_ydata(), dtype=float))) for y in measured)
        assert (above > 1 + 1e-9) == wrong


def test_a_batch_is_drawn_state_by_state_relative_to_its_start():
    run = eqt.solve(problem(20), eqt.GradientDescent(0.1), record=True)
    figure = plots.convergence(run, eqt.GradientDescent(0.1).guarantee(1.1, 11.0))
    measured = [line for line in figure.axes[0].lines if line.get_color() == "#0072B2"]
    assert len(measured) == 20
    assert all(np.asarray(line.get_ydata())[0] == 1 for line in measured)


def test_comparison_names_each_run_and_its_steps():
    phi = problem()
    runs = {
        "descent": eqt.solve(phi, eqt.GradientDescent(0.1), record=True),
        "Newton": eqt.solve(phi, eqt.Newton(), record=True),
    }
    drawn = lines(plots.solver_comparison(runs))
    assert set(drawn) == {f"descent ({int(runs['descent'].steps)} steps)", "Newton (1 step)"}
    first = float(phi.gradient(phi.proposal).norm())
    assert all(y[0] == pytest.approx(first, rel=1e-12) for y in drawn.values())
    star = runs["Newton"].h
    by_distance = lines(plots.solver_comparison(runs, h_star=star))
    assert by_distance["Newton (1 step)"][0] == pytest.approx(float((phi.proposal - star).norm()))


def test_relative_change_marks_the_stop_and_the_error_there():
    phi = eqt.Objective(
        eqt.Quadratic(torch.tensor([[0.1]]).double(), torch.tensor([1.1]).double()), torch.ones(1).double(), 1000.0
    )
    run = eqt.solve(phi, eqt.GradientDescent(1e-3), record=True, max_steps=30)
    star = torch.tensor([(1.1 + 1e-3) / (0.1 + 1e-3)], dtype=torch.float64)
    figure = plots.relative_change(run, star, threshold=2e-3)
    drawn = lines(figure)
    error = next(y for name, y in drawn.items() if name.startswith("true error"))
    np.testing.assert_allclose(error, abs(run.trajectory[:, 0].numpy() - float(star)) / float(star))
    (note,) = (text.get_text() for text in figure.axes[0].texts)
    assert "stops at k = 0" in note and f"{100 * error[0]:.3g} %" in note
    unmarked = plots.relative_change(run, star, threshold=1e-9)
    assert not unmarked.axes[0].texts


def test_what_does_not_fit_is_refused():
    phi = problem()
    bare = eqt.solve(phi, eqt.GradientDescent(0.1))
    run = eqt.solve(phi, eqt.GradientDescent(0.1), record=2)
    with pytest.raises(eqt.UsageError, match="record=True"):
        plots.convergence(bare)
    with pytest.raises(eqt.UsageError, match="h_star must have the shape"):
        plots.convergence(run, h_star=torch.zeros(2))
    with pytest.raises(eqt.UsageError, match="every step"):
        plots.relative_change(run, run.h)
    with pytest.raises(eqt.UsageError, match="at least one run"):
        plots.solver_comparison({})
    with pytest.raises(eqt.UsageError, match="one state"):
        plots.solver_comparison({"x": eqt.solve(problem(2), eqt.GradientDescent(0.1), record=True)})
    every = eqt.solve(phi, eqt.GradientDescent(0.1), record=True)
    with pytest.raises(eqt.UsageError, match="not be 0"):
        plots.relative_change(every, torch.zeros(3))


def test_what_somebody_claims_is_drawn_beside_it_and_a_far_floor_is_left_out():
    run = eqt.solve(problem(), eqt.GradientDescent(0.1), record=True, max_steps=8)
    figure = plots.convergence(run, h_star=eqt.solve(problem(), eqt.Newton()).h, claimed={"said": 0.8})
    said = lines(figure)["said"]
    assert said == pytest.approx(0.8 ** np.arange(9))
    assert not figure.axes[0].patches, "after eight steps the rounding floor is out of sight"
    bottom, _ = figure.axes[0].get_ylim()
    assert bottom < said[-1]


def test_runs_on_maps_are_compared_by_their_residual():
    halved = eqt.FixedPoint(lambda h: 0.5 * h, dim=2)
    run = eqt.solve(halved, eqt.Picard(), start=torch.ones(2), record=True)
    (panel,) = plots.solver_comparison({"Picard": run}).axes
    assert panel.get_ylabel() == "residual"
    shown = np.asarray(panel.lines[0].get_ydata())
    assert shown[1] / shown[0] == pytest.approx(0.5)
