"""Batched solves against a hand-written loop and, where installed, against other libraries, in one run.

    python benchmarks/solve.py [--count 1024] [--dim 64] [--kappa 100] [--tolerance 1e-10] [--repeats 7] [--shuffle]

Problems: quadratics with their own matrices, condition numbers spread geometrically up to kappa, gamma = 4, in order or
shuffled. All take the same steps to the same gradient norm, on one thread; the table shows the true error against a
direct solve. Runs are interleaved; seconds are of processor time, which other work on the machine disturbs less; the
ratio is that of the medians. Peers that stop on the size of a step get the tolerance times the smallest step size,
which is as strict.

The work is one product A h per state and step, 2 d^2 operations; what a run does besides is not counted. The limit is
the best of the bare products on the same matrices, measured between the runs: on blocks that fit the cache, each as
often in a row as a solve has steps, and on the whole batch, which comes from memory.
"""

import argparse
import importlib.util
import math
import os
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import eqt_theory as eqt

R = TypeVar("R")


def problems(
    count: int, dim: int, kappa: float, seed: int, shuffle: bool = False
) -> tuple[eqt.Objective, Tensor, float, float]:
    """Objectives whose condition numbers fill [1, kappa] geometrically, their solutions by a direct solve, m and M."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.rand(count, dim, generator=generator, dtype=torch.float64)
    top = torch.logspace(0, math.log10(kappa), count, dtype=torch.float64).unsqueeze(-1)
    place[:, 0], place[:, -1] = 0.0, 1.0
    if shuffle:
        top = top[torch.randperm(count, generator=generator)]
    spectrum = 0.5 * (1 + place * (top - 1))
    b, f = (torch.randn(count, dim, generator=generator, dtype=torch.float64) for _ in range(2))
    # Phi's spectrum is that of the energy plus 1/gamma.
    objective = eqt.Objective(eqt.Quadratic.with_spectrum(spectrum - 0.25, seed, b), proposal=f, gamma=4.0)
    solution = torch.linalg.solve(objective.hessian(f), f / 4.0 - b)
    return objective, solution, 0.5, 0.5 * kappa


Gradient = Callable[[tuple[Tensor, ...], Tensor], Tensor]


def as_in_equation_8(data: tuple[Tensor, ...], h: Tensor) -> Tensor:
    """The gradient as one would write it down: A h + b + (h - f)/gamma."""
    A, b, f = data
    return (A @ h.unsqueeze(-1)).squeeze(-1) + b + (h - f) / 4.0


def folded(data: tuple[Tensor, ...], h: Tensor) -> Tensor:
    """The same with the proximal term folded into the matrix, which only a quadratic allows: H h - c."""
    H, c = data
    return torch.baddbmm(c.unsqueeze(-1), H, h.unsqueeze(-1), beta=-1.0).squeeze(-1)


def hand_written(
    gradient_of: Gradient, data: tuple[Tensor, ...], start: Tensor, step: Tensor, tolerance: float, max_steps: int
) -> Tensor:
    """Gradient descent that drops finished states once a tenth of the batch is done."""
    result, h, index = start.clone(), start.clone(), torch.arange(len(start))
    for _ in range(max_steps + 1):
        gradient = gradient_of(data, h)
        going = torch.linalg.vector_norm(gradient, dim=-1) > tolerance
        left = int(going.sum())
        if left <= 0.9 * len(h):
            done = ~going
            result[index[done]] = h[done]
            if left == 0:
                break
            data = tuple(x[going] for x in data)
            h, gradient, index, step = (x[going] for x in (h, gradient, index, step))
        h = h - step * gradient
    else:
        result[index] = h
    return result


def contestants(
    objective: eqt.Objective, H: Tensor, step: Tensor, tolerance: float, max_steps: int
) -> dict[str, Callable[[], Tensor]]:
    """Name -> a run that returns the states."""
    f = objective.proposal
    A, b = (
        (H - torch.eye(H.shape[-1], dtype=H.dtype) / 4.0).contiguous(),
        objective.gradient(torch.zeros_like(f)) + f / 4.0,
    )
    c = f / 4.0 - b
    column = step.unsqueeze(-1)
    runs: dict[str, Callable[[], Tensor]] = {
        "hand-written": lambda: hand_written(as_in_equation_8, (A, b, f), f, column, tolerance, max_steps),
        "hand-written, folded": lambda: hand_written(folded, (H, c), f, column, tolerance, max_steps),
        "eqt.solve": lambda: eqt.solve(objective, eqt.GradientDescent(step), None, tolerance, max_steps).h,
    }
    if importlib.util.find_spec("torchdeq"):
        from torchdeq import get_deq

        deq = get_deq(
            f_solver="fixed_point_iter",
            f_max_iter=max_steps,
            f_tol=tolerance * float(step.min()),
            f_stop_mode="abs",
            ift=True,
        )

        def torchdeq_run() -> Tensor:
            def advance(h: Tensor) -> Tensor:
                return h - column * (torch.bmm(H, h.unsqueeze(-1)).squeeze(-1) - c)

            with torch.no_grad():
                return deq(advance, f)[0][-1]

        runs["torchdeq"] = torchdeq_run
    if importlib.util.find_spec("jax"):
        runs.update(_jax_runs(H, c, f, step, tolerance * float(step.min()), max_steps))
    return runs


def _jax_runs(
    H: Tensor, c: Tensor, f: Tensor, step: Tensor, tolerance: float, max_steps: int
) -> dict[str, Callable[[], Tensor]]:
    # Read by XLA when it is first imported.
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    arrays = tuple(jnp.asarray(x.numpy()) for x in (H, c, f, step))
    runs: dict[str, Callable[[], Tensor]] = {}

    def ready(batched: Callable[..., object]) -> Callable[[], Tensor]:
        compiled = jax.jit(jax.vmap(batched))
        compiled(*arrays)  # compile outside the clock
        return lambda: torch.from_numpy(jax.device_get(compiled(*arrays)).copy())

    if importlib.util.find_spec("jaxopt"):
        import jaxopt

        def with_jaxopt(A: object, r: object, x: object, a: object) -> object:
            solver = jaxopt.FixedPointIteration(lambda h: h - a * (A @ h - r), maxiter=max_steps, tol=tolerance)
            return solver.run(x).params

        runs["jaxopt"] = ready(with_jaxopt)
    if importlib.util.find_spec("optimistix"):
        import optimistix

        def with_optimistix(A: object, r: object, x: object, a: object) -> object:
            solver = optimistix.FixedPointIteration(rtol=0.0, atol=tolerance)
            return optimistix.fixed_point(
                lambda h, _: h - a * (A @ h - r), solver, x, max_steps=max_steps, throw=False
            ).value

        runs["optimistix"] = ready(with_optimistix)
    return runs


_CACHE = 2**21
"""Bytes of matrices that surely fit the cache of one core."""


def bare_products(H: Tensor) -> dict[str, tuple[Callable[[], object], float]]:
    """Name -> a run of nothing but products of all matrices with rows, and the operations in it."""
    count, d = H.shape[:2]
    h, block = torch.ones(count, d, dtype=H.dtype), max(1, min(count, _CACHE // (8 * d * d)))
    repeats = max(1, 2**28 // (2 * count * d * d))

    def row(A: Tensor, x: Tensor) -> object:
        return torch.bmm(x.unsqueeze(-2), A)

    def column(A: Tensor, x: Tensor) -> object:
        return torch.bmm(A, x.unsqueeze(-1))

    def by_numpy(A: Tensor, x: Tensor) -> object:
        return np.matmul(x.numpy()[:, None], A.numpy())

    def in_blocks(product: Callable[[Tensor, Tensor], object], size: int) -> Callable[[], None]:
        def run() -> None:
            for A, x in zip(H.split(size), h.split(size), strict=True):
                for _ in range(repeats):
                    product(A, x)

        return run

    kinds = {"NumPy, a row times a matrix": by_numpy, "torch.bmm, a row": row, "torch.bmm, a column": column}
    places = {f"blocks of {block} in the cache": block, "all from memory": max(1, count)}
    return {
        f"{kind}, {place}": (in_blocks(product, size), 2.0 * repeats * count * d * d)
        for place, size in places.items()
        for kind, product in kinds.items()
    }


def measure(
    runs: dict[str, Callable[[], Tensor]], bare: dict[str, Callable[[], object]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, Tensor]]:
    """Seconds of every run, interleaved after one warm-up each, and the last answers."""
    answers = {name: run() for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in (*runs, *bare)}

    def clocked(name: str, run: Callable[[], R]) -> R:
        begin = time.process_time()
        result = run()
        seconds[name].append(time.process_time() - begin)
        return result

    for _ in range(repeats):
        for name, run in runs.items():
            answers[name] = clocked(name, run)
        for name, product in bare.items():
            clocked(name, product)
    return seconds, answers


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Batched gradient descent: eqt.solve against others, in one run.")
    parser.add_argument("--count", type=int, default=1024, help="problems in the batch")
    parser.add_argument("--dim", type=int, default=64, help="dimension of each")
    parser.add_argument("--kappa", type=float, default=100.0, help="largest condition number of Phi")
    parser.add_argument("--tolerance", type=float, default=1e-10, help="on the gradient norm")
    parser.add_argument("--repeats", type=int, default=7, help="timed runs of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shuffle", action="store_true", help="condition numbers in random order")
    options = parser.parse_args()
    torch.set_num_threads(1)
    objective, solution, m, M = problems(options.count, options.dim, options.kappa, options.seed, options.shuffle)
    worst = (M / m - 1) / (M / m + 1)
    max_steps = math.ceil(math.log(options.tolerance * 1e-4) / math.log(worst)) if worst > 0 else 10
    H = objective.hessian(objective.proposal).contiguous()
    spectrum = torch.linalg.eigvalsh(H)
    step = 2 / (spectrum[:, 0] + spectrum[:, -1])
    taken = eqt.solve(objective, eqt.GradientDescent(step), None, options.tolerance, max_steps).steps
    work = 2.0 * options.dim**2 * float(taken.sum())
    bare = bare_products(H)
    seconds, answers = measure(
        contestants(objective, H, step, options.tolerance, max_steps),
        {name: run for name, (run, _) in bare.items()},
        options.repeats,
    )
    rates = {name: work / statistics.median(seconds[name]) / 1e9 for name in answers}
    limits = {name: operations / statistics.median(seconds[name]) / 1e9 for name, (_, operations) in bare.items()}
    base, limit = statistics.median(seconds["hand-written"]), max(limits.values())
    order = "shuffled" if options.shuffle else "in order"
    table = Table(title=f"{options.count} quadratics, d = {options.dim}, kappa up to {options.kappa:g}, {order}")
    for name in ("who", "median CPU s", "fastest", "to hand-written", "Gflop/s", "of the limit", "largest true error"):
        table.add_column(name, justify="left" if name == "who" else "right")
    for name, answer in answers.items():
        error = float(torch.linalg.vector_norm(answer - solution, dim=-1).max()) if options.count else 0.0
        median, rate = statistics.median(seconds[name]), rates[name]
        table.add_row(
            name,
            *(f"{median:.3f}", f"{min(seconds[name]):.3f}", f"{median / base:.2f}", f"{rate:.1f}"),
            *(f"{rate / limit:.0%}", f"{error:.1e}"),
        )
    bounds = Table("bare products", "Gflop/s", title=f"{float(taken.sum()):,.0f} states times steps, one thread")
    for name, rate in limits.items():
        bounds.add_row(name, f"{rate:.1f}" + (" (the limit)" if rate == limit else ""))
    console = Console(width=120)
    console.print(table)
    console.print(bounds)


if __name__ == "__main__":
    main()
