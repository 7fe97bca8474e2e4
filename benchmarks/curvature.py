"""Both extreme Hessian eigenvalues of an MLP energy against the plain recipe, in one run.

    python benchmarks/curvature.py [--dim 1000 100000 1000000] [--width 64] [--tolerance 1e-6] [--repeats 7]

The recipe is what one would write by hand: `torch.func.vjp` of the gradient, a SciPy `LinearOperator`, and one `eigsh`
for both ends, or one for each. It gives two numbers; `measure_curvature` gives error intervals besides, and has seen
that the operator is symmetric and that gradient and values agree. The network has biases, on which
`torch.func.linearize` gives wrong products. curvlinops (extra `bench`) has the Hessian of a loss in its parameters:
here the state is the only one. Same state, start vector and tolerance, each contestant's own smallest basis; runs are
interleaved; seconds are of processor time, which other work on the machine disturbs less; the ratio is that of the
medians; peak memory is the process's.
A dense answer checks all, above d = 2000 a run with a hundredth of the tolerance.
"""

import argparse
import resource
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
    """A two-layer GELU network with biases to one number, and a parabola: not convex."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (
        torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((width, dim), (width, width))
    )
    first, second = first / dim**0.5, second / width**0.5
    last, one, two = (torch.randn(width, generator=generator, dtype=torch.float64) for _ in range(3))

    def value(h: Tensor) -> Tensor:
        hidden = torch.nn.functional.gelu(first @ h + one)
        return last @ torch.nn.functional.gelu(second @ hidden + two) + 0.05 * h.square().sum()

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


class State(torch.nn.Module):
    """A model whose only parameter is the state: its output for any input is the energy."""

    def __init__(self, energy: eqt.Energy, h: Tensor) -> None:
        super().__init__()
        self.energy, self.h = energy, torch.nn.Parameter(h.clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.energy.value(self.h) * x


class Total(torch.nn.Module):
    """The loss that is the output itself."""

    reduction = "sum"

    def forward(self, out: Tensor, target: Tensor) -> Tensor:
        return out.sum()


def by_curvlinops(energy: eqt.Energy, h: Tensor, tolerance: float) -> tuple[float, float] | None:
    """Both ends by `eigsh` on curvlinops' Hessian; None where curvlinops is not installed."""
    try:
        from curvlinops import HessianLinearOperator
    except ImportError:
        return None
    model = State(energy, h)
    one = torch.ones(1, dtype=torch.float64)
    operator = HessianLinearOperator(model, Total(), [model.h], [(one, one)], check_deterministic=False)
    as_scipy = operator.to_scipy(dtype=np.float64)
    start = np.random.default_rng(0).normal(size=len(h))
    found = eigsh(as_scipy, k=2, which="BE", tol=tolerance, v0=start, return_eigenvectors=False)
    return float(found.min()), float(found.max())


def compare(dim: int, options: argparse.Namespace) -> None:
    """Print the table of one dimension."""
    energy = energy_of(dim, options.width)
    h = torch.randn(dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def ours() -> tuple[float, float]:
        found = eqt.measure_curvature(energy, h, method="lanczos", tolerance=options.tolerance)
        return float(found.lambda_min), float(found.lambda_max)  # type: ignore[arg-type]

    contestants: dict[str, Callable[[], tuple[float, float]]] = {
        "measure_curvature": ours,
        "vjp + eigsh, both ends in one run": lambda: recipe(energy, h, options.tolerance, ("BE",)),
        "vjp + eigsh, one run for each end": lambda: recipe(energy, h, options.tolerance, ("SA", "LA")),
    }
    if by_curvlinops(energy, h, options.tolerance) is None:
        Console(width=120).print("curvlinops is not installed (extra `bench`): left out")
    else:
        contestants["curvlinops + eigsh"] = lambda: by_curvlinops(energy, h, options.tolerance) or (np.nan, np.nan)
    reference = "dense" if dim <= 2000 else "a tighter run"
    best = (
        eqt.measure_curvature(energy, h, method="dense")
        if dim <= 2000
        else eqt.measure_curvature(energy, h, method="lanczos", tolerance=options.tolerance / 100)
    )
    exact = np.array([float(best.lambda_min), float(best.lambda_max)])  # type: ignore[arg-type]
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    errors: dict[str, float] = {}
    for round_ in range(options.repeats + 1):
        for name, run in contestants.items():
            begun = time.process_time()
            found = run()
            if round_:  # the first round warms up
                seconds[name].append(time.process_time() - begun)
            errors[name] = float(np.abs(np.array(found) - exact).max())
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    mine = medians["measure_curvature"]
    title = f"d = {dim}, width {options.width}, tolerance {options.tolerance:g}, {options.repeats} rounds"
    table = Table("contestant", "median CPU s", "measure_curvature takes", f"error against {reference}", title=title)
    for name, median in medians.items():
        ratio = "" if name == "measure_curvature" else f"{mine / median:.2f} x of it"
        table.add_row(name, f"{median:.4f}", ratio, f"{errors[name]:.1e}")
    Console(width=120).print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    Console(width=120).print(f"peak memory of the process so far: {peak:.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dim", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for dim in options.dim:
        compare(dim, options)


if __name__ == "__main__":
    main()
