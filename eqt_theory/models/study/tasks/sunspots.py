"""Sunspots: their yearly number, 1700 to 2008, as it comes with statsmodels (public domain)."""

from functools import cache

import numpy as np

from eqt_theory.models.study.tasks.forecast import Series, forecast_tasks, require_statsmodels


@cache
def read() -> Series:
    """The series; its cycle takes about eleven years, and an autoregression of order 9 is usual."""
    require_statsmodels()
    from statsmodels.datasets import sunspots  # pyright: ignore[reportMissingImports]

    values = sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(dtype=np.float64)
    return Series(values, 11, False, (9, 0, 0), (0, 0, 0, 0), "c")


TASKS = forecast_tasks("sunspots", 6, read)
