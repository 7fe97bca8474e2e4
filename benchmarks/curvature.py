"""Both extreme Hessian eigenvalues of an MLP energy against the plain recipe, in one run.

    python benchmarks/curvature.py [--dim 100000] [--width 64] [--tolerance 1e-6] [--repeats 7] [--threads 1]

The recipe is what one would write by hand: `torch.func.vjp` of the gradient, a SciPy `LinearOperator`, and one `eigsh`
for both ends, or one for each. It gives two numbers; `measure_curvature` gives error intervals besides, and has seen
that the operator is symmetric and where its kernel is. Same start vector, same tolerance; runs are interleaved; the
ratio is that of the medians. A dense answer checks all, above d = 2000 a run with a hundredth of the tolerance.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

import eqt_theory as eqt


def energy_of(dim: int, width: int, seed: int = 0) -> eqt.FunctionEnergy:
    """A two-layer GELU network to one number, and a parabola: not convex."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (
        torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((width, dim), (width, width))
    )
    first, second = first / dim**0.5, second / width**0.5
    last = torch.randn(width, generator=generator, dtype=torch.float64)

    def value(h: Tensor) -> Tensor:
        hidden = torch.nn.functional.gelu(first @ h)
        return last @ torch.nn.functional.gelu(second @ hidden) + 0.05 * h.square().sum()

    return eqt.FunctionEnergy(value, dim=dim)


def recipe(energy: eqt.Energy, h: Tensor, tolerance: float, which: tuple[str, ...]) -> tuple[float, float]:
    """Hand vector-Jacobian products of the gradient to `eigsh`: once for both ends, or once for each."""
    pull = torch.func.vjp(torch.func.grad(energy.value), h)[1]
    d = len(h)
    operator = LinearOperator(
        (d, d), matvec=lambda v: pull(torch.from_numpy(v.reshape(-1)))[0].detach().numpy(), dtype=np.float64
    )
    start = np.random.default_rng(0).normal(size=d)
    k = 2 // len(which)
    found = [eigsh(operator, k=k, which=w, tol=tolerance, v0=start, return_eigenvectors=False) for w in which]
    return float(min(x.min() for x in found)), float(max(x.max() for x in found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dim", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    energy = energy_of(options.dim, options.width)
    h = torch.randn(options.dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def ours() -> tuple[float, float]:
        found = eqt.measure_curvature(energy, h, method="lanczos", tolerance=options.tolerance)
        return float(found.lambda_min), float(found.lambda_max)  # type: ignore[arg-type]

    contestants: dict[str, Callable[[], tuple[float, float]]] = {
        "measure_curvature": ours,
        "vjp + eigsh, both ends in one run": lambda: recipe(energy, h, options.tolerance, ("BE",)),
        "vjp + eigsh, one run for each end": lambda: recipe(energy, h, options.tolerance, ("SA", "LA")),
    }
    reference = "dense" if options.dim <= 2000 else "a tighter run"
    best = (
        eqt.measure_curvature(energy, h, method="dense")
        if options.dim <= 2000
        else eqt.measure_curvature(energy, h, method="lanczos", tolerance=options.tolerance / 100)
    )
    exact = np.array([float(best.lambda_min), float(best.lambda_max)])  # type: ignore[arg-type]
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    errors: dict[str, float] = {}
    for round_ in range(options.repeats + 1):
        for name, run in contestants.items():
            begun = time.perf_counter()
            found = run()
            if round_:  # the first round warms up
                seconds[name].append(time.perf_counter() - begun)
            errors[name] = float(np.abs(np.array(found) - exact).max())
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    mine = medians["measure_curvature"]
    title = f"d = {options.dim}, width {options.width}, tolerance {options.tolerance:g}, {options.repeats} rounds"
    table = Table("contestant", "median s", "measure_curvature takes", f"error against {reference}", title=title)
    for name, median in medians.items():
        ratio = "" if name == "measure_curvature" else f"{mine / median:.2f} x of it"
        table.add_row(name, f"{median:.3f}", ratio, f"{errors[name]:.1e}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
