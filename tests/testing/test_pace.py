import numpy as np
import pytest

from eqt_theory.testing.pace import pace

K = np.arange(401.0)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (1 / (1 + K), "sublinear"),
        (1 / np.sqrt(1 + K), "sublinear"),
        (np.exp(-K / 100), "slow"),
        (np.exp(-K / 100) * (1.5 + np.sin(K)), "slow"),
        (np.maximum(0.9**K, 1e-3), "stops early"),
        (0.1 + 0.01 * np.sin(K), "hovers"),
        (1.1**K, "diverges"),
        (np.where(K < 300, 1.0, np.nan), "diverges"),
        (np.array([1.0, 0.9, 0.8]), "too short to tell"),
    ],
)
def test_causes_are_told_apart(errors: np.ndarray, said: str):
    assert pace(errors) == said
