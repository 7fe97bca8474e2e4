"""Forecasts: parts in order of time, bins and values that agree, the peers where their answers are known."""

import importlib.util

import numpy as np
import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.tasks import co2, forecast, sunspots
from eqt_theory.models.study.tasks.forecast import BINS, NOISE, Series, arima, forecast_tasks, seasonal_naive, windows
from eqt_theory.models.study.tasks.sequences import Split

T = np.arange(240)
LEVELS = Series(10 + 3 * np.sin(2 * np.pi * T / 12) + 0.01 * T, 12, False, (1, 0, 0), (0, 0, 0, 0), "c")
CHANGES = Series(LEVELS.values, 12, True, (1, 0, 0), (0, 0, 0, 0), "c")
needs_statsmodels = pytest.mark.skipif(
    importlib.util.find_spec("statsmodels") is None, reason="statsmodels, the extra `series`, is not installed"
)


@pytest.mark.parametrize("series", [LEVELS, CHANGES], ids=["levels", "changes"])
@pytest.mark.parametrize("horizon", [1, 10])
def test_each_value_of_a_part_is_forecast_once_from_what_came_before(series: Series, horizon: int) -> None:
    for split in (Split.VALIDATION, Split.TEST):
        begin, end = series.stretch(split)
        data = windows(series, horizon, 99, 5, 16, 0, split)
        assert data.values is not None and data.tokens.shape == (end - begin, 16)
        assert torch.equal(data.values[:, -1], torch.from_numpy(series.read[begin:end]))
        assert bool(data.values[:, :-1].isnan().all())
        classes = series.bins(torch.from_numpy(series.read))
        assert torch.equal(data.targets[:, -1], classes[begin:end])
        assert torch.equal(data.tokens[:, -1], classes[begin - horizon : end - horizon])


def test_training_windows_end_before_validation() -> None:
    few = Series(np.where(LEVELS.ends[0] > T, LEVELS.values, 1e6), 12, False, (1, 0, 0), (0, 0, 0, 0), "c")
    drawn = [windows(s, 3, 99, 400, 16, 1, Split.TRAINING) for s in (LEVELS, few)]
    assert torch.equal(drawn[0].tokens, drawn[1].tokens) and torch.equal(drawn[0].targets, drawn[1].targets)
    assert drawn[0].values is not None and bool(drawn[0].values.isfinite().all())


def test_bins_stand_for_their_values() -> None:
    one, _ = forecast_tasks("invented", 99, lambda: LEVELS)
    assert one.centres is not None
    data = one.draw(50, 16, 0, Split.TEST)
    assert data.values is not None
    width = float(LEVELS.edges[1] - LEVELS.edges[0])
    assert float((one.centres()[data.targets] - data.values)[:, -1].abs().max()) <= width / 2 + 1e-12
    sure = torch.nn.functional.one_hot(data.targets, BINS) * 1e3
    assert float(one.score(sure, data)[:, -1].max()) <= width / 2 + 1e-9
    assert float(one.score(torch.zeros(len(data), 16, BINS), data)[:, -1].mean()) > 3 * width


def test_noise_is_added_to_what_is_learned_from_only() -> None:
    walk = Series(np.random.default_rng(0).normal(size=240).cumsum(), 12, False, (1, 0, 0), (0, 0, 0, 0), "c")
    data = windows(walk, 1, 99, 300, 16, 0, Split.TRAINING)
    assert data.values is not None
    away = (data.targets - walk.bins(data.values)).double()
    width = float(walk.edges[1] - walk.edges[0])
    assert float(away.std()) * width == pytest.approx(NOISE, rel=0.15)
    assert torch.equal(data.tokens[:, 1:], data.targets[:, :-1]), "a value has one noise"


@pytest.mark.parametrize(("horizon", "back"), [(1, 12), (10, 12), (12, 12), (13, 24)])
def test_the_naive_forecast_knows_only_what_came_before(horizon: int, back: int) -> None:
    begin, end = LEVELS.stretch(Split.TEST)
    assert np.array_equal(seasonal_naive(LEVELS, horizon), LEVELS.values[begin - back : end - back])


def test_without_the_package_there_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install"):
        forecast.require_statsmodels()


@needs_statsmodels
def test_arima_forecasts_from_each_origin() -> None:
    noise = np.random.default_rng(0).normal(size=240)
    values = np.zeros(240)
    for t in range(1, 240):
        values[t] = 0.9 * values[t - 1] + noise[t]
    series = Series(values, 12, False, (1, 0, 0), (0, 0, 0, 0), "n")
    begin, end = series.stretch(Split.TEST)
    for horizon in (1, 5):
        found = arima(series, horizon) / values[begin - horizon : end - horizon]
        assert found.std() < 1e-6 and found.mean() == pytest.approx(0.9**horizon, abs=0.15)


@needs_statsmodels
def test_the_series() -> None:
    assert len(sunspots.read().values) == 309 and len(co2.read().values) == 526
    assert bool(np.isfinite(co2.read().values).all()) and 310 < co2.read().values.min() < co2.read().values.max() < 380
    assert {task.name for task in (*sunspots.TASKS, *co2.TASKS)} == {"sunspots", "sunspots-10", "co2", "co2-10"}
