"""How a batched solve grows: time against batch and steps, memory against steps.

    python benchmarks/scaling.py

Each row doubles or multiplies one thing; `per unit` is the time divided by it, which stays level where the cost is
linear. Memory is the most bytes of tensors alive at once during the solve, as torch's allocator reports them; with a
trajectory, for comparison, it must grow.
"""

import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity

import eqt_theory as eqt

DIM = 32
COUNTS = (256, 512, 1024, 2048, 4096)
STEPS = (50, 100, 200, 400, 800)


def objective(count: int) -> eqt.Objective:
    """Quadratics with their own matrices, all with condition number 100."""
    spectrum = torch.linspace(0.1, 10.0, DIM, dtype=torch.float64).expand(count, DIM)
    generator = torch.Generator().manual_seed(0)
    proposal = torch.randn(count, DIM, generator=generator, dtype=torch.float64)
    return eqt.Objective(eqt.Quadratic.with_spectrum(spectrum, 0), proposal=proposal, gamma=10.0)


def solve(problem: eqt.Objective, steps: int, record: bool = False) -> None:
    """That many steps; the tolerance is out of reach, so no state leaves early."""
    eqt.solve(problem, eqt.GradientDescent(0.01), tolerance=1e-300, max_steps=steps, record=record)


def seconds(problem: eqt.Objective, steps: int, repeats: int = 5) -> float:
    """Median time of that many steps."""
    times = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        solve(problem, steps)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the profiler's own messages, which are written below Python, off the terminal."""
    before = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def peak(problem: eqt.Objective, steps: int, record: bool = False) -> int:
    """The most bytes of tensors that are alive at once during the solve, beyond those of the problem itself."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        with quiet(), torch.profiler.profile(activities=[ProfilerActivity.CPU], profile_memory=True) as run:
            solve(problem, steps, record)
        run.export_chrome_trace(str(trace))
        events = [e for e in json.loads(trace.read_text())["traceEvents"] if e.get("name") == "[memory]"]
    alive = most = 0
    for event in sorted(events, key=lambda e: e["ts"]):
        alive += event["args"]["Bytes"]
        most = max(most, alive)
    return most


def exponent(sizes: tuple[int, ...], costs: list[float]) -> float:
    """p of the least-squares fit cost ~ size^p: 1 is linear, 0 is flat."""
    x, y = [math.log(s) for s in sizes], [math.log(c) for c in costs]
    return statistics.linear_regression(x, y).slope


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    console = Console()
    title = f"50 steps, d = {DIM}, by batch; the problem takes {8 * DIM * (DIM + 2) / 1024:.1f} KiB a state"
    table = Table(title=title, title_justify="left")
    for column in ("states", "ms", "us per state", "peak KiB"):
        table.add_column(column, justify="right")
    times, peaks = [], []
    for count in COUNTS:
        problem = objective(count)
        times.append(seconds(problem, 50))
        peaks.append(float(peak(problem, 50)))
        took, most = times[-1], peaks[-1] / 1024
        table.add_row(str(count), f"{1e3 * took:.1f}", f"{1e6 * took / count:.2f}", f"{most:.0f}")
    console.print(table)
    console.print(f"time ~ states^{exponent(COUNTS, times):.2f}, memory ~ states^{exponent(COUNTS, peaks):.2f}\n")
    table = Table(title=f"256 states, d = {DIM}, by steps", title_justify="left")
    for column in ("steps", "ms", "us per step", "peak KiB", "peak KiB, recorded"):
        table.add_column(column, justify="right")
    problem = objective(256)
    times, peaks, recorded = [], [], []
    for steps in STEPS:
        times.append(seconds(problem, steps))
        peaks.append(float(peak(problem, steps)))
        # Shows that the measure would see memory that grows.
        recorded.append(float(peak(problem, steps, record=True)))
        took = times[-1]
        row = (
            f"{1e3 * took:.1f}",
            f"{1e6 * took / steps:.1f}",
            f"{peaks[-1] / 1024:.0f}",
            f"{recorded[-1] / 1024:.0f}",
        )
        table.add_row(str(steps), *row)
    console.print(table)
    powers = [exponent(STEPS, costs) for costs in (times, peaks, recorded)]
    console.print("time ~ steps^{:.2f}, memory ~ steps^{:.2f}, with a trajectory ~ steps^{:.2f}".format(*powers))


if __name__ == "__main__":
    main()
