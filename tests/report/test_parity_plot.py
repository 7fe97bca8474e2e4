from pathlib import Path

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.study import Arm, Run
from eqt_theory.report.parity_plot import plot_accuracy


def runs(seeds: int = 2) -> list[Run]:
    return [
        Run("key", arm, length, seed, 9, (0.5,), (0.7, 0.8), (0, 1), 16, (6, 8), 1.0, "cpu")
        for arm in Arm for length in (8, 16) for seed in range(seeds)
    ]  # fmt: skip


def test_both_formats_and_the_same_bytes_each_time(tmp_path: Path):
    first = plot_accuracy(runs(), (0, 8), tmp_path / "a.svg").read_bytes()
    assert first == plot_accuracy(runs(), (0, 8), tmp_path / "b.svg").read_bytes()
    text = first.decode()
    assert all(
        word in text
        for word in (
            "standard",
            "zero weights",
            "aux losses, K = 0",
            "EqT",
            "2 seeds",
            "length 16",
            "EqT - aux",
            "too few seeds",
        )
    )
    assert "bars: 95 % over seeds" in plot_accuracy(runs(3), (0, 8), tmp_path / "d.svg").read_text()
    assert plot_accuracy(runs(), (0, 8), tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert plot_accuracy(runs()[:1], (0, 8), tmp_path / "c.svg").exists()


def test_what_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"an \.svg or \.png file, got a\.gif"):
        plot_accuracy(runs(), (0, 8), tmp_path / "a.gif")
    with pytest.raises(UsageError, match="at least one run"):
        plot_accuracy([], (0, 8), tmp_path / "a.svg")
