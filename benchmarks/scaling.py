"""How a batched solve grows: time against batch and steps, memory against steps.

    python benchmarks/scaling.py

Each row doubles or multiplies one thing; `per unit` is the time divided by it, which stays level where the cost is
linear. Memory is what Python and torch hold at most during the solve, without a trajectory.
"""

import statistics
import time
import tracemalloc

import torch
from rich.console import Console
from rich.table import Table

import eqt_theory as eqt

DIM = 32


def objective(count: int) -> eqt.Objective:
    """Quadratics with their own matrices, all with condition number 100."""
    spectrum = torch.linspace(0.1, 10.0, DIM, dtype=torch.float64).expand(count, DIM)
    generator = torch.Generator().manual_seed(0)
    proposal = torch.randn(count, DIM, generator=generator, dtype=torch.float64)
    return eqt.Objective(eqt.Quadratic.with_spectrum(spectrum, 0), proposal=proposal, gamma=10.0)


def seconds(problem: eqt.Objective, steps: int, repeats: int = 5) -> float:
    """Median time of that many steps; the tolerance is out of reach, so no state leaves early."""
    solver, times = eqt.GradientDescent(0.01), []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        eqt.solve(problem, solver, tolerance=1e-300, max_steps=steps)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def peak(problem: eqt.Objective, steps: int) -> float:
    """The most that is held at once during the solve, in KiB of Python objects."""
    tracemalloc.start()
    eqt.solve(problem, eqt.GradientDescent(0.01), tolerance=1e-300, max_steps=steps)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1024


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    console = Console()
    table = Table(title=f"50 steps, d = {DIM}, by batch", title_justify="left")
    for column in ("states", "ms", "us per state"):
        table.add_column(column, justify="right")
    for count in (256, 512, 1024, 2048, 4096):
        took = seconds(objective(count), 50)
        table.add_row(str(count), f"{1e3 * took:.1f}", f"{1e6 * took / count:.2f}")
    console.print(table)
    table = Table(title=f"256 states, d = {DIM}, by steps", title_justify="left")
    for column in ("steps", "ms", "us per step", "peak KiB"):
        table.add_column(column, justify="right")
    problem = objective(256)
    for steps in (50, 100, 200, 400, 800):
        took = seconds(problem, steps)
        table.add_row(str(steps), f"{1e3 * took:.1f}", f"{1e6 * took / steps:.1f}", f"{peak(problem, steps):.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
