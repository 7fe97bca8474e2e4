"""CO2: its monthly mean over Mauna Loa, 1958 to 2001, as it comes with statsmodels (public domain)."""

from functools import cache

import numpy as np

from eqt_theory.models.study.tasks.forecast import Series, forecast_tasks, require_statsmodels


@cache
def read() -> Series:
    """Means of the weekly values, five missing months filled in on a line; with the seasonal ARIMA that is usual."""
    require_statsmodels()
    from statsmodels.datasets import co2  # pyright: ignore[reportMissingImports]

    weekly = co2.load_pandas().data["co2"]
    values = weekly.resample("MS").mean().interpolate().to_numpy(dtype=np.float64)
    return Series(values, 12, True, (1, 1, 1), (0, 1, 1, 12), "n")


TASKS = forecast_tasks("co2", 8, read)
