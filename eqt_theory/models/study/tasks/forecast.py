"""Forecasts of a measured series: numbers in bins, so that the models stay those of the other tasks; and two peers."""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task, stream

BINS = 48
WINDOW = 32
"""Values that a forecast is made from."""
TRAINING, VALIDATION = 0.7, 0.8
"""Where the parts end, as shares of the series."""
MOST = 4096
"""Training windows."""
NOISE = 0.2
"""Added to what is learned from, in units of the scale: a short series has some hundred windows, and a model that sees
each many times learns them by heart. Chosen on the validation part, seed 90, of the standard model."""
_ROOM = 0.1
"""By how much of the range of the training part the bins go beyond it."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """A series and how it is usually forecast.

    Args:
        values: in order, none missing.
        season: after how many values it repeats, nearly.
        differenced: whether the models read and forecast changes over a season; else the values themselves.
        order: (p, d, q) of the ARIMA model.
        seasonal: (P, D, Q, s) of it.
        trend: its constant, as statsmodels names it.
    """

    values: Values
    season: int
    differenced: bool
    order: tuple[int, int, int]
    seasonal: tuple[int, int, int, int]
    trend: str

    @property
    def ends(self) -> tuple[int, int, int]:
        """Where the training, validation and test parts end."""
        n = len(self.values)
        return int(TRAINING * n), int(VALIDATION * n), n

    def stretch(self, split: Split) -> tuple[int, int]:
        """The first forecast value of a part, and where it ends."""
        first, second, last = self.ends
        begin = self.season * self.differenced
        return {Split.TRAINING: (begin, first), Split.VALIDATION: (first, second), Split.TEST: (second, last)}[split]

    @property
    def scale(self) -> float:
        """The mean error of the seasonal naive forecast on the training part (Hyndman and Koehler 2006)."""
        known = self.values[: self.ends[0]]
        return float(np.abs(known[self.season :] - known[: -self.season]).mean())

    @property
    def read(self) -> Values:
        """What the models read and forecast, in units of the scale; nan where there is no season before."""
        found = self.values.copy()
        if self.differenced:
            found[self.season :] -= self.values[: -self.season]
            found[: self.season] = np.nan
        return found / self.scale

    @property
    def edges(self) -> Values:
        """The edges of the bins, shape (BINS + 1,), from the training part."""
        known = self.read[slice(*self.stretch(Split.TRAINING))]
        low, high = float(known.min()), float(known.max())
        room = _ROOM * (high - low)
        return np.linspace(low - room, high + room, BINS + 1)

    def bins(self, values: Tensor) -> Tensor:
        """The bin of each value; what lies outside is in the last one there."""
        found = np.digitize(values.nan_to_num().numpy(), self.edges) - 1
        return torch.from_numpy(np.clip(found, 0, BINS - 1).astype(np.int64))

    def name(self) -> str:
        """A short name of the numbers and of what is made of them."""
        return hashlib.sha256(self.values.tobytes() + repr((self.edges.tolist(), NOISE)).encode()).hexdigest()[:12]


def windows(series: Series, horizon: int, number: int, count: int, length: int, seed: int, split: Split) -> Sequences:
    """Windows of bins, and the bins `horizon` later.

    Args:
        series: which.
        horizon: how far ahead.
        number: of the task.
        count: windows drawn for training; for the other purposes each value of the part is forecast once.
        length: values of a window.
        seed: of the run.
        split: what for. Other than in training the last forecast of a window counts, and nothing is added to values.

    Returns:
        The sequences, their values in units of the scale.

    Raises:
        UsageError: the training part is shorter than a window and what it forecasts.
    """
    begin, end = series.stretch(split)
    first, last = series.stretch(Split.TRAINING)
    if length + horizon > last - first:
        raise UsageError(f"length must be at most {last - first - horizon} in this series, got {length}")
    learning, places = split is Split.TRAINING, stream(number, length, seed, split)
    if learning:
        starts = begin + torch.randint(0, end - begin - length - horizon + 1, (count, 1), generator=places)
    else:
        starts = torch.arange(begin, end).unsqueeze(-1) - horizon - length + 1
    seen = torch.from_numpy(series.read)[starts + torch.arange(length + horizon)]
    wanted = seen[:, horizon:].clone()
    if learning:
        seen = seen + NOISE * torch.randn(seen.shape, generator=places, dtype=torch.float64)
    else:
        wanted[:, :-1] = torch.nan
    bins = series.bins(seen)
    return Sequences(bins[:, :length], bins[:, horizon:], wanted)


def seasonal_naive(series: Series, horizon: int) -> Values:
    """The value of a season before, or of so many seasons as the horizon asks for; for each value of the test part."""
    back = series.season * -(-horizon // series.season)
    begin, end = series.stretch(Split.TEST)
    return series.values[begin - back : end - back]


def arima(series: Series, horizon: int) -> Values:
    """Forecasts of the test part by an ARIMA model fitted to the training part, each from all values before its origin.

    Args:
        series: which, with the model's orders.
        horizon: how far ahead.

    Returns:
        A forecast for each value of the test part.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # pyright: ignore[reportMissingImports]

    begin, end = series.stretch(Split.TEST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about start values, replaced in the fit
        model = SARIMAX(series.values[: series.ends[0]], order=series.order, seasonal_order=series.seasonal,
                        trend=series.trend)  # fmt: skip
        fitted = model.fit(disp=False, maxiter=200)
        return np.array(
            [fitted.apply(series.values[: t - horizon + 1]).forecast(horizon)[-1] for t in range(begin, end)]
        )


def forecast_tasks(name: str, number: int, read: Callable[[], Series]) -> tuple[Task, Task]:
    """The tasks of forecasting a series one and ten steps ahead.

    Args:
        name: of the first; the other's ends in -10.
        number: the first one's own, for its streams; the next is the other's.
        read: gives the series, or a UsageError where its package is missing.

    Returns:
        Two Tasks; the series is read when it is first asked for.
    """
    return _task(name, number, 1, read), _task(f"{name}-10", number + 1, 10, read)


def _task(name: str, number: int, horizon: int, read: Callable[[], Series]) -> Task:
    def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
        return windows(read(), horizon, number, count, length, seed, split)

    def centres() -> Tensor:
        edges = read().edges
        return torch.from_numpy((edges[1:] + edges[:-1]) / 2)

    @cache
    def errors() -> Mapping[str, float]:
        series = read()
        truth = series.values[slice(*series.stretch(Split.TEST))]
        found = {"seasonal naive": seasonal_naive, "ARIMA": arima}
        return {
            peer: float(np.abs(made(series, horizon) - truth).mean()) / series.scale for peer, made in found.items()
        }

    return Task(
        name, BINS, BINS, WINDOW, (), draw, None, "", ahead=True, unit="scaled error", centres=centres,
        peers=lambda _: errors(), strengths=(0.25, 1.0, 4.0), most=MOST, data=lambda: read().name(),
    )  # fmt: skip


def require_statsmodels() -> None:
    """Refuse where the package is missing.

    Raises:
        UsageError: it is.
    """
    import importlib.util

    if importlib.util.find_spec("statsmodels") is None:
        raise UsageError("the time series come with statsmodels, which is missing: pip install 'eqt-theory[series]'")
